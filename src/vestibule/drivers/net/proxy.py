"""The egress proxy: the one way out of a machine, served on a socket that only this machine reaches.

::

    machine ──127.0.0.1:3128──► judge name ► resolve ► judge addresses ► dial one of them ► relay
                                     └─ internal name ► the controller's own service, a UNIX socket

Names are resolved here, never in the machine, and exactly the addresses that were judged are dialled.
"""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import h11
import structlog

from vestibule.core.egress import Policy, Reason, Verdict, judge_addresses
from vestibule.core.ids import VmId
from vestibule.drivers.net import exchange
from vestibule.drivers.net.relay import Stream, hang_up, relay

log = structlog.get_logger()

OnVerdict = Callable[[VmId, Verdict], None]
Resolve = Callable[[str], Awaitable[Sequence[str]]]
Dial = Callable[[str, int], Awaitable[Stream]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProxyLimits:
    """Of one machine's proxy."""

    connections: int = 256
    head_s: float = 30.0
    """For the client to send a request's head."""
    resolve_s: float = 10.0
    dial_s: float = 10.0
    idle_s: float = 900.0
    """Without a byte either way."""


async def resolve(host: str) -> Sequence[str]:
    """The host's own resolver.  Raises OSError (socket.gaierror) when it does not know the name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def dial(address: str, port: int) -> Stream:
    """Connect to an address, not a name.  Raises OSError."""
    return await asyncio.open_connection(address, port)


class EgressProxy:
    """Implements the port ``Egress`` for all machines; ``internal`` is name → UNIX socket of a service.

    ``on_verdict`` is called in the event loop, once per request, as soon as it is known what becomes of it.
    """

    def __init__(
        self,
        *,
        internal: Mapping[str, Path],
        on_verdict: OnVerdict,
        limits: ProxyLimits | None = None,
        resolve: Resolve = resolve,
        dial: Dial = dial,
    ) -> None:
        self._internal = dict(internal)
        self._on_verdict = on_verdict
        self._limits = limits or ProxyLimits()
        self._resolve = resolve
        self._dial = dial
        self._serving: dict[VmId, _Serving] = {}

    async def open(self, vm_id: VmId, listener: socket.socket, allow: Sequence[str]) -> None:
        """See services.ports.Egress."""
        await self.close(vm_id)
        policy = Policy(allow=tuple(allow), internal=frozenset(self._internal))
        serving = _Serving(proxy=self, vm_id=vm_id, policy=policy, limits=self._limits)
        serving.server = await asyncio.start_server(serving.accept, sock=listener)
        self._serving[vm_id] = serving

    async def close(self, vm_id: VmId) -> None:
        """See services.ports.Egress."""
        serving = self._serving.pop(vm_id, None)
        if serving is not None:
            await serving.close()

    async def reach(self, vm_id: VmId, policy: Policy, host: str, port: int) -> tuple[Verdict, Stream | None]:
        """Judge, resolve, judge again, dial; the verdict is reported, the stream is there when it passed."""
        verdict, stream = await self._reach(policy.judge_name(host, port))
        log.info(
            "Egress",
            verdict=verdict.kind,
            vm_id=vm_id,
            host=verdict.host,
            port=verdict.port,
            reason=verdict.reason.value,
        )
        self._on_verdict(vm_id, verdict)
        return verdict, stream

    async def _reach(self, verdict: Verdict) -> tuple[Verdict, Stream | None]:
        if not verdict.passed:
            return verdict, None
        if verdict.reason is Reason.INTERNAL:
            return await self._reach_internal(verdict)
        verdict = judge_addresses(verdict, await self._addresses(verdict.host))
        if not verdict.passed:
            return verdict, None
        stream = await self._dial_any(verdict.addresses, verdict.port)
        return (verdict, stream) if stream else (_unreachable(verdict), None)

    async def _addresses(self, host: str) -> Sequence[str]:
        try:
            async with asyncio.timeout(self._limits.resolve_s):
                return list(dict.fromkeys(await self._resolve(host)))
        except (
            OSError,
            UnicodeError,
        ):  # TimeoutError is an OSError; a name no resolver takes is a UnicodeError
            return ()

    async def _dial_any(self, addresses: Sequence[str], port: int) -> Stream | None:
        for address in addresses:
            try:
                async with asyncio.timeout(self._limits.dial_s):
                    return await self._dial(address, port)
            except OSError:
                continue
        return None

    async def _reach_internal(self, verdict: Verdict) -> tuple[Verdict, Stream | None]:
        try:
            return verdict, await asyncio.open_unix_connection(self._internal[verdict.host])
        except OSError:
            return _unreachable(verdict), None


def _unreachable(verdict: Verdict) -> Verdict:
    return dataclasses.replace(verdict, reason=Reason.UNREACHABLE)


@dataclasses.dataclass(kw_only=True)
class _Serving:
    """One machine's proxy: its server and its open connections."""

    proxy: EgressProxy
    vm_id: VmId
    policy: Policy
    limits: ProxyLimits
    server: asyncio.Server | None = None
    connections: set[asyncio.Task[None]] = dataclasses.field(default_factory=set)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection of the machine; beyond the cap it is closed at once."""
        if len(self.connections) >= self.limits.connections:
            log.warning("Egress connections exhausted", vm_id=self.vm_id, limit=self.limits.connections)
            writer.close()
            return
        task = asyncio.create_task(self._serve((reader, writer)))
        self.connections.add(task)
        task.add_done_callback(self.connections.discard)

    async def close(self) -> None:
        """Stop listening, end every connection; returns when they have ended."""
        if self.server is not None:
            self.server.close()
        tasks = tuple(self.connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, stream: Stream) -> None:
        client = exchange.HttpPeer(h11.SERVER, stream)
        try:
            async with asyncio.timeout(self.limits.head_s):
                request, target = await exchange.read_request(client)
            await self._answer(client, request, target)
        except exchange.BadRequest as error:
            await _try_refuse(
                client, None, status=400, code="bad_input", cause=f"The request is not valid: {error}."
            )
        except (OSError, EOFError, h11.ProtocolError):
            pass  # the machine hung up, was silent too long, or sent nonsense: nobody is there to be told
        finally:
            await hang_up(client.writer)

    async def _answer(self, client: exchange.HttpPeer, request: h11.Request, target: exchange.Target) -> None:
        verdict, site = await self.proxy.reach(self.vm_id, self.policy, target.host, target.port)
        if site is None:
            status = 403 if verdict.code == "egress_refused" else 502
            await _try_refuse(client, request, status=status, code=verdict.code or "", cause=verdict.cause)
            return
        try:
            if target.path is None:
                await self._tunnel(client, site)
            else:
                await self._forward(client, request, target, site)
        finally:
            await hang_up(site[1])

    async def _tunnel(self, client: exchange.HttpPeer, site: Stream) -> None:
        await client.next_event()  # the request's end; only then does h11 let the protocol change
        await client.send(h11.Response(status_code=200, headers=[], reason=b"Connection established"))
        site[1].write(client.rest())
        await relay((client.reader, client.writer), site, idle_s=self.limits.idle_s)

    async def _forward(
        self, client: exchange.HttpPeer, request: h11.Request, target: exchange.Target, site: Stream
    ) -> None:
        try:
            async with asyncio.timeout(self.limits.idle_s):
                await exchange.forward(client, request, target, site)
        except exchange.BadAnswer as error:
            cause = f"{target.authority} gave no answer: {error}."
            await _try_refuse(client, request, status=502, code="egress_unreachable", cause=cause)


async def _try_refuse(
    client: exchange.HttpPeer, request: h11.Request | None, *, status: int, code: str, cause: str
) -> None:
    try:
        await exchange.refuse(client, request, status=status, code=code, cause=cause)
    except (OSError, h11.LocalProtocolError):
        return  # it hung up, or a part of an answer is already on its way
