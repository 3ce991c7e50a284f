"""One live holder: who gets a credential, what may be written back, what is left of a deleted one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from vault_lab import NOW, VaultLab, base64_of, brought, files_of, login, open_vault_lab

from vestibule.core.custody import Custody
from vestibule.core.errors import Absent, BadInput, Conflict, VaultTampered, VestibuleError
from vestibule.core.ids import CredentialId
from vestibule.core.records import User
from vestibule.drivers.db import schema
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.unbroken import unbroken
from vestibule.services.custodian import Custodian
from vestibule_agent.protocol import MAX_CREDENTIAL_BYTES, CredentialFile

pytestmark = pytest.mark.anyio
C = Custody


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def lab() -> AsyncIterator[VaultLab]:
    async with open_vault_lab() as opened:
        yield opened


@pytest.fixture
async def ann(lab: VaultLab) -> User:
    return await lab.user("ann")


@pytest.fixture
async def held(lab: VaultLab, ann: User) -> CredentialId:
    """Checked out to ``laptop``."""
    credential_id = await lab.sealed(ann)
    await lab.custodian.check_out(ann, credential_id, "laptop")
    return credential_id


async def test_who_checks_out_gets_the_very_bytes_and_is_named(lab: VaultLab, ann: User) -> None:
    credential_id = await lab.sealed(ann)
    lab.clock.move(60)
    record, opened = await lab.custodian.check_out(ann, credential_id, "laptop")
    assert opened.files[0].content == base64_of(login())
    assert (record.custody, record.holder, record.held_since) == (C.CHECKED_OUT, "laptop", lab.clock.now())
    (listed,) = await lab.credentials.list(ann)
    assert listed == record


async def test_of_100_concurrent_check_outs_exactly_one_wins(tmp_path: Path) -> None:
    async with open_vault_lab(Database.at(tmp_path / "vestibule.db")) as lab:
        ann = await lab.user("ann")
        credential_id = await lab.sealed(ann)
        asked = (lab.custodian.check_out(ann, credential_id, f"holder-{number}") for number in range(100))
        done = await asyncio.gather(*asked, return_exceptions=True)
        (winner,) = [one[0] for one in done if isinstance(one, tuple)]
        lost = [one for one in done if isinstance(one, Conflict)]
        assert len(lost) == 99
        assert {one.failure_code for one in lost} == {"credential_checked_out"}
        assert {one.evidence["holder"] for one in lost} == {winner.holder}
        assert all(str(winner.holder) in one.cause for one in lost)


async def test_what_is_returned_can_be_checked_out_again(
    lab: VaultLab, ann: User, held: CredentialId
) -> None:
    back = await lab.custodian.return_(ann, held, "laptop", [])
    assert (back.custody, back.holder, back.held_since) == (C.RETURNED, None, None)
    record, _ = await lab.custodian.check_out(ann, held, "desk")
    assert record.holder == "desk"


async def test_a_refreshed_file_takes_the_place_of_the_older(
    lab: VaultLab, ann: User, held: CredentialId
) -> None:
    lab.clock.move(1800)
    newer = login(7200, refresh_token="demo-rt-fake-2")
    back = await lab.custodian.return_(ann, held, "laptop", brought(newer))
    assert (back.expires_at, back.sealed_at) == (NOW.replace(hour=14), lab.clock.now())
    assert await lab.content(ann, held) == newer


async def test_a_newer_file_is_taken_although_its_access_token_ran_out_meanwhile(
    lab: VaultLab, ann: User, held: CredentialId
) -> None:
    lab.clock.move(86_400)
    newer = login(7200, refresh_token="demo-rt-fake-2")
    await lab.custodian.return_(ann, held, "laptop", brought(newer))
    assert await lab.content(ann, held) == newer


async def test_the_unchanged_file_may_be_returned_after_it_expired(
    lab: VaultLab, ann: User, held: CredentialId
) -> None:
    lab.clock.move(86_400)
    back = await lab.custodian.return_(ann, held, "laptop", brought(login()))
    assert back.custody is C.RETURNED
    assert await lab.content(ann, held) == login()


async def test_what_ran_out_with_its_holder_and_comes_back_without_files_is_doubted(
    lab: VaultLab, ann: User, held: CredentialId
) -> None:
    lab.clock.move(86_400)
    back = await lab.custodian.return_(ann, held, "laptop", [])
    assert "laptop has probably refreshed it" in (back.doubt or "")


async def test_what_had_run_out_before_it_was_checked_out_is_not_doubted(lab: VaultLab, ann: User) -> None:
    credential_id = await lab.sealed(ann)
    lab.clock.move(86_400)
    await lab.custodian.check_out(ann, credential_id, "laptop")
    lab.clock.move(1)
    assert (await lab.custodian.return_(ann, credential_id, "laptop", [])).doubt is None


REFUSED = {
    "empty": (base64_of(b""), "credential_invalid", "blank"),
    "blank": (base64_of(b" \n\t"), "credential_invalid", "blank"),
    "no base64": ("{}", "credential_invalid", "base64"),
    "no JSON": (base64_of(login()[:-1]), "credential_invalid", "JSON"),
    "no UTF-8": (base64_of(b'{"access_token": "\xff"}'), "credential_invalid", "UTF-8"),
    "UTF-16": (base64_of(login().decode().encode("utf-16")), "credential_invalid", "UTF-8"),
    "no object": (base64_of(b"[1]"), "credential_invalid", "object"),
    "deep": (base64_of(b"[" * 100_000), "credential_invalid", "JSON"),
    "too large": (base64_of(login() + b" " * MAX_CREDENTIAL_BYTES), "credential_invalid", "larger than"),
    "no token": (base64_of(login(access_token="")), "credential_invalid", "access_token"),
    "no time": (base64_of(login(None, expires_at="soon")), "credential_invalid", "expires_at"),
    "before 1970": (base64_of(login(None, expires_at=-5)), "credential_invalid", "expired"),
    "older": (base64_of(login(3599)), "credential_superseded", "a later one"),
    "without expiry": (base64_of(login(None)), "credential_superseded", "names no expiry"),
    "another's": (base64_of(login(7200, account="bob")), "credential_of_another_account", "bob"),
}


@pytest.mark.parametrize(("content", "code", "why"), REFUSED.values(), ids=REFUSED)
async def test_what_may_not_be_written_back_changes_nothing(
    lab: VaultLab, ann: User, held: CredentialId, *, content: str, code: str, why: str
) -> None:
    before = await lab.credentials.read(ann, held)
    with capture_logs() as logs, pytest.raises((BadInput, Conflict)) as refused:
        await lab.custodian.return_(ann, held, "laptop", files_of(content))
    assert refused.value.failure_code == code
    assert why in refused.value.cause
    assert refused.value.remedy.startswith("Return ")
    assert "fake" not in str(refused.value) + repr(logs)
    assert await lab.credentials.read(ann, held) == before
    assert await lab.content(ann, held) == login()


def _claude(name: str | None, at: int, token: str) -> list[CredentialFile]:
    """Claude Code's two files; without a name the one with the tokens alone."""
    end = int((NOW.timestamp() + at) * 1000)
    oauth = {"accessToken": f"at-{token}", "refreshToken": f"rt-{token}", "expiresAt": end}
    said = {"~/.claude/.credentials.json": {"claudeAiOauth": oauth}}
    if name is not None:
        said["~/.claude.json"] = {"oauthAccount": {"emailAddress": name}}
    return [
        CredentialFile(path=path, mode=0o600, content=base64_of(json.dumps(document).encode()))
        for path, document in said.items()
    ]


