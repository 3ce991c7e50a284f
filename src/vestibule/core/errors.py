"""Every failure that Vestibule names, in one tree drawn for the caller's decision::

    VestibuleError
    ├── Refused          the request is wrong; ask differently
    │   ├── BadInput
    │   ├── NotSignedIn
    │   ├── NotAllowed
    │   └── SettingsInvalid
    ├── Absent           what was asked for is not there (or not yours)
    ├── Conflict         the state does not allow it now
    ├── Unavailable      the host lacks something; an operator can mend it
    │   ├── HostUnfit
    │   ├── PortTaken
    │   └── DiskFull
    ├── GoldenFailed     a golden could not be built or is not usable
    ├── MachineFailed    a machine did not start, or stopped by itself
    └── VaultTampered    what is sealed cannot be opened: it or the key was changed

Each has a stable ``code`` (snake_case), a ``cause`` (one sentence: what was attempted and what came of
it) and a ``remedy`` (one sentence: the next step).  HTTP status and exit code are mapped elsewhere, once.
"""

from __future__ import annotations

from typing import ClassVar

from vestibule.core.ids import GoldenId


class VestibuleError(Exception):
    """The root: carries code, cause, remedy and evidence."""

    code: ClassVar[str] = "internal"

    def __init__(self, cause: str, *, remedy: str, code: str | None = None, **evidence: object) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy
        self.failure_code = code or self.code
        self.evidence = evidence
        self.golden_id: GoldenId | None = None
        """The golden that it has to do with, where one had been chosen; set on the way up."""

    def __str__(self) -> str:
        return f"{self.failure_code}: {self.cause}"


class Refused(VestibuleError):
    """The request is wrong; ask differently."""

    code = "refused"


class BadInput(Refused):
    """A value is missing, unknown or of the wrong form."""

    code = "bad_input"


class NotSignedIn(Refused):
    """No valid sign-in, token or ticket came with the request."""

    code = "not_signed_in"


class NotAllowed(Refused):
    """It is known who asks, and that they may not."""

    code = "not_allowed"


class SettingsInvalid(Refused):
    """A setting is unknown or out of range."""

    code = "settings_invalid"


class Absent(VestibuleError):
    """There is no such thing, or it belongs to someone else."""

    code = "absent"


class Conflict(VestibuleError):
    """The state does not allow it now."""

    code = "conflict"


KEY_RETIRED = "vault_key_retired"
"""A Conflict: what was sealed meanwhile must be wrapped by the present master key before it is stored."""


class Unavailable(VestibuleError):
    """The host lacks something that an operator can mend."""

    code = "unavailable"


class HostUnfit(Unavailable):
    """A program, kernel feature or permission is missing."""

    code = "host_unfit"


class PortTaken(Unavailable):
    """Another program listens on the controller's port."""

    code = "port_taken"


class DiskFull(Unavailable):
    """No room on the disk that holds goldens or state."""

    code = "disk_full"


class GoldenFailed(VestibuleError):
    """A golden could not be built, or what is stored is not usable."""

    code = "golden_failed"


class MachineFailed(VestibuleError):
    """A machine did not start or stopped by itself."""

    code = "machine_failed"


class VaultTampered(VestibuleError):
    """What is sealed cannot be opened: the row, its context or the key is not the one it was sealed with."""

    code = "vault_tampered"
