"""Warnings of the end of a credential: told once, posted until they were taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0007"
down_revision = "v0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was warned of before."""
    op.create_table(
        "credential_warnings",
        sa.Column("credential_id", sa.String(length=64), nullable=False),
        sa.Column("usable_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["credentials.credential_id"],
            name=op.f("fk_credential_warnings_credential_id"),
        ),
        sa.PrimaryKeyConstraint("credential_id", "usable_until", name=op.f("pk_credential_warnings")),
    )
