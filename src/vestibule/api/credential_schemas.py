"""The shapes of credentials, and of the tools that make them, in the HTTP API."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field

from vestibule.api.schemas import Model
from vestibule.core.custody import Custody
from vestibule.core.providers import Flow


class Credential(Model):
    """A sealed credential without its content."""

    credential_id: str
    provider: str
    account: str | None
    expires_at: dt.datetime | None = Field(description="Of the access token: a holder may refresh it.")
    login_expires_at: dt.datetime | None = Field(
        description="After that only a person can make a new one; null where nobody says."
    )
    usable_until: dt.datetime | None = Field(
        description="The same, of a credential that was not deleted: when to sign in again at the latest."
    )
    expires_soon: bool = Field(description="Whether that is less than `credential_warn_h` away, or past.")
    scopes: list[str]
    sealed_at: dt.datetime
    session_id: str
    custody: Custody
    holder: str | None = Field(description="Who has it; null unless it is checked out.")
    held_since: dt.datetime | None
    doubt: str | None = Field(
        description="Why it may not work any more: its holder has probably rotated it away, or was refused."
    )


class Provider(Model):
    """A tool that can be connected."""

    name: str
    title: str
    vendor: str
    description: str
    version: str
    flows: list[Flow] = Field(description="Ways to sign in, the preferred one first.")
    verified: bool = Field(description="Whether this file was tried with this version of the tool.")
    unverified_because: str | None
    notes: str | None
    credential_files: list[str] = Field(description="What the tool writes, below its home.")
    credential: Credential | None = Field(description="The caller's newest credential for this tool.")
    open_session_id: str | None = Field(description="The caller's session that is under way.")


class CredentialsEvent(Model):
    """One server-sent event: ``event: credentials``, data this object."""

    credentials: list[Credential]


class CustodyStep(Model):
    """One step of a credential's history."""

    custody: Custody
    holder: str | None = Field(description="Who had it before this step, or has it since.")
    at: dt.datetime


class CredentialDetail(Credential):
    """GET /api/credentials/{id}: a deleted one too."""

    history: list[CustodyStep]


Holder = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}$",
        description="The name that a holder gives itself, such as its host's.",
    ),
]


class CheckOut(Model):
    """POST /api/credentials/{id}/checkout."""

    holder: Holder


class ReturnedFile(Model):
    """One file that a holder brings back."""

    path: str = Field(max_length=2000)
    content: str = Field(description="Base64.")


class Return(Model):
    """POST /api/credentials/{id}/return."""

    holder: Holder
    files: list[ReturnedFile] | None = Field(
        default=None,
        max_length=16,
        description="The files as the tool left them; null when they were not refreshed. "
        "One that is left out stays as it is.",
    )


class Refuse(Model):
    """POST /api/credentials/{id}/refuse."""

    holder: Holder


class ExportedFile(Model):
    """One file of an exported credential."""

    path: str
    mode: int
    content: str = Field(description="Base64.")


class ExportedCredential(Model):
    """POST /api/credentials/{id}/export and …/checkout: the only answers that ever hold a secret."""

    credential_id: str
    provider: str
    files: list[ExportedFile]


class Rotation(Model):
    """POST /api/vault/rotation: how far the exchange of the master key is."""

    key_id: str = Field(description="Names the new master key, and tells nothing of it.")
    rewrapped: int = Field(description="Credentials that this call gave the new key.")
    remaining: int = Field(description="Those that still need another key; call again until there are none.")
    damaged: list[str] = Field(
        description="Ids of credentials that could not be opened. The key before is kept for them."
    )
    finished: bool = Field(description="Whether the keys before are gone.")
