"""Failures of the host: what it is short of, what it lacks, how it is set up."""

from __future__ import annotations

from collections.abc import Mapping

from vestibule.core.failures.codes import FailureCode as Code
from vestibule.core.failures.meaning import FailureMeaning, Fault, lasting, passing

_HOST = Fault.HOST
_DOCTOR = "Run vestibule doctor: it says what is missing and how to get it."

OF_HOSTS: Mapping[Code, FailureMeaning] = {
    Code.ADDRESS_UNUSABLE: lasting(
        _HOST,
        "The controller cannot listen at the address that host names.",
        "Set host to an address of this machine; 127.0.0.1 always is one.",
    ),
    Code.ADDRESSES_EXHAUSTED: passing(
        _HOST,
        "Every address of machine_cidr is held by a live machine.",
        "Wait until one ends, or set machine_cidr to a larger network.",
    ),
    Code.DATABASE_BUSY: passing(
        _HOST,
        "Another program held the database longer than was waited for.",
        "End that program (a backup, an open sqlite3 shell), then try again.",
    ),
    Code.DATABASE_NEWER: lasting(
        _HOST,
        "A later release has written this database.",
        "Start that release, or give this one a state_dir of its own.",
    ),
    Code.DATABASE_UNUSABLE: lasting(
        _HOST,
        "The database file cannot be read or written.",
        "Look at the file in state_dir: its owner, its mode, its disk; vestibule doctor checks it.",
    ),
    Code.DISK_FULL: lasting(
        _HOST,
        "No room is left on the disk that holds goldens or state.",
        "Free space there, then try again: nothing was half-written.",
    ),
    Code.DISK_TOO_SMALL: lasting(
        _HOST,
        "The disk has less room than a golden that is built from nothing needs.",
        "Free space on the disk of cache_dir, or set cache_dir to a folder on a larger one.",
    ),
    Code.DRIVER_UNAVAILABLE: lasting(_HOST, "The driver that was asked for cannot be used here.", _DOCTOR),
    Code.EGRESS_UNREACHABLE: passing(
        _HOST,
        "A site that the sign-in may reach did not answer: the host has no way to it, or it is down.",
        "See that this host reaches the site that is named, then try again.",
    ),
    Code.HOST_OUT_OF_MEMORY: passing(
        _HOST,
        "The host ran short of memory while the machine ran, and killed or stopped what needed it.",
        "End what else uses the host's memory or lower max_machines, then try again.",
    ),
    Code.HOST_SATURATED: passing(
        _HOST,
        "The host has no room for another machine or too much to do, or one user as many as allowed.",
        "Wait until a machine ends or stop one (vestibule vm stop); see max_machines, host_reserve_mib and"
        " max_waiting for what is allowed.",
    ),
    Code.HOST_UNFIT: lasting(_HOST, "A program, kernel feature or permission is missing.", _DOCTOR),
    Code.KEY_FILE_INVALID: lasting(
        _HOST,
        "A key file cannot be read, or others may read it.",
        "Restore it from a backup, or correct its owner and mode (0600).",
    ),
    Code.MACHINE_NOT_PAUSED: passing(
        _HOST,
        "A machine could not be paused or resumed.",
        "Start again; if it repeats, see what this host lacks: vestibule doctor.",
    ),
    Code.MACHINE_NOT_STARTED: lasting(
        _HOST,
        "The kernel did not let the machine's program start.",
        "See what this host lacks: vestibule doctor.",
    ),
    Code.MEMORY_TOO_SMALL: lasting(
        _HOST,
        "Machines are given less memory than the golden needs.",
        "Raise machine_mem_mib to what is named.",
    ),
    Code.NO_BUBBLEWRAP: lasting(_HOST, "Containers need bubblewrap, which is not installed.", _DOCTOR),
    Code.NO_CONTROL_GROUP: lasting(_HOST, "No control group can be made to limit the machine with.", _DOCTOR),
    Code.NO_NETWORK_NAMESPACE: lasting(
        _HOST,
        "The kernel allows no more network namespaces.",
        "Raise user.max_net_namespaces (sysctl).",
    ),
    Code.NO_QEMU: lasting(_HOST, "Virtual machines need QEMU, which is not installed.", _DOCTOR),
    Code.NO_SECCOMP: lasting(_HOST, "The kernel or its library does not filter system calls.", _DOCTOR),
    Code.NO_SUBORDINATE_IDS: lasting(
        _HOST,
        "An ordinary user needs subordinate ids to build a golden, and has none.",
        "As root, install uidmap and give the user a range (usermod --add-subuids, --add-subgids).",
    ),
    Code.NO_USER_NAMESPACES: lasting(
        _HOST, "The kernel does not let this user make user namespaces.", _DOCTOR
    ),
    Code.PORT_TAKEN: lasting(
        _HOST,
        "Another program listens on the controller's port.",
        "End it, or set another port.",
    ),
    Code.RUN_DIR_UNUSABLE: lasting(
        _HOST,
        "A socket cannot be made in the run folder.",
        "Set run_dir to a folder of your own that can be written and has a short path.",
    ),
    Code.SETTINGS_INVALID: lasting(
        _HOST,
        "A setting is unknown, or its value is out of range.",
        "Correct the setting that is named; docs/reference/settings.md lists all of them.",
    ),
    Code.START_TIMEOUT: passing(
        _HOST,
        "The machine's process did not run in time.",
        "Try again when the host is less busy; if it repeats, run vestibule doctor.",
    ),
    Code.STATE_DIR_UNUSABLE: lasting(
        _HOST,
        "The state folder cannot be written.",
        "Set state_dir to a folder of your own on a writable disk.",
    ),
    Code.UNAVAILABLE: lasting(_HOST, "The host lacks something that an operator can mend.", _DOCTOR),
    Code.VAULT_KEY_INVALID: lasting(
        _HOST,
        "What was given as a master key is none.",
        "Make one with openssl rand -hex 32, and keep it apart from the database.",
    ),
    Code.VAULT_KEY_NOT_GIVEN: lasting(
        _HOST,
        "The master key cannot be exchanged: the controller was given one key alone.",
        "Restart it with the new key before the present one, then ask again.",
    ),
    Code.VAULT_KEY_UNKNOWN: lasting(
        _HOST,
        "Credentials are sealed under a master key that is not here.",
        "Give back the key that belongs to this database, from its backup.",
    ),
    Code.WEBHOOK_FAILED: passing(
        _HOST,
        "What webhook_url names did not take a message.",
        "Look at webhook_url and at what answers there; it is tried again by itself.",
    ),
    Code.WEBHOOK_SECRET_INVALID: lasting(
        _HOST,
        "The webhook's secret cannot be read, is too short, or others may read it.",
        "Make one with openssl rand -hex 32 in a file of mode 0600.",
    ),
    Code.CLAIM_TIMEOUT: passing(
        Fault.MACHINE,
        "The agent had seen a credential, and did not hand it over in time.",
        "Sign in again; if it repeats, look whether the host is saturated (vestibule doctor).",
    ),
    Code.CHECK_SILENT: passing(
        _HOST,
        "A check of readiness did not come to an end in time.",
        "The host, or the disk below state_dir, may be stuck; look at its load, then at the log.",
    ),
    Code.VAULT_CLOSED: lasting(
        _HOST,
        "The master key at hand, or that in its file, is not the one of the database.",
        "Restart the controller with the key of this database; vestibule doctor checks it.",
    ),
    Code.METRICS_SECRET_INVALID: lasting(
        _HOST,
        "The scrapers' secret cannot be read, is too short, or others may read it.",
        "Make one with openssl rand -hex 32 in a file of mode 0600.",
    ),
}
