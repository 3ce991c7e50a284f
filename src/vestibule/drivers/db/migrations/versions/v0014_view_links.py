"""Links to watch a sign-in's desktop: until when each is good, and how it ended before that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0014"
down_revision = "v0013"
branch_labels = None
depends_on = None

ENDS = ("revoked", "expired", "session_over")


def upgrade() -> None:
    """There were none before."""
    op.create_table(
        "view_links",
        sa.Column("link_id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end", _end(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["auth_sessions.session_id"],
            name=op.f("fk_view_links_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_view_links")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_view_links_secret_hash")),
    )
    op.create_index(op.f("ix_view_links_session_id_created_at"), "view_links", ["session_id", "created_at"])
    op.create_index(op.f("ix_view_links_ended_at"), "view_links", ["ended_at"])


def _end() -> sa.Enum:
    return sa.Enum(*ENDS, name="end", native_enum=False, create_constraint=True, length=32)
