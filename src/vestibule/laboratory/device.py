"""Device grant: where a tool begins, and the page where its person types the code (RFC 8628)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from vestibule.laboratory import pages
from vestibule.laboratory.answers import error_answer, json_answer
from vestibule.laboratory.authorization import START_AGAIN, wrong_form
from vestibule.laboratory.devices import Device, Devices
from vestibule.laboratory.errors import DEVICE_AUTHORIZATION, OAuthError
from vestibule.laboratory.forms import account_of, authenticate, form, scope_of
from vestibule.laboratory.scenario import DEVICE_GRANT, Scenario
from vestibule.laboratory.store import Store

PAGE = "/device"
UNKNOWN = "This code is not known, was answered before, or is too old."


class DeviceAuthorization:
    """The endpoint that tools begin at, and the page that people see."""

    def __init__(self, *, issuer: str, store: Store, devices: Devices, scenario: Scenario) -> None:
        self._page = f"{issuer}{PAGE}"
        self._store = store
        self._devices = devices
        self._scenario = scenario

    async def start(self, request: Request) -> Response:
        """Hand out a device code and a user code (RFC 8628, 3.1)."""
        try:
            return json_answer(self._begun(self._devices.start(await self._scope(request))))
        except OAuthError as error:
            return error_answer(error, request)

    async def _scope(self, request: Request) -> str:
        given = await form(request)
        self._scenario.spoil(DEVICE_AUTHORIZATION)
        authenticate(request, given)
        self._scenario.authorize(DEVICE_GRANT)
        return scope_of(given)

    def _begun(self, device: Device) -> dict[str, object]:
        return {
            "device_code": device.device_code,
            "user_code": device.user_code,
            "verification_uri": self._page,
            "verification_uri_complete": f"{self._page}?{urlencode({'user_code': device.user_code})}",
            "expires_in": int(self._scenario.lives.device_s),
            "interval": self._scenario.interval_s,
        }

    async def ask(self, request: Request) -> Response:
        """Show the field for the code."""
        return pages.device(request.query_params.get("user_code", "")[:16])

    async def answer(self, request: Request) -> Response:
        """Take the code, then the person's decision."""
        try:
            given = await form(request)
        except OAuthError as error:
            return pages.refusal(f"{error.description}.", START_AGAIN, status=error.status)
        device = self._devices.waiting(given.get("user_code", ""))
        if device is None:
            return pages.device(given.get("user_code", "")[:16], wrong=UNKNOWN)
        if "decision" not in given:
            return pages.device_consent(device.user_code)
        return self._decided(given, device)

    def _decided(self, given: Mapping[str, str], device: Device) -> Response:
        decision, account = given["decision"], account_of(given)
        if decision == "deny" or (decision == "allow" and self._scenario.deny):
            self._devices.deny(device)
            return pages.done("Access denied", "The tool was told. You can close this page.")
        if decision != "allow" or account is None:
            typed = given.get("account", "").strip()
            return pages.device_consent(device.user_code, account=typed, wrong=wrong_form(decision))
        self._devices.allow(device, self._store.grant(account, device.scope))
        return pages.done("Access allowed", "Go back to the tool: it goes on by itself.")
