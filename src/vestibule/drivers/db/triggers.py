"""Triggers of the tables: what SQLite itself does with every write, whoever writes.

``ended_sessions`` counts sessions as they end, and forgets those that go with their user.
A time is cut to its second first: SQLite rounds it, and the last moment of an hour is not the next one.
"""

from __future__ import annotations

_COUNT = """\
        INSERT INTO ended_sessions (hour, user_id, status, error_code, golden_id, count)
        VALUES (
            CAST(strftime('%s', substr(NEW.completed_at, 1, 19)) AS INTEGER) / 3600, NEW.user_id, NEW.status,
            coalesce(NEW.error_code, ''), coalesce(NEW.golden_id, ''), 1
        )
        ON CONFLICT (hour, user_id, status, error_code, golden_id) DO UPDATE SET count = count + 1;
"""
COUNTING = (
    f"""
    CREATE TRIGGER tr_auth_sessions_added AFTER INSERT ON auth_sessions
    WHEN NEW.completed_at IS NOT NULL
    BEGIN
{_COUNT}    END
    """,
    f"""
    CREATE TRIGGER tr_auth_sessions_ended AFTER UPDATE OF completed_at ON auth_sessions
    WHEN OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL
    BEGIN
{_COUNT}    END
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
"""Of ``auth_sessions``, for ``ended_sessions``."""
