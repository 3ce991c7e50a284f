"""Every error name, the section that defines it, and what provokes it: one table, tried row by row.

The table in docs/reference/laboratory.md is made of it and compared with it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from oauth_client import CODE_PAGE, DEVICE_GRANT, Client, laboratory, refusal, returned

from vestibule.laboratory.errors import AUTHORIZE, DEVICE_AUTHORIZATION, REGISTER, TOKEN, USERINFO
from vestibule.laboratory.scenario import REFRESH_GRANT, Lives, Scenario

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).parents[3] / "docs/reference/laboratory.md"

SPECIFIED = {
    ("RFC 6749, 4.1.2.1", AUTHORIZE): {
        "invalid_request",
        "unauthorized_client",
        "access_denied",
        "unsupported_response_type",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
    },
    ("OpenID Connect Core, 3.1.2.6", AUTHORIZE): {
        "interaction_required",
        "login_required",
        "account_selection_required",
        "consent_required",
        "invalid_request_uri",
        "invalid_request_object",
        "request_not_supported",
        "request_uri_not_supported",
        "registration_not_supported",
    },
    ("RFC 6749, 5.2", TOKEN): {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    },
    ("RFC 8628, 3.5", TOKEN): {"authorization_pending", "slow_down", "access_denied", "expired_token"},
    ("RFC 8628, 3.1", DEVICE_AUTHORIZATION): {
        "invalid_request",
        "invalid_client",
        "unauthorized_client",
        "invalid_scope",
    },
    ("RFC 6750, 3.1", USERINFO): {"invalid_request", "invalid_token", "insufficient_scope"},
}
"""Written out from the specifications themselves."""

Answer = tuple[int, str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Provocation:
    """How an error comes about; ``status`` is 303 where the browser takes it to the client."""

    path: str
    name: str
    how: str
    provoke: Callable[[Client], Awaitable[Answer]]
    scenario: Scenario = dataclasses.field(default_factory=Scenario)
    status: int = 400


def _asked(how: str, name: str, **changes: str | None) -> Provocation:
    async def provoke(client: Client) -> Answer:
        return 303, returned(await client.ask(**changes))["error"]

    return Provocation(path=AUTHORIZE, name=name, how=how, provoke=provoke, status=303)


def _told(name: str) -> Provocation:
    scenario = Scenario(errors={AUTHORIZE: name})
    return dataclasses.replace(_asked("a scenario", name), scenario=scenario)


async def _denied(client: Client) -> Answer:
    return 303, returned(await client.decide("deny"))["error"]


def _redeemed(how: str, name: str, status: int = 400, **changes: str | None) -> Provocation:
    async def provoke(client: Client) -> Answer:
        return refusal(await client.redeem(await client.code(), **changes))

    return Provocation(path=TOKEN, name=name, how=how, provoke=provoke, status=status)


async def _widened(client: Client) -> Answer:
    tokens = await client.tokens(scope="demo")
    return refusal(await client.refresh(tokens["refresh_token"], scope="demo openid"))


async def _unregistered(client: Client) -> Answer:
    return refusal(await client.poll({"device_code": "fake"}))


async def _pending(client: Client) -> Answer:
    return refusal(await client.poll(await client.device()))


async def _hasty(client: Client) -> Answer:
    device = await client.device()
    await client.poll(device)
    return refusal(await client.poll(device))


async def _refused_device(client: Client) -> Answer:
    device = await client.device()
    await client.type_code(device["user_code"], decision="deny")
    return refusal(await client.poll(device))


async def _late(client: Client) -> Answer:
    device = await client.device()
    client.clock.now += Lives().device_s
    return refusal(await client.poll(device))


def _begun(how: str, name: str, status: int = 400, **changes: str | None) -> Provocation:
    async def provoke(client: Client) -> Answer:
        return refusal(await client.begin(**changes))

    return Provocation(path=DEVICE_AUTHORIZATION, name=name, how=how, provoke=provoke, status=status)


async def _in_the_address(client: Client) -> Answer:
    return refusal(await client.http.get("/userinfo", params={"access_token": "fake"}))


async def _stranger(client: Client) -> Answer:
    return refusal(await client.whose("fake-token"))


async def _too_little(client: Client) -> Answer:
    tokens = await client.tokens(scope="profile")
    return refusal(await client.whose(tokens["access_token"]))


REFRESH_ONLY = Scenario(grant_types=frozenset({REFRESH_GRANT}))

PROVOKED = (
    _asked("`code_challenge` left out", "invalid_request", code_challenge=None),
    dataclasses.replace(
        _asked("a client that is not registered for codes", "unauthorized_client"), scenario=REFRESH_ONLY
    ),
    Provocation(
        path=AUTHORIZE, name="access_denied", how="the person presses *Deny*", provoke=_denied, status=303
    ),
    _asked("`response_type=token`", "unsupported_response_type", response_type="token"),
    _asked("`scope=everything`", "invalid_scope", scope="everything"),
    _told("server_error"),
    _told("temporarily_unavailable"),
    _told("interaction_required"),
    _asked("`prompt=none`", "login_required", prompt="none"),
    _told("account_selection_required"),
    _told("consent_required"),
    _told("invalid_request_uri"),
    _told("invalid_request_object"),
    _asked("`request=…`", "request_not_supported", request="fake"),
    _asked("`request_uri=…`", "request_uri_not_supported", request_uri="https://fake.example/"),
    _asked("`registration=…`", "registration_not_supported", registration="{}"),
    _redeemed("`code` left out", "invalid_request", code=None),
    _redeemed("an unknown `client_id`", "invalid_client", 401, client_id="somebody-else"),
    _redeemed("another `code_verifier`", "invalid_grant", code_verifier="w" * 43),
    Provocation(
        path=TOKEN,
        name="unauthorized_client",
        how="a client that is not registered for the grant",
        provoke=_unregistered,
        scenario=REFRESH_ONLY,
    ),
    _redeemed("`grant_type=password`", "unsupported_grant_type", grant_type="password"),
    Provocation(
        path=TOKEN, name="invalid_scope", how="a refresh asks for more than was agreed to", provoke=_widened
    ),
    Provocation(
        path=TOKEN,
        name="authorization_pending",
        how="a poll before the person has answered",
        provoke=_pending,
    ),
    Provocation(path=TOKEN, name="slow_down", how="two polls within the interval", provoke=_hasty),
    Provocation(path=TOKEN, name="access_denied", how="the person presses *Deny*", provoke=_refused_device),
    Provocation(path=TOKEN, name="expired_token", how="a poll after 15 minutes", provoke=_late),
    _begun("`client_id` left out", "invalid_request", client_id=None),
    _begun("an unknown `client_id`", "invalid_client", 401, client_id="somebody-else"),
    dataclasses.replace(
        _begun("a client that is not registered for devices", "unauthorized_client"), scenario=REFRESH_ONLY
    ),
    _begun("`scope=everything`", "invalid_scope", scope="everything"),
    Provocation(path=USERINFO, name="invalid_request", how="a token in the address", provoke=_in_the_address),
    Provocation(path=USERINFO, name="invalid_token", how="an unknown token", provoke=_stranger, status=401),
    Provocation(
        path=USERINFO,
        name="insufficient_scope",
        how="a token of `scope=profile` alone",
        provoke=_too_little,
        status=403,
    ),
)


def _row(provocation: Provocation) -> str:
    registered = REGISTER[provocation.path, provocation.name]
    return f"| `{provocation.name}` | `{provocation.path}` | {registered.source} | {provocation.how} |"


@pytest.mark.parametrize("provocation", PROVOKED, ids=lambda it: f"{it.path} {it.name}")
async def test_an_error_is_provoked(provocation: Provocation) -> None:
    async with laboratory(provocation.scenario) as client:
        assert await provocation.provoke(client) == (provocation.status, provocation.name)


def test_every_error_of_the_specifications_is_registered() -> None:
    specified = {(path, name, source) for (source, path), names in SPECIFIED.items() for name in names}
    assert {(it.path, it.name, it.source) for it in REGISTER.values()} == specified


def test_every_registered_error_is_provoked_once() -> None:
    assert sorted((it.path, it.name) for it in PROVOKED) == sorted(REGISTER)


def test_the_documents_table_is_this_one() -> None:
    rows = re.findall(r"^\| `\w+` \| `/.*\|$", PAGE.read_text(), re.MULTILINE)
    assert rows == [_row(it) for it in PROVOKED]


@pytest.mark.parametrize(("path", "name"), sorted(REGISTER))
async def test_a_scenario_provokes_any_error_at_its_endpoint(path: str, name: str) -> None:
    async with laboratory(Scenario(errors={path: name})) as client:
        match path:
            case "/authorize":
                assert returned(await client.ask())["error"] == name
            case "/token":
                assert refusal(await client.redeem("fake"))[1] == name
            case "/device_authorization":
                assert refusal(await client.begin())[1] == name
            case _:
                assert refusal(await client.whose("fake"))[1] == name


@pytest.mark.parametrize("name", sorted(name for path, name in REGISTER if path == AUTHORIZE))
async def test_a_person_without_a_tool_to_return_to_reads_the_error(name: str) -> None:
    async with laboratory(Scenario(errors={AUTHORIZE: name})) as client:
        answer = await client.ask(redirect_uri=CODE_PAGE)
        page = await client.http.get(answer.headers["location"])
    assert page.status_code == 400
    assert f"The provider&#x27;s answer is: {name}." in page.text


@pytest.mark.parametrize("path", [AUTHORIZE, TOKEN, DEVICE_AUTHORIZATION, USERINFO])
def test_a_scenario_cannot_name_an_error_that_is_none(path: str) -> None:
    with pytest.raises(ValueError, match=f"{path} no_such_error"):
        Scenario(errors={path: "no_such_error"})


async def test_no_parameter_makes_the_plain_laboratory_fail(client: Client) -> None:
    faults = {field.name: "server_error" for field in dataclasses.fields(Scenario)}
    assert (await client.ask(**faults)).status_code == 200
    assert (await client.begin(**faults)).status_code == 200
    assert (await client.redeem(await client.code(), **faults)).status_code == 200


async def test_a_client_that_authenticates_by_header_is_told_the_scheme(client: Client) -> None:
    answer = await client.http.post(
        "/token", data={"grant_type": DEVICE_GRANT}, headers={"Authorization": "Basic ZmFrZTpmYWtl"}
    )
    assert refusal(answer) == (401, "invalid_client")
    assert answer.headers["www-authenticate"] == 'Basic realm="demo"'
