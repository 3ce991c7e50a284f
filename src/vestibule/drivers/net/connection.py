"""One broker process and the socket to it: requests are numbered, answers and exits arrive by themselves."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

from vestibule.core.errors import HostUnfit
from vestibule.drivers.net import messages, takeover, unfit
from vestibule.drivers.net.broker_process import BrokerProcess
from vestibule.drivers.net.confinement import Identity
from vestibule.drivers.net.takeover import Outlive

Answer = tuple[messages.Done, list[int]]
OnExit = Callable[[messages.Exited], None]

ANSWER_TIMEOUT_S = 30.0
"""The slowest request, ending a machine that ignores SIGTERM, takes little more than 2 s."""
_START_TIMEOUT_S = 20.0
_END_TIMEOUT_S = 10.0
_QUIT_TIMEOUT_S = 2.0


class Connection:
    """Owns the broker's process; ``uid`` is the host's user that machines run as."""

    def __init__(
        self,
        process: BrokerProcess,
        channel: socket.socket,
        uid: int,
        *,
        on_exit: OnExit,
        on_lost: Callable[[], None],
    ) -> None:
        self.uid = uid
        self._process = process
        self._channel = channel
        self._on_exit = on_exit
        self._on_lost = on_lost
        self._numbers = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Answer]] = {}
        self._sending = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(channel.fileno(), self._read)

    @property
    def pid(self) -> int:
        """The broker's pid."""
        return self._process.pid

    @property
    def lost(self) -> bool:
        """Whether the broker has gone."""
        return self._channel.fileno() == -1

    async def request(self, make: Callable[[int], messages.Request], fds: Sequence[int] = ()) -> Answer:
        """Send the request that ``make`` builds from its number; the answer's descriptors are the caller's.

        Raises HostUnfit: ``broker_gone`` when the broker ends before it answers, ``broker_silent`` when it
        does not answer in time; what it answers later is dropped.
        """
        number = next(self._numbers)
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._pending[number] = answer
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._send(make(number), fds)
                try:
                    return await answer
                except asyncio.CancelledError:  # perhaps in the very moment of its answer
                    _close_unread(answer)
                    raise
        except TimeoutError as error:
            raise _silent() from error
        finally:
            del self._pending[number]

    async def close(self) -> None:
        """Have every machine and the broker end; returns when it has ended."""
        with contextlib.suppress(HostUnfit, TimeoutError):  # it has gone, or hangs and is killed
            async with asyncio.timeout(_QUIT_TIMEOUT_S):
                await self._send(messages.Quit())
        self._lose()
        await asyncio.to_thread(self._process.end, _END_TIMEOUT_S)

    def leave(self) -> None:
        """Close the socket without a word: a broker that may goes on, any other ends."""
        self._lose()
        self._process.leave()

    async def _send(self, message: messages.Request | messages.Quit, fds: Sequence[int] = ()) -> None:
        async with self._sending:
            while True:
                if self.lost:
                    raise gone()
                try:
                    messages.send(self._channel, message, fds)
                except BlockingIOError:
                    await self._writable()
                except (BrokenPipeError, ConnectionResetError) as error:
                    raise gone() from error
                else:
                    return

    async def _writable(self) -> None:
        ready = asyncio.Event()
        descriptor = self._channel.fileno()
        self._loop.add_writer(descriptor, ready.set)
        try:
            await ready.wait()
        finally:
            self._loop.remove_writer(descriptor)

    def _read(self) -> None:
        """Take every packet that is there."""
        with contextlib.suppress(BlockingIOError):
            while self._take():
                pass

    def _take(self) -> bool:
        try:
            received = messages.receive(self._channel)
        except ConnectionResetError:
            received = None
        if received is None:
            self._lose()
            return False
        message, fds = received
        if isinstance(message, messages.Exited):
            self._on_exit(message)
        elif isinstance(message, messages.Done):
            self._settle(message, fds)
        return True

    def _settle(self, done: messages.Done, fds: list[int]) -> None:
        """Hand an answer over; nobody waits for it any more when the request was cancelled."""
        answer = self._pending.get(done.number)
        if answer is None or answer.done():
            for fd in fds:
                os.close(fd)
        else:
            answer.set_result((done, fds))

    def _lose(self) -> None:
        if self.lost:
            return
        self._loop.remove_reader(self._channel.fileno())
        self._channel.close()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(gone())
        self._on_lost()


