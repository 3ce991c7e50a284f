"""The network broker: one namespace per machine, and processes and sockets inside it.

::

    controller (asyncio)                     broker (one thread, unprivileged, own user namespace)
    client.BrokerNetwork ──SEQPACKET+fds──►  broker.Broker ──fork, setns──► a machine's first process
          ▲                                        │
          └────────── sockets of the namespace ◄───┘

The broker ends every machine, then itself, when the controller's end of the socket closes.
"""
