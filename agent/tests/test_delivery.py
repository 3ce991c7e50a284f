"""A machine without an agent takes one in, says what it has, and hands the channel over untouched."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from vestibule_desktop.delivery import Reception, take
from vestibule_desktop.messages import DELIVERY_CONTRACT, Delivered, DeliveredFile, Delivery

CONTENT = b"#!/bin/sh\nexit 0\n" * 20_000
"""Longer than any line of the hand-over may be."""


def _delivery(**changes: Any) -> bytes:  # noqa: ANN401 - fields of a message
    file = DeliveredFile(path="/usr/lib/x/agent", mode=0o755, content=base64.b64encode(CONTENT).decode())
    return Delivery(**{"contract": DELIVERY_CONTRACT, "files": [file], **changes}).encode()


def test_a_file_arrives_with_its_bytes_its_mode_and_its_folders(tmp_path: Path) -> None:
    reply = take(_delivery(), tmp_path)
    arrived = tmp_path / "usr/lib/x/agent"
    assert arrived.read_bytes() == CONTENT
    assert arrived.stat().st_mode & 0o7777 == 0o755
    assert reply.digests == {"/usr/lib/x/agent": hashlib.sha256(CONTENT).hexdigest()}
    assert reply.refusal == ""


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{nonsense\n", "not JSON"),
        (_delivery(contract=DELIVERY_CONTRACT + 1), f"speaks {DELIVERY_CONTRACT}"),
        (_delivery(files=[DeliveredFile(path="/x", mode=0o644, content="no base64!")]), "base64"),
        (_delivery(files=[DeliveredFile(path="/", mode=0o644, content="")]), "Is a directory"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(tmp_path: Path, line: bytes, why: str) -> None:
    reply = take(line, tmp_path)
    assert reply.digests == {}
    assert why in reply.refusal


def test_after_a_refusal_the_next_delivery_is_awaited_and_later_bytes_are_the_agents(tmp_path: Path) -> None:
    async def scenario(near: socket.socket, far: socket.socket) -> list[Delivered]:
        loop = asyncio.get_running_loop()
        complete = asyncio.create_task(Reception(far.fileno(), tmp_path).complete())
        replies = []
        for line in (b"{nonsense\n", _delivery()):
            await loop.sock_sendall(near, line)
            replies.append(Delivered.decode(await loop.sock_recv(near, 65_536)))
        await complete
        await loop.sock_sendall(near, json.dumps("hand-over").encode())
        return replies

    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        refused, taken = asyncio.run(asyncio.wait_for(scenario(near, far), 20))
        assert far.recv(100) == b'"hand-over"'
    assert refused.refusal
    assert not taken.refusal
