"""The tables.  A column is called what the record's field is called; ``core.records`` says what it means.

A change here needs a migration: a test compares the two.  ``auth_sessions`` names its machine and credential
without a foreign key, because those rows already point to it and are written after it.
"""

from __future__ import annotations

import sqlalchemy as sa

from vestibule.core.audit import AuditAction, AuditOutcome
from vestibule.core.custody import Custody
from vestibule.core.failure_reports import FAILED
from vestibule.core.machines import LIVE, DriverName, Isolation, MachineStatus, MachineType, Warmth
from vestibule.core.providers import Flow
from vestibule.core.sessions import FINAL, SessionStatus
from vestibule.core.steps import StepOutcome
from vestibule.core.view_links import ViewLinkEnd
from vestibule.drivers.db.triggers import COUNTING
from vestibule.drivers.db.types import Member, UtcTime, Words, choice, listed

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ONE_OPEN_SESSION = "ux_auth_sessions_open"
ONE_LIVE_ADDRESS = "ux_vms_live_address"

# What partial indexes are of: SQLite takes such an index only for a query that says the same, in literals.
UNFINISHED = sa.text(f"status NOT IN ({listed(frozenset(FINAL))})")
IS_FAILURE = sa.text(f"status IN ({listed(frozenset(FAILED))})")
LIVING = sa.text(f"status IN ({listed(frozenset(LIVE))})")
WARM = sa.text(f"warmth = '{Warmth.WARM}' AND status = '{MachineStatus.CREATING}'")
KEPT = sa.text(f"custody != '{Custody.REVOKED}'")
UNEXPIRED = sa.text("bulk_expired_at IS NULL")
OPEN_STEP = sa.text("outcome IS NULL")

