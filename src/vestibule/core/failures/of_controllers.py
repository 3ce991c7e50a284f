"""Failures of Vestibule itself: its controller, its broker, what they keep."""

from __future__ import annotations

from collections.abc import Mapping

from vestibule.core.failures.codes import FailureCode as Code
from vestibule.core.failures.meaning import FailureMeaning, Fault, lasting, passing

_CONTROLLER = Fault.CONTROLLER
_REPORT = "Read the controller's log at this time and report it as a bug."

OF_CONTROLLERS: Mapping[Code, FailureMeaning] = {
    Code.ADDRESS_TAKEN: passing(
        _CONTROLLER, "A live machine holds the address that was chosen.", "Start again."
    ),
    Code.BROKER_GONE: passing(
        _CONTROLLER,
        "The network broker ended, and every machine with it.",
        "Start the sign-in again; a new broker starts by itself.",
    ),
    Code.BROKER_SILENT: lasting(
        _CONTROLLER,
        "The network broker does not answer.",
        "Restart the controller, which starts another broker; the host may be out of memory or stuck.",
    ),
    Code.BROKER_TAKEN: lasting(
        _CONTROLLER,
        "Another controller is connected to the broker of this run folder.",
        "Use that controller, stop it, or give this one a run_dir of its own.",
    ),
    Code.CANCEL_PENDING: passing(
        _CONTROLLER,
        "A session that was cancelled has not ended yet.",
        "Ask again in a moment; the controller's log says what holds it.",
    ),
    Code.CONTROLLER_RESTARTED: passing(
        _CONTROLLER,
        "The controller stopped meanwhile: its machine was lost, or the tool ended for want of it.",
        "Start again.",
    ),
    Code.MACHINE_LOST: passing(
        _CONTROLLER,
        "A machine that was stored as alive was not there, and nobody had been told of its end.",
        "Start again; the controller's log and the machine's evidence tell what became of it.",
    ),
    Code.SESSION_LOST: passing(
        _CONTROLLER,
        "A sign-in was stored as under way, and nothing carried it on.",
        "Start again; the controller's log tells of the error that had ended its work.",
    ),
    Code.CONTROLLER_RUNNING: lasting(
        _CONTROLLER,
        "Another controller uses these folders.",
        "Use that one, stop it, or give this one a state_dir and run_dir of its own.",
    ),
    Code.CONTROLLER_UNREACHABLE: passing(
        _CONTROLLER, "Nothing answers at the controller's address.", "Start it: vestibule up."
    ),
    Code.INTERNAL: passing(_CONTROLLER, "Something that nobody foresaw.", _REPORT),
    Code.SERVER_ENDED: lasting(_CONTROLLER, "The HTTP server ended before it answered.", _REPORT),
    Code.VAULT_TAMPERED: lasting(
        _CONTROLLER,
        "What is sealed cannot be opened: it, its row or the key was changed.",
        "Restore the row or the key from a backup, or sign in again.",
    ),
    Code.WEB_APP_MISSING: lasting(
        _CONTROLLER,
        "The dashboard was not built into this installation.",
        "Build it (make install), or install a wheel, which has it inside.",
    ),
    Code.CONTROLLER_NOT_STARTED: lasting(
        _CONTROLLER,
        "A controller that a command started for itself did not answer.",
        "Run vestibule doctor; the settings are this host's but folders and port.",
    ),
    Code.CREDENTIAL_LOST: passing(
        _CONTROLLER,
        "The controller that had taken the credential ended before it was stored.",
        "Sign in again.",
    ),
    Code.DEMO_PAGE_UNEXPECTED: lasting(
        _CONTROLLER,
        "The demo's provider, which comes with Vestibule, did not answer with its page.",
        "Report it as a bug, with the controller's log.",
    ),
    Code.SOAK_NOT_CLEAN: lasting(
        _CONTROLLER,
        "A soak found sign-ins that failed, or something that was left behind.",
        "Read what it prints, and the log and evidence in its folder.",
    ),
    Code.STREAM_ENDED: passing(
        _CONTROLLER,
        "A session's events ended before the session did.",
        "Read the controller's log at this time; then run the soak again.",
    ),
}
