"""The guest's program: takes over a machine's identity, runs a tool's login, watches for its credential.

Standard library and h11 only, because it is packed into a golden and started hundreds of times a day.
"""
