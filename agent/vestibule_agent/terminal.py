"""The tool's terminal: one tmux session, shown by the desktop's xterm, driven in control mode.

One long-lived ``tmux -C`` client does everything: no process is started per command, and the tool's raw
output comes as ``%output``.  While the sign-in URL is awaited the window is very wide, so that a tool that
wraps by itself does not; then it takes the xterm's size and tmux re-wraps what is on it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

from vestibule_agent import tmux
from vestibule_desktop.services import SESSION

WIDE_COLUMNS = 1200
WIDE_ROWS = 50
LOW_ROWS = 3
DEFAULT_COLUMNS = 80
TYPE_CHARACTERS = 400
ECHO_S = 0.3
"""How long to wait for the tool to show typed text before Enter is sent after it."""
REMIND_S = 0.02
RUN = 'command -v "$0" >/dev/null || { echo "$0: not found"; exit 127; }; exec "$0" "$@"'


class TerminalError(RuntimeError):
    """tmux refused a command, or is not there."""


class Terminal:
    """The session ``vestibule``; ``attach`` it to a control client's pipes, again after each restart."""

    def __init__(self) -> None:
        self.on_output: Callable[[bytes], None] = _ignore
        self.ready = asyncio.Event()
        self._answers: list[asyncio.Future[tmux.Answer]] = []
        self._stdin: int | None = None
        self._echo = asyncio.Event()
        self._wide = False
        self._farewells: set[asyncio.Task[None]] = set()

    async def attach(self, process: subprocess.Popen[bytes]) -> None:
        """Read one control client until it ends."""
        assert process.stdin is not None and process.stdout is not None  # noqa: PT018, S101 - made with pipes
        reader = asyncio.StreamReader(limit=1 << 24)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), process.stdout
        )
        self._stdin = process.stdin.fileno()
        # tmux answers its own command line first, before it reads any of ours.
        self._answers = [loop.create_future()]
        self._answers[0].add_done_callback(lambda _: self.ready.set())
        try:
            await self._read(reader)
        finally:
            self._detach()
            transport.close()
            process.stdin.close()

    async def run(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Run in a window that replaces the present one; returns the program's pid.  Raises TerminalError."""
        self._wide = True
        # A pane that has printed is never used again: tmux 3.6 and older keeps its read offsets when it is
        # respawned, and crashes.  The new one waits until it is wide.
        await self._order("new-window", "-k", "-t", f"={SESSION}:0", "exec sleep infinity")
        await self._order("resize-window", "-x", str(WIDE_COLUMNS), "-y", str(WIDE_ROWS))
        settings = [word for pair in environment.items() for word in ("-e", "=".join(pair))]
        await self._order("respawn-pane", "-k", *settings, "--", "/bin/sh", "-c", RUN, *command)
        answer = await self._order("display-message", "-p", "#{pid} #{pane_pid}")
        server, pane = (int(number) for number in answer.split())
        farewell = asyncio.ensure_future(see_off(pane, server))
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)
        return pane

    async def type_text(self, text: str, *, enter: bool) -> None:
        """Type literally, then Enter by itself: many tools take text and Enter in one read for a paste."""
        for start in range(0, len(text), TYPE_CHARACTERS):
            self._echo.clear()
            await self._order("send-keys", "-l", "--", text[start : start + TYPE_CHARACTERS])
        if enter:
            await self._await_echo(text)
            await self._order("send-keys", "Enter")

    async def press(self, keys: Sequence[str]) -> None:
        """Press keys, by tmux's names of them.  Raises TerminalError."""
        await self._order("send-keys", "--", *keys)

    async def screen(self, history: int = 0) -> str:
        """The screen's text, lines that the terminal wrapped joined; with lines scrolled off above it."""
        text = await self._order("capture-pane", "-p", "-J", "-S", str(-history))
        return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")

    async def history(self) -> str:
        """The lines that have scrolled off, with their colours; empty when there are none."""
        if int(await self._order("display-message", "-p", "#{history_size}")) == 0:
            return ""
        return await self._order("capture-pane", "-p", "-e", "-J", "-S", "-", "-E", "-1")

    async def columns(self) -> int:
        """The window's present width."""
        return int(await self._order("display-message", "-p", "#{window_width}"))

    async def fit(self) -> None:
        """Take the size of the person's terminal again: the xterm, or one in their own browser."""
        if not self._wide:
            return
        self._wide = False
        # Low first: tmux re-wraps into its history, and fills the screen from it as the window grows.
        await self._order("resize-window", "-x", str(await self._client_columns()), "-y", str(LOW_ROWS))
        await self._order("set-option", "-w", "-u", "window-size")

    async def _client_columns(self) -> int:
        """The width of the client that was used last: the window's, once it is no longer given."""
        form = "#{client_control_mode} #{client_activity} #{client_width}"
        clients = [line.split() for line in (await self._order("list-clients", "-F", form)).splitlines()]
        shown = [(int(used), int(width)) for control, used, width in clients if control == "0"]
        return max(shown)[1] if shown else DEFAULT_COLUMNS

    async def _await_echo(self, text: str) -> None:
        if not text:
            return
        try:
            async with asyncio.timeout(ECHO_S):
                await self._echo.wait()
        except TimeoutError:
            return  # a hidden prompt echoes nothing

    async def _order(self, *words: str) -> str:
        if self._stdin is None:
            raise TerminalError("tmux is not running")
        future: asyncio.Future[tmux.Answer] = asyncio.get_running_loop().create_future()
        self._answers.append(future)
        _write_all(self._stdin, tmux.command(*words).encode() + b"\n")
        answer = await future
        if not answer.ok:
            raise TerminalError(f"tmux {words[0]}: {answer.text}")
        return answer.text

    async def _read(self, reader: asyncio.StreamReader) -> None:
        control = tmux.ControlReader()
        while line := await reader.readline():
            self._handle(control.feed(line.removesuffix(b"\n")))

    def _handle(self, seen: tmux.Notification | None) -> None:
        match seen:
            case tmux.Output(data=data):
                self._echo.set()
                self.on_output(data)
            case tmux.Answer():
                if self._answers and not (future := self._answers.pop(0)).done():
                    future.set_result(seen)
            case _:
                pass

    def _detach(self) -> None:
        self._stdin = None
        self.ready.clear()
        for future in self._answers:
            if not future.done():
                future.set_exception(TerminalError("tmux has ended"))
                future.exception()
        self._answers = []


