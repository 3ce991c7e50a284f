from __future__ import annotations

from vestibule.core.egress import Reason, Verdict
from vestibule.services.missed_sites import MissedSites


def missed(host: str, reason: Reason = Reason.UNREACHABLE) -> Verdict:
    return Verdict(host=host, port=443, reason=reason)


def test_a_miss_is_news_once_and_again_when_it_comes_again() -> None:
    sites = MissedSites()
    sites.add(missed("a.test"))
    assert [sites.news_of("a.test"), sites.news_of("a.test")] == [missed("a.test"), None]
    sites.add(missed("a.test", Reason.UNRESOLVED))
    assert sites.news_of("a.test") == missed("a.test", Reason.UNRESOLVED)
    assert [sites.news_of("b.test"), sites.news_of(None)] == [None, None]


def test_what_was_told_is_still_out_of_reach() -> None:
    sites = MissedSites()
    sites.add(missed("a.test"))
    sites.news_of("a.test")
    assert sites.unreachable == {"a.test"}


def test_what_is_refused_is_told_apart_and_errands_of_the_browser_do_not_count() -> None:
    sites = MissedSites()
    for one in (missed("a.test"), missed("b.test", Reason.NAME_REFUSED), missed("update.googleapis.com")):
        sites.add(one)
    assert {kind: len(causes) for kind, causes in sites.causes.items()} == {"unreachable": 1, "refused": 1}
    assert sites.unreachable == {"a.test"}
