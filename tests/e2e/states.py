"""Every state of every page: where it is seen, what the API answers there, and by what it is known."""

from __future__ import annotations

from typing import Any

from state import ABSENT, OPERATOR, PROBLEM, SESSION, SIGNED_OUT, TOOLS, Pending, Refusal, State, of_list


def _session(story: str, shows: str, **more: Any) -> State:
    return State(name=f"session-{story}", path=f"{SESSION}/s-{story}", shows=shows, **more)


CONNECT = [
    State(name="connect", path=TOOLS, shows="Claude Code"),
    State(
        name="connect-loading",
        path=TOOLS,
        shows="Connect a tool",
        answers={"/api/providers": Pending()},
        loading=True,
    ),
    State(name="connect-empty", path=TOOLS, shows="No tool is declared", answers={"/api/providers": []}),
    State(
        name="connect-error",
        path=TOOLS,
        shows="The tools could not be read",
        answers={"/api/providers": Refusal(503, PROBLEM)},
        forgives=("status of 503",),
    ),
    State(name="connect-other-user", path=TOOLS, shows="Claude Code", bare=True),
    State(
        name="signed-out",
        path=TOOLS,
        shows="You are at the door",
        answers={"/api/me": Refusal(401, SIGNED_OUT)},
        forgives=("status of 401",),
    ),
    State(
        name="unreachable",
        path=TOOLS,
        shows="Vestibule is not reachable",
        answers={"/api/me": Refusal(503, PROBLEM)},
        forgives=("status of 503",),
    ),
    State(
        name="sign-in-loading",
        path="/sign-in?good#token=good",
        shows="Signing you in",
        answers={"/api/sign-in": Pending()},
    ),
    State(name="sign-in-without-token", path="/sign-in", shows="This link does not open the door"),
    State(
        name="sign-in-used",
        path="/sign-in?used#token=used",
        shows="The link was used before",
        answers={"/api/sign-in": Refusal(401, {**SIGNED_OUT, "cause": "The link was used before."})},
        forgives=("status of 401",),
    ),
    State(name="no-such-page", path="/dashboard/nowhere", shows="This address leads nowhere"),
]

SESSIONS = [
    _session("started", "Creating a fresh machine…"),
    _session("queued", "You are 3rd in the queue"),
    _session("vm_created", "Waking desktop and browser…"),
    _session("ready", "Desktop on screen"),
    _session("awaiting_user_auth", "Waiting for you"),
    _session("authenticating", "Sealing the credential"),
    _session("paste", "Paste the code"),
    _session("refused", "Invalid code"),
    _session("device", "WDJB-MJHT"),
    _session("asking", "The tool is asking something"),
    _session("watched", "2 watching"),
    _session("completed", "vestibule credentials export"),
    _session("failed", "Last lines of the"),
    _session("timeout", "Time ran out"),
    _session("cancelled", "No credential was kept"),
    State(
        name="session-loading",
        path=f"{SESSION}/s-ready",
        shows="Vestibule",
        answers={"/api/auth/session/s-ready": Pending(), "/api/auth/session/s-ready/events": Pending()},
        loading=True,
    ),
    State(
        name="session-absent",
        path=f"{SESSION}/s-none",
        shows="This session cannot be shown",
        answers={
            "/api/auth/session/s-none": Refusal(404, ABSENT),
            "/api/auth/session/s-none/events": Pending(),
        },
        forgives=("status of 404",),
    ),
    State(
        name="session-cancel",
        path=f"{SESSION}/s-started",
        shows="Its machine is destroyed at once",
        clicks=("Cancel",),
    ),
    State(name="session-share", path=f"{SESSION}/s-ready", shows="Good for", clicks=("Share the view",)),
    State(
        name="session-shared",
        path=f"{SESSION}/s-watched",
        shows="It is shown only now",
        clicks=("Share the view", "Make a link"),
    ),
]