async def see_off(pid: int, parent: int) -> None:
    """Once ``pid`` has ended, remind its parent of it until it is reaped.

    While tmux 3.6 and older takes a closed pane out of utmp, libutempter swallows the SIGCHLD of the tool
    that has just ended (tmux issue 4559): the tool would stay a zombie, and its end would never be told.
    """
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return  # reaped already
    try:
        await _readable(fd)
        while not _is_reaped(fd):
            os.kill(parent, signal.SIGCHLD)
            await asyncio.sleep(REMIND_S)
    except ProcessLookupError:
        return  # the parent is gone, too
    finally:
        os.close(fd)


async def _readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    seen = asyncio.Event()
    loop.add_reader(fd, seen.set)
    try:
        await seen.wait()
    finally:
        loop.remove_reader(fd)


def _is_reaped(pidfd: int) -> bool:
    try:
        signal.pidfd_send_signal(pidfd, 0)
    except ProcessLookupError:
        return True
    return False


def exit_code(ended: str) -> int:
    """The code in tmux's ``STATUS:SIGNAL``, negative for a signal."""
    status, _, signal = ended.partition(":")
    if status.isdigit():
        return int(status)
    return -int(signal) if signal.isdigit() else -1


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _ignore(_: object) -> None:
    """Nobody listens yet."""
