"""One file per resource; each route asks who the caller is and hands on to a service."""
