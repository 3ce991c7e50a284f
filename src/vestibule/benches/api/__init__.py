"""A controller under load: starts, reads and events, without and with very many open event streams.

::

    wrk ──────── starts, reads ──▶ controller ◀── streams of events ── ``streams``, a process of its own
                                       └── events ──▶ ``events``: the time from a change to who follows it

The controller is the bench's own, without a golden and without room for a machine: a start is answered, and
its sign-in waits in line until it is cancelled.
"""
