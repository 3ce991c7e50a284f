"""Who may move a credential, and which of two versions is kept.

Each function takes the row as it was read and returns the row as it is to be, or refuses; the repository
writes it when the row is still the one that was read.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

from vestibule.core.custody import TRANSITIONS, Custody
from vestibule.core.errors import Conflict
from vestibule.core.records import CredentialRecord


def check_out(kept: CredentialRecord, holder: str, at: dt.datetime) -> CredentialRecord:
    """Hand it to ``holder`` at ``at``.

    Raises Conflict: ``credential_checked_out`` with evidence ``holder`` and ``held_since`` when somebody has
    it, a holder of the same name included (two programs may use one name); ``credential_revoked``.
    """
    require_kept(kept)
    if Custody.CHECKED_OUT not in TRANSITIONS[kept.custody]:
        raise Conflict(
            f"The credential {kept.credential_id} is checked out to {_holder(kept)}.",
            remedy=f"Wait until {kept.holder} returns it; of a holder that is gone, return it in its name: "
            f"vestibule credentials return {kept.credential_id} --holder {kept.holder}.",
            code="credential_checked_out",
            holder=kept.holder,
            held_since=kept.held_since,
        )
    return _moved(kept, Custody.CHECKED_OUT, holder=holder, held_since=at)


def give_back(kept: CredentialRecord, holder: str) -> CredentialRecord:
    """Take it back from ``holder``, its content as it is kept.

    Raises Conflict: ``credential_not_checked_out``, ``credential_held_by_another`` with evidence ``holder``,
    ``credential_revoked``.
    """
    require_kept(kept)
    if Custody.RETURNED not in TRANSITIONS[kept.custody]:
        raise Conflict(
            f"The credential {kept.credential_id} is not checked out, so {holder} has nothing to return.",
            remedy=f"Check it out first: vestibule credentials checkout {kept.credential_id}.",
            code="credential_not_checked_out",
        )
    if kept.holder != holder:
        raise Conflict(
            f"The credential {kept.credential_id} is checked out to {_holder(kept)}, not to {holder}.",
            remedy=f"Return it as who holds it: --holder {kept.holder}.",
            code="credential_held_by_another",
            holder=kept.holder,
        )
    return _moved(kept, Custody.RETURNED, holder=None, held_since=None)


def unchanged(held: CredentialRecord, holder: str, at: dt.datetime) -> CredentialRecord:
    """Take it back from ``holder`` as it is kept, in doubt when its access token ran out while held.

    Whoever worked with it then has refreshed it, and has rotated away what is kept here.  One that had run
    out before tells nothing: it may have come back at once.  Raises Conflict as ``give_back`` does.
    """
    back = give_back(held, holder)
    since, end = held.held_since, held.expires_at
    if held.doubt is not None or since is None or end is None or not since < end <= at:
        return back
    doubt = (
        f"It ran out at {end.isoformat(timespec='seconds')} while {holder} held it, and came back "
        f"unchanged: {holder} has probably refreshed it, and what is kept works no more."
    )
    return dataclasses.replace(back, doubt=doubt)


def refused(back: CredentialRecord, holder: str, at: dt.datetime) -> CredentialRecord:
    """Doubt what the provider refused, on its holder's word."""
    doubt = f"The provider refused it to {holder}, said at {at.isoformat(timespec='seconds')}."
    return dataclasses.replace(back, doubt=doubt)


def revoke(kept: CredentialRecord) -> CredentialRecord:
    """Delete its content, whoever holds it.  Raises Conflict ``credential_revoked`` when it is gone."""
    require_kept(kept)
    gone = dataclasses.replace(kept, sealed=b"", key_id=None)
    return _moved(gone, Custody.REVOKED, holder=None, held_since=None)


def refresh(
    kept: CredentialRecord, *, expires_at: dt.datetime | None, account: str | None
) -> CredentialRecord:
    """Let what a holder wrote back take the place of what is kept, told apart by the provider's own expiry.

    A tie goes to the holder: nobody else could have refreshed it meanwhile.  So does a provider that names
    no expiry.  Raises Conflict: ``credential_superseded`` when what is kept is newer, or cannot be shown to
    be older; ``credential_of_another_account``.
    """
    if kept.account is not None and account is not None and account != kept.account:
        raise Conflict(
            f"What was written back is a login of {account}; {kept.credential_id} is one of {kept.account}.",
            remedy=f"Return the file of {kept.account}, or none; connect the other account by a sign-in.",
            code="credential_of_another_account",
        )
    if kept.expires_at is not None and (expires_at is None or expires_at < kept.expires_at):
        told = "names no expiry" if expires_at is None else f"expires at {expires_at.isoformat()}"
        raise Conflict(
            f"What was written back {told}; {kept.credential_id} is kept with a later one, "
            f"{kept.expires_at.isoformat()}.",
            remedy="Return the file that the tool wrote last, or none when it was not refreshed.",
            code="credential_superseded",
        )
    return dataclasses.replace(kept, expires_at=expires_at, account=account or kept.account, doubt=None)


def require_kept(kept: CredentialRecord) -> None:
    """Raises Conflict ``credential_revoked`` when its owner has deleted it."""
    if kept.custody is Custody.REVOKED:
        raise Conflict(
            f"The credential {kept.credential_id} was deleted.",
            remedy=f"Sign in again: vestibule connect {kept.provider}.",
            code="credential_revoked",
        )


def _holder(kept: CredentialRecord) -> str:
    since = kept.held_since.isoformat(timespec="seconds") if kept.held_since else "an unknown time"
    return f"{kept.holder} since {since}"


def _moved(
    kept: CredentialRecord, to: Custody, *, holder: str | None, held_since: dt.datetime | None
) -> CredentialRecord:
    return dataclasses.replace(kept, custody=to, holder=holder, held_since=held_since, seq=kept.seq + 1)
