"""What a machine may reach: names by its provider's patterns, addresses only where the public internet is.

A request is judged twice: by name and port before resolution, by address after it, because a name that is
allowed may still resolve to the host's own network.  The proxy dials exactly the address that was judged.
"""

from __future__ import annotations

import dataclasses
import enum
import ipaddress
from collections.abc import Sequence

from vestibule.core.providers import domain_allowed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

WEB_PORTS = frozenset({80, 443})
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_INTERNET = (
    ipaddress.IPv4Network("0.0.0.0/8"),
    ipaddress.IPv4Network("100.64.0.0/10"),
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),
    ipaddress.IPv4Network("198.18.0.0/15"),
    ipaddress.IPv6Network("::/96"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
    ipaddress.IPv6Network("100::/64"),
    ipaddress.IPv6Network("2001::/23"),
    ipaddress.IPv6Network("fec0::/10"),
)
"""Special-purpose networks (RFC 6890 and its registry) that ``ipaddress`` of some Python calls global."""


BROWSER_ERRANDS = frozenset(
    {
        "update.googleapis.com",
        "clients2.google.com",
        "clients2.googleusercontent.com",
        "edgedl.me.gvt1.com",
        "redirector.gvt1.com",
        "optimizationguide-pa.googleapis.com",
        "safebrowsing.googleapis.com",
        "content-autofill.googleapis.com",
    }
)
"""Sites that Chromium asks for by itself; that it misses them says nothing of a sign-in."""


class Reason(enum.StrEnum):
    """Why a request was let through, or was not."""

    ALLOWED = "allowed"
    INTERNAL = "internal"
    """A service of the controller itself, reached under a name that is nowhere else."""
    NAME_REFUSED = "name_refused"
    PORT_REFUSED = "port_refused"
    ADDRESS_REFUSED = "address_refused"
    UNRESOLVED = "unresolved"
    UNREACHABLE = "unreachable"


PASSED = frozenset({Reason.ALLOWED, Reason.INTERNAL})
NO_INTERNET = frozenset({Reason.UNRESOLVED, Reason.UNREACHABLE})
"""Allowed, but the host could not get there."""

_SENTENCES = {
    Reason.ALLOWED: "{target} was reached.",
    Reason.INTERNAL: "{target} was reached inside Vestibule.",
    Reason.NAME_REFUSED: "{target} is not one of the sites that this tool's sign-in needs.",
    Reason.PORT_REFUSED: "{target} is not a web port.",
    Reason.ADDRESS_REFUSED: "{target} resolves to a private or reserved address.",
    Reason.UNRESOLVED: "{target} could not be resolved: the host has no internet, or the name is wrong.",
    Reason.UNREACHABLE: "{target} did not answer: the host has no internet, or the site is down.",
}


def verdict_of(reason: Reason) -> str:
    """In a word, for counting: ``allowed``, ``refused`` or ``unreachable``."""
    if reason in PASSED:
        return "allowed"
    return "unreachable" if reason in NO_INTERNET else "refused"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of one request to ``host:port``; ``addresses`` are what may be dialled."""

    host: str
    port: int
    reason: Reason
    addresses: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the request goes through."""
        return self.reason in PASSED

    @property
    def code(self) -> str | None:
        """The failure's stable code: ``egress_refused``, ``egress_unreachable``, or None when it passed."""
        return None if self.passed else f"egress_{verdict_of(self.reason)}"

    @property
    def kind(self) -> str:
        """See verdict_of."""
        return verdict_of(self.reason)

    @property
    def cause(self) -> str:
        """One sentence for the person."""
        return _SENTENCES[self.reason].format(target=f"{self.host}:{self.port}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Policy:
    """Of one machine: domain patterns (``example.com``, ``*.example.com``) and ports."""

    allow: tuple[str, ...]
    internal: frozenset[str] = frozenset()
    """Names of the controller's own services, reached whatever ``allow`` says, on port 80."""
    ports: frozenset[int] = WEB_PORTS

    def judge_name(self, host: str, port: int) -> Verdict:
        """Before resolution: ALLOWED means that resolution may be tried, INTERNAL that none is needed."""
        name = host.lower().rstrip(".")
        return Verdict(host=name, port=port, reason=self._name_reason(name, port))

    def _name_reason(self, name: str, port: int) -> Reason:
        if name in self.internal:
            return Reason.INTERNAL if port == 80 else Reason.PORT_REFUSED
        if parse_address(name) is not None or not domain_allowed(name, self.allow):
            return Reason.NAME_REFUSED
        return Reason.ALLOWED if port in self.ports else Reason.PORT_REFUSED


def judge_addresses(verdict: Verdict, addresses: Sequence[str]) -> Verdict:
    """After resolution: all addresses may be dialled when each is public; one that is not refuses them all.

    A name with a public and a private address is either a mistake or an attack (DNS rebinding).
    """
    parsed = [parse_address(text) for text in addresses]
    if not parsed:
        return dataclasses.replace(verdict, reason=Reason.UNRESOLVED)
    if not all(address is not None and is_public(address) for address in parsed):
        return dataclasses.replace(verdict, reason=Reason.ADDRESS_REFUSED)
    return dataclasses.replace(verdict, addresses=tuple(addresses))


def parse_address(text: str) -> Address | None:
    """An IP literal, brackets and zone allowed, or None."""
    try:
        return ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether it is a unicast address of the public internet, also when it carries an IPv4 one inside."""
    inner = _carried(address)
    if inner is not None:
        return is_public(inner)
    if address.is_multicast or address.is_reserved or address.is_link_local or not address.is_global:
        return False
    return not any(address in network for network in _NOT_INTERNET if network.version == address.version)


def _carried(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, 6to4, Teredo or NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour
