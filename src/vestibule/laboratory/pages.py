"""The demo provider's pages: no script, nothing loaded, every value escaped, a strict policy on top."""

from __future__ import annotations

import base64
import hashlib
import html

from starlette.responses import HTMLResponse

STYLE = """
:root { color-scheme: light; font: 20px/1.5 system-ui, sans-serif; color: #1d2433; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center;
       background: linear-gradient(160deg, #e9efff, #f8f4ff 60%, #fff1e6); }
main { box-sizing: border-box; width: min(34rem, 92vw); padding: 2.2rem 2.6rem; background: #fff;
       border-radius: 18px; box-shadow: 0 12px 40px #2b3a6726; }
.mark { width: 3rem; height: 3rem; border-radius: 14px; background: #4053d6; color: #fff; font-weight: 700;
        display: grid; place-items: center; font-size: 1.5rem; }
h1 { margin: 1rem 0 .4rem; font-size: 1.6rem; line-height: 1.2; }
p { margin: .4rem 0 1rem; color: #4b556b; }
label { display: block; margin-bottom: .3rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; padding: .7rem .9rem; font: inherit; border: 2px solid #c3cbe0;
        border-radius: 10px; }
.choice { display: flex; gap: 1rem; margin-top: 1.6rem; }
button { flex: 1; padding: 1rem; font: inherit; font-weight: 700; border-radius: 12px; cursor: pointer;
         border: 2px solid #4053d6; background: #fff; color: #4053d6; }
button.allow { background: #4053d6; color: #fff; flex: 2; }
:focus-visible { outline: 4px solid #ffb648; outline-offset: 2px; }
.wrong { color: #a8201a; font-weight: 600; }
code { font-size: .9em; overflow-wrap: anywhere; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def policy(redirect_uri: str | None = None) -> str:
    """The Content-Security-Policy; browsers also hold a form's redirect to ``form-action``."""
    return (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action {_form_action(redirect_uri)}"
    )


def _form_action(redirect_uri: str | None) -> str:
    if redirect_uri is None:
        return "'none'"
    origin = redirect_uri.removesuffix("/callback")
    # A policy's grammar has no IPv6 address (CSP3, 2.3.1): the scheme is the narrowest that it can say.
    return "'self' http:" if "[" in origin else f"'self' {origin}"


def _page(title: str, body: str, *, status: int, redirect_uri: str | None = None) -> HTMLResponse:
    document = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f'<body><main><div class="mark" aria-hidden="true">D</div>{body}</main></body></html>'
    )
    headers = {
        "Content-Security-Policy": policy(redirect_uri),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(document, status_code=status, headers=headers)


def consent(
    request_id: str, *, redirect_uri: str, account: str = "demo", wrong: str | None = None
) -> HTMLResponse:
    """Ask the person; Enter, wherever the focus is, presses *Allow*: it is the form's first button."""
    problem = f'<p class="wrong" role="alert">{html.escape(wrong)}</p>' if wrong else ""
    body = f"""
<h1>Sign in to Demo</h1>
<p>The <strong>Demo</strong> command-line tool asks to act for you.
It will return to <code>{html.escape(redirect_uri)}</code>.</p>{problem}
<form method="post" action="/authorize">
<input type="hidden" name="request" value="{html.escape(request_id)}">
<label for="account">Account name</label>
<input id="account" name="account" value="{html.escape(account)}" maxlength="64" autocomplete="off">
<div class="choice">
<button class="allow" name="decision" value="allow" autofocus>Allow</button>
<button name="decision" value="deny">Deny</button>
</div></form>"""
    status = 400 if wrong else 200
    return _page("Sign in · Demo", body, status=status, redirect_uri=redirect_uri)


def refusal(cause: str, remedy: str, *, status: int = 400) -> HTMLResponse:
    """Say why this request cannot be answered where it cannot be sent back safely (RFC 6749, 4.1.2.1)."""
    body = f"<h1>This sign-in cannot go on</h1><p>{html.escape(cause)}</p><p>{html.escape(remedy)}</p>"
    return _page("Error · Demo", body, status=status)