@pytest.fixture
async def claude(lab: VaultLab, ann: User) -> CredentialId:
    """A login of ann@x in two files, checked out to ``laptop``."""
    credential_id = await lab.sealed(ann, files=_claude("ann@x", 3600, "fake-1"), tool="claude-code")
    await lab.custodian.check_out(ann, credential_id, "laptop")
    return credential_id


BESIDE = "~/.claude.json"


async def test_tokens_without_the_file_that_says_whose_they_are_are_refused_and_it_is_named(
    lab: VaultLab, ann: User, claude: CredentialId
) -> None:
    before = await lab.credentials.read(ann, claude)
    with pytest.raises(BadInput) as refused:
        await lab.custodian.return_(ann, claude, "laptop", _claude(None, 7200, "fake-of-bob"))
    assert refused.value.failure_code == "credential_account_unknown"
    assert BESIDE in refused.value.cause
    assert "--from" in refused.value.remedy
    assert await lab.credentials.read(ann, claude) == before


async def test_both_files_of_another_account_are_refused_as_that(
    lab: VaultLab, ann: User, claude: CredentialId
) -> None:
    with pytest.raises(Conflict) as refused:
        await lab.custodian.return_(ann, claude, "laptop", _claude("bob@x", 7200, "fake-of-bob"))
    assert refused.value.failure_code == "credential_of_another_account"


