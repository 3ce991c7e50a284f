"""The desktop's clipboard as text, both ways, without a process and without looking twice.

::

    PUT /clipboard ──▶ put() ──owns CLIPBOARD and PRIMARY──▶ whoever pastes in the guest
    a copy in the guest ──XFIXES: another owner──▶ converted to UTF-8 ──▶ follow() ──▶ GET /clipboard

The text is in this process's memory and nowhere else: not in events, not in a log.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from vestibule_agent import selections as x
from vestibule_agent.protocol import MAX_CLIPBOARD_BYTES, Copied
from vestibule_desktop.x11 import PROPERTY_NOTIFY, read_setup
from vestibule_desktop.x_client import XClient, XError

COME_S = 5.0
"""So long a text waits for the X server that it is for."""
COPY_S = 5.0
"""How long an owner may take from one piece of its text to the next."""
MOST_READERS = 16
"""Who takes a long text piece by piece at a time; one that was closed meanwhile never says so."""
XFIXES_SELECTION_NOTIFY = 0


class ClipboardError(RuntimeError):
    """There is no desktop whose clipboard this could be."""


class Clipboard:
    """One per machine; ``run`` it against each X server that comes."""

    def __init__(self) -> None:
        self._copied = Copied(number=0, text="")
        self._changed = asyncio.Event()
        self._owner: _Owner | None = None
        self._there = asyncio.Event()

    async def put(self, text: str) -> None:
        """Make this the text that pasting gives, in every program.  Raises ClipboardError."""
        owner = await self._present()
        try:
            await owner.offer(text.encode(errors="replace"))
        except ConnectionError as error:
            raise ClipboardError(str(error)) from error

    async def _present(self) -> _Owner:
        """Wait for it: a machine has confirmed itself a moment before its clipboard is there."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(COME_S):
                await self._there.wait()
        if self._owner is None:
            raise ClipboardError("the desktop's X server is not there")
        return self._owner

    async def follow(self, after: int | None) -> AsyncIterator[Copied]:
        """What is copied in the guest: the last one if its number is above ``after``, then each new one.

        With None, only what is copied from now on.  Never ends.
        """
        known = self._copied.number if after is None else after
        while True:
            changed = self._changed
            if self._copied.number > known:
                known = self._copied.number
                yield self._copied
            else:
                await changed.wait()

    async def run(self, socket: Path) -> None:
        """Serve until the X server ends.  Raises ConnectionError, OSError or an ExceptionGroup of these."""
        client = await XClient.connect(socket)
        owner = _Owner(client, self._take)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(client.run(owner.on_event))
            tasks.create_task(self._serve(owner))

    async def _serve(self, owner: _Owner) -> None:
        await owner.prepare()
        self._owner = owner
        self._there.set()
        try:
            await owner.run()
        finally:
            self._there.clear()
            self._owner = None

    def _take(self, text: str | None) -> None:
        self._copied = Copied(number=self._copied.number + 1, text=text)
        self._changed.set()
        self._changed = asyncio.Event()


