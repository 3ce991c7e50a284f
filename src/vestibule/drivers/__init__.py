"""I/O: what the ports of services mean on a real host."""
