"""Which flow a session takes and whether its tool asks for a code; what a credential allows, and how long."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0004"
down_revision = "v0003"
branch_labels = None
depends_on = None

FLOWS = ("loopback", "paste", "device")


def upgrade() -> None:
    """Sessions of before have no flow on record: their providers had one each.

    Added in place: a copy could not take the table's, while other rows point to it.
    """
    names = ", ".join(f"'{flow}'" for flow in FLOWS)
    op.execute(
        "ALTER TABLE auth_sessions ADD COLUMN flow VARCHAR(32) "
        f"CONSTRAINT ck_auth_sessions_flow CHECK (flow IN ({names}))"
    )
    op.add_column(
        "auth_sessions", sa.Column("code_asked", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("credentials", sa.Column("login_expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("credentials", sa.Column("scopes", sa.JSON(), nullable=False, server_default="[]"))
