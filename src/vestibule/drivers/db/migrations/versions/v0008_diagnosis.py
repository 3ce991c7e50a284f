"""Why a machine failed, as of sessions; and the steps of both, with their times."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0008"
down_revision = "v0007"
branch_labels = None
depends_on = None

STAGES = ("creating", "running", "stopping", "destroyed", "failed")
OUTCOMES = ("done", "failed", "cancelled", "lost")


def upgrade() -> None:
    """Machines of before have code and cause alone.  Columns are added in place: other rows point to them."""
    names = ", ".join(f"'{stage}'" for stage in STAGES)
    op.execute(
        "ALTER TABLE vms ADD COLUMN error_stage VARCHAR(32) "
        f"CONSTRAINT ck_vms_error_stage CHECK (error_stage IN ({names}))"
    )
    op.add_column("vms", sa.Column("error_remedy", sa.Text(), nullable=True))
    op.add_column("vms", sa.Column("error_evidence", sa.JSON(), nullable=False, server_default="{}"))
    op.create_table(
        "steps",
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", _outcome(), nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "number", name=op.f("pk_steps")),
    )
    op.create_index(op.f("ix_steps_started_at"), "steps", ["started_at"])


def _outcome() -> sa.Enum:
    return sa.Enum(*OUTCOMES, name="outcome", native_enum=False, create_constraint=True, length=32)
