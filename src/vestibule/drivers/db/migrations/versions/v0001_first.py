"""Accounts, sessions, machines, credentials: the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _accounts()
    _sessions()
    _machines()
    _credentials()


def _accounts() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("token_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_api_tokens_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_tokens_secret_hash")),
    )
    op.create_index(op.f("ix_api_tokens_user_id"), "api_tokens", ["user_id"], unique=False)
    op.create_table(
        "sign_in_links",
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_sign_in_links_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_sign_in_links")),
    )
    op.create_index(op.f("ix_sign_in_links_expires_at"), "sign_in_links", ["expires_at"], unique=False)


def _sessions() -> None:
    op.create_table(
        "auth_sessions",
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "started",
                "vm_created",
                "ready",
                "awaiting_user_auth",
                "authenticating",
                "completed",
                "failed",
                "timeout",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "driver",
            sa.Enum(
                "container",
                "qemu",
                "fake",
                name="driver",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "isolation",
            sa.Enum(
                "vm", "container", name="isolation", native_enum=False, create_constraint=True, length=32
            ),
            nullable=True,
        ),
        sa.Column("browser_vm_id", sa.String(length=64), nullable=True),
        sa.Column("vm_id", sa.String(length=64), nullable=True),
        sa.Column("vm_ip", sa.String(length=64), nullable=True),
        sa.Column("vnc_url", sa.Text(), nullable=True),
        sa.Column("auth_url", sa.Text(), nullable=True),
        sa.Column("user_code", sa.Text(), nullable=True),
        sa.Column("page_title", sa.Text(), nullable=True),
        sa.Column("golden_id", sa.String(length=64), nullable=True),
        sa.Column("agent_build", sa.String(length=64), nullable=True),
        sa.Column("credential_id", sa.String(length=64), nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("error_cause", sa.Text(), nullable=True),
        sa.Column("error_remedy", sa.Text(), nullable=True),
        sa.Column(
            "error_stage",
            sa.Enum(
                "started",
                "vm_created",
                "ready",
                "awaiting_user_auth",
                "authenticating",
                "completed",
                "failed",
                "timeout",
                "cancelled",
                name="error_stage",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("error_evidence", sa.JSON(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_auth_sessions_user_id")),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_auth_sessions")),
    )
    op.create_index(
        op.f("ix_auth_sessions_user_id_created_at"), "auth_sessions", ["user_id", "created_at"], unique=False
    )
    op.create_index(
        "ux_auth_sessions_open",
        "auth_sessions",
        ["user_id", "provider"],
        unique=True,
        sqlite_where=sa.text("status NOT IN ('cancelled', 'completed', 'failed', 'timeout')"),
        postgresql_where=sa.text("status NOT IN ('cancelled', 'completed', 'failed', 'timeout')"),
    )
    op.create_table(
        "session_stages",
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "started",
                "vm_created",
                "ready",
                "awaiting_user_auth",
                "authenticating",
                "completed",
                "failed",
                "timeout",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["auth_sessions.session_id"],
            name=op.f("fk_session_stages_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "status", name=op.f("pk_session_stages")),
    )
    op.create_table(
        "session_notices",
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["auth_sessions.session_id"],
            name=op.f("fk_session_notices_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "code", name=op.f("pk_session_notices")),
    )


def _machines() -> None:
    op.create_table(
        "vms",
        sa.Column("vm_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=True),
        sa.Column(
            "type",
            sa.Enum(
                "browser", "workspace", name="type", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "driver",
            sa.Enum(
                "container",
                "qemu",
                "fake",
                name="driver",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "isolation",
            sa.Enum(
                "vm", "container", name="isolation", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "creating",
                "running",
                "stopping",
                "destroyed",
                "failed",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("vm_ip", sa.String(length=64), nullable=False),
        sa.Column("golden_id", sa.String(length=64), nullable=False),
        sa.Column("agent_build", sa.String(length=64), nullable=True),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("pid_started", sa.BigInteger(), nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("error_cause", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("running_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["auth_sessions.session_id"], name=op.f("fk_vms_session_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_vms_user_id")),
        sa.PrimaryKeyConstraint("vm_id", name=op.f("pk_vms")),
    )
    op.create_index(op.f("ix_vms_user_id_created_at"), "vms", ["user_id", "created_at"], unique=False)
    op.create_index(
        "ux_vms_live_address",
        "vms",
        ["vm_ip"],
        unique=True,
        sqlite_where=sa.text("status IN ('creating', 'running', 'stopping')"),
        postgresql_where=sa.text("status IN ('creating', 'running', 'stopping')"),
    )
    op.create_table(
        "view_tickets",
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("vm_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_view_tickets_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["vm_id"], ["vms.vm_id"], name=op.f("fk_view_tickets_vm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_view_tickets")),
    )
    op.create_index(op.f("ix_view_tickets_expires_at"), "view_tickets", ["expires_at"], unique=False)


def _credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("credential_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["auth_sessions.session_id"], name=op.f("fk_credentials_session_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_credentials_user_id")),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("session_id", name=op.f("uq_credentials_session_id")),
    )
    op.create_index(
        op.f("ix_credentials_user_id_sealed_at"), "credentials", ["user_id", "sealed_at"], unique=False
    )
