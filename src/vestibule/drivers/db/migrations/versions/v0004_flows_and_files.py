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
    """Sessions of before have no flow on record: their providers had one each."""
    flow = sa.Enum(*FLOWS, name="flow", native_enum=False, create_constraint=True, length=32)
    with op.batch_alter_table("auth_sessions") as batch:
        batch.add_column(sa.Column("flow", flow, nullable=True))
        batch.add_column(sa.Column("code_asked", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("credentials") as batch:
        batch.add_column(sa.Column("login_expires_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("scopes", sa.JSON(), nullable=False, server_default="[]"))
