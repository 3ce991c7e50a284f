"""The laboratory: an OAuth 2.0 and OpenID provider of ours, so that whole sign-ins run offline.

::

    app ── authorization ─┐              ┌─ store ───── codes, access and refresh tokens
        ── device ────────┼── endpoints ─┼─ devices ─── device codes
        ── tokens ────────┘              └─ identity ── the key that signs id tokens
        ── faults: what a scenario spoils before an endpoint is asked

The demo provider is the laboratory with the plain scenario; it is reached only through the egress proxy, as
``http://login.demo.test``, and listens on no TCP port.  Tests build it with scenarios of their own.
"""
