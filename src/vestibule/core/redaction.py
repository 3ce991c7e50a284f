"""Takes secrets out of texts that are kept: nobody needs a token to understand a failure.

What is hidden: known texts (what a person typed, a machine's token: ``core.typed_texts``), and whatever looks
like a secret: values of telling names, headers, parameters of addresses, keys of known makers, long random
words.  It errs on the side of hiding.  The time that it takes grows with the length of the text alone: a
guest writes these texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from vestibule.core.typed_texts import TypedTexts

HIDDEN = "(hidden)"
MARGIN = 8
"""Characters: a line that is no more than this shorter than the longest may go on in the next one."""
NARROWEST = 20
"""Characters of a terminal's longest line, below which nothing is taken for wrapped."""

_TELLING = (
    "token|secret|passw(?:or)?d|passphrase|api[_-]?key|private[_-]?key|access[_-]?key|verifier|assertion"
)
_SHORT = "(?:user_|device_)?code|state|nonce|key|sig"
_PARAMETERS = f"{_TELLING}|credential|session|ticket|signature|challenge"
_ASSIGNED = r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
_MARKED = r"sk-|pk-|gh[opusr]_|github_pat_|glpat-|ya29\.|xox[abeprs]-|vst_|hf_|npm_|AKIA|AIza|glsa_|SG\."
_NO_ERROR = (
    r"(?!(?:invalid_[a-z]+|unsupported_[a-z_]+|unauthorized_client|access_denied|expired_token|slow_down"
    r"|authorization_pending|server_error|temporarily_unavailable)(?![\w-]))"
)
"""The errors of OAuth (RFC 6749, 8628) are what a failure is understood by."""
_MIXED = r"(?=[a-z\d_+=-]*[A-Z])(?=[A-Z\d_+=-]*[a-z])(?=[A-Za-z_+=-]*\d)"
_LOOKS = (
    # A parameter of an address, after ? & or #.
    (rf"(?i)[?&#](?:[\w.-]{{0,40}}(?:{_PARAMETERS})[\w.-]{{0,40}}|{_SHORT})=", r"[^\s&#\"'<>]+"),
    # Name and password before an address's host.
    (r"://[^\s/@:]{1,100}:", r"[^\s/@]{1,200}(?=@)"),
    # Headers, to the end of the line.
    (rf"(?i)\b(?:(?:proxy-)?authorization|(?:set-)?cookie|x-api-key){_ASSIGNED}", r"[^\r\n\"']{4,}"),
    (r"(?i)\bbearer\s{1,3}", r"[A-Za-z0-9._~+/=-]{8,}"),
    # A telling name with its value: JSON, TOML, environment, prose.
    (
        rf"(?i)(?:{_TELLING}|cookie|session[_-]?(?:id|key))[\w-]{{0,40}}{_ASSIGNED}",
        rf"{_NO_ERROR}[^\s\"',;&<>]{{4,}}",
    ),
    # A code is one only with digits and letters: exit codes and names of errors stay.
    (
        r"(?i)\b(?:code|pin|otp|state|nonce)[\"']?\s{0,3}(?:[:=]|\bis\b)\s{0,3}[\"']?",
        r"(?=[A-Za-z_-]{0,100}\d)(?=[\d_-]{0,100}[A-Za-z])[\w./+#=-]{6,}",
    ),
    # What stands behind a tool's question for a code: somebody typed it there.
    (
        r"(?i)\bcode\b[^\n:>&=]{0,40}[:>]\s{0,3}",
        r"(?!//)(?:(?=\S{0,100}\d)[\w./+#=-]{6,}|(?-i:[A-Z]{4}-[A-Z]{4}\b))",
    ),
    # In prose, only with a digit: "the password is wrong" is no secret.
    (
        r"(?i)\b(?:password|passphrase|token|secret|code|pin)\s{1,3}(?:is\s{1,3})?",
        r"(?=\S{0,100}\d)[\w./+#=-]{6,}",
    ),
    # JSON Web Tokens, and keys whose makers mark them.
    (r"", r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"),
    (r"", rf"\b(?:{_MARKED})[\w.-]{{8,}}"),
    (r"", r"\b1//[\w-]{20,}"),
    (r"", r"\b4/0[\w-]{10,}"),
    (r"(?s)-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----", r".*?(?=-----END|\Z)"),
    # A long word of upper, lower and digits, in a path too; a hexadecimal digest has no upper ones.
    (rf"(?<![\w+=-]){_MIXED}", r"[\w+=-]{40,}"),
)
_PATTERNS = tuple(re.compile(f"{before}(?P<secret>{secret})") for before, secret in _LOOKS)
_FRAME = " \t│┃|║▏▕"


def redact(text: str) -> str:
    """``text`` without what looks like a secret."""
    return _without(text, _joined(_secrets(text)))


def redact_screen(text: str) -> str:
    """The same of a terminal's screen, whose lines may be the parts of one longer line, maybe in a frame."""
    places = list(_unwrapped(text))
    found = _secrets("".join(text[place] for place in places))
    return _without(text, _joined((places[first], places[last - 1] + 1) for first, last in found))


def redact_log(content: bytes, known: Iterable[str]) -> bytes:
    """A log without ``known`` texts and what looks like a secret; what is no UTF-8 is replaced."""
    typed = TypedTexts()
    for text in known:
        typed.add(text)
    return redact(typed.hide(content.decode(errors="replace"))).encode()


def _secrets(text: str) -> Iterator[tuple[int, int]]:
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if match["secret"]:
                yield match.span("secret")


def _unwrapped(text: str) -> Iterator[int]:
    """Places of the characters that are left when lines that may go on are joined with their next one."""
    lines = text.split("\n")
    widest = max(len(line.rstrip(_FRAME)) for line in lines)
    start, goes_on = 0, False
    for line in lines:
        first = len(line) - len(line.lstrip(_FRAME)) if goes_on else 0
        written = len(line.rstrip(_FRAME))
        goes_on = NARROWEST <= widest <= written + MARGIN
        last = written if goes_on else len(line) + 1
        yield from range(start + first, min(start + max(first, last), len(text)))
        start += len(line) + 1


def _joined(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans in order, those that touch made one."""
    end: tuple[int, int] | None = None
    for first, last in sorted(spans):
        if end is not None and first <= end[1]:
            end = (end[0], max(end[1], last))
            continue
        if end is not None:
            yield end
        end = (first, last)
    if end is not None:
        yield end


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    shown, end = [], 0
    for first, last in spans:
        shown += [text[end:first], HIDDEN]
        end = last
    return "".join([*shown, text[end:]])