def _close_unread(answer: asyncio.Future[Answer]) -> None:
    """Close the descriptors of an answer that nobody takes any more."""
    if answer.done() and not answer.cancelled() and answer.exception() is None:
        for fd in answer.result()[1]:
            os.close(fd)


def _silent() -> HostUnfit:
    return HostUnfit(
        f"the network broker did not answer within {ANSWER_TIMEOUT_S:g} s",
        remedy="Restart the controller, which starts another broker; the host may be out of memory or stuck.",
        code="broker_silent",
    )


def gone() -> HostUnfit:
    """The broker ended unasked."""
    return HostUnfit(
        "the network broker has ended, and every machine with it",
        remedy="Start the sign-in again; a new broker starts by itself. See its last words in the log.",
        code="broker_gone",
    )


async def find(
    identity: Identity | None, outlive: Outlive, *, on_exit: OnExit, on_lost: Callable[[], None]
) -> Connection | None:
    """Take over the broker that an earlier controller left, if one did.  Raises Conflict ``broker_taken``."""
    found = await asyncio.to_thread(takeover.find, outlive.door, identity)
    if found is None:
        return None
    return _connected(found, on_exit, on_lost)


async def launch(
    identity: Identity | None, outlive: Outlive | None, *, on_exit: OnExit, on_lost: Callable[[], None]
) -> Connection:
    """Start a broker and await its first word.

    Raises HostUnfit ``no_user_namespaces``, ``run_dir_unusable``.
    """
    return _connected(await _launch(identity, outlive), on_exit, on_lost)


def _connected(broker: takeover.Found, on_exit: OnExit, on_lost: Callable[[], None]) -> Connection:
    broker.channel.setblocking(False)
    return Connection(broker.process, broker.channel, broker.ready.uid, on_exit=on_exit, on_lost=on_lost)


async def _launch(identity: Identity | None, outlive: Outlive | None) -> takeover.Found:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with theirs, _doorway(outlive) as (words, door):
            child = _start(theirs.fileno(), identity, words, door)
    except BaseException:
        ours.close()
        raise
    process = BrokerProcess(child.pid, child)
    try:
        first = await asyncio.wait_for(asyncio.to_thread(messages.receive, ours), _START_TIMEOUT_S)
        ready = _judge(first[0] if first else None)
    except BaseException:
        ours.close()
        process.end(0)
        raise
    return takeover.Found(process=process, channel=ours, ready=ready)


@contextlib.contextmanager
def _doorway(outlive: Outlive | None) -> Iterator[tuple[list[str], list[int]]]:
    """What a broker is told of its door, and the descriptor; nothing for one that ends with us."""
    if outlive is None:
        yield [], []
        return
    with takeover.made(outlive.door) as listener:
        number = listener.fileno()
        yield ["--door", str(number)], [number]


def _start(
    channel: int, identity: Identity | None, words: Sequence[str], door: Sequence[int]
) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C reaches the controller, which ends its machines in order."""
    ids = ["--as", str(identity.uid), str(identity.gid)] if identity else []
    return subprocess.Popen(
        [sys.executable, "-P", "-s", "-m", "vestibule.drivers.net.broker", str(channel), *ids, *words],
        pass_fds=[channel, *door],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=_environment(),
        cwd="/",
        start_new_session=True,
    )


def _environment() -> dict[str, str]:
    """The very modules that the controller runs, and nothing else of its environment: it may hold secrets."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": path}


def _judge(first: messages.Message | None) -> messages.Ready:
    match first:
        case messages.Ready(version=messages.VERSION):
            return first
        case messages.Unfit(stage=stage, errno=number):
            raise unfit.explain(stage, number)
        case _:
            raise HostUnfit(
                f"the network broker did not start: {first or 'it ended at once'}",
                remedy="Restart the controller; if it was upgraded while it ran, that was the reason.",
                code="broker_gone",
            )
