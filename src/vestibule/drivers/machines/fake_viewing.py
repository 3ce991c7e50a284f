"""What a viewer needs of a fake machine besides its desktop: clipboard, Downloads, an echoing terminal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

import h11

from vestibule.drivers.machines.fake_desktop import Stream
from vestibule_agent.file_names import id_of, name_of
from vestibule_agent.protocol import Copied, DownloadsFile, DownloadsList
from vestibule_agent.terminal_frames import FrameReader

PROMPT = b"fake$ "
_CHUNK_BYTES = 65_536


class FakeViewing:
    """Of one machine."""

    paths = frozenset({"/clipboard", "/files", "/terminal"})

    def __init__(self) -> None:
        self.clipboard = ""
        """What a paste in the machine gives."""
        self.files: dict[bytes, bytes] = {}
        """Name → content, of its Downloads."""
        self._copied = Copied(number=0, text="")
        self._news = asyncio.Condition()

    async def tell(self, text: str | None) -> None:
        """A copy in the machine, for everyone who follows; None is a text that is too long."""
        async with self._news:
            self._copied = Copied(number=self._copied.number + 1, text=text)
            self._news.notify_all()

    async def answer(self, http: h11.Connection, request: h11.Request, body: bytes, stream: Stream) -> None:
        """Answer a request for one of ``paths``."""
        target = urlsplit(request.target.decode())
        query = dict(parse_qsl(target.query, keep_blank_values=True, errors="surrogateescape"))
        match request.method.decode(), target.path:
            case "PUT", "/clipboard":
                self.clipboard = body.decode()
                await _send(http, stream, 202, b"{}")
            case "GET", "/clipboard":
                await self._stream(http, stream, int(query["after"]) if "after" in query else None)
            case "PUT", "/files":
                await _send(http, stream, *self._take_in(query["name"], body, int(query["quota"])))
            case "GET", "/files" if "file" in query:
                await _send(http, stream, *self._content(query["file"]))
            case "GET", "/files":
                await _send(http, stream, 200, DownloadsList(files=list(self._listed())).encode())
            case _:
                await _show_terminal(http, stream, query)

    def _listed(self) -> list[DownloadsFile]:
        return [_described(name, content) for name, content in reversed(self.files.items())]

    def _take_in(self, name: str, content: bytes, quota: int) -> tuple[int, bytes]:
        if sum(map(len, self.files.values())) + len(content) > quota:
            return 507, json.dumps({"code": "guest_disk_full", "cause": "Downloads would be full"}).encode()
        encoded = name.encode(errors="surrogateescape")
        self.files[encoded] = content
        return 201, _described(encoded, content).encode()

    def _content(self, file: str) -> tuple[int, bytes]:
        try:
            return 200, self.files[name_of(file)]
        except LookupError:
            return 404, json.dumps({"code": "file_absent", "cause": "there is no such file"}).encode()

    async def _stream(self, http: h11.Connection, stream: Stream, after: int | None) -> None:
        headers = [("Content-Type", "application/x-ndjson"), ("Transfer-Encoding", "chunked")]
        stream[1].write(http.send(h11.Response(status_code=200, headers=headers)) or b"")
        async for copied in self._follow(self._copied.number if after is None else after):
            stream[1].write(http.send(h11.Data(data=copied.encode())) or b"")
            await stream[1].drain()

    async def _follow(self, known: int) -> AsyncIterator[Copied]:
        while True:
            async with self._news:
                while self._copied.number <= known:
                    await self._news.wait()
                copied = self._copied
            known = copied.number
            yield copied


def _described(name: bytes, content: bytes) -> DownloadsFile:
    return DownloadsFile(
        file=id_of(name),
        name=name.decode(errors="backslashreplace"),
        size=len(content),
        modified_at="2026-01-01T00:00:00+00:00",
    )


async def _send(http: h11.Connection, stream: Stream, status: int, body: bytes) -> None:
    headers = [("Content-Length", str(len(body)))]
    stream[1].write(http.send(h11.Response(status_code=status, headers=headers)) or b"")
    stream[1].write(http.send(h11.Data(data=body)) or b"")
    stream[1].write(http.send(h11.EndOfMessage()) or b"")
    await stream[1].drain()


async def _show_terminal(http: h11.Connection, stream: Stream, query: dict[str, str]) -> None:
    """A prompt, every size that it is given, and the echo of what is typed."""
    reader, writer = stream
    headers = [("Connection", "Upgrade"), ("Upgrade", "terminal")]
    writer.write(http.send(h11.InformationalResponse(status_code=101, headers=headers)) or b"")
    writer.write(b"%sx%s\r\n" % (query["columns"].encode(), query["rows"].encode()) + PROMPT)
    frames = FrameReader()
    while data := await reader.read(_CHUNK_BYTES):
        for frame in frames.feed(data):
            shown = b"\r\n%dx%d\r\n" % frame + PROMPT if isinstance(frame, tuple) else frame
            writer.write(shown.replace(b"\r", b"\r\n") if isinstance(frame, bytes) else shown)
        await writer.drain()
