"""Failure codes with better names: what was ``host_exhausted`` says of what, memory or processors."""

from __future__ import annotations

from alembic import op

revision = "v0009"
down_revision = "v0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The cause has said it all along; only machines failed with that code."""
    op.execute(
        "UPDATE vms SET error_code = CASE WHEN error_cause LIKE '%tasks for each processor.'"
        " THEN 'host_saturated' ELSE 'host_out_of_memory' END WHERE error_code = 'host_exhausted'"
    )
    op.execute("UPDATE auth_sessions SET error_code = 'golden_corrupt' WHERE error_code = 'golden_damaged'")
