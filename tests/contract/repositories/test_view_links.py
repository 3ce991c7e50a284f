"""What any implementation of ViewLinks promises."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from vestibule.core.ids import ViewLinkId
from vestibule.core.records import SessionRecord
from vestibule.core.view_links import ViewLinkEnd, ViewLinkRecord

from .conftest import Store, at

pytestmark = pytest.mark.anyio
HASH = b"h" * 32


def _link(session: SessionRecord, number: int = 1) -> ViewLinkRecord:
    return ViewLinkRecord(
        link_id=ViewLinkId(f"l-{number}"),
        session_id=session.session_id,
        secret_hash=bytes([number]) * 32,
        created_at=at(number),
        expires_at=at(900),
    )


async def _session(store: Store) -> SessionRecord:
    return await store.session(1, await store.someone())


async def test_a_link_is_found_by_its_secret_alone(store: Store) -> None:
    link = _link(await _session(store))
    await store.view_links.add(link)
    assert await store.view_links.of_secret(link.secret_hash) == link
    assert await store.view_links.of_secret(HASH) is None


async def test_a_session_has_its_links_newest_first(store: Store) -> None:
    session = await _session(store)
    other = await store.session(2, await store.someone(), provider="codex")
    for link in (_link(session, 1), _link(session, 2), _link(other, 3)):
        await store.view_links.add(link)
    assert [link.link_id for link in await store.view_links.of_session(session.session_id)] == ["l-2", "l-1"]
    assert [link.link_id for link in await store.view_links.good()] == ["l-1", "l-2", "l-3"]


async def test_a_link_ends_once(store: Store) -> None:
    link = _link(await _session(store))
    await store.view_links.add(link)
    ends = await asyncio.gather(*(store.view_links.end(link.link_id, end, at(9)) for end in ViewLinkEnd))
    (ended,) = [end for end in ends if end is not None]
    assert ended == dataclasses.replace(link, ended_at=at(9), end=ended.end)
    assert await store.view_links.of_secret(link.secret_hash) == ended
    assert await store.view_links.good() == []
    assert await store.view_links.end(ViewLinkId("l-none"), ViewLinkEnd.REVOKED, at(9)) is None
