"""The egress policy: which names, ports and addresses a machine may reach."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.core.egress import Policy, Reason, Verdict, is_public, judge_addresses, parse_address

POLICY = Policy(allow=("example.com", "*.example.org"), internal=frozenset({"login.demo.test"}))
ALLOWED = Verdict(host="example.com", port=443, reason=Reason.ALLOWED)

PRIVATE = [
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10"),
    *("0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("224.0.0.0/4", "240.0.0.0/4", "192.88.99.0/24"),
]
PRIVATE_V6 = [
    *("::1/128", "::/128", "fe80::/10", "fc00::/7", "ff00::/8", "2001:db8::/32", "fec0::/10", "100::/64"),
    *("64:ff9b:1::/48",),
]

private_v4 = st.sampled_from(PRIVATE).flatmap(lambda net: st.ip_addresses(v=4, network=net))
private_v6 = st.sampled_from(PRIVATE_V6).flatmap(lambda net: st.ip_addresses(v=6, network=net))
public = st.ip_addresses(v=4, network="8.0.0.0/8") | st.ip_addresses(v=6, network="2606:4700::/32")


def carriers(inner: ipaddress.IPv4Address) -> list[str]:
    """IPv6 addresses that stand for an IPv4 one: mapped, NAT64, 6to4, Teredo."""
    number = int(inner)
    return [
        f"::ffff:{inner}",
        f"64:ff9b::{inner}",
        str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))),
        str(ipaddress.IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF))),
    ]


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [
        ("example.com", 443, Reason.ALLOWED),
        ("EXAMPLE.com.", 80, Reason.ALLOWED),
        ("a.b.example.org", 443, Reason.ALLOWED),
        ("example.org", 443, Reason.NAME_REFUSED),
        ("www.example.com", 443, Reason.NAME_REFUSED),
        ("notexample.org", 443, Reason.NAME_REFUSED),
        ("example.com.evil.net", 443, Reason.NAME_REFUSED),
        ("", 443, Reason.NAME_REFUSED),
        ("8.8.8.8", 443, Reason.NAME_REFUSED),
        ("[::1]", 443, Reason.NAME_REFUSED),
        ("2130706433", 80, Reason.NAME_REFUSED),
        ("example.com", 22, Reason.PORT_REFUSED),
        ("example.com", 0, Reason.PORT_REFUSED),
        ("login.demo.test", 80, Reason.INTERNAL),
        ("login.demo.test", 4000, Reason.PORT_REFUSED),
    ],
)
def test_names_and_ports_are_judged_before_resolution(host: str, port: int, reason: Reason) -> None:
    assert POLICY.judge_name(host, port).reason is reason


def test_a_policy_that_allows_nothing_still_reaches_internal_services() -> None:
    policy = Policy(allow=(), internal=frozenset({"login.demo.test"}))
    assert policy.judge_name("login.demo.test", 80).passed
    assert not policy.judge_name("example.com", 443).passed


@given(address=private_v4 | private_v6)
def test_no_private_or_reserved_address_is_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assert not is_public(address)


@given(inner=private_v4)
def test_no_private_address_hides_inside_an_ipv6_one(inner: ipaddress.IPv4Address) -> None:
    assert not any(is_public(ipaddress.ip_address(text)) for text in carriers(inner))


@given(address=public)
def test_public_addresses_pass_and_are_what_is_dialled(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    verdict = judge_addresses(ALLOWED, [str(address)])
    assert verdict.passed
    assert verdict.addresses == (str(address),)


@given(good=st.lists(public.map(str), max_size=3), bad=private_v4.map(str), at=st.integers(0, 3))
def test_one_private_address_refuses_the_name(good: list[str], bad: str, at: int) -> None:
    verdict = judge_addresses(ALLOWED, [*good[:at], bad, *good[at:]])
    assert verdict.reason is Reason.ADDRESS_REFUSED
    assert verdict.addresses == ()
    assert verdict.code == "egress_refused"


def test_a_name_without_addresses_is_unresolved() -> None:
    verdict = judge_addresses(ALLOWED, [])
    assert verdict.code == "egress_unreachable"
    assert "no internet" in verdict.cause


@given(host=st.text(max_size=80), port=st.integers(0, 70_000))
def test_any_text_gets_a_verdict_with_a_cause(host: str, port: int) -> None:
    verdict = POLICY.judge_name(host, port)
    assert verdict.cause
    assert verdict.passed == (verdict.code is None)


@given(text=st.text(max_size=60))
def test_address_literals_are_never_names(text: str) -> None:
    if parse_address(text) is not None:
        assert Policy(allow=(text.lower(),)).judge_name(text, 443).reason is Reason.NAME_REFUSED


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_sentence(reason: Reason) -> None:
    assert "example.com:443" in Verdict(host="example.com", port=443, reason=reason).cause
