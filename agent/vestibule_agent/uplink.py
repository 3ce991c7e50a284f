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
import fcntl
import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

RTM_NEWLINK, NLM_F_REQUEST, NLM_F_ACK, NLMSG_ERROR = 16, 0x1, 0x4, 2
IFLA_NET_NS_FD = 28
SIOCGIFADDR, SIOCSIFADDR, SIOCSIFNETMASK = 0x8915, 0x8916, 0x891C
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
_ACK_BYTES = 4096
_NO_IPV6 = Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")


class Uplink:
    """The namespace behind the border; in a container (``apart`` is False) there is no border.

    All that can be done before there is an address is done at once: a clone goes on from there.
    """

    def __init__(self, *, apart: bool) -> None:
        self._inner: int | None = None
        self._outer = -1
        self._device = ""
        self._control: socket.socket | None = None
        """A socket of the outer namespace: its questions are about the devices there."""
        if apart:
            self._inner = _this_network()
            self._outer = _new_network()
            self._control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            _without_ipv6()
            _enter(self._inner)
            self._take_device()

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Sockets made meanwhile are the other side's.  Never await in here: the whole thread moves."""
        if self._inner is None:
            yield
            return
        _enter(self._outer)
        try:
            yield
        finally:
            _enter(self._inner)

    def set_address(self, address: str) -> str:
        """Give the device ``192.168.100.7/24``; what it says then.  Raises OSError, ValueError."""
        if not self._device:
            self._take_device()
        if self._control is None or not self._device:
            raise OSError("there is no network device but loopback")
        control, name = self._control, self._device.encode()
        wanted, mask = _packed(address)
        fcntl.ioctl(control, SIOCSIFADDR, _address_request(name, wanted))
        fcntl.ioctl(control, SIOCSIFNETMASK, _address_request(name, mask))
        found = fcntl.ioctl(control, SIOCGIFADDR, _request(name))[20:24]
        if found != wanted:
            raise OSError(f"{self._device} has {socket.inet_ntoa(found)} after {address} was set")
        return f"{address} on {self._device}"

    def _take_device(self) -> None:
        """Move the network device over, as soon as it is there, and have it up; a device moves once."""
        for index, name in socket.if_nameindex():
            if name != "lo":
                _move(index, self._outer)
                self._device = name
                self._bring_up(name.encode())
                return

    def _bring_up(self, name: bytes) -> None:
        if self._control is not None:
            flags = struct.unpack_from("<H", fcntl.ioctl(self._control, SIOCGIFFLAGS, _request(name)), 16)[0]
            fcntl.ioctl(self._control, SIOCSIFFLAGS, _request(name, struct.pack("<H", flags | IFF_UP)))


def _without_ipv6() -> None:
    """In the namespace that is entered: nobody speaks it there; a device that comes up would ask around."""
    with contextlib.suppress(FileNotFoundError):
        _NO_IPV6.write_text("1")


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


def _request(device: bytes, rest: bytes = b"") -> bytes:
    return struct.pack("16s24s", device, rest)


def _address_request(device: bytes, address: bytes) -> bytes:
    return _request(device, struct.pack("<HH4s", socket.AF_INET, 0, address))


def _packed(address: str) -> tuple[bytes, bytes]:
    """Address and mask of ``192.168.100.7/24``.  Raises OSError, ValueError."""
    ip, _, prefix = address.partition("/")
    return socket.inet_aton(ip), (~(0xFFFFFFFF >> int(prefix)) & 0xFFFFFFFF).to_bytes(4, "big")
