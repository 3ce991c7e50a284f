"""Vestibule: a disposable virtual machine for every sign-in of a coding agent's CLI."""
