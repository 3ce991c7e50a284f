"""Half of the composition root: what this host runs machines with, needed by controller, doctor and bench.

::

    settings ─▶ goldens, broker ─▶ accelerator's verdict ─▶ choice ─▶ drivers
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import secrets
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from vestibule.core.addresses import MachineNetwork
from vestibule.core.errors import HostUnfit, VestibuleError
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName, Limits
from vestibule.drivers import vault_check
from vestibule.drivers.clock import SystemClock
from vestibule.drivers.goldens.compose import Goldens, open_goldens
from vestibule.drivers.goldens.jail import Jail
from vestibule.drivers.goldens.memories import Fits, all_fit
from vestibule.drivers.goldens.register import FileRegister
from vestibule.drivers.goldens.signing import KeyFileSigner
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.host import LocalHost
from vestibule.drivers.machines.container.driver import ContainerDriver
from vestibule.drivers.machines.control import SocketControl
from vestibule.drivers.machines.qemu.accel import AcceleratorProbe, remembered
from vestibule.drivers.machines.qemu.driver import QemuDriver
from vestibule.drivers.machines.qemu.snapshot import fitting
from vestibule.drivers.net.cgroups import Cgroups
from vestibule.drivers.net.client import BrokerNetwork, identity_for
from vestibule.drivers.net.takeover import Outlive
from vestibule.drivers.run_folders import DiskRunFolders
from vestibule.resources import Resources, find_resources
from vestibule.services.host import Accelerator, Check, HostReport, choose
from vestibule.services.machine_settings import Choice
from vestibule.services.ports import MachineDriver
from vestibule.services.promotions import Promotions, ServingRule
from vestibule.settings import KeySource, Settings
from vestibule_agent.protocol import CONTRACT


@dataclasses.dataclass(frozen=True, kw_only=True)
class Readiness:
    """From which goldens machines can be started at once, with QEMU and settings as they are now."""

    goldens: DirectoryGoldenStore
    qemu: QemuDriver
    limits: Limits
    drivers: tuple[DriverName, ...]
    """What goldens are made, tried and kept ready for: the host's own driver first."""

    def is_prepared(self, golden_id: GoldenId, driver: DriverName) -> bool:
        """Whether machines of this driver can be.  Reads files."""
        try:
            self.goldens.usable(golden_id)
            if driver is DriverName.QEMU:
                self.qemu.snapshots.find(golden_id, self.limits)
        except VestibuleError:  # not made yet, damaged, or QEMU is not there: making it says which
            return False
        return self.goldens.has(golden_id)

    def fits(self) -> Fits:
        """Which memory snapshots machines could go on from."""
        try:
            return fitting(self.qemu.accelerator, self.limits)
        except HostUnfit:  # QEMU may be exchanged at this moment
            return all_fit

    def is_ready(self, golden_id: GoldenId) -> bool:
        """Whether those of every driver can be.  Reads files."""
        return all(self.is_prepared(golden_id, driver) for driver in self.drivers)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Machinery:
    """Everything that starts machines on this host; open for as long as its context."""

    settings: Settings
    goldens: Goldens
    promotions: Promotions
    readiness: Readiness
    network: BrokerNetwork
    accelerator: Accelerator
    choice: Choice
    container: ContainerDriver
    qemu: QemuDriver
    folders: DiskRunFolders
    machine_owner: tuple[int, int] | None
    """Uid and gid that machines run as; None for the controller's own."""
    report: HostReport

    @property
    def drivers(self) -> Mapping[DriverName, MachineDriver]:
        """By name; each says by itself what it lacks when it is used."""
        return {DriverName.CONTAINER: self.container, DriverName.QEMU: self.qemu}

    @property
    def limits(self) -> Limits:
        """What one machine may use."""
        return limits_of(self.settings)

    @property
    def addresses(self) -> MachineNetwork:
        """The private network that machines believe to be in."""
        return MachineNetwork.parse(self.settings.machine_cidr)

    async def preload(self) -> None:
        """Have what the first machine of this host's own driver needs in memory, as far as it is there."""
        if self.choice.driver is DriverName.QEMU:
            with contextlib.suppress(VestibuleError, OSError):  # the first start says what is missing
                await self.qemu.preload(await asyncio.to_thread(self.promotions.serving), self.limits)


def memory_that_fits(settings: Settings) -> Fits:
    """What ``Readiness.fits`` says, for a command: all, while no accelerator was found to work or not to."""
    try:
        verdict = remembered(settings.cache_dir)
        return fitting(verdict.accelerator, limits_of(settings)) if verdict else all_fit
    except HostUnfit:
        return all_fit


def limits_of(settings: Settings) -> Limits:
    """What one machine may use."""
    return Limits(mem_mib=settings.machine_mem_mib, vcpus=settings.machine_vcpus, pids=settings.machine_pids)


def goldens_of(settings: Settings, resources: Resources | None = None) -> Goldens:
    """Recipes, store and builder of ``resources`` (this installation's); builds nothing."""
    jail = Jail(uid=settings.machine_uid, gid=settings.machine_gid)
    return open_goldens(
        settings.cache_dir,
        signer=signer_of(settings),
        debian_mirror=settings.debian_mirror,
        jail=jail,
        resources=resources,
    )


