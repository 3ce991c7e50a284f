"""The laboratory's pages: no script, nothing loaded, every value escaped, a strict policy on top."""

from __future__ import annotations

import base64
import hashlib
import html

from starlette.responses import HTMLResponse

STYLE = """
:root { color-scheme: light; font: 20px/1.5 system-ui, sans-serif; color: #1d2433; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center;
       background: linear-gradient(160deg, #e9efff, #f8f4ff 60%, #fff1e6); }
main { box-sizing: border-box; width: min(34rem, 92vw); margin: 1rem 0; padding: 2.2rem 2.6rem;
       background: #fff; border-radius: 18px; box-shadow: 0 12px 40px #2b3a6726; }
.mark { width: 3rem; height: 3rem; border-radius: 14px; background: #4053d6; color: #fff; font-weight: 700;
        display: grid; place-items: center; font-size: 1.5rem; }
h1 { margin: 1rem 0 .4rem; font-size: 1.6rem; line-height: 1.2; }
p { margin: .4rem 0 1rem; color: #4b556b; }
label { display: block; margin-bottom: .3rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; padding: .7rem .9rem; font: inherit; border: 2px solid #c3cbe0;
        border-radius: 10px; }
.large { display: block; box-sizing: border-box; width: 100%; margin: 0 0 1rem; padding: 1rem;
         text-align: center; letter-spacing: .12em;
         font: 700 2.2rem/1.2 ui-monospace, "DejaVu Sans Mono", monospace; }
input.large { text-transform: uppercase; }
.large::placeholder { color: #c3cbe0; }
.copied { font-size: 1.25rem; line-height: 1.5; letter-spacing: 0; text-align: left; word-break: break-all;
          user-select: all; cursor: copy; }
output.large { background: #f1f4fd; border: 2px solid #d5dcf3; border-radius: 12px; }
.choice { display: flex; gap: 1rem; margin-top: 1.6rem; }
button { flex: 1; padding: 1rem; font: inherit; font-weight: 700; border-radius: 12px; cursor: pointer;
         border: 2px solid #4053d6; background: #fff; color: #4053d6; }
button.allow { background: #4053d6; color: #fff; flex: 2; }
:focus-visible { outline: 4px solid #ffb648; outline-offset: 2px; }
.wrong { color: #a8201a; font-weight: 600; }
code { font-size: .9em; overflow-wrap: anywhere; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def policy(form_action: str = "'none'") -> str:
    """The Content-Security-Policy; browsers also hold a form's redirect to ``form-action``."""
    return (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action {form_action}"
    )


def _returns_to(redirect_uri: str) -> str:
    if not redirect_uri.endswith("/callback"):
        return "'self'"  # the laboratory's own page that shows the code
    origin = redirect_uri.removesuffix("/callback")
    # A policy's grammar has no IPv6 address (CSP3, 2.3.1): the scheme is the narrowest that it can say.
    return "'self' http:" if "[" in origin else f"'self' {origin}"


def _page(title: str, body: str, *, status: int = 200, form_action: str = "'none'") -> HTMLResponse:
    document = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f'<body><main><div class="mark" aria-hidden="true">D</div>{body}</main></body></html>'
    )
    headers = {
        "Content-Security-Policy": policy(form_action),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(document, status_code=status, headers=headers)


def _alert(wrong: str | None) -> str:
    return f'<p class="wrong" role="alert">{html.escape(wrong)}</p>' if wrong else ""


def _choice(account: str) -> str:
    """Enter, wherever the focus is, presses *Allow*: it is the form's first button."""
    return f"""
<label for="account">Account name</label>
<input id="account" name="account" value="{html.escape(account)}" maxlength="64" autocomplete="off">
<div class="choice">
<button class="allow" name="decision" value="allow" autofocus>Allow</button>
<button name="decision" value="deny">Deny</button>
</div></form>"""


def consent(
    request_id: str, *, query: str, redirect_uri: str, account: str = "demo", wrong: str | None = None
) -> HTMLResponse:
    """Ask the person who came from the tool; ``query``, the request, goes along: a restart forgets it."""
    own = _returns_to(redirect_uri) == "'self'"
    returns = (
        "You will get a code to paste into it."
        if own
        else f"It will return to <code>{html.escape(redirect_uri)}</code>."
    )
    body = f"""
<h1>Sign in to Demo</h1>
<p>The <strong>Demo</strong> command-line tool asks to act for you.
{returns}</p>{_alert(wrong)}
<form method="post" action="/authorize?{html.escape(query)}">
<input type="hidden" name="request" value="{html.escape(request_id)}">{_choice(account)}"""
    status = 400 if wrong else 200
    return _page("Sign in · Demo", body, status=status, form_action=_returns_to(redirect_uri))


def code(text: str) -> HTMLResponse:
    """Show a code to paste into the tool; one click selects it."""
    body = f"""
<h1>Paste this code into the tool</h1>
<p>Click the code to select all of it, copy it, and go back to the terminal.</p>
<output class="large copied" aria-label="Code">{html.escape(text)}</output>
<p>It works once, for ten minutes. Give it to nobody.</p>"""
    return _page("Your code · Demo", body)


def device(user_code: str = "", wrong: str | None = None) -> HTMLResponse:
    """Ask for the code that the tool shows.

    One that came with the address is shown for the person to compare, and goes nowhere by itself (RFC 8628,
    3.3.1 and 5.4: somebody else may have sent them the address).
    """
    hint = (
        "Go on only if your terminal shows this very code."
        if user_code and not wrong
        else "Type the code that your terminal shows."
    )
    body = f"""
<h1>Connect a tool</h1>
<p>{hint}</p>{_alert(wrong)}
<form method="post" action="/device">
<label for="user_code">Code</label>
<input class="large" id="user_code" name="user_code" value="{html.escape(user_code)}" maxlength="16"
 placeholder="XXXX-XXXX" autocomplete="off" autocapitalize="characters" spellcheck="false" autofocus>
<div class="choice"><button class="allow">Continue</button></div></form>"""
    return _page("Connect a tool · Demo", body, status=400 if wrong else 200, form_action="'self'")


def device_consent(user_code: str, *, account: str = "demo", wrong: str | None = None) -> HTMLResponse:
    """Ask the person who typed a code."""
    body = f"""
<h1>Sign in to Demo</h1>
<p>The <strong>Demo</strong> command-line tool asks to act for you. It shows this code:</p>
<output class="large">{html.escape(user_code)}</output>{_alert(wrong)}
<form method="post" action="/device">
<input type="hidden" name="user_code" value="{html.escape(user_code)}">{_choice(account)}"""
    return _page("Sign in · Demo", body, status=400 if wrong else 200, form_action="'self'")


def done(title: str, text: str) -> HTMLResponse:
    """Tell the person that nothing is left to do here."""
    return _page(f"{title} · Demo", f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p>")


def refusal(cause: str, remedy: str, *, status: int = 400) -> HTMLResponse:
    """Say why this request cannot be answered where it cannot be sent back safely (RFC 6749, 4.1.2.1)."""
    body = f"<h1>This sign-in cannot go on</h1><p>{html.escape(cause)}</p><p>{html.escape(remedy)}</p>"
    return _page("Error · Demo", body, status=status)
