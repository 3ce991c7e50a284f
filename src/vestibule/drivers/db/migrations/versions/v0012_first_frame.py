"""How long a session's person waited for the desktop, as their browser measured it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0012"
down_revision = "v0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody measured it of the sessions that there are."""
    op.add_column("auth_sessions", sa.Column("first_frame_ms", sa.Integer(), nullable=True))
