"""A controller that is killed at a step of its work, and the next one on what it leaves.

Every port of the first controller is wrapped: each call is a step, and the controller can be killed just
before one has an effect, or just after it had one and before anybody knows.  Once killed, no port of it does
anything any more: its clean-up, which a SIGKILL would not have left it, has no effect either.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from lab import Lab, gathered, open_lab

from vestibule.core.machines import Exit
from vestibule.drivers.db import unbroken
from vestibule.drivers.machines.fake import FakeControl, FakeMachine

READS = frozenset(
    {
        "alive",
        "connect",
        "console_tail",
        "get",
        "health",
        "live",
        "notices",
        "of_user",
        "screen",
        "stages",
        "unfinished",
        "wait",
    }
)
"""What changes nothing: to be killed there is to be killed at the step before."""


REST_S = 0.2


class Life:
    """Of one controller.  ``steps`` are those that it has taken: ``port.method``, and their number."""

    def __init__(self, kill_at: str | None = None) -> None:
        """``kill_at``: "before …" or "after …" a step."""
        self.steps: list[str] = []
        self.killed = asyncio.Event()
        self._kill_at = kill_at
        self._over = False

    def around(self, port: Any) -> Any:
        """A port that this life goes through."""
        return _Port(port, self)

    async def take(self, step: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """One step."""
        number = sum(taken.partition("#")[0] == step for taken in self.steps) + 1
        name = f"{step}#{number}"
        if not self._over:
            self.steps.append(name)
        await self._kill(f"before {name}")
        try:
            return await call()
        finally:
            await self._kill(f"after {name}")

    async def _kill(self, moment: str) -> None:
        if self._over:
            raise asyncio.CancelledError
        if moment == self._kill_at:
            self._over = True
            self.killed.set()
            await asyncio.Event().wait()

    def end(self) -> None:
        """Nothing has an effect any more."""
        self._over = True


class _Port:
    def __init__(self, port: Any, life: Life) -> None:
        self._port = port
        self._life = life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if isinstance(found, FakeControl):
            return self._life.around(found)
        if not inspect.iscoroutinefunction(found) or name in READS:
            return found

        async def step(*arguments: Any, **named: Any) -> Any:
            title = f"{type(self._port).__name__}.{name}"
            result = await self._life.take(title, lambda: found(*arguments, **named))
            return self._life.around(result) if isinstance(result, FakeMachine) else result

        return step


@contextlib.asynccontextmanager
async def killed_and_followed(
    folder: Path, life: Life, work: Callable[[Lab], Coroutine[Any, Any, None]]
) -> AsyncIterator[Lab]:
    """The next controller, which has recovered, after one that was killed amid ``work``."""
    async with contextlib.AsyncExitStack() as stack:
        others = asyncio.all_tasks()
        first = await stack.enter_async_context(open_lab(folder, around=life.around))
        working = asyncio.create_task(work(first))
        killed = asyncio.create_task(life.killed.wait())
        await asyncio.wait({working, killed}, return_when=asyncio.FIRST_COMPLETED)
        assert life.killed.is_set(), f"the step was never taken: {working.exception()!r}"
        await _bury(first, life, working, others | {killed})
        second = await stack.enter_async_context(open_lab(folder, heir_of=first))
        await _recover(second)
        yield second


async def _bury(lab: Lab, life: Life, working: asyncio.Task[None], others: set[asyncio.Task[Any]]) -> None:
    """What a killed process was doing ends; of its machines go on those that something is kept of."""
    life.end()
    roots = (working, *lab.sign_ins._tasks.values(), *lab.machines._ending.values())
    for task in roots:
        task.cancel()
    await gathered(*roots)
    guests = {task for machine in lab.driver.machines.values() for task in machine.agent._connections}
    if rest := asyncio.all_tasks() - others - guests - {asyncio.current_task()}:
        _, stuck = await asyncio.wait(rest, timeout=REST_S)  # connections are given back
        for task in stuck:
            if not _is_of_the_database(task):
                task.cancel()
        await gathered(*stuck)
    lab.machines._live.clear()
    for machine in lab.driver.machines.values():
        for listener in machine._listening.values():
            listener.close()
        if machine.note is None:
            await _kill(machine)


def _is_of_the_database(task: asyncio.Task[Any]) -> bool:
    """A transaction, or the return of a connection: a process that ends takes its lock along, a task not."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and ("sqlalchemy" in code.co_filename or code.co_filename == unbroken.__file__)


async def _recover(lab: Lab) -> None:
    """As ``main`` does; the broker of a lab is its driver."""
    await lab.sign_ins.recover()
    await lab.machines.restarts.adopt_unused()
    for vm_id, machine in lab.driver.machines.items():
        if vm_id not in lab.machines._live:
            await _kill(machine)
    await lab.machines.restarts.reconcile()
    await lab.sign_ins.begin_anew()


async def _kill(machine: FakeMachine) -> None:
    machine.end(Exit(code=None, signal=9))
    await machine.agent.close()
