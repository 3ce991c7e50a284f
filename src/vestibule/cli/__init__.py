"""The command line: one file per noun.  It speaks HTTP to the controller, and can run it."""
