"""Failures of requests: of what was asked for, and when."""

from __future__ import annotations

from collections.abc import Mapping

from vestibule.core.failures.codes import FailureCode as Code
from vestibule.core.failures.meaning import FailureMeaning, Fault, lasting, passing

_REQUEST = Fault.REQUEST
_DOCUMENT = "Compare it with /api/openapi.json and send it again."
_ANOTHER_LINK = "Ask the owner of the sign-in for another."
_TOOL_FILES = "Return the files that the tool wrote last, or none when they are unchanged."

OF_REQUESTS: Mapping[Code, FailureMeaning] = {
    Code.ABSENT: lasting(
        _REQUEST,
        "There is no such thing, or it is someone else's.",
        "List yours (vestibule session list, vestibule vm list) and look at the name again.",
    ),
    Code.ACTION_NOT_ALLOWED: passing(
        _REQUEST,
        "The session's present state does not allow it.",
        "Read the session's actions for what is allowed now.",
    ),
    Code.ALREADY_CLAIMED: lasting(
        _REQUEST,
        "The machine's agent has handed the credential over before.",
        "Look whether it was sealed (vestibule credentials list); if not, sign in again.",
    ),
    Code.BAD_INPUT: lasting(_REQUEST, "A value is missing, unknown or of the wrong form.", _DOCUMENT),
    Code.CONFLICT: passing(_REQUEST, "The present state does not allow it.", "Read the state, then decide."),
    Code.CREDENTIAL_ABSENT: passing(
        _REQUEST,
        "The tool has not written its credential yet.",
        "Wait for it, or sign in again.",
    ),
    Code.CREDENTIAL_ACCOUNT_UNKNOWN: lasting(
        _REQUEST,
        "Whose login was written back cannot be known from the files that were brought.",
        "Return all of the tool's files, with --from and the home that they are in.",
    ),
    Code.CREDENTIAL_CHECKED_OUT: passing(
        _REQUEST,
        "The credential has a live holder already.",
        "Wait until it is returned; of a holder that is gone, return it in its name.",
    ),
    Code.CREDENTIAL_HELD_BY_ANOTHER: lasting(
        _REQUEST,
        "Somebody else holds the credential that was to be returned.",
        "Return it as who holds it (--holder).",
    ),
    Code.CREDENTIAL_NOT_CHECKED_OUT: lasting(
        _REQUEST,
        "Nobody holds the credential that was to be returned.",
        "Check it out first: vestibule credentials checkout.",
    ),
    Code.CREDENTIAL_OF_ANOTHER_ACCOUNT: lasting(
        _REQUEST,
        "What was written back is a login of another account.",
        "Return the files of the account that is kept; connect the other one by a sign-in.",
    ),
    Code.CREDENTIAL_REVOKED: lasting(
        _REQUEST, "The credential was deleted by its owner.", "Sign in again: vestibule connect."
    ),
    Code.CREDENTIAL_SUPERSEDED: lasting(
        _REQUEST, "What is kept is newer than what was written back.", _TOOL_FILES
    ),
    Code.FILE_ABSENT: lasting(
        _REQUEST, "There is no such file in the machine's Downloads.", "List them again."
    ),
    Code.FILE_EXISTS: lasting(
        _REQUEST,
        "A file that would be written is there already.",
        "Move it away, or export into another folder.",
    ),
    Code.FILE_TOO_LARGE: lasting(
        _REQUEST,
        "The file is larger than what may go into a machine, or come out of it.",
        "Pass a smaller one; the operator can raise file_max_mib.",
    ),
    Code.FILE_TRANSFER_OFF: lasting(
        _REQUEST,
        "Files may not go this way between people and machines.",
        "The operator decides that: file_transfer.",
    ),
    Code.FILE_UNREADABLE: lasting(
        _REQUEST, "A file that was named cannot be read.", "Name the file that the tool wrote."
    ),
    Code.FILE_UNWRITABLE: lasting(
        _REQUEST,
        "A file cannot be written where it was asked for.",
        "Name a folder that you may write to with --to.",
    ),
    Code.FOREIGN_ORIGIN: lasting(
        _REQUEST,
        "A page of another origin asked for a change in this browser's name.",
        "Use the controller's own page; behind a proxy, set public_url to the origin people use.",
    ),
    Code.LINK_INVALID: lasting(
        _REQUEST,
        "A sign-in link is unknown, used or expired.",
        "Ask for another: vestibule user link.",
    ),
    Code.LOGIN_RUNNING: lasting(
        _REQUEST,
        "A login of the tool runs in this machine already.",
        "Cancel this session and start a new one.",
    ),
    Code.LOG_ABSENT: lasting(
        _REQUEST,
        "The machine has no log of this name, or it is not kept any more.",
        "List those that there are (GET /api/vms/ID/logs) and look at the name again.",
    ),
    Code.MACHINE_ABSENT: lasting(_REQUEST, "The machine does not run any more.", "Start a new session."),
    Code.MACHINE_UNCONFIRMED: passing(
        _REQUEST,
        "The machine's agent has not confirmed itself yet.",
        "Wait until the session is ready, or start again.",
    ),
    Code.METHOD_NOT_ALLOWED: lasting(_REQUEST, "The address does not take this method.", _DOCUMENT),
    Code.NOT_A_CONTROLLER: lasting(
        _REQUEST,
        "What answers at the address is no controller of this release.",
        "Check the address (--url), and use a command line of the controller's version.",
    ),
    Code.NOT_ALLOWED: lasting(
        _REQUEST, "It is known who asks, and that they may not.", "Ask the operator for it."
    ),
    Code.NOT_INTRODUCED: passing(
        _REQUEST, "The machine has not been told who it is yet.", "Wait until the session is ready."
    ),
    Code.NOT_SIGNED_IN: lasting(
        _REQUEST,
        "No valid cookie, token or ticket came with the request.",
        "Open a one-time link (vestibule user link), or send an API token.",
    ),
    Code.OPERATOR_ONLY: lasting(
        _REQUEST, "Only the operator may do this.", "Ask the first user of this controller."
    ),
    Code.REFUSED: lasting(_REQUEST, "The request is wrong.", _DOCUMENT),
    Code.SESSION_OPEN: lasting(
        _REQUEST,
        "A sign-in of this user to this tool is open already.",
        "Go on with that session, or cancel it first.",
    ),
    Code.SESSION_OVER: lasting(
        _REQUEST,
        "The sign-in whose desktop a view link shows has ended, and its machine with it.",
        "Ask its owner how it went.",
    ),
    Code.SHARING_OFF: lasting(
        _REQUEST,
        "View links are turned off on this controller.",
        "Ask the operator to set view_link_max_s.",
    ),
    Code.STATE_CHANGED: passing(
        _REQUEST, "Somebody or something was quicker.", "Read it again and go on from there."
    ),
    Code.TOO_LARGE: lasting(_REQUEST, "The request is larger than what is taken.", "Send less at once."),
    Code.TOO_MANY_VIEWERS: passing(
        _REQUEST,
        "As many look at this desktop as may at a time.",
        "Close one of the other pages that show it, or have max_viewers raised.",
    ),
    Code.UNKNOWN_FLOW: lasting(
        _REQUEST,
        "The provider has no such way to sign in.",
        "Use one of those that are named, or none for the preferred one.",
    ),
    Code.UNKNOWN_PROVIDER: lasting(
        _REQUEST, "No provider file describes this tool.", "Use one of: vestibule provider list."
    ),
    Code.UPGRADE_REQUIRED: lasting(
        _REQUEST, "The machine's screen was asked for in the wrong way.", "Use the session's page."
    ),
    Code.UPLOAD_BROKEN_OFF: passing(
        _REQUEST,
        "A file that was to go into a machine did not come whole; nothing of it was left there.",
        "Send it again.",
    ),
    Code.USER_BUSY: passing(
        _REQUEST,
        "A user was to be removed who has an open sign-in, a live machine or a credential.",
        "Cancel, stop or delete it first, or have its owner do so.",
    ),
    Code.USER_EXISTS: lasting(_REQUEST, "There is a user of this name.", "Choose another name."),
    Code.USER_NAME_INVALID: lasting(
        _REQUEST,
        "A user's name is not of the form that names have.",
        "Use 1 to 63 of a-z, 0-9 and . _ @ -, first a letter or digit.",
    ),
    Code.USER_NEEDED: lasting(
        _REQUEST,
        "The first user, who runs the controller, was to be removed.",
        "Keep that user; remove the state folder to begin anew.",
    ),
    Code.VAULT_KEY_RETIRED: passing(
        _REQUEST,
        "The master key was exchanged while a credential was sealed under the one before.",
        "Ask again: it is sealed under the present one then.",
    ),
    Code.VAULT_ROTATION_UNFINISHED: passing(
        _REQUEST,
        "Not every credential has the new master key yet; the one before is kept.",
        "Run the command again; what is damaged is named.",
    ),
    Code.VIEW_LINK_EXPIRED: lasting(_REQUEST, "The view link's time is over.", _ANOTHER_LINK),
    Code.VIEW_LINK_REVOKED: lasting(
        _REQUEST, "The view link was taken back by the owner of the sign-in.", _ANOTHER_LINK
    ),
    Code.VIEW_LINK_TOO_LONG: lasting(
        _REQUEST,
        "A view link was to be good for longer than the settings allow.",
        "Ask for less; the operator may raise view_link_max_s.",
    ),
    Code.VIEW_LINK_UNKNOWN: lasting(
        _REQUEST,
        "No view link has this secret, or the address was not copied whole.",
        "Copy the whole link, with what stands behind #, or ask the owner of the sign-in for another.",
    ),
    Code.VIEW_LINKS_FULL: passing(
        _REQUEST,
        "The session has as many view links as it may have at a time.",
        "Take one back first: vestibule session unshare.",
    ),
    Code.VIEW_TICKET_INVALID: passing(
        _REQUEST,
        "A view ticket is unknown, used or older than 30 s.",
        "Ask for a new one: POST /api/vm/ID/view-ticket.",
    ),
    Code.WATCHER_REFUSED: lasting(
        _REQUEST,
        "A view link's connection sent what the page that it opens never sends.",
        "Watch with that page.",
    ),
}
