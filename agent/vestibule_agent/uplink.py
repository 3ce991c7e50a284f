"""A virtual machine's network device, in a namespace of its own that the agent alone enters.

The desktop's programs see loopback and nothing else, exactly as in a container; the agent's relay is their
only way out.  And the address of the hand-over changes nothing for them: Chromium, which would rebuild its
network stack for it in every clone, does not even notice.

::

    tools, Chromium ─▶ 127.0.0.1:3128 ─▶ agent ─┊▶ eth0 ─▶ gateway:3128
                              host ─▶ eth0 ─┊▶ agent :8080          ┊ the namespace's border
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Iterator

RTM_NEWLINK, NLM_F_REQUEST, NLM_F_ACK, NLMSG_ERROR = 16, 0x1, 0x4, 2
IFLA_NET_NS_FD = 28
_ACK_BYTES = 4096


class Uplink:
    """The namespace behind the border; in a container (``apart`` is False) there is no border."""

    def __init__(self, *, apart: bool) -> None:
        self._inner: int | None = None
        self._outer = -1
        if apart:
            self._inner = _this_network()
            self._outer = _new_network()
            _enter(self._inner)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Sockets made meanwhile are the other side's.  Never await in here: the whole thread moves."""
        if self._inner is None:
            yield
            return
        self._take_device()
        _enter(self._outer)
        try:
            yield
        finally:
            _enter(self._inner)

    def _take_device(self) -> None:
        """Move the network device over, as soon as it is there; a device moves once."""
        for index, name in socket.if_nameindex():
            if name != "lo":
                _move(index, self._outer)


def device() -> str:
    """The device of the namespace that was entered.  Raises OSError when there is none."""
    for _index, name in socket.if_nameindex():
        if name != "lo":
            return name
    raise OSError("there is no network device but loopback")


def _this_network() -> int:
    return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


if sys.version_info >= (3, 12):

    def _new_network() -> int:
        """Make a namespace and stay in it."""
        os.unshare(os.CLONE_NEWNET)
        return _this_network()

    def _enter(namespace: int) -> None:
        os.setns(namespace, os.CLONE_NEWNET)

else:  # only where the agent's modules are read on a host: the guest has Python 3.13

    def _new_network() -> int:
        raise OSError("namespaces need Python 3.12")

    def _enter(namespace: int) -> None:
        raise OSError(f"namespace {namespace}: namespaces need Python 3.12")


def _move(index: int, namespace: int) -> None:
    """``ip link set INDEX netns NAMESPACE`` (rtnetlink, section 7).  Raises OSError."""
    interface = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, 0, 0)
    attribute = struct.pack("=HHi", 8, IFLA_NET_NS_FD, namespace)
    body = interface + attribute
    header = struct.pack("=IHHII", 16 + len(body), RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.send(header + body)
        answer = kernel.recv(_ACK_BYTES)
    kind, error = struct.unpack_from("=H", answer, 4)[0], struct.unpack_from("=i", answer, 16)[0]
    if kind == NLMSG_ERROR and error:
        raise OSError(-error, os.strerror(-error), f"network device {index}")
