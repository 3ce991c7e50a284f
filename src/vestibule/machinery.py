"""Half of the composition root: what this host runs machines with, needed by controller, doctor and bench.

::

    settings ─▶ goldens, broker ─▶ accelerator's verdict ─▶ choice ─▶ drivers
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Mapping

from vestibule.core.addresses import MachineNetwork
from vestibule.core.errors import VestibuleError
from vestibule.core.machines import DriverName, Limits
from vestibule.drivers.clock import SystemClock
from vestibule.drivers.goldens.compose import Goldens, open_goldens
from vestibule.drivers.goldens.jail import Jail
from vestibule.drivers.goldens.register import FileRegister
from vestibule.drivers.goldens.signing import KeyFileSigner
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.host import LocalHost
from vestibule.drivers.machines.container.driver import ContainerDriver
from vestibule.drivers.machines.control import SocketControl
from vestibule.drivers.machines.qemu.accel import AcceleratorProbe
from vestibule.drivers.machines.qemu.driver import QemuDriver
from vestibule.drivers.net.cgroups import Cgroups
from vestibule.drivers.net.client import BrokerNetwork, identity_for
from vestibule.drivers.run_folders import DiskRunFolders
from vestibule.resources import Resources, find_resources
from vestibule.services.host import Accelerator, HostReport, choose
from vestibule.services.machines import Choice
from vestibule.services.ports import MachineDriver
from vestibule.services.promotions import Promotions, ServingRule
from vestibule.settings import Settings
from vestibule_agent.protocol import CONTRACT


@dataclasses.dataclass(frozen=True, kw_only=True)
class Machinery:
    """Everything that starts machines on this host; open for as long as its context."""

    settings: Settings
    goldens: Goldens
    promotions: Promotions
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
                await self.qemu.preload(self.promotions.serving(), self.limits)


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
    rule = ServingRule(policy=settings.stale_policy, contract=CONTRACT)
    return Promotions(
        register=FileRegister(settings.state_dir / "goldens.json"),
        goldens=goldens or goldens_of(settings).store,
        clock=SystemClock(),
        rule=rule,
    )


@contextlib.asynccontextmanager
async def open_machinery(settings: Settings, resources: Resources | None = None) -> AsyncIterator[Machinery]:
    """Start what machines need; its end leaves no process, namespace or group behind."""
    identity = identity_for(settings.machine_uid, settings.machine_gid)
    goldens = goldens_of(settings, resources)
    network = BrokerNetwork(identity=identity, cgroups=Cgroups.detect())
    try:
        accelerator = await _accelerator(settings, goldens.store, network)
        choice = choose(settings.isolation, accelerator)
        promotions = promotions_of(settings, goldens.store)
        owner = (identity.uid, identity.gid) if identity else None
        qemu = QemuDriver(goldens.store, network, "kvm" if accelerator.works else "tcg")
        try:
            yield Machinery(
                settings=settings,
                goldens=goldens,
                promotions=promotions,
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


async def _accelerator(
    settings: Settings, goldens: DirectoryGoldenStore, network: BrokerNetwork
) -> Accelerator:
    """Boot a probe, once per host boot; without a kernel or QEMU for it, KVM counts as not working."""
    wanted = goldens.wanted()
    if not goldens.has(wanted):
        return Accelerator(works=False, why="KVM is probed once the golden, whose kernel is used, is built")
    try:
        verdict = await AcceleratorProbe(settings.cache_dir, network).verdict(goldens.files(wanted).kernel)
    except VestibuleError as error:
        return Accelerator(works=False, why=error.cause)
    return Accelerator(works=verdict.accelerator == "kvm", why=verdict.reason)


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
        web_dir=find_resources().web,
        address=(settings.host, settings.port),
        network=network.report,
        accelerator=accelerator,
    )
    return HostReport(probe=probe, choice=choice, promotions=promotions)