@pytest.mark.parametrize("named", ["ann@x", ""])
async def test_both_files_are_taken_and_one_that_names_nobody_leaves_the_account_known(
    lab: VaultLab, ann: User, claude: CredentialId, named: str
) -> None:
    newer = _claude(named, 7200, "fake-2")
    back = await lab.custodian.return_(ann, claude, "laptop", newer)
    assert back.account == "ann@x"
    assert (await lab.credentials.export(ann, claude))[1].files == newer


async def test_tokens_alone_are_taken_where_nobody_knows_the_account_and_stay_unknown(
    lab: VaultLab, ann: User
) -> None:
    credential_id = await lab.sealed(ann, files=_claude(None, 3600, "fake-1"), tool="claude-code")
    await lab.custodian.check_out(ann, credential_id, "laptop")
    back = await lab.custodian.return_(ann, credential_id, "laptop", _claude(None, 7200, "fake-2"))
    assert (back.account, back.expires_at) == (None, NOW.replace(hour=14))


async def test_a_returned_file_is_not_even_looked_at_when_somebody_else_holds_it(
    lab: VaultLab, ann: User, held: CredentialId
) -> None:
    with pytest.raises(Conflict) as refused:
        await lab.custodian.return_(ann, held, "desk", files_of("not base64!"))
    assert refused.value.failure_code == "credential_held_by_another"


async def test_a_provider_that_is_gone_is_named_and_the_credential_can_still_come_back(
    lab: VaultLab, ann: User, held: CredentialId
) -> None:
    custodian = Custodian(credentials=lab.credentials, rows=lab.rows, providers={}, clock=lab.clock)
    with pytest.raises(BadInput) as refused:
        await custodian.return_(ann, held, "laptop", brought(login()))
    assert refused.value.failure_code == "unknown_provider"
    assert (await custodian.return_(ann, held, "laptop", [])).custody is C.RETURNED


async def test_a_write_back_is_found_nowhere_in_the_database_or_the_log(
    lab: VaultLab, ann: User, held: CredentialId
) -> None:
    with capture_logs() as logs:
        await lab.custodian.return_(ann, held, "laptop", brought(login(7200)))
    async with lab.database.read() as connection:
        rows = [tuple(row) for row in await connection.execute(schema.credentials.select())]
    assert "fake" not in repr(rows) + repr(logs)
    assert base64_of(login(7200)) not in repr(rows) + repr(logs)


