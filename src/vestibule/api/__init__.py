"""HTTP, server-sent events and WebSockets; nothing here decides."""
