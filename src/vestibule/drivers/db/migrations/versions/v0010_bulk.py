"""When an old row's bulk was removed; ends by time; a row that is written to see whether rows can be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0010"
down_revision = "v0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns are added in place: other rows point to these."""
    for table in ("auth_sessions", "vms"):
        op.add_column(table, sa.Column("bulk_expired_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_auth_sessions_completed_at"), "auth_sessions", ["completed_at"])
    op.create_index(op.f("ix_vms_ended_at"), "vms", ["ended_at"])
    op.create_table(
        "write_probes",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_write_probes")),
    )