async def test_deleting_takes_the_content_and_leaves_the_history(
    lab: VaultLab, ann: User, held: CredentialId
) -> None:
    lab.clock.move(5)
    gone = await lab.custodian.delete(ann, held)
    assert (gone.custody, gone.holder, gone.sealed) == (C.REVOKED, None, b"")
    assert list(await lab.credentials.list(ann)) == []
    record, history = await lab.credentials.read(ann, held)
    assert record == gone
    assert [(one.custody, one.holder) for one in history] == [
        (C.SEALED, None),
        (C.CHECKED_OUT, "laptop"),
        (C.REVOKED, "laptop"),
    ]
    assert history[-1].at == lab.clock.now()


async def test_nothing_can_be_done_with_a_deleted_one(lab: VaultLab, ann: User, held: CredentialId) -> None:
    await lab.custodian.delete(ann, held)
    for attempt in (
        lab.custodian.check_out(ann, held, "desk"),
        lab.custodian.return_(ann, held, "laptop", brought(login(7200))),
        lab.custodian.delete(ann, held),
        lab.credentials.export(ann, held),
    ):
        with pytest.raises(Conflict) as refused:
            await attempt
        assert refused.value.failure_code == "credential_revoked"
        assert refused.value.remedy == "Sign in again: vestibule connect demo."


async def test_somebody_else_s_is_as_absent_as_none(lab: VaultLab, ann: User, held: CredentialId) -> None:
    bob = await lab.user("bob")
    before = await lab.credentials.read(ann, held)
    for wanted in (held, CredentialId("c-none")):
        for attempt in (
            lab.custodian.check_out(bob, wanted, "desk"),
            lab.custodian.return_(bob, wanted, "laptop", brought(login(7200))),
            lab.custodian.delete(bob, wanted),
            lab.credentials.read(bob, wanted),
        ):
            with pytest.raises(Absent) as refused:
                await attempt
            assert refused.value.cause == f"There is no credential {wanted}."
    assert await lab.credentials.read(ann, held) == before


@unbroken
async def test_what_does_not_open_is_handed_to_nobody(lab: VaultLab, ann: User) -> None:
    credential_id = await lab.sealed(ann)
    async with lab.database.write() as connection:
        await connection.execute(schema.credentials.update().values(sealed=b"\x01" + b"x" * 64))
    with pytest.raises(VaultTampered):
        await lab.custodian.check_out(ann, credential_id, "laptop")
    assert (await lab.rows.get(credential_id)).custody is C.SEALED


async def test_every_move_is_in_the_audit_log_with_its_holder(lab: VaultLab, ann: User) -> None:
    credential_id = await lab.sealed(ann)
    with capture_logs() as logs:
        await lab.custodian.check_out(ann, credential_id, "laptop")
        await lab.custodian.return_(ann, credential_id, "laptop", brought(login(7200)))
        await lab.custodian.check_out(ann, credential_id, "desk")
        await lab.custodian.return_(ann, credential_id, "desk", [])
        await lab.custodian.delete(ann, credential_id)
    assert [(entry["event"], entry["holder"]) for entry in logs] == [
        ("Credential checked out", "laptop"),
        ("Credential written back", "laptop"),
        ("Credential checked out", "desk"),
        ("Credential returned unchanged", "desk"),
        ("Credential deleted", None),
    ]
    assert {entry["credential_id"] for entry in logs} == {credential_id}
    assert "fake" not in repr(logs)


async def test_of_concurrent_returns_and_deletions_one_wins_and_the_others_are_told(
    lab: VaultLab, ann: User, held: CredentialId
) -> None:
    done = await asyncio.gather(
        *(lab.custodian.return_(ann, held, "laptop", brought(login(7200 + n))) for n in range(10)),
        *(lab.custodian.delete(ann, held) for _ in range(10)),
        return_exceptions=True,
    )
    codes = {one.failure_code for one in done if isinstance(one, VestibuleError)}
    assert codes <= {"credential_not_checked_out", "credential_revoked", "state_changed"}
    _, history = await lab.credentials.read(ann, held)
    won = [one for one in done if not isinstance(one, BaseException)]
    assert len(won) == len(history) - 2
