"""Indexes of the few rows that are not over yet, among the many that are; and of what else is looked up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0016"
down_revision = "v0015"
branch_labels = None
depends_on = None

_KEYS = {"auth_sessions": "session_id", "vms": "vm_id", "credentials": "credential_id"}
_TIMES = {"auth_sessions": "created_at", "vms": "created_at", "credentials": "sealed_at"}


def upgrade() -> None:
    """Lists of a user's rows are in the order of their index now, to the last column."""
    for table, time in _TIMES.items():
        op.drop_index(op.f(f"ix_{table}_user_id_{time}"), table_name=table)
        columns = ["user_id", time, _KEYS[table]]
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)
    op.drop_index(op.f("ix_vms_ended_at"), table_name="vms")
    op.create_index(op.f("ix_vms_session_id"), "vms", ["session_id"])
    _partial("ix_auth_sessions_failed", ["user_id", "completed_at"], "status IN ('failed', 'timeout')")
    _partial("ix_auth_sessions_unexpired", ["completed_at"], "bulk_expired_at IS NULL")
    _partial("ix_vms_warm", ["golden_id", "driver", "created_at"], "warmth = 'warm' AND status = 'creating'")
    _partial("ix_vms_unexpired", ["ended_at"], "bulk_expired_at IS NULL")
    _partial("ix_steps_open", ["subject_id"], "outcome IS NULL")
    _partial("ix_credentials_kept", ["user_id", "custody"], "custody != 'revoked'")
    _partial("ix_credentials_ending", ["login_expires_at"], "custody != 'revoked'")


def _partial(name: str, columns: list[str], of: str) -> None:
    table = name.removeprefix("ix_").rpartition("_")[0]
    op.create_index(name, table, columns, sqlite_where=sa.text(of))
