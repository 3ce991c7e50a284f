"""Names of files in Downloads: what can be one, and its id.  Both sides import this module; it has no I/O."""

from __future__ import annotations

import base64
import binascii

MAX_NAME_BYTES = 255
COMING = b".vestibule-coming-"
"""Begins the name of a file that is on its way in."""
GOING_ON = b".crdownload"
"""Ends the name of one that the browser still loads."""


def checked(name: str) -> bytes:
    """The name's bytes.  Raises ValueError when no file can have it."""
    encoded = name.encode("utf-8", "surrogateescape")
    if not encoded or encoded in {b".", b".."} or b"/" in encoded or b"\0" in encoded:
        raise ValueError("a file's name has no slash and no zero byte, and is neither empty nor dots alone")
    if len(encoded) > MAX_NAME_BYTES:
        raise ValueError(f"a file's name has at most {MAX_NAME_BYTES} bytes")
    if encoded.startswith(COMING):
        raise ValueError("names that begin so are the agent's own")
    if encoded.endswith(GOING_ON):
        raise ValueError(
            f"names that end in {GOING_ON.decode()} are the browser's, of files that it still loads"
        )
    return encoded


def id_of(name: bytes) -> str:
    """What stands for a name in addresses: base64 for URLs, unpadded."""
    return base64.urlsafe_b64encode(name).decode().rstrip("=")


def name_of(file: str) -> bytes:
    """The name that an id stands for.  Raises LookupError when it is none of a file in the folder."""
    try:
        name = base64.b64decode(file + "=" * (-len(file) % 4), altchars=b"-_", validate=True)
        return checked(name.decode("utf-8", "surrogateescape"))
    except (ValueError, binascii.Error) as error:
        raise LookupError("there is no such file in Downloads") from error
