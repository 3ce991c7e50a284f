from __future__ import annotations

import asyncio
import fcntl
import socket
import sys
import termios
from collections.abc import Iterator

import pytest

from vestibule.core.errors import MachineFailed
from vestibule.drivers.machines.control import SocketControl
from vestibule_agent.protocol import CONTRACT, Handover, HandoverReply

pytestmark = pytest.mark.anyio

HANDOVER = Handover(
    contract=CONTRACT,
    vm_id="vm-0000000000000001",
    session_id=None,
    token="visibly-fake-token",
    time_ns=0,
    entropy="",
    hostname="vm",
    address="192.168.100.7/24",
    gateway="192.168.100.1",
)
REPLY = HandoverReply(contract=CONTRACT, vm_id=HANDOVER.vm_id, build_id="b", random_sample="", checks=[])


@pytest.fixture
def agent() -> Iterator[tuple[SocketControl, socket.socket]]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    control = SocketControl(ours)
    with theirs:
        yield control, theirs
        control.close()


async def test_the_agent_may_wait_nearly_as_long_as_we_do(agent: tuple[SocketControl, socket.socket]) -> None:
    control, theirs = agent
    loop = asyncio.get_running_loop()
    introducing = asyncio.create_task(control.introduce(HANDOVER, 300))
    received = Handover.decode(await loop.sock_recv(theirs, 65_536))
    await loop.sock_sendall(theirs, REPLY.encode())
    assert await introducing == REPLY
    assert 200 < received.patience_s < 300


async def test_a_machine_that_ends_before_it_answers_is_named(
    agent: tuple[SocketControl, socket.socket],
) -> None:
    control, theirs = agent
    theirs.close()
    with pytest.raises(MachineFailed) as failure:
        await control.introduce(HANDOVER, 10)
    assert failure.value.failure_code == "no_identity_ack"


@pytest.mark.parametrize("anyio_backend", [("asyncio", {"use_uvloop": True})])
async def test_a_channel_that_is_closed_here_amid_the_answer_is_named(
    agent: tuple[SocketControl, socket.socket],
) -> None:
    control, theirs = agent
    introducing = asyncio.create_task(control.introduce(HANDOVER, 10))
    await asyncio.get_running_loop().sock_recv(theirs, 65_536)
    theirs.send(REPLY.encode()[:9])
    while _unread(control):  # noqa: ASYNC110 (between the arrival and who waits for it)
        await asyncio.sleep(0)
    control.close()
    with pytest.raises(MachineFailed, match="closed on our side"):
        await introducing


def _unread(control: SocketControl) -> int:
    """Bytes that have come and that nobody has taken."""
    return int.from_bytes(fcntl.ioctl(control.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)
