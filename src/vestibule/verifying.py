"""What ``vestibule provider verify`` does: provider files are tried in clones of what machines start from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vestibule.assembly import provider_folders
from vestibule.core.errors import BadInput
from vestibule.core.machines import DriverName
from vestibule.core.providers import IN_GOLDENS
from vestibule.core.verification import Verification
from vestibule.drivers import logs, providers
from vestibule.machinery import open_machinery
from vestibule.services.provider_trial import TellCheck
from vestibule.settings import Settings
from vestibule.trials import clear_trial_runs, verify_providers
from vestibule.works import renewing_with


async def verify(
    settings: Settings, names: Sequence[str], driver: DriverName | None, tell: TellCheck
) -> Sequence[Verification]:
    """Try provider files with the real tools, in clones; for no names, all that a golden carries.

    Raises BadInput ``unknown_provider``, GoldenFailed, HostUnfit.
    """
    logs.failures_only()
    known = providers.load(provider_folders(settings))
    if unknown := [name for name in names if name not in known]:
        raise BadInput(
            f"There is no provider {unknown[0]!r}.",
            remedy=f"Use one of: {', '.join(known)}.",
            code="unknown_provider",
        )
    carried = [name for name, one in known.items() if one.install.method in IN_GOLDENS]
    clear_trial_runs(settings.run_dir)
    async with open_machinery(settings) as machinery:
        chosen = driver or machinery.choice.driver
        golden_id = await renewing_with(machinery).serving.golden(chosen)
        return await verify_providers(machinery, golden_id, names or carried, chosen, tell)


def record(settings: Settings, fresh: Sequence[Verification]) -> Sequence[Path]:
    """Write down what was tried, beside the very files that it was tried of; where."""
    files = providers.files(provider_folders(settings))
    folders = sorted({files[one.provider].parent for one in fresh})
    for folder in folders:
        providers.record(folder, [one for one in fresh if files[one.provider].parent == folder])
    return [folder / providers.VERIFICATIONS for folder in folders]