def signer_of(settings: Settings) -> KeyFileSigner:
    """Signs what this host makes, and says whose statements are believed."""
    return KeyFileSigner(settings.golden_signing_key, trusted=settings.golden_trusted_keys)


def promotions_of(settings: Settings, goldens: DirectoryGoldenStore | None = None) -> Promotions:
    """The promotions of this state folder; starts nothing."""
    return Promotions(
        register=_register(settings),
        goldens=goldens or goldens_of(settings).store,
        clock=SystemClock(),
        rule=_rule(settings),
    )


def _register(settings: Settings) -> FileRegister:
    return FileRegister(settings.state_dir / "goldens.json")


def _rule(settings: Settings) -> ServingRule:
    return ServingRule(policy=settings.stale_policy, contract=CONTRACT)


def outlive_of(settings: Settings) -> Outlive:
    """How long a controller's machines go on without it, and where the next one finds them."""
    return Outlive(door=settings.run_dir / "broker.sock", patience_s=settings.orphan_life_s)


@contextlib.asynccontextmanager
async def open_machinery(
    settings: Settings, resources: Resources | None = None, *, outlive: Outlive | None = None
) -> AsyncIterator[Machinery]:
    """Start what machines need; its end leaves no process, namespace or group behind.

    ``outlive``, a controller's: a process that is killed leaves its machines to the next.
    """
    identity = identity_for(settings.machine_uid, settings.machine_gid)
    goldens = goldens_of(settings, resources)
    network = BrokerNetwork(identity=identity, cgroups=Cgroups.detect(), outlive=outlive)
    try:
        accelerator = await _accelerator(settings, goldens.store, network)
        choice = choose(settings.isolation, accelerator)
        owner = (identity.uid, identity.gid) if identity else None
        qemu = QemuDriver(goldens.store, network, "kvm" if accelerator.works else "tcg")
        readiness = _readiness(settings, goldens.store, qemu, choice)
        promotions = Promotions(
            register=_register(settings),
            goldens=goldens.store,
            clock=SystemClock(),
            rule=_rule(settings),
            is_ready=readiness.is_ready,
        )
        try:
            yield Machinery(
                settings=settings,
                goldens=goldens,
                promotions=promotions,
                readiness=readiness,
                network=network,
                accelerator=accelerator,
                choice=choice,
                container=ContainerDriver(
                    network=network, goldens=settings.cache_dir / "goldens", open_control=SocketControl
                ),
                qemu=qemu,
                folders=DiskRunFolders(
                    run_dir=settings.run_dir,
                    evidence_dir=settings.state_dir / "evidence",
                    owner=owner,
                ),
                machine_owner=owner,
                report=_report(settings, promotions, network, accelerator, choice),
            )
        finally:
            qemu.close()
    finally:
        await network.close()


def _readiness(
    settings: Settings, goldens: DirectoryGoldenStore, qemu: QemuDriver, choice: Choice
) -> Readiness:
    drivers = tuple(dict.fromkeys((choice.driver, *settings.golden_drivers)))
    return Readiness(goldens=goldens, qemu=qemu, limits=limits_of(settings), drivers=drivers)


async def _accelerator(
    settings: Settings, goldens: DirectoryGoldenStore, network: BrokerNetwork
) -> Accelerator:
    """Boot a probe, once per host boot; without a kernel or QEMU for it, KVM counts as not working."""
    kernel = await asyncio.to_thread(probe_kernel, goldens, _register(settings))
    if kernel is None:
        return Accelerator(works=False, why="KVM is probed once a golden, whose kernel is used, is built")
    try:
        verdict = await AcceleratorProbe(settings.cache_dir, network).verdict(kernel)
    except VestibuleError as error:
        return Accelerator(works=False, why=error.cause)
    return Accelerator(works=verdict.accelerator == "kvm", why=verdict.reason)


def probe_kernel(goldens: DirectoryGoldenStore, register: FileRegister) -> Path | None:
    """The kernel of today's golden, else of the promoted one; None when neither is built."""
    with contextlib.suppress(VestibuleError):  # damaged: whoever uses it is told
        if goldens.has(goldens.wanted()):
            return goldens.files(goldens.wanted()).kernel
    with contextlib.suppress(VestibuleError):
        if (promoted := register.read().promoted) is not None and goldens.has(promoted):
            return goldens.files(promoted).kernel
    return None


def vault_check_of(settings: Settings) -> Check:
    """Whether the master key opens what is in the database, as far as this host's files tell."""
    if settings.vault_key_source is not KeySource.FILE:
        return vault_check.given(settings.vault_key_source)
    return vault_check.check(settings.state_dir, secrets.token_bytes, settings.vault_lost_keys)


def _report(
    settings: Settings,
    promotions: Promotions,
    network: BrokerNetwork,
    accelerator: Accelerator,
    choice: Choice,
) -> HostReport:
    probe = LocalHost(
        state_dir=settings.state_dir,
        cache_dir=settings.cache_dir,
        run_dir=settings.run_dir,
        min_free_mib=settings.min_free_mib,
        web_dir=find_resources().web,
        address=(settings.host, settings.port),
        network=network.report,
        accelerator=accelerator,
        vault=lambda: vault_check_of(settings),
    )
    return HostReport(probe=probe, choice=choice, promotions=promotions)
