"""The hand-over: one line in, identity applied, checks made, one line out.  Once in a machine's life.

A line that is refused is answered by ``{"code": …, "cause": …}``; a contract that is not ours by a reply that
names ours, with nothing applied.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence

from vestibule_agent.build import build_id
from vestibule_agent.checks import Desktop
from vestibule_agent.identity import Identity
from vestibule_agent.protocol import CONTRACT, Check, Handover, HandoverReply
from vestibule_desktop.channel import Channel
from vestibule_desktop.messages import ProtocolError


class Introduction:
    """Waits for the hand-over and answers it; ``handover`` is None until then."""

    def __init__(
        self,
        fd: int,
        files: Mapping[str, str],
        desktop: Desktop,
        identity: Identity,
    ) -> None:
        self._channel = Channel(fd, self._received)
        self._files, self._build_id = dict(files), build_id(files)
        self._desktop, self._identity = desktop, identity
        self._task: asyncio.Task[None] | None = None
        self.handover: Handover | None = None
        self.applied: list[Check] = []

    def start(self) -> None:
        """Listen to the host."""
        self._channel.start()

    def _received(self, line: bytes) -> None:
        if self.handover is not None:
            self._refuse("already_introduced", f"this machine is {self.handover.vm_id}")
            return
        try:
            handover = Handover.decode(line)
        except ProtocolError as error:
            self._refuse("bad_handover", str(error))
            return
        if handover.contract != CONTRACT:
            cause = f"contract {handover.contract} was asked for, this agent speaks {CONTRACT}"
            self._reply(handover, [Check(name="contract", ok=False, detail=cause)])
            return
        self.handover = handover
        # First of all and without awaiting anything: the clock is the snapshot's, and so is the randomness.
        self.applied = self._identity.apply(handover)
        self._task = asyncio.get_running_loop().create_task(self._confirm(handover))

    async def _confirm(self, handover: Handover) -> None:
        seen, pending = await self._desktop.first_look(handover.patience_s)
        self._reply(handover, [*seen, *self.applied], pending)

    def _reply(self, handover: Handover, checks: list[Check], pending: Sequence[str] = ()) -> None:
        reply = HandoverReply(
            contract=CONTRACT,
            vm_id=handover.vm_id,
            build_id=self._build_id,
            random_sample=os.urandom(32).hex(),
            checks=checks,
            files=self._files,
            pending=list(pending),
        )
        self._channel.send(reply.encode())

    def _refuse(self, code: str, cause: str) -> None:
        self._channel.send(json.dumps({"code": code, "cause": cause}).encode() + b"\n")
