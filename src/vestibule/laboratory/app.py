"""The laboratory's app: one public client, three flows, every endpoint at its address."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vestibule.laboratory.authorization import CODE_PAGE, Authorization
from vestibule.laboratory.device import PAGE, DeviceAuthorization
from vestibule.laboratory.devices import Devices
from vestibule.laboratory.errors import AUTHORIZE, DEVICE_AUTHORIZATION, TOKEN, USERINFO
from vestibule.laboratory.faults import Faults
from vestibule.laboratory.forms import SCOPES
from vestibule.laboratory.identity import ALGORITHM, Signer
from vestibule.laboratory.scenario import Scenario
from vestibule.laboratory.store import Store
from vestibule.laboratory.tokens import TokenEndpoint, UserInfo

HOST = "login.demo.test"
ISSUER = f"http://{HOST}"
JWKS = "/jwks"
DISCOVERY = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")


def create(
    *,
    issuer: str = ISSUER,
    scenario: Scenario | None = None,
    now: Callable[[], float] = time.time,
    random: Callable[[int], bytes] = secrets.token_bytes,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Starlette:
    """Make the app; its state lives and ends with it.  ``now`` is in seconds since 1970."""
    scenario = scenario or Scenario()
    store = Store(now=now, random=random, lives=scenario.lives)
    devices = Devices(now=now, random=random, scenario=scenario)
    signer = Signer()
    authorization = Authorization(issuer=issuer, store=store, scenario=scenario)
    device = DeviceAuthorization(issuer=issuer, store=store, devices=devices, scenario=scenario)
    tokens = TokenEndpoint(
        issuer=issuer, store=store, devices=devices, signer=signer, scenario=scenario, now=now
    )
    return Starlette(
        routes=[
            *(Route(path, _discovery(_metadata(issuer, scenario))) for path in DISCOVERY),
            Route(JWKS, _keys(signer)),
            Route(AUTHORIZE, authorization.ask, methods=["GET"]),
            Route(AUTHORIZE, authorization.answer, methods=["POST"]),
            Route(CODE_PAGE, authorization.show_code),
            Route(DEVICE_AUTHORIZATION, device.start, methods=["POST"]),
            Route(PAGE, device.ask, methods=["GET"]),
            Route(PAGE, device.answer, methods=["POST"]),
            Route(TOKEN, tokens.answer, methods=["POST"]),
            Route(USERINFO, UserInfo(store=store, scenario=scenario).answer),
        ],
        middleware=[Middleware(Faults, scenario=scenario, pause=pause)],
    )


def _metadata(issuer: str, scenario: Scenario) -> dict[str, object]:
    """RFC 8414, and OpenID Connect Discovery, 3: one document serves both."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}{AUTHORIZE}",
        "token_endpoint": f"{issuer}{TOKEN}",
        "device_authorization_endpoint": f"{issuer}{DEVICE_AUTHORIZATION}",
        "userinfo_endpoint": f"{issuer}{USERINFO}",
        "jwks_uri": f"{issuer}{JWKS}",
        "scopes_supported": sorted(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": sorted(scenario.grant_types),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def _discovery(metadata: dict[str, object]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return JSONResponse(metadata)

    return answer


def _keys(signer: Signer) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return JSONResponse(await signer.jwks())

    return answer
