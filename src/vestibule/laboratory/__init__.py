"""The demo provider: a small OAuth 2.0 server, so that a whole sign-in runs on any machine, offline.

It is reached only through the egress proxy, as ``http://login.demo.test``; it listens on no TCP port.
"""
