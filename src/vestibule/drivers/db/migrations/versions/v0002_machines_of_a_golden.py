"""An index for the machines of a golden, which say whether it is any good."""

from __future__ import annotations

from alembic import op

revision = "v0002"
down_revision = "v0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(op.f("ix_vms_golden_id_created_at"), "vms", ["golden_id", "created_at"], unique=False)
