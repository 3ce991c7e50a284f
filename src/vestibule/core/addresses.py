"""Every address is derived from one CIDR: the first host is the gateway, the last two are QEMU's own."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Collection

from vestibule.core.errors import Unavailable

_PRIVATE = tuple(
    ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
"""RFC 1918 and RFC 6598."""
_RESERVED_AT_END = 2
"""QEMU's user network puts its DNS server and the start of its DHCP range on the last hosts."""


@dataclasses.dataclass(frozen=True)
class MachineNetwork:
    """The private network that all machines believe to be in."""

    cidr: ipaddress.IPv4Network

    @classmethod
    def parse(cls, text: str) -> MachineNetwork:
        """Read ``192.168.100.0/24``.  Raises ValueError unless it is a private IPv4 network of /8 to /29."""
        cidr = ipaddress.IPv4Network(text)
        if not any(cidr.subnet_of(private) for private in _PRIVATE):
            raise ValueError(f"{text}: a part of {', '.join(map(str, _PRIVATE))} is needed")
        if not 8 <= cidr.prefixlen <= 29:
            raise ValueError(f"{text}: a prefix length from 8 to 29 is needed")
        return cls(cidr)

    @property
    def gateway(self) -> str:
        """Where a machine finds the egress proxy."""
        return str(self.cidr.network_address + 1)

    def with_prefix(self, address: str) -> str:
        """``192.168.100.7`` → ``192.168.100.7/24``."""
        return f"{address}/{self.cidr.prefixlen}"

    def free(self, taken: Collection[str]) -> str:
        """The lowest address no live machine holds.  Raises Unavailable when all are taken."""
        end = int(self.cidr.broadcast_address) - _RESERVED_AT_END
        for number in range(int(self.cidr.network_address) + 2, end):
            address = str(ipaddress.IPv4Address(number))
            if address not in taken:
                return address
        machines = self.cidr.num_addresses - 3 - _RESERVED_AT_END
        raise Unavailable(
            f"all {machines} addresses of {self.cidr} are held by live machines",
            remedy="Stop machines (vestibule vm stop), or set a larger machine_cidr.",
            code="addresses_exhausted",
        )
