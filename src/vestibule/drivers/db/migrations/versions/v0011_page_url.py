"""Where a session's page is, from its first moment: one that waits may outlive its controller."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0011"
down_revision = "v0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sessions with a machine have it as ``vnc_url`` already."""
    op.add_column("auth_sessions", sa.Column("page_url", sa.Text(), nullable=True))
    op.execute("UPDATE auth_sessions SET page_url = vnc_url")
