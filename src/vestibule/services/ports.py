"""What the services need of the world, as small protocols that drivers implement."""

from __future__ import annotations

import dataclasses
import datetime as dt
import socket
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from vestibule.core.ids import GoldenId, VmId
from vestibule.core.machines import DriverName, Exit, Isolation, Limits
from vestibule.core.pictures import Picture
from vestibule_agent.protocol import (
    Copied,
    Credential,
    DownloadsFile,
    DownloadsList,
    Event,
    Handover,
    HandoverReply,
    Health,
    LoginSpec,
)


class Clock(Protocol):
    """The wall clock, in UTC."""

    def now(self) -> dt.datetime:
        """The present moment, timezone-aware; it jumps when somebody sets the host's clock."""
        ...


class SteadyClock(Clock, Protocol):
    """A wall clock, and beside it one that nobody sets."""

    def monotonic(self) -> float:
        """Seconds since some moment: for what is waited for, whatever the wall clock does meanwhile."""
        ...


class Network(Protocol):
    """A private network namespace per machine, and processes and sockets inside it (the broker).

    Every method raises HostUnfit when the broker cannot do it on this host, with the remedy.
    """

    async def create(self, vm_id: VmId, addresses: Sequence[str]) -> None:
        """Make the machine's namespace, loopback up, with more addresses (no prefix) on loopback."""
        ...

    async def spawn(
        self,
        vm_id: VmId,
        argv: Sequence[str],
        *,
        fds: Mapping[int, int],
        log: Path,
        limits: Limits,
    ) -> int:
        """Start the machine's process inside its namespace, unprivileged; returns its pid.

        ``fds``: number in the child → descriptor of the caller (stays the caller's).
        stdout and stderr are appended to ``log``, opened by the caller's side.
        The process dies with the broker.  When the controller goes without a word, only what something was
        kept of goes on, until the next controller comes or its time is over.
        """
        ...

    async def wait(self, vm_id: VmId) -> Exit:
        """Return when the machine's process has ended (at once if it already has)."""
        ...

    async def connect(self, vm_id: VmId, host: str, port: int) -> socket.socket:
        """Connect a stream socket inside the namespace.  Raises ConnectionError, as the call does."""
        ...

    async def listen(self, vm_id: VmId, host: str, port: int) -> socket.socket:
        """Make a listening stream socket inside the namespace."""
        ...

    async def destroy(self, vm_id: VmId) -> None:
        """End the machine's process (SIGTERM, then SIGKILL after 2 s) and drop its namespace; idempotent."""
        ...

    async def keep(self, vm_id: VmId, note: str, fds: Mapping[str, int]) -> None:
        """Have the broker keep a text and descriptors (which stay the caller's) for the next controller.

        In memory alone; a later call replaces all of an earlier one's.
        """
        ...

    async def adopt(self, vm_id: VmId) -> Kept:
        """Take over a machine that an earlier controller started and kept something for.

        From now on it is ours as if ``spawn`` had been called here.  Raises Absent ``machine_absent`` when it
        does not run, or nothing was kept.
        """
        ...

    async def end_orphans(self) -> Sequence[VmId]:
        """End every machine that nobody in this process started or adopted; which they were."""
        ...

    async def pause(self, vm_id: VmId) -> None:
        """Stop every process of the machine; idempotent.  Raises MachineFailed ``machine_not_paused``."""
        ...

    async def resume(self, vm_id: VmId) -> None:
        """Let them go on; idempotent.  Raises MachineFailed ``machine_not_paused``."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kept:
    """What was kept of a machine for a later controller."""

    pid: int
    note: str
    fds: Mapping[str, int]
    """Name → descriptor, now the caller's."""


class ControlChannel(Protocol):
    """The byte channel that only host and guest share; carries the hand-over."""

    async def introduce(self, handover: Handover, timeout_s: float) -> HandoverReply:
        """Send the identity, await the confirmation.

        Raises MachineFailed: ``no_identity_ack`` (silence), ``agent_mismatch`` (another contract).
        """
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class MachineRequest:
    """What a driver needs to start a machine."""

    vm_id: VmId
    golden_id: GoldenId
    address: str
    """The machine's own address, no prefix length."""
    gateway: str
    cidr: str
    limits: Limits
    run_dir: Path
    """A fresh folder of this machine's own; console log and device state may go here."""


class Machine(Protocol):
    """A started machine, before or after its hand-over."""

    @property
    def pid(self) -> int:
        """Host pid of its first process."""
        ...

    @property
    def pid_started(self) -> int:
        """Start of that process in clock ticks since boot (/proc/PID/stat, field 22)."""
        ...

    @property
    def control(self) -> ControlChannel:
        """For the hand-over, once."""
        ...

    async def connect(self, port: int) -> socket.socket:
        """A stream to a port of the guest's own address."""
        ...

    async def listen(self, port: int) -> socket.socket:
        """A listening socket that the guest reaches at its gateway address."""
        ...

    async def wait(self) -> Exit:
        """Return when the machine has ended by itself or was stopped."""
        ...

    async def warm(self) -> None:
        """Return once all of its desktop is up, which it says by itself, before any hand-over."""
        ...

    async def keep(self, note: str) -> None:
        """Let it outlive this controller, with what the next one must know of it; in memory alone."""
        ...

    async def pause(self) -> None:
        """Stop its processors; memory and connections stay.  Idempotent.  Raises MachineFailed."""
        ...

    async def resume(self) -> None:
        """Let it go on where it was paused; idempotent.  Raises MachineFailed."""
        ...

    async def stop(self) -> None:
        """End it and remove everything it had on the host; idempotent."""
        ...


