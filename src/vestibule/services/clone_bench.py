"""Measures what a person waits for: from "start" to the agent's confirmed identity, cold and as clones.

And to the first picture of the desktop, as a viewer gets it, but without a browser that paints it.

One cold start, then clones one after another, so that none waits for another.  The first few live on to
be looked at ten seconds after their start: memory of their own, processor time burned.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from vestibule.core import diagnosis, ids
from vestibule.core.addresses import MachineNetwork
from vestibule.core.errors import MachineFailed, VestibuleError
from vestibule.core.ids import GoldenId
from vestibule.core.machines import Limits
from vestibule.core.percentiles import Percentiles
from vestibule.services.introductions import ENTROPY_BYTES, TOKEN_BYTES
from vestibule.services.ports import Clock, Machine, MachineDriver, MachineRequest, RunFolders
from vestibule_agent.protocol import CONTRACT, Handover

OBSERVE_AFTER_S = 10.0
COLD_TIMEOUT_S = 300.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Usage:
    """What a machine's processes have of the host."""

    private_bytes: int
    """Memory that no other process shares and no file backs."""
    cpu_s: float
    """Processor time since its start."""


class UsageMeter(Protocol):
    """Reads what a process and its descendants use."""

    def read(self, pid: int) -> Usage:
        """Raises HostUnfit when the kernel does not let us look."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """What is measured: ``cold`` starts without any snapshot or cache, ``clones`` as machines do."""

    cold: MachineDriver
    clones: MachineDriver
    golden_id: GoldenId
    agent_build: str
    agent_files: Mapping[str, str]
    network: MachineNetwork
    limits: Limits
    confirm_timeout_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample:
    """One start that came to a confirmed agent."""

    start_s: float
    frame_s: float
    random_sample: str
    usage: Usage | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """What ``vestibule bench clone -o json`` prints."""

    cold_boot_s: float
    clone_s: Percentiles
    frame_s: Percentiles
    ratio: float
    failures: int
    private_mb: float
    cpu_s: float


class CloneBench:
    """One bench; nothing else may run on the host meanwhile, or the numbers mean little."""

    def __init__(
        self,
        *,
        subject: Subject,
        folders: RunFolders,
        meter: UsageMeter,
        clock: Clock,
        random: Callable[[int], bytes],
        await_picture: Callable[[Machine, str], Awaitable[object]],
    ) -> None:
        """``await_picture`` looks at a confirmed machine's desktop, with its token."""
        self._await_picture = await_picture
        self._subject = subject
        self._folders = folders
        self._meter = meter
        self._clock = clock
        self._random = random

    async def run(self, clones: int, observed: int, note: Callable[[str], None]) -> Result:
        """Measure; ``note`` is told every sample.  Raises MachineFailed when no start succeeded."""
        cold = await self._sample(self._subject.cold, COLD_TIMEOUT_S, observe=False)
        note(f"cold boot: {cold.start_s:.2f} s")
        samples: list[Sample] = []
        failures: list[VestibuleError] = []
        for number in range(1, clones + 1):
            try:
                samples.append(await self._clone(samples, observe=len(samples) < observed))
                note(
                    f"clone {number}: {samples[-1].start_s:.3f} s, first picture {samples[-1].frame_s:.3f} s"
                )
            except VestibuleError as error:
                failures.append(error)
                note(f"clone {number}: {error}")
        return _result(cold, samples, failures)

    async def _clone(self, earlier: Sequence[Sample], *, observe: bool) -> Sample:
        sample = await self._sample(self._subject.clones, self._subject.confirm_timeout_s, observe=observe)
        if sample.random_sample in {other.random_sample for other in earlier}:
            raise MachineFailed(
                "two clones drew the same random bytes",
                remedy="Do not use this golden: build it again and report this.",
                code="shared_randomness",
            )
        return sample

    async def _sample(self, driver: MachineDriver, timeout_s: float, *, observe: bool) -> Sample:
        async with self._started(driver) as (request, machine, begin):
            handover = self._handover(request)
            reply = await machine.control.introduce(handover, timeout_s)
            start_s = time.monotonic() - begin
            diagnosis.confirm(
                reply,
                vm_id=request.vm_id,
                agent_build=self._subject.agent_build,
                agent_files=self._subject.agent_files,
            )
            await self._await_picture(machine, handover.token)
            frame_s = time.monotonic() - begin
            usage = await self._observe(machine, begin) if observe else None
        return Sample(start_s=start_s, frame_s=frame_s, random_sample=reply.random_sample, usage=usage)

    @contextlib.asynccontextmanager
    async def _started(self, driver: MachineDriver) -> AsyncIterator[tuple[MachineRequest, Machine, float]]:
        """A machine from its request on; gone without a trace afterwards."""
        request = await self._request()
        begin = time.monotonic()
        try:
            machine = await driver.start(request)
            try:
                yield request, machine, begin
            finally:
                await machine.stop()
        finally:
            await self._folders.archive(request.vm_id)

    async def _observe(self, machine: Machine, begin: float) -> Usage:
        await asyncio.sleep(max(0.0, begin + OBSERVE_AFTER_S - time.monotonic()))
        return await asyncio.to_thread(self._meter.read, machine.pid)

    async def _request(self) -> MachineRequest:
        vm_id = ids.vm_id(self._random(ids.RANDOM_BYTES))
        return MachineRequest(
            vm_id=vm_id,
            golden_id=self._subject.golden_id,
            address=self._subject.network.free(()),
            gateway=self._subject.network.gateway,
            cidr=str(self._subject.network.cidr),
            limits=self._subject.limits,
            run_dir=await self._folders.make(vm_id),
        )

    def _handover(self, request: MachineRequest) -> Handover:
        return Handover(
            contract=CONTRACT,
            vm_id=request.vm_id,
            session_id=None,
            token=base64.urlsafe_b64encode(self._random(TOKEN_BYTES)).decode(),
            time_ns=int(self._clock.now().timestamp() * 1e9),
            entropy=base64.b64encode(self._random(ENTROPY_BYTES)).decode(),
            hostname=request.vm_id,
            address=self._subject.network.with_prefix(request.address),
            gateway=request.gateway,
        )


def _result(cold: Sample, samples: Sequence[Sample], failures: Sequence[VestibuleError]) -> Result:
    usages = [sample.usage for sample in samples if sample.usage is not None]
    if not samples or not usages:
        raise failures[-1]
    clone_s = Percentiles.of([sample.start_s for sample in samples])
    return Result(
        cold_boot_s=round(cold.start_s, 3),
        clone_s=clone_s,
        frame_s=Percentiles.of([sample.frame_s for sample in samples]),
        ratio=round(cold.start_s / clone_s.p50, 1),
        failures=len(failures),
        private_mb=round(statistics.mean(usage.private_bytes for usage in usages) / 1e6, 1),
        cpu_s=round(statistics.mean(usage.cpu_s for usage in usages), 2),
    )
