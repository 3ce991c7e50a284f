"""One live holder of a credential: its custody, and the history of that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0003"
down_revision = "v0002"
branch_labels = None
depends_on = None

CUSTODY = ("sealed", "checked_out", "returned", "revoked")


def upgrade() -> None:
    """What was sealed before is in the vault, and its history begins there."""
    with op.batch_alter_table("credentials") as batch:
        batch.add_column(sa.Column("custody", _custody(), nullable=False, server_default="sealed"))
        batch.add_column(sa.Column("holder", sa.String(length=128), nullable=True))
        batch.add_column(sa.Column("held_since", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("seq", sa.Integer(), nullable=False, server_default="0"))
        batch.create_check_constraint(
            op.f("ck_credentials_one_holder"),
            "(custody = 'checked_out') = (holder IS NOT NULL AND held_since IS NOT NULL)",
        )
    op.create_table(
        "credential_custody",
        sa.Column("credential_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("custody", _custody(), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.credential_id"], name=op.f("fk_credential_custody_credential_id")
        ),
        sa.PrimaryKeyConstraint("credential_id", "seq", name=op.f("pk_credential_custody")),
    )
    op.execute(
        "INSERT INTO credential_custody (credential_id, seq, custody, at) "
        "SELECT credential_id, 0, 'sealed', sealed_at FROM credentials"
    )


def _custody() -> sa.Enum:
    return sa.Enum(*CUSTODY, name="custody", native_enum=False, create_constraint=True, length=32)
