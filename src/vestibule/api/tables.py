"""From the store's pages to the API's, for whoever asks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from vestibule.api import table_schemas as shapes
from vestibule.api.context import Context
from vestibule.core.records import User
from vestibule.core.tables import Asked, AuditRow, Choice, MachineRow, Page, SessionRow

_WINDOW = {"sort", "order", "offset", "limit", "q", "since", "until"}


async def machines(context: Context, user: User, query: shapes.MachineQuery) -> shapes.MachinesPage:
    """Machines that the user may see."""
    asked = await context.tables.seen_by(user, _asked(query))
    page = await context.tables.rows.machines(asked)
    return shapes.MachinesPage(rows=[_machine(context, row) for row in page.rows], **_rest(page, asked))


async def sessions(context: Context, user: User, query: shapes.SessionQuery) -> shapes.SessionsPage:
    """Sessions that the user may see."""
    asked = await context.tables.seen_by(user, _asked(query))
    page = await context.tables.rows.sessions(asked)
    return shapes.SessionsPage(rows=[session(row) for row in page.rows], **_rest(page, asked))


async def credentials(context: Context, user: User, query: shapes.CredentialQuery) -> shapes.CredentialsPage:
    """Credentials that the user may know of."""
    asked = await context.tables.seen_by(user, _asked(query))
    page = await context.tables.rows.credentials(asked)
    rows = [shapes.CredentialListed(**dataclasses.asdict(row)) for row in page.rows]
    return shapes.CredentialsPage(rows=rows, **_rest(page, asked))


async def audit(context: Context, query: shapes.AuditQuery) -> shapes.AuditPage:
    """The audit: for the operator."""
    asked = _asked(query)
    page = await context.tables.rows.audit(asked)
    return shapes.AuditPage(rows=[_event(row) for row in page.rows], **_rest(page, asked))


def session(row: SessionRow) -> shapes.SessionListed:
    """A row of the table."""
    return shapes.SessionListed(**dataclasses.asdict(row))


def _machine(context: Context, row: MachineRow) -> shapes.MachineListed:
    paused = context.machines.pausing.paused(row.vm_id)
    return shapes.MachineListed(paused=paused, **dataclasses.asdict(row))


def _event(row: AuditRow) -> shapes.AuditEvent:
    return shapes.AuditEvent(**dataclasses.asdict(row))


def _asked(query: Any) -> Asked:  # noqa: ANN401 (each table has a query of its own)
    """What is no part of the window is a facet."""
    facets = {name: getattr(query, name) for name in type(query).model_fields if name not in _WINDOW}
    return Asked(
        sort=query.sort,
        order=query.order,
        offset=query.offset,
        limit=query.limit,
        text=query.q.strip(),
        since=query.since,
        until=query.until,
        chosen=facets,
    )


def _rest(page: Page[Any], asked: Asked) -> Mapping[str, Any]:
    return {
        "total": page.total,
        "bounded": page.bounded,
        "of_everybody": asked.of_user is None,
        "facets": {name: _choices(choices) for name, choices in page.facets.items()},
    }


def _choices(choices: Sequence[Choice]) -> list[shapes.FacetChoice]:
    return [shapes.FacetChoice(value=choice.value, count=choice.count) for choice in choices]
