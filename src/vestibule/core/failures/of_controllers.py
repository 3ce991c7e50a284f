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
        "The controller stopped meanwhile, and the machine could not be taken over.",
        "Start again.",
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
}
