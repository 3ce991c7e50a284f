"""The broker process: one thread, so that it may move between network namespaces.

Run as ``python -m vestibule.drivers.net.broker CHANNEL [--as UID GID] [--door FD]`` by the controller, which
holds the other end of the socket CHANNEL.  When that end closes, every machine is killed and the broker ends,
unless it has a *door*: a bound socket where the next controller may take over what the last one had kept.

::

    controller goes without a word ─▶ machines go on ─┬─▶ another comes through the door: Ready, Adopt
                                                      └─▶ none in time (Patience), or nothing was kept: end
    controller says Quit ─────────▶ end at once
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path

from vestibule.drivers.net import confinement, messages, peers
from vestibule.drivers.net.fleet import Answer, Fleet


@dataclasses.dataclass(frozen=True, kw_only=True)
class Door:
    """Where the next controller comes in, and its user as seen from here."""

    listener: socket.socket
    peer_uid: int


class Broker:
    """Serves one controller at a time, the first over ``channel``."""

    def __init__(self, channel: socket.socket, door: Door | None) -> None:
        self._channel: socket.socket | None = None
        self._door = door
        self._patience_s = 0.0
        self._until = 0.0
        """The end, when there is no controller."""
        self._quits = False
        self._fleet = Fleet(self._tell)
        self._poll = select.poll()
        self._woken, waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._poll.register(self._woken, select.POLLIN)
        if door is not None:
            self._poll.register(door.listener, select.POLLIN)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self._welcome(channel)

    def run(self) -> None:
        """Serve; returns when no controller is there or awaited, and the last machine has ended."""
        try:
            while not self._quits and (self._channel is not None or time.monotonic() < self._until):
                self._turn({fd for fd, _event in self._poll.poll(self._patience_ms())})
        finally:
            self._fleet.end_all()

    def _turn(self, ready: set[int]) -> None:
        """One round of the loop: the controller before one that wants its place."""
        if self._woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._woken, 4096)
            self._fleet.reap()
        if self._channel is not None and self._channel.fileno() in ready:
            self._serve(self._channel)
        if self._door is not None and self._door.listener.fileno() in ready and not self._is_going():
            self._admit(self._door)
        self._fleet.advance()

    def _patience_ms(self) -> int | None:
        """Until a SIGKILL or the end is due; the end of a killed process wakes the loop by itself."""
        due = [] if self._channel is not None else [self._until]
        if (kill_at := self._fleet.kill_at) is not None:
            due.append(kill_at)
        return max(0, int((min(due) - time.monotonic()) * 1000) + 1) if due else None

    # -- controllers -----------------------------------------------------------------------------------

    def _welcome(self, channel: socket.socket) -> None:
        self._channel = channel
        self._poll.register(channel, select.POLLIN)
        self._tell(messages.Ready(version=messages.VERSION, uid=os.getuid(), gid=os.getgid()))

    def _is_going(self) -> bool:
        """Whether the controller has hung up, and all that it sent before is not yet read."""
        if self._channel is None:
            return False
        poll = select.poll()
        poll.register(self._channel, 0)
        return bool(poll.poll(0))

    def _admit(self, door: Door) -> None:
        """Take the connection of another controller, or refuse it with a word."""
        channel, _address = door.listener.accept()
        if peers.uid_of(channel) != door.peer_uid:
            channel.close()
        elif self._channel is not None:
            with channel, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                messages.send(channel, messages.Taken())
        else:
            self._welcome(channel)

    def _lose(self) -> None:
        """The controller has gone: machines go on if another could take them over."""
        if self._channel is None:
            return
        self._poll.unregister(self._channel)
        self._channel.close()
        self._channel = None
        self._fleet.forget_askers()
        self._until = time.monotonic() + (self._patience_s if self._fleet.is_kept else 0.0)
        self._patience_s = 0.0

    # -- messages --------------------------------------------------------------------------------------

    def _serve(self, channel: socket.socket) -> None:
        try:
            received = messages.receive(channel)
        except (ConnectionResetError, ValueError, TypeError):  # it went, or is of another version
            received = None
        if received is None:
            self._lose()
            return
        request, fds = received
        if isinstance(request, messages.Quit):
            self._quits = True
        elif isinstance(request, messages.Patience):
            self._patience_s = request.seconds
            self._tell(messages.Done(number=request.number))
        elif isinstance(request, messages.Destroy):
            self._fleet.destroy(request)
        else:
            try:
                self._reply(self._fleet.attempt(request, fds))
            finally:
                for fd in fds:
                    os.close(fd)

    def _reply(self, answer: Answer) -> None:
        if answer.given is None:
            self._tell(answer.done, *answer.lent)
            return
        with answer.given:
            self._tell(answer.done, answer.given.fileno())

    def _tell(self, message: messages.Message, *fds: int) -> None:
        """To the controller of the moment; lost when there is none."""
        if self._channel is None:
            return
        try:
            messages.send(self._channel, message, fds)
        except (BrokenPipeError, ConnectionResetError):
            self._lose()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("channel", type=int)
    parser.add_argument("--as", dest="ids", type=int, nargs=2)
    parser.add_argument("--door", type=int)
    return parser.parse_args()


def _door(arguments: argparse.Namespace) -> Door | None:
    """Listening from now on: peer credentials name the process that listens, so that it can be ended."""
    if arguments.door is None:
        return None
    listener = socket.socket(fileno=arguments.door)
    listener.listen()
    # Our user namespace knows one user: a controller of root's is nobody's here.  That nobody else comes is
    # for the socket's mode to see to; that no machine does, is seen here.
    overflow = int(Path("/proc/sys/kernel/overflowuid").read_text())
    peer_uid = overflow if arguments.ids else os.getuid()
    return Door(listener=listener, peer_uid=peer_uid)


def main() -> int:
    """Confine this process, say so, serve.  Exit code 0; 1 when the host does not allow it."""
    arguments = _arguments()
    channel = socket.socket(fileno=arguments.channel)
    ids = arguments.ids
    try:
        confinement.confine(confinement.Identity(uid=ids[0], gid=ids[1]) if ids else None)
    except confinement.StageError as error:
        messages.send(channel, messages.Unfit(stage=error.stage, errno=error.number))
        return 1
    Broker(channel, _door(arguments)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
