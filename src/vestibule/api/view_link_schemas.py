"""Shapes of view links."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from vestibule.api.schemas import Model
from vestibule.core.sessions import SessionStatus
from vestibule.core.view_links import ViewLinkEnd
from vestibule.services.view_links import DEFAULT_S

SHORTEST_S = 10
DAY_S = 86_400


class MakeViewLink(Model):
    """POST /api/auth/session/{id}/view-links."""

    seconds: int | None = Field(
        default=None,
        ge=SHORTEST_S,
        le=DAY_S,
        description=f"How long it is good; null: {DEFAULT_S}, or what the settings allow if that is less.",
    )


class ViewLink(Model):
    """A link that shows a sign-in's desktop to whoever has it, without its secret."""

    link_id: str
    session_id: str
    created_at: dt.datetime
    expires_at: dt.datetime = Field(description="At the latest: it ends with the sign-in.")
    ended_at: dt.datetime | None
    end: ViewLinkEnd | None = Field(description="Why it is good no more; null while it is good.")


class NewViewLink(ViewLink):
    """The one time that its address is shown; the secret is in the fragment, which no server is sent."""

    url: str


class ViewLinks(Model):
    """GET /api/auth/session/{id}/view-links."""

    longest_s: int = Field(description="How long a link may be good; 0: nobody can make one.")
    links: list[ViewLink] = Field(description="Newest first.")


class Watched(Model):
    """What a watcher is told, as text messages of the WebSocket: now, and after every change."""

    tool: str
    status: SessionStatus
    expires_at: dt.datetime