class _Owner:
    """Our window: owns the selections after ``offer``, and takes over what others own."""

    def __init__(self, client: XClient, take: Callable[[str | None], None]) -> None:
        self._client, self._take = client, take
        setup = read_setup(client.setup)
        self._root, self._window = setup.root, x.first_id(client.setup)
        self._atoms: dict[str, int] = {}
        self._event = -1
        self._text = b""
        self._readers: dict[tuple[int, int], tuple[bytes, int]] = {}
        """Window and property of who takes a long text → what is left of it, and its form."""
        self._since: asyncio.Queue[int] = asyncio.Queue()
        """When somebody else's text became the clipboard's, in the server's milliseconds."""
        self._notified: asyncio.Queue[int] = asyncio.Queue()
        self._filled = asyncio.Event()

    async def prepare(self) -> None:
        """Be there, and told of every copy.  Raises XError, XServerEnded."""
        client = self._client
        self._atoms = {name: await client.atom(name) for name in x.ATOMS}
        client.send(x.create_window(self._window, self._root))
        numbers = x.extension_numbers(await client.ask(x.query_extension("XFIXES")))
        if numbers is None:
            raise XError("the X server has no XFIXES")
        opcode, first = numbers
        self._event = first + XFIXES_SELECTION_NOTIFY
        await client.ask(x.xfixes_version(opcode))
        client.send(x.watch(opcode, self._window, self._atoms["CLIPBOARD"]))
        if x.owner_of(await client.ask(x.get_owner(self._atoms["CLIPBOARD"]))) != x.NONE:
            self._since.put_nowait(x.CURRENT_TIME)  # it was copied before anybody was told

    async def offer(self, text: bytes) -> None:
        """Own both selections; returns once the server says so.  Raises XError, XServerEnded."""
        self._text = text
        for name in ("CLIPBOARD", "PRIMARY"):
            self._client.send(x.own(self._window, self._atoms[name]))
        await self._client.ask(x.get_owner(self._atoms["CLIPBOARD"]))

    async def run(self) -> None:
        """Take over each copy, the newest of several; never ends by itself."""
        while True:
            since = await self._since.get()
            while not self._since.empty():
                since = self._since.get_nowait()
            try:
                self._take(await self._converted(since))
            except (TimeoutError, LookupError, XError):
                continue  # its owner is gone or hangs, or it is no text

    def on_event(self, kind: int, event: bytes) -> None:
        """Any event of the server."""
        if kind == self._event:
            owner, since = x.watched(event)
            if owner not in {x.NONE, self._window}:
                self._since.put_nowait(since)
        elif kind == x.SELECTION_REQUEST:
            self._answer(x.read_asked(event))
        elif kind == x.SELECTION_NOTIFY:
            self._notified.put_nowait(x.converted_into(event))
        elif kind == PROPERTY_NOTIFY:
            self._on_property(*x.property_change(event))

    def _on_property(self, window: int, name: int, state: int) -> None:
        if window == self._window and state == x.NEW_VALUE:
            self._filled.set()
        elif state == x.DELETED and (window, name) in self._readers:
            self._next_piece(window, name)

    # -- what others own -----------------------------------------------------------------------------------

    async def _converted(self, since: int) -> str | None:
        """The owner's text; None when it is too long.  Raises TimeoutError, LookupError."""
        atoms = self._atoms
        while not self._notified.empty():
            self._notified.get_nowait()  # the late answer of an owner that was not waited for any more
        into = atoms["VESTIBULE_TEXT"]
        self._client.send(x.convert(self._window, atoms["CLIPBOARD"], atoms["UTF8_STRING"], into, since))
        async with asyncio.timeout(COPY_S):
            if await self._notified.get() == x.NONE:
                raise LookupError("the clipboard holds no text")
            self._filled.clear()
            value = await self._taken()
        data = value.data if value.type != atoms["INCR"] else await self._pieces()
        if len(data) > MAX_CLIPBOARD_BYTES:
            return None
        return data.decode(errors="replace").replace("\0", "")

    async def _pieces(self) -> bytes:
        """A text that its owner hands over piece by piece (ICCCM 2.0, section 2.7.2), as far as it counts."""
        data = b""
        while True:
            async with asyncio.timeout(COPY_S):
                await self._filled.wait()
                self._filled.clear()
                piece = (await self._taken()).data
            if not piece:
                return data
            data += piece[: MAX_CLIPBOARD_BYTES + 1 - len(data)]

    async def _taken(self) -> x.Value:
        most = MAX_CLIPBOARD_BYTES + 4
        reply = await self._client.ask(x.take_property(self._window, self._atoms["VESTIBULE_TEXT"], most))
        return x.value_of(reply)

    # -- what we own ---------------------------------------------------------------------------------------

    def _answer(self, asked: x.Asked) -> None:
        given = self._give(asked)
        self._client.send(x.reply_to(asked, given=given))

    def _give(self, asked: x.Asked) -> bool:
        atoms, forms = self._atoms, [self._atoms[name] for name in x.TEXTS]
        if asked.target == atoms["TARGETS"]:
            data = b"".join(number.to_bytes(4, "little") for number in (atoms["TARGETS"], *forms))
            self._fill(asked, x.ATOM, data, bits=32)
        elif asked.target not in forms:
            return False
        elif len(self._text) <= x.PIECE_BYTES:
            self._fill(asked, asked.target, self._text)
        else:
            self._begin_pieces(asked)
        return True

    def _fill(self, asked: x.Asked, kind: int, data: bytes, *, bits: int = 8) -> None:
        self._client.send(x.change_property(asked.requestor, asked.property, kind, data, bits=bits))

    def _begin_pieces(self, asked: x.Asked) -> None:
        while len(self._readers) >= MOST_READERS:
            del self._readers[next(iter(self._readers))]
        self._readers[asked.requestor, asked.property] = (self._text, asked.target)
        self._client.send(x.listen(asked.requestor))
        self._fill(asked, self._atoms["INCR"], len(self._text).to_bytes(4, "little"), bits=32)

    def _next_piece(self, window: int, name: int) -> None:
        """The reader has taken what there was: the next piece, in the end an empty one."""
        left, form = self._readers.pop((window, name))
        if left:
            self._readers[window, name] = (left[x.PIECE_BYTES :], form)
        self._client.send(x.change_property(window, name, form, left[: x.PIECE_BYTES]))
