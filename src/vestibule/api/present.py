"""From records to the API's shapes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from vestibule.api import credential_schemas, schemas
from vestibule.core import forecast
from vestibule.core.admission import Place
from vestibule.core.failure_records import FailureRecord, actions_of, of_machine, of_session
from vestibule.core.goldens import Manifest
from vestibule.core.machines import MachineRecord
from vestibule.core.provenance import Provenance, Signature
from vestibule.core.providers import Provider
from vestibule.core.records import (
    ApiToken,
    CredentialRecord,
    CustodyRecord,
    NoticeRecord,
    SessionRecord,
    StageRecord,
    User,
)
from vestibule.services.host import Check, HostReport
from vestibule.services.rotation import Progress
from vestibule_agent.protocol import Credential


def session(
    record: SessionRecord,
    provider: Provider | None,
    stages: Iterable[StageRecord],
    notices: Iterable[NoticeRecord],
    place: Place | None,
    *,
    watchers: int = 0,
) -> schemas.Session:
    """A session with its history and what may be done with it now; its provider may be gone since.

    ``place``: where it waits for a machine; ``watchers``: how many look on by a view link.
    """
    return schemas.Session(
        session_id=record.session_id,
        user_id=record.user_id,
        provider=record.provider,
        provider_title=provider.title if provider else record.provider,
        flow=record.flow or (provider.flows[0] if provider else None),
        status=record.status,
        queue_place=place.number if place else None,
        queue_reason=place.lack.cause if place else None,
        driver=record.driver,
        isolation=record.isolation,
        browser_vm_id=record.browser_vm_id,
        vm_id=record.vm_id,
        vm_ip=record.vm_ip,
        vnc_url=record.vnc_url,
        vnc_websocket=f"/api/vm/{record.vm_id}/vnc" if record.vm_id else None,
        auth_url=record.auth_url,
        user_code=record.user_code,
        code_asked=record.code_asked,
        page_title=record.page_title,
        golden_id=record.golden_id,
        agent_build=record.agent_build,
        credential_id=record.credential_id,
        failure=failure(of_session(record)),
        notices=[schemas.Notice(code=item.code, text=item.text, at=item.at) for item in notices],
        stages=[schemas.Stage(status=item.status, at=item.at) for item in stages],
        actions=list(actions_of(record)),
        deadline_at=record.deadline_at,
        created_at=record.created_at,
        completed_at=record.completed_at,
        first_frame_ms=record.first_frame_ms,
        watchers=watchers,
    )


def failure(record: FailureRecord | None) -> schemas.Failure | None:
    """A failure, whole, whatever it befell."""
    return None if record is None else schemas.Failure(**dataclasses.asdict(record))


def machine(record: MachineRecord, *, paused: bool) -> schemas.Machine:
    """A row of ``vms``, and whether the machine stands still."""
    return schemas.Machine(
        vm_id=record.vm_id,
        session_id=record.session_id,
        type=record.type,
        driver=record.driver,
        isolation=record.isolation,
        status=record.status,
        paused=paused,
        warmth=record.warmth,
        vm_ip=record.vm_ip,
        golden_id=record.golden_id,
        agent_build=record.agent_build,
        host=record.host,
        pid=record.pid,
        error_code=record.error_code,
        error_cause=record.error_cause,
        failure=failure(of_machine(record)),
        created_at=record.created_at,
        running_at=record.running_at,
        ended_at=record.ended_at,
    )


def machine_with_golden(
    machine: schemas.Machine, manifest: Manifest, provenance: Provenance
) -> schemas.Machine:
    """A machine and what it was cloned from."""
    golden = schemas.MachineGolden(
        golden_id=manifest.golden_id,
        agent_build=manifest.agent_build,
        built_at=manifest.built_at,
        signed_by=None if provenance.signature is Signature.BROKEN else provenance.key_id,
        signature=provenance.signature,
    )
    return machine.model_copy(update={"golden": golden})


def rotation(progress: Progress) -> credential_schemas.Rotation:
    """How far the exchange of the master key is."""
    return credential_schemas.Rotation(
        key_id=progress.key_id,
        rewrapped=progress.rewrapped,
        remaining=progress.remaining,
        damaged=list(progress.damaged),
        finished=progress.finished,
    )


def credential(record: CredentialRecord, *, soon: bool) -> credential_schemas.Credential:
    """A credential without its content; ``soon``: whether its end is near."""
    return credential_schemas.Credential(
        credential_id=record.credential_id,
        provider=record.provider,
        account=record.account,
        expires_at=record.expires_at,
        login_expires_at=record.login_expires_at,
        usable_until=forecast.usable_until(record),
        expires_soon=soon,
        scopes=list(record.scopes),
        sealed_at=record.sealed_at,
        session_id=record.session_id,
        custody=record.custody,
        holder=record.holder,
        held_since=record.held_since,
        doubt=record.doubt,
    )


def credential_detail(
    record: CredentialRecord, history: Iterable[CustodyRecord], *, soon: bool
) -> credential_schemas.CredentialDetail:
    """The same with its history."""
    return credential_schemas.CredentialDetail(
        **credential(record, soon=soon).model_dump(),
        history=[
            credential_schemas.CustodyStep(custody=step.custody, holder=step.holder, at=step.at)
            for step in history
        ],
    )


def opened(record: CredentialRecord, credential: Credential) -> credential_schemas.ExportedCredential:
    """A credential with its content."""
    return credential_schemas.ExportedCredential(
        credential_id=record.credential_id,
        provider=record.provider,
        files=[
            credential_schemas.ExportedFile(path=file.path, mode=file.mode, content=file.content)
            for file in credential.files
        ],
    )


def provider(
    declared: Provider,
    doubt: str | None,
    newest: credential_schemas.Credential | None,
    open_session: SessionRecord | None,
) -> credential_schemas.Provider:
    """A tool, with what the caller has of it."""
    return credential_schemas.Provider(
        name=declared.name,
        title=declared.title,
        vendor=declared.vendor,
        description=declared.description,
        version=declared.version,
        flows=list(declared.flows),
        verified=doubt is None,
        unverified_because=doubt,
        notes=declared.notes,
        credential_files=[file.path for file in declared.credential.files],
        credential=newest,
        open_session_id=open_session.session_id if open_session else None,
    )


def user(record: User) -> schemas.User:
    """Who someone is."""
    return schemas.User(user_id=record.user_id, name=record.name)


def token(record: ApiToken) -> schemas.ApiToken:
    """A token without its secret."""
    return schemas.ApiToken(token_id=record.token_id, label=record.label, created_at=record.created_at)


def host(report: HostReport, checks: Iterable[Check], version: str) -> schemas.Host:
    """How machines are run here, and why."""
    return schemas.Host(
        version=version,
        driver=report.choice.driver,
        isolation=report.choice.isolation,
        why=report.choice.why,
        golden_id=report.golden_id,
        golden_ready=report.golden_ready,
        checks=[
            schemas.HostCheck(
                name=check.name, ok=check.ok, detail=check.detail, fix=check.fix, needed=check.needed
            )
            for check in checks
        ],
    )
