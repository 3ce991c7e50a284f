"""Use cases: they own the ports and carry out what core decides."""
