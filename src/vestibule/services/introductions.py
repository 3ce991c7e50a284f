"""Introductions: a started machine gets its identity, and shows that its agent is the golden's.

::

    token, entropy, address, time ─▶ control channel ─▶ build id and checks, verified ─▶ guest
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
from collections.abc import Callable, Mapping

from vestibule.core import diagnosis
from vestibule.core.machines import MachineRecord
from vestibule.services.golden_ports import Hold
from vestibule.services.machine_settings import MachineSettings
from vestibule.services.ports import Clock, Guest, Machine
from vestibule_agent.protocol import CONTRACT, Handover, HandoverReply

ENTROPY_BYTES = 64
TOKEN_BYTES = 32


@dataclasses.dataclass(kw_only=True)
class Live:
    """The handles of one machine that runs; ``guest`` once its agent has confirmed."""

    record: MachineRecord
    machine: Machine
    agent_build: str
    agent_files: Mapping[str, str]
    hold: Hold
    """On its golden: what is in use is not collected."""
    settled: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    """Set once it has confirmed itself, or is being ended: nobody waits for it any more."""
    looked_for: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    """Set once somebody wants to see it; their view opens once it has confirmed itself."""
    pictured: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    """Set once somebody has seen a first frame of its desktop."""
    guest: Guest | None = None
    witness: Guest | None = None
    """The agent as soon as it has answered, believed or not: asked for evidence alone."""
    private: bool = False
    """Something of the person's may be on its desktop: no picture is kept of it from then on."""
    pending: frozenset[str] = frozenset()
    """Checks that its confirmation left open."""
    token: str = dataclasses.field(default="", repr=False)
    """What the agent answers to."""
    typed: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    """What a person had typed, for the next controller to hide as well."""
    random_sample: str = ""
    """Random bytes that the guest drew once it had confirmed, hex: no two machines' are the same."""
    paused: bool = False
    """Whether it stands still; who asks its agent then waits in vain."""
    may_pause: Callable[[], bool] = lambda: False
    """Whether nothing would be lost if it stood still now."""


GuestFactory = Callable[[Machine, str], Guest]
"""A client of the machine's agent that presents this token."""


class Introductions:
    """One per ``Machines``."""

    def __init__(
        self,
        *,
        settings: MachineSettings,
        guest_of: GuestFactory,
        clock: Clock,
        random: Callable[[int], bytes],
    ) -> None:
        self._settings = settings
        self._guest_of = guest_of
        self._clock = clock
        self._random = random

    async def introduce(self, live: Live) -> tuple[Guest, HandoverReply]:
        """Hand the machine its identity; its agent, and what that answered.

        The token is the machine's from then on.  Raises MachineFailed with the code that names what is wrong.
        """
        token = base64.urlsafe_b64encode(self._random(TOKEN_BYTES)).decode()
        timeout_s = self._settings.confirm_timeout_s[live.record.driver]
        reply = await live.machine.control.introduce(self._handover(live.record, token), timeout_s)
        live.token, live.witness = token, self._guest_of(live.machine, token)
        diagnosis.confirm(
            reply, vm_id=live.record.vm_id, agent_build=live.agent_build, agent_files=live.agent_files
        )
        live.pending = frozenset(reply.pending) & diagnosis.LATE_CHECKS
        return live.witness, reply

    def _handover(self, record: MachineRecord, token: str) -> Handover:
        network = self._settings.network
        return Handover(
            contract=CONTRACT,
            vm_id=record.vm_id,
            session_id=record.session_id,
            token=token,
            time_ns=int(self._clock.now().timestamp() * 1e9),
            entropy=base64.b64encode(self._random(ENTROPY_BYTES)).decode(),
            hostname=record.vm_id,
            address=network.with_prefix(record.vm_ip),
            gateway=network.gateway,
        )
