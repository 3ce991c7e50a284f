"""The way of a desktop's bytes to its viewers, beside what a user would put there instead.

::

    viewers ◀── WebSocket ── contender ── TCP ──▶ desktop        each a process of its own, on loopback
                               ├ vestibule   ``controller``: the API's app on the controller's server
                               ├ websockify  from PyPI
                               └ copy        ``copying``: the same bytes without WebSocket, the floor

    bench ─▶ ``trial``: one contender, started anew, with so many streams
"""
