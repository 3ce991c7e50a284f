"""What a canary looks at in one confirmed clone: each check returns what it saw, or raises what is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import socket
from collections.abc import Callable, Sequence

from vestibule.core import versions
from vestibule.core.errors import MachineFailed
from vestibule.core.pictures import Picture
from vestibule.services.guest_events import screen_end
from vestibule.services.ports import Clock, Desktop, Guest
from vestibule_agent.protocol import CredentialFileSpec, CredentialSpec, Event, LoginSpec

OpenDesktop = Callable[[socket.socket], contextlib.AbstractAsyncContextManager[Desktop]]

CLOCK_TOLERANCE_S = 1.0
SETTLE_S = 20.0
"""How long a desktop may take from its hand-over until something is painted on it."""
QUIET_S = 1.5
_NO_FILE = CredentialFileSpec(path="~/.canary/none.json", required=["nothing"])
_NEVER = r"(?!)"
"""Matches nothing: what is run here shows no sign-in address."""

EGRESS_PROBE = """
import json, socket, sys
def direct(host, port):
    try:
        socket.create_connection((host, port), 3).close()
        return f"{host}:{port} can be reached past the proxy"
    except OSError:
        return None
def proxied(site):
    with socket.create_connection(("127.0.0.1", 3128), 10) as proxy:
        proxy.sendall(f"CONNECT {site} HTTP/1.1\\r\\nHost: {site}\\r\\n\\r\\n".encode())
        status = proxy.recv(4096).split(b" ", 2)[1:2]
    return None if status == [b"403"] else f"the proxy answered {status} for {site}"
def allowed(site):
    with socket.create_connection(("127.0.0.1", 3128), 10) as proxy:
        stream = proxy.makefile("rb")
        proxy.sendall(f"CONNECT {site} HTTP/1.1\\r\\nHost: {site}\\r\\n\\r\\n".encode())
        status = stream.readline().split(b" ", 2)[1:2]
        if status != [b"200"]:
            return f"the proxy answered {status} for {site}, which is allowed"
        while stream.readline().strip():
            pass
        proxy.sendall(f"GET / HTTP/1.1\\r\\nHost: {site}\\r\\nConnection: close\\r\\n\\r\\n".encode())
        if not stream.readline().startswith(b"HTTP/1."):
            return f"{site}, which is allowed, did not answer"
gateway, site = sys.argv[1:]
found = [direct("169.254.169.254", 80), direct(gateway, 4000), direct(gateway, 22)]
found += [allowed(site)]
found += [proxied("denied.invalid:443"), proxied("169.254.169.254:80"), proxied("127.0.0.1:8080")]
print("PROBE", json.dumps([problem for problem in found if problem]), "END")
"""
"""Run inside the guest; prints what can be reached and must not be, and what must be and cannot."""


async def healthy(guest: Guest) -> str:
    """Every check of the agent, made anew: desktop, browser window, VNC banner, identity."""
    health = await guest.health()
    failing = [f"{check.name}: {check.detail}" for check in health.checks if not check.ok]
    if failing or health.status != "ok":
        raise _wrong("; ".join(failing) or f"the agent says {health.status}")
    return f"{len(health.checks)} checks of the agent are ok, build {health.build_id[:12]}"


async def on_time(guest: Guest, clock: Clock) -> str:
    """The guest's clock against the host's, a round trip allowed for."""
    before = clock.now()
    told = dt.datetime.fromisoformat((await guest.health()).timestamp)
    after = clock.now()
    off_s = max((before - told).total_seconds(), (told - after).total_seconds(), 0.0)
    if off_s > CLOCK_TOLERANCE_S:
        raise _wrong(f"the guest's clock is {off_s:.1f} s off")
    return f"within {off_s:.3f} s of the host's"


async def painted(guest: Guest, open_desktop: OpenDesktop) -> Picture:
    """The desktop once something is on it, or after SETTLE_S as it is: see ``require_painted``."""
    async with open_desktop(await guest.open_vnc()) as desktop:
        picture = await desktop.picture()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while picture.emptiness() is not None:
                    picture = await desktop.changed()
    return picture


def require_painted(picture: Picture) -> str:
    """What a person would see, or raise that it is nothing."""
    if (empty := picture.emptiness()) is not None:
        raise _wrong(f"nobody could work with this desktop: {empty}")
    return f"{picture.width} x {picture.height} pixels, painted"


async def grown_quiet(desktop: Desktop) -> None:
    """Return once nothing has been painted for QUIET_S, or after SETTLE_S; nothing is read of it any more."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_S):
            while True:
                async with asyncio.timeout(QUIET_S):
                    await desktop.changed()


async def says_version(shell: Shell, command: Sequence[str], pinned: str) -> str:
    """The tool, run in the guest's terminal as a person's would be, names its pinned version."""
    code, screen = await shell.run(command)
    if code != 0 or not versions.names(screen, pinned):
        raise _wrong(f"{' '.join(command)} ended with {code} and said: {screen.strip()[-300:] or 'nothing'}")
    return f"{' '.join(command)} says {pinned}"


async def confined(shell: Shell, gateway: str, allowed_site: str) -> str:
    """Nothing is reachable past the proxy, which lets through what the policy allows and refuses the rest.

    Without the allowed site, a machine that reaches nothing at all would pass.
    """
    _code, screen = await shell.run(["python3", "-c", EGRESS_PROBE, gateway, allowed_site])
    told = "".join(screen.split("\n")).rpartition("PROBE ")[2].partition(" END")[0]
    try:
        problems = json.loads(told)
    except ValueError:
        raise _wrong(f"the probe said: {screen.strip()[-300:] or 'nothing'}") from None
    if problems:
        raise _wrong("; ".join(problems))
    return f"{allowed_site} answers; link-local, gateway and unlisted sites are out of reach"


class TerminalTaken(MachineFailed):
    """A command that was given up before still has the terminal: this one was not asked."""


class Shell:
    """Runs commands on a guest's terminal, one after another."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self._seen = 0
        """The newest event that belongs to an earlier command."""
        self._running: str | None = None

    async def run(self, command: Sequence[str]) -> tuple[int, str]:
        """The command's exit code and the screen it left.  Raises TerminalTaken, MachineFailed."""
        if self._running is not None:
            raise TerminalTaken(
                f"{self._running} still has the terminal",
                remedy="See why it takes so long.",
                code="canary_failed",
            )
        self._running = command[0]
        spec = LoginSpec(
            provider="canary",
            command=list(command),
            url_pattern=_NEVER,
            credential=CredentialSpec(
                files=[CredentialFileSpec(path="~/.canary/none.json", required=["nothing"])]
            ),
        )
        await self._guest.login(spec)
        async for event in self._guest.events(after=self._seen):
            self._seen = event.seq
            if event.type == "tool_exited":
                self._running = None
                return _exit_of(event)
        raise _wrong("the agent's events ended before the command did")


def _exit_of(event: Event) -> tuple[int, str]:
    code, screen = event.data.get("exit_code"), event.data.get("screen")
    if not isinstance(code, int) or not isinstance(screen, str):
        raise _wrong("the agent told no exit code and screen of a command")
    return code, screen_end(screen)


def _wrong(what: str) -> MachineFailed:
    return MachineFailed(
        what, remedy="Read the canary's report and the machine's console.", code="canary_failed"
    )
