"""Why a credential that came back may not work any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0006"
down_revision = "v0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of what came back before, nothing is known."""
    op.add_column("credentials", sa.Column("doubt", sa.Text(), nullable=True))
