"""How many sessions ended alike in each hour: counted as they end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0017"
down_revision = "v0016"
branch_labels = None
depends_on = None

_TRIGGERS = (
    """
    CREATE TRIGGER tr_auth_sessions_added AFTER INSERT ON auth_sessions
    WHEN NEW.completed_at IS NOT NULL
    BEGIN
        INSERT INTO ended_sessions (hour, user_id, status, error_code, golden_id, count)
        VALUES (
            CAST(strftime('%s', substr(NEW.completed_at, 1, 19)) AS INTEGER) / 3600, NEW.user_id, NEW.status,
            coalesce(NEW.error_code, ''), coalesce(NEW.golden_id, ''), 1
        )
        ON CONFLICT (hour, user_id, status, error_code, golden_id) DO UPDATE SET count = count + 1;
    END
    """,
    """
    CREATE TRIGGER tr_auth_sessions_ended AFTER UPDATE OF completed_at ON auth_sessions
    WHEN OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL
    BEGIN
        INSERT INTO ended_sessions (hour, user_id, status, error_code, golden_id, count)
        VALUES (
            CAST(strftime('%s', substr(NEW.completed_at, 1, 19)) AS INTEGER) / 3600, NEW.user_id, NEW.status,
            coalesce(NEW.error_code, ''), coalesce(NEW.golden_id, ''), 1
        )
        ON CONFLICT (hour, user_id, status, error_code, golden_id) DO UPDATE SET count = count + 1;
    END
    """,
    """
    CREATE TRIGGER tr_auth_sessions_removed AFTER DELETE ON auth_sessions
    WHEN OLD.completed_at IS NOT NULL
    BEGIN
        UPDATE ended_sessions SET count = count - 1
        WHERE hour = CAST(strftime('%s', substr(OLD.completed_at, 1, 19)) AS INTEGER) / 3600
            AND user_id = OLD.user_id AND status = OLD.status AND error_code = coalesce(OLD.error_code, '')
            AND golden_id = coalesce(OLD.golden_id, '');
    END
    """,
)


def upgrade() -> None:
    """Those that have ended are counted here, once."""
    op.create_table(
        "ended_sessions",
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=False),
        sa.Column("golden_id", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "hour", "user_id", "status", "error_code", "golden_id", name=op.f("pk_ended_sessions")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_ended_sessions_user_id_hour"), "ended_sessions", ["user_id", "hour"])
    op.execute(
        """
        INSERT INTO ended_sessions (hour, user_id, status, error_code, golden_id, count)
        SELECT CAST(strftime('%s', substr(completed_at, 1, 19)) AS INTEGER) / 3600, user_id, status,
            coalesce(error_code, ''), coalesce(golden_id, ''), count(*)
        FROM auth_sessions WHERE completed_at IS NOT NULL GROUP BY 1, 2, 3, 4, 5
        """
    )
    for trigger in _TRIGGERS:
        op.execute(trigger)
    op.drop_index(op.f("ix_auth_sessions_completed_at"), table_name="auth_sessions")