users = sa.Table(
    "users",
    metadata,
    sa.Column("user_id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", UtcTime, nullable=False),
)

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("token_id", sa.String(64), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("label", sa.String(64), nullable=False),
    sa.Column("secret_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("created_at", UtcTime, nullable=False),
)

sign_in_links = sa.Table(
    "sign_in_links",
    metadata,
    sa.Column("secret_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False, index=True),
)

auth_sessions = sa.Table(
    "auth_sessions",
    metadata,
    sa.Column("session_id", sa.String(64), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.user_id"), nullable=False),
    sa.Column("provider", sa.String(64), nullable=False),
    sa.Column("status", choice(SessionStatus, "status"), nullable=False),
    sa.Column("driver", choice(DriverName, "driver")),
    sa.Column("isolation", choice(Isolation, "isolation")),
    sa.Column("browser_vm_id", sa.String(64)),
    sa.Column("vm_id", sa.String(64)),
    sa.Column("vm_ip", sa.String(64)),
    sa.Column("vnc_url", sa.Text),
    sa.Column("auth_url", sa.Text),
    sa.Column("user_code", sa.Text),
    sa.Column("page_title", sa.Text),
    sa.Column("golden_id", sa.String(64)),
    sa.Column("agent_build", sa.String(64)),
    sa.Column("credential_id", sa.String(64)),
    sa.Column("error_code", sa.String(64)),
    sa.Column("error_cause", sa.Text),
    sa.Column("error_remedy", sa.Text),
    sa.Column("error_stage", choice(SessionStatus, "error_stage")),
    sa.Column("error_evidence", sa.JSON, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("deadline_at", UtcTime),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("completed_at", UtcTime),
    sa.Column("flow", choice(Flow, "flow")),
    sa.Column("code_asked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("bulk_expired_at", UtcTime),
    sa.Column("page_url", sa.Text),
    sa.Column("first_frame_ms", sa.Integer),
    sa.Index(None, "user_id", "created_at", "session_id"),
    sa.Index(None, "created_at", "session_id"),
)
sa.Index(
    ONE_OPEN_SESSION,
    auth_sessions.c.user_id,
    auth_sessions.c.provider,
    unique=True,
    sqlite_where=UNFINISHED,
)
sa.Index(
    "ix_auth_sessions_failed", auth_sessions.c.user_id, auth_sessions.c.completed_at, sqlite_where=IS_FAILURE
)
sa.Index("ix_auth_sessions_unexpired", auth_sessions.c.completed_at, sqlite_where=UNEXPIRED)

# How many sessions ended alike in each hour, so that nobody has to count them; triggers see to that.
ended_sessions = sa.Table(
    "ended_sessions",
    metadata,
    sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),  # since 1970
    sa.Column("user_id", sa.String(64), primary_key=True),
    sa.Column("status", sa.String(32), primary_key=True),
    sa.Column("error_code", sa.String(64), primary_key=True),  # empty: none, as of the golden
    sa.Column("golden_id", sa.String(64), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Index(None, "user_id", "hour"),
    sqlite_with_rowid=False,
)
for _counting in COUNTING:
    sa.event.listen(
        metadata,
        "after_create",
        sa.DDL(_counting.replace("%", "%%")),  # type: ignore[no-untyped-call]  # SQLAlchemy's
    )

session_stages = sa.Table(
    "session_stages",
    metadata,
    sa.Column("session_id", sa.ForeignKey("auth_sessions.session_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("status", choice(SessionStatus, "status"), primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
)

session_notices = sa.Table(
    "session_notices",
    metadata,
    sa.Column("session_id", sa.ForeignKey("auth_sessions.session_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("code", sa.String(64), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

vms = sa.Table(
    "vms",
    metadata,
    sa.Column("vm_id", sa.String(64), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.user_id"), nullable=False),
    sa.Column("session_id", sa.ForeignKey("auth_sessions.session_id")),
    sa.Column("type", choice(MachineType, "type"), nullable=False),
    sa.Column("driver", choice(DriverName, "driver"), nullable=False),
    sa.Column("isolation", choice(Isolation, "isolation"), nullable=False),
    sa.Column("status", choice(MachineStatus, "status"), nullable=False),
    sa.Column("vm_ip", sa.String(64), nullable=False),
    sa.Column("golden_id", sa.String(64), nullable=False),
    sa.Column("agent_build", sa.String(64)),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("pid", sa.Integer),
    sa.Column("pid_started", sa.BigInteger),
    sa.Column("error_code", sa.String(64)),
    sa.Column("error_cause", sa.Text),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("running_at", UtcTime),
    sa.Column("ended_at", UtcTime),
    sa.Column("error_stage", choice(MachineStatus, "error_stage")),
    sa.Column("error_remedy", sa.Text),
    sa.Column("error_evidence", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("bulk_expired_at", UtcTime),
    sa.Column("warmth", Member(Warmth)),
    sa.Column("claimed_at", UtcTime),
    sa.Index(None, "user_id", "created_at", "vm_id"),
    sa.Index(None, "created_at", "vm_id"),
    sa.Index(None, "golden_id", "created_at"),
    sa.Index(None, "session_id"),
)
sa.Index(ONE_LIVE_ADDRESS, vms.c.vm_ip, unique=True, sqlite_where=LIVING)
sa.Index("ix_vms_warm", vms.c.golden_id, vms.c.driver, vms.c.created_at, sqlite_where=WARM)
sa.Index("ix_vms_unexpired", vms.c.ended_at, sqlite_where=UNEXPIRED)

# A subject is a session, or a machine without one: no foreign key can say so.
steps = sa.Table(
    "steps",
    metadata,
    sa.Column("subject_id", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("started_at", UtcTime, nullable=False, index=True),
    sa.Column("ended_at", UtcTime),
    sa.Column("outcome", choice(StepOutcome, "outcome")),
    sa.Column("error_code", sa.String(64)),
)
sa.Index("ix_steps_open", steps.c.subject_id, sqlite_where=OPEN_STEP)

# ``credentials.key_id`` names one of these without a foreign key: SQLite adds none to a table that is there.
vault_keys = sa.Table("vault_keys", metadata, sa.Column("key_id", sa.String(64), primary_key=True))

credentials = sa.Table(
    "credentials",
    metadata,
    sa.Column("credential_id", sa.String(64), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.user_id"), nullable=False),
    sa.Column("session_id", sa.ForeignKey("auth_sessions.session_id"), nullable=False, unique=True),
    sa.Column("provider", sa.String(64), nullable=False),
    sa.Column("account", sa.Text),
    sa.Column("expires_at", UtcTime),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("sealed_at", UtcTime, nullable=False),
    sa.Column("custody", choice(Custody, "custody"), nullable=False, server_default=Custody.SEALED.value),
    sa.Column("holder", sa.String(128)),
    sa.Column("held_since", UtcTime),
    sa.Column("seq", sa.Integer, nullable=False, server_default="0"),
    sa.Column("login_expires_at", UtcTime),
    sa.Column("scopes", Words, nullable=False, server_default="[]"),
    sa.Column("key_id", sa.String(64)),
    sa.Column("doubt", sa.Text),
    sa.CheckConstraint(
        f"(custody = '{Custody.CHECKED_OUT}') = (holder IS NOT NULL AND held_since IS NOT NULL)",
        name="one_holder",
    ),
    sa.Index(None, "user_id", "sealed_at", "credential_id"),
    sa.Index(None, "sealed_at", "credential_id"),
)
sa.Index("ix_credentials_kept", credentials.c.user_id, credentials.c.custody, sqlite_where=KEPT)
sa.Index("ix_credentials_ending", credentials.c.login_expires_at, sqlite_where=KEPT)

credential_warnings = sa.Table(
    "credential_warnings",
    metadata,
    sa.Column("credential_id", sa.ForeignKey("credentials.credential_id"), primary_key=True),
    sa.Column("usable_until", UtcTime, primary_key=True),
    sa.Column("warned_at", UtcTime, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", UtcTime),
    sa.Column("delivered_at", UtcTime),
)

credential_custody = sa.Table(
    "credential_custody",
    metadata,
    sa.Column("credential_id", sa.ForeignKey("credentials.credential_id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("custody", choice(Custody, "custody"), nullable=False),
    sa.Column("holder", sa.String(128)),
    sa.Column("at", UtcTime, nullable=False),
)

view_tickets = sa.Table(
    "view_tickets",
    metadata,
    sa.Column("secret_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("vm_id", sa.ForeignKey("vms.vm_id", ondelete="CASCADE"), nullable=False),
    sa.Column("user_id", sa.ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False, index=True),
)

view_links = sa.Table(
    "view_links",
    metadata,
    sa.Column("link_id", sa.String(64), primary_key=True),
    sa.Column("session_id", sa.ForeignKey("auth_sessions.session_id", ondelete="CASCADE"), nullable=False),
    sa.Column("secret_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("ended_at", UtcTime, index=True),
    sa.Column("end", choice(ViewLinkEnd, "end")),
    sa.Index(None, "session_id", "created_at"),
)

# Nothing is read of it: that it can be written is what is asked.
write_probes = sa.Table(
    "write_probes",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
)

# Names are kept as they were: an event outlives its actor.  Rows are only added, triggers see to that.
audit_events = sa.Table(
    "audit_events",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("action", Member(AuditAction), nullable=False),
    sa.Column("actor_id", sa.String(64)),
    sa.Column("actor", sa.String(64)),
    sa.Column("address", sa.String(64)),
    sa.Column("subject", sa.String(128), nullable=False),
    sa.Column("outcome", choice(AuditOutcome, "outcome"), nullable=False),
    sa.Column("code", sa.String(64)),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Index(None, "at", "number"),
    sa.Index(None, "action", "at"),
    sa.Index(None, "subject", "at"),
)
for _change in ("UPDATE", "DELETE"):
    sa.event.listen(
        audit_events,
        "after_create",
        sa.DDL(  # type: ignore[no-untyped-call]  # SQLAlchemy's
            f"CREATE TRIGGER tr_audit_events_no_{_change.lower()} BEFORE {_change} ON audit_events"
            " BEGIN SELECT RAISE(ABORT, 'audit_events only grows'); END"
        ),
    )
