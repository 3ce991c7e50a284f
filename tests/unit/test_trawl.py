"""The search for secrets finds what is there: without that, a run without a find says nothing."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from trawl import ProcessWatch, Trawl
from waiting import until


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


SECRETS = {"text": b"visibly fake/secret+of=a run", "bytes": bytes(range(100, 132)), "low": b"\x00\x01" * 16}

WRITERS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda secret: b"before" + secret + b"after",
    "hex": lambda secret: secret.hex().encode(),
    "base64 alone": base64.b64encode,
    "base64 at 1": lambda secret: base64.b64encode(b"a" + secret + b"z"),
    "base64 at 2": lambda secret: base64.b64encode(b"ab" + secret + b"z"),
    "base64 at 3": lambda secret: base64.b64encode(b"abc" + secret),
    "base64url at 1": lambda secret: base64.urlsafe_b64encode(b"a" + secret),
    "wrapped by a terminal": lambda secret: secret[:7] + b"\r\n" + secret[7:],
    "wrapped, in JSON": lambda secret: json.dumps(secret[:7].hex() + "\n" + secret[7:].hex()).encode(),
    "MIME": base64.encodebytes,
    "a form": lambda secret: urlencode({"code": secret}).encode(),
    "a Python literal": lambda secret: repr({"key": secret}).encode(),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("name", SECRETS)
def test_every_form_is_found(writer: str, name: str) -> None:
    trawl = Trawl()
    trawl.add("log", WRITERS[writer](SECRETS[name]))
    trawl.add("elsewhere", b"nothing")
    assert trawl.found(SECRETS) == {(name, "log")}


def test_a_json_string_is_found() -> None:
    trawl = Trawl()
    secret = 'visibly "fake" ü'
    trawl.add("log", json.dumps({"token": secret}).encode())
    assert trawl.found({"text": secret.encode()}) == {("text", "log")}


def test_files_and_their_names_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/a").write_bytes(SECRETS["bytes"])
    (tmp_path / f"b-{SECRETS['low'].hex()}").touch()
    trawl = Trawl()
    trawl.add_folder("state", tmp_path)
    assert trawl.found(SECRETS) == {("bytes", "state/deep/a"), ("low", "file names")}


@pytest.mark.anyio
async def test_arguments_and_environment_of_children_are_looked_at() -> None:
    trawl = Trawl()
    secrets = {"argument": os.urandom(16).hex().encode(), "variable": os.urandom(16).hex().encode()}
    environment = {"TOKEN": secrets["variable"].decode()}
    wait = [sys.executable, "-c", "input()", secrets["argument"].decode()]
    with ProcessWatch(trawl, os.getpid()) as watch:
        child = await asyncio.create_subprocess_exec(*wait, stdin=subprocess.PIPE, env=environment)
        await until(lambda: len(trawl.found(secrets)) == 2)
        await child.communicate(b"\n")
    assert trawl.found(secrets) == {("argument", "a child's cmdline"), ("variable", "a child's environ")}
    assert watch.count >= 1


def test_what_is_not_there_is_not_found() -> None:
    trawl = Trawl()
    trawl.add("log", b"nothing of interest")
    assert trawl.found(SECRETS) == set()