WATCH = [
    State(name="watch", path="/watch?good#token=good", shows="Waiting for its person"),
    State(name="watch-without-token", path="/watch?none", shows="This address holds no view link"),
    *(
        State(
            name=f"watch-{token}",
            path=f"/watch?{token}#token={token}",
            shows=shows,
            forgives=("Connection closed",),
        )
        for token, shows in {
            "revoked": "took this link back",
            "expired": "The time of this link is over",
            "over": "The sign-in has ended",
            "unknown": "knows no such link",
            "crowd": "As many pages show this desktop",
        }.items()
    ),
]

TABLES = [
    *of_list(
        "sessions",
        "/dashboard/sessions",
        "/api/tables/sessions",
        full="agent_unreachable",
        title="Sessions",
    ),
    State(name="sessions-empty", path="/dashboard/sessions", shows="No sign-in yet", bare=True),
    *of_list(
        "machines",
        "/dashboard/machines",
        "/api/tables/machines",
        full="agent_unreachable",
        title="Machines",
    ),
    State(name="machines-empty", path="/dashboard/machines", shows="No machine yet", bare=True),
    *of_list(
        "audit",
        "/dashboard/audit",
        "/api/tables/audit",
        full="Made a sign-in link",
        title="Audit",
    ),
    State(name="audit-other-user", path="/dashboard/audit", shows="The audit is the operator", bare=True),
    State(
        name="audit-empty",
        path="/dashboard/audit",
        shows="Nothing has been done yet",
        bare=True,
        answers={"/api/me": OPERATOR},
    ),
    *of_list(
        "credentials",
        "/dashboard/credentials",
        "/api/credentials",
        full="In the vault",
        title="Credentials",
    ),
    State(
        name="credentials-empty",
        path="/dashboard/credentials",
        shows="Nothing sealed yet",
        answers={"/api/credentials": []},
    ),
    *of_list(
        "all-credentials",
        "/dashboard/credentials/all",
        "/api/tables/credentials",
        full="c-",
        title="All credentials",
    ),
    State(
        name="all-credentials-empty",
        path="/dashboard/credentials/all",
        shows="Nothing sealed yet",
        answers={
            "/api/tables/credentials": {
                "total": 0,
                "of_everybody": True,
                "facets": {"custody": [], "provider": [], "owner": []},
                "rows": [],
            },
            "/api/tables/credentials/events": Pending(),
        },
    ),
    State(
        name="all-credentials-other-user",
        path="/dashboard/credentials/all",
        shows="The list of all credentials is the operator",
        bare=True,
    ),
]

OPERATION = [
    State(name="goldens-renewing", path="/dashboard/goldens", shows="Goldens"),
    State(name="goldens-refused", path="/dashboard/goldens", shows="is stale", bare=True),
    State(
        name="goldens-loading",
        path="/dashboard/goldens",
        shows="Goldens",
        answers={"/api/goldens/state": Pending(), "/api/goldens/events": Pending()},
        loading=True,
    ),
    State(
        name="goldens-error",
        path="/dashboard/goldens",
        shows="Goldens could not be read",
        answers={"/api/goldens/state": Refusal(503, PROBLEM), "/api/goldens/events": Pending()},
        forgives=("status of 503",),
    ),
    State(name="health", path="/dashboard/health", shows="By golden"),
    State(
        name="health-empty", path="/dashboard/health", shows="No sign-in has ended in this time", bare=True
    ),
    State(
        name="health-loading",
        path="/dashboard/health",
        shows="What sign-ins came to",
        answers={
            "/api/health/failures": Pending(),
            "/api/health/host": Pending(),
            "/api/health/starts": Pending(),
        },
        loading=True,
    ),
    State(
        name="health-error",
        path="/dashboard/health",
        shows="Failures could not be read",
        answers={
            "/api/health/failures": Refusal(503, PROBLEM),
            "/api/health/host": Refusal(503, PROBLEM),
            "/api/health/starts": Refusal(503, PROBLEM),
        },
        forgives=("status of 503",),
    ),
    *(
        state
        for state in of_list(
            "settings",
            "/dashboard/settings",
            "/api/settings",
            full="Deadlines",
            title="Settings",
        )
    ),
    State(
        name="settings-other-user",
        path="/dashboard/settings",
        shows="The list of settings is the operator",
        bare=True,
    ),
]

STATES = [*CONNECT, *SESSIONS, *WATCH, *TABLES, *OPERATION]
