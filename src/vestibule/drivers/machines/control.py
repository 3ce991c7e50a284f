"""The control channel over a stream socket: one line to the agent, one line back, one deadline.

The socket is one end of a pair; the other end is the chardev of a virtio-serial port (a virtual machine) or
an inherited descriptor (a container).  Whoever starts the machine owns the channel and closes it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import socket

from vestibule.core.errors import MachineFailed
from vestibule_agent.protocol import (
    CONTRACT,
    Handover,
    HandoverReply,
)
from vestibule_desktop.messages import MAX_LINE_BYTES, ProtocolError

_CONSOLE_REMEDY = "Read its evidence (console, agent log); the agent there says how far it came."
_PATIENCE_SHARE = 0.9
_REBUILD_REMEDY = "Rebuild the golden, its agent is not this controller's: vestibule golden build."


def no_identity_ack(cause: str) -> MachineFailed:
    """The machine runs, but its agent did not confirm who it is."""
    return MachineFailed(cause, remedy=_CONSOLE_REMEDY, code="no_identity_ack")


def agent_mismatch(cause: str) -> MachineFailed:
    """The agent in the machine speaks another contract."""
    return MachineFailed(cause, remedy=_REBUILD_REMEDY, code="agent_mismatch")


class SocketControl:
    """Implements the port ``ControlChannel``; takes the socket over."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock

    async def introduce(self, handover: Handover, timeout_s: float) -> HandoverReply:
        """Send the identity, await the confirmation.

        Raises MachineFailed: ``no_identity_ack`` (silence or a closed channel), ``agent_mismatch``
        (another contract, or an answer for another machine).
        """
        try:
            async with asyncio.timeout(timeout_s):
                line = await self.exchange(_patient(handover, timeout_s).encode())
        except TimeoutError as error:
            raise no_identity_ack(f"the agent did not answer the hand-over within {timeout_s:g} s") from error
        except OSError as error:
            raise no_identity_ack(f"the hand-over channel broke: {error}") from error
        return _confirmed(line, handover)

    async def exchange(self, message: bytes) -> bytes:
        """Send one line, await the line that answers it.  Raises MachineFailed, OSError."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._open(), message)
        received = bytearray()
        while b"\n" not in received:
            chunk = await loop.sock_recv(self._open(), 4096)
            if not chunk:
                raise no_identity_ack("the hand-over channel was closed before the agent answered")
            received += chunk
            if len(received) > MAX_LINE_BYTES:
                raise agent_mismatch(f"the agent's answer is longer than {MAX_LINE_BYTES} bytes")
        return bytes(received.partition(b"\n")[0])

    def _open(self) -> socket.socket:
        """Whoever ends the machine closes it, whatever goes on; uvloop takes that for a wrong argument."""
        if self._sock.fileno() < 0:
            raise no_identity_ack("the hand-over channel was closed on our side")
        return self._sock

    def fileno(self) -> int:
        """The socket's descriptor, to be kept for the next controller."""
        return self._sock.fileno()

    def close(self) -> None:
        """Give the socket back; idempotent."""
        self._sock.close()


def _patient(handover: Handover, timeout_s: float) -> Handover:
    """Leave the agent nearly all of our time, so that it still says what is missing when it runs out."""
    return dataclasses.replace(handover, patience_s=timeout_s * _PATIENCE_SHARE)


def _confirmed(line: bytes, handover: Handover) -> HandoverReply:
    try:
        reply = HandoverReply.decode(line)
    except ProtocolError as error:
        raise agent_mismatch(f"the agent's answer is not of this contract: {error}") from error
    if reply.contract != CONTRACT:
        raise agent_mismatch(f"the agent speaks contract {reply.contract}, this controller {CONTRACT}")
    if reply.vm_id != handover.vm_id:
        raise agent_mismatch(f"the agent answered for {reply.vm_id}, not for {handover.vm_id}")
    return reply
