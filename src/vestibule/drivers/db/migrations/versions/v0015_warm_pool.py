"""Machines that are started before anybody wants one, and who claimed them when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0015"
down_revision = "v0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The machines that there are were all made for somebody."""
    op.add_column("vms", sa.Column("warmth", sa.String(length=64), nullable=True))
    op.add_column("vms", sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
