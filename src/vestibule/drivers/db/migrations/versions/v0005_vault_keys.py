"""Master keys by their ids, and which of them each credential is sealed under."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0005"
down_revision = "v0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was sealed before names no key: the only one that there was."""
    op.create_table(
        "vault_keys",
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_vault_keys")),
    )
    op.add_column("credentials", sa.Column("key_id", sa.String(length=64), nullable=True))
