"""The audit, to which rows are only added; indices that tables are sorted by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0013"
down_revision = "v0012"
branch_labels = None
depends_on = None

OUTCOMES = ("done", "refused", "failed")


def upgrade() -> None:
    """Actions have no CHECK: there will be more of them, and a table that triggers guard is not made anew."""
    op.create_table(
        "audit_events",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("outcome", _outcome(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_events")),
    )
    op.create_index(op.f("ix_audit_events_at_number"), "audit_events", ["at", "number"])
    op.create_index(op.f("ix_audit_events_action_at"), "audit_events", ["action", "at"])
    op.create_index(op.f("ix_audit_events_subject_at"), "audit_events", ["subject", "at"])
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER tr_audit_events_no_{change.lower()} BEFORE {change} ON audit_events"
            " BEGIN SELECT RAISE(ABORT, 'audit_events only grows'); END"
        )
    op.create_index(op.f("ix_vms_created_at_vm_id"), "vms", ["created_at", "vm_id"])
    op.create_index(
        op.f("ix_auth_sessions_created_at_session_id"), "auth_sessions", ["created_at", "session_id"]
    )
    op.create_index(
        op.f("ix_credentials_sealed_at_credential_id"), "credentials", ["sealed_at", "credential_id"]
    )


def _outcome() -> sa.Enum:
    return sa.Enum(*OUTCOMES, name="outcome", native_enum=False, create_constraint=True, length=32)
