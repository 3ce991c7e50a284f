"""The broker's messages survive the way, and what is not one is refused."""

from __future__ import annotations

import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.drivers.net import messages


@given(
    message=st.one_of(
        st.builds(messages.Ready, version=st.integers(), uid=st.integers(), gid=st.integers()),
        st.builds(messages.Create, number=st.integers(), vm_id=st.text(), addresses=st.lists(st.text())),
        st.builds(
            messages.Spawn,
            number=st.integers(),
            vm_id=st.text(),
            argv=st.lists(st.text()),
            cgroups=st.integers(),
            freezer=st.lists(st.text()),
            targets=st.lists(st.integers()),
        ),
        st.builds(
            messages.Keep,
            number=st.integers(),
            vm_id=st.text(),
            note=st.text(max_size=100),
            names=st.lists(st.text()),
        ),
        st.builds(
            messages.Exited, vm_id=st.text(), code=st.none() | st.integers(), signal=st.none() | st.integers()
        ),
    )
)
def test_a_message_survives_the_way(message: messages.Message) -> None:
    assert messages.decode(messages.encode(message)) == message


@pytest.mark.parametrize("packet", [b'["Nonsense", {}]', b'["Create", {"unknown": 1}]', b"[]", b"\xff", b"1"])
def test_what_is_no_message_is_refused(packet: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        messages.decode(packet)


def test_a_message_too_large_for_a_packet_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        messages.encode(messages.Create(number=1, vm_id="x" * messages.MAX_PACKET_BYTES, addresses=[]))


def test_descriptors_travel_with_their_message_and_are_closed_by_exec() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    reader, writer = os.pipe()
    with ours, theirs:
        messages.send(ours, messages.Done(number=1), [writer])
        os.close(writer)
        received = messages.receive(theirs)
        assert received is not None
        message, (arrived,) = received
        assert message == messages.Done(number=1)
        assert not os.get_inheritable(arrived)
        os.write(arrived, b"x")
        assert os.read(reader, 1) == b"x"
        os.close(arrived)
        os.close(reader)


def test_a_peer_that_has_gone_is_none() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.close()
    with theirs:
        assert messages.receive(theirs) is None