class MachineDriver(Protocol):
    """Starts machines of one kind from a golden."""

    name: DriverName
    isolation: Isolation

    async def start(self, request: MachineRequest) -> Machine:
        """Start a clone of the golden; returns when its process runs and its control channel is open.

        Raises MachineFailed or HostUnfit; nothing is left behind then.
        """
        ...

    async def adopt(self, request: MachineRequest) -> tuple[Machine, str]:
        """Take over a machine that an earlier controller started from the same request, and its note.

        It goes on if it was paused.  Raises Absent ``machine_absent`` when it does not run any more, or
        was not kept.
        """
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class GuestFile:
    """A file that comes out of a guest."""

    size: int
    """Bytes."""
    chunks: AsyncIterator[bytes]


class Guest(Protocol):
    """The agent of one confirmed machine, over HTTP on its port 8080."""

    async def alive(self) -> None:
        """Ask for an answer, whichever.  Raises MachineFailed ``agent_unreachable`` when there is none."""
        ...

    async def health(self) -> Health:
        """Ask for the checks.  Raises MachineFailed ``agent_unreachable``."""
        ...

    def events(self, after: int = 0) -> AsyncIterator[Event]:
        """The agent's events, replayed from ``after``; ends with MachineFailed when the stream breaks."""
        ...

    async def login(self, spec: LoginSpec) -> None:
        """Run the tool's login."""
        ...

    async def open_url(self, url: str) -> None:
        """Show a URL in the guest's browser, once that is there: event ``browser_opened``."""
        ...

    async def type_text(self, text: str, *, enter: bool) -> None:
        """Type into the tool's terminal."""
        ...

    async def screen(self) -> str:
        """The terminal's screen as text."""
        ...

    async def claim_credential(self) -> Credential:
        """Take the credential; the guest gives it once.  Raises Absent when there is none."""
        ...

    async def open_vnc(self) -> socket.socket:
        """A socket that carries raw RFB."""
        ...

    async def open_terminal(self, columns: int, rows: int) -> socket.socket:
        """A socket of the tool's terminal: ``vestibule_agent.terminal_frames`` up, raw bytes down."""
        ...

    async def set_clipboard(self, text: str) -> None:
        """Have every paste in the guest give this text, once this returns."""
        ...

    def copies(self, after: int | None = None) -> AsyncIterator[Copied]:
        """The last text copied in the guest if its number is above ``after``, then each new one.

        Ends with MachineFailed when the stream breaks.
        """
        ...

    async def files(self) -> DownloadsList:
        """What is in the guest's Downloads, the newest first."""
        ...

    async def take_in(
        self, name: str, size: int, chunks: AsyncIterator[bytes], *, quota: int
    ) -> DownloadsFile:
        """Put a file there, under this name or one like it; nothing is left unless it came whole.

        ``quota``: bytes that Downloads may hold then.  Raises Conflict ``guest_disk_full``; BadInput
        ``upload_broken_off`` when ``chunks`` stall.
        """
        ...

    def file(self, file: str) -> AbstractAsyncContextManager[GuestFile]:
        """One of them, by its id.  Raises Absent ``file_absent``."""
        ...


class Desktop(Protocol):
    """A guest's desktop, as a viewer meets it."""

    async def picture(self) -> Picture:
        """The whole desktop, now.  Raises MachineFailed ``vnc_absent``."""
        ...

    async def changed(self) -> Picture:
        """The desktop once something on it has changed.  Raises MachineFailed ``vnc_absent``."""
        ...

    async def press(self, keysym: int) -> None:
        """Press and let go of one key, by its X11 keysym.  Raises MachineFailed ``vnc_absent``."""
        ...


class Webhook(Protocol):
    """Where the operator wants to be told of events."""

    async def post(self, event: Mapping[str, object]) -> None:
        """Send it, once.  Raises Unavailable ``webhook_failed`` unless it was taken."""
        ...


class Egress(Protocol):
    """The one way out of a machine: a proxy on a socket that only this machine reaches."""

    async def open(self, vm_id: VmId, listener: socket.socket, allow: Sequence[str]) -> None:
        """Serve the machine's proxy on ``listener`` (now owned here); ``allow`` are domain patterns."""
        ...

    async def close(self, vm_id: VmId) -> None:
        """End the machine's connections and stop listening; idempotent."""
        ...


class RunFolders(Protocol):
    """A folder per machine while it lives, and what is kept of it afterwards."""

    async def make(self, vm_id: VmId) -> Path:
        """A fresh folder that the machine's processes may write to."""
        ...

    def find(self, vm_id: VmId) -> Path:
        """Where the folder of a machine is that was made before."""
        ...

    async def archive(self, vm_id: VmId, known: Sequence[str] = ()) -> None:
        """Keep the logs as evidence, without ``known`` secrets and what looks like one; remove the rest.

        Idempotent.
        """
        ...

    async def names(self) -> Collection[VmId]:
        """The machines that have a folder."""
        ...

    async def clear_except(self, live: Collection[VmId]) -> None:
        """Archive every folder whose machine is not in ``live``."""
        ...
