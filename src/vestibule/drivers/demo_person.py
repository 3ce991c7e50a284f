"""The person of a demo sign-in, with a browser of their own: reads the provider's page, and allows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self

import httpx

from vestibule.core.errors import MachineFailed

_ACCOUNT = "soak"
_PATIENCE_S = 60.0


class DemoPerson:
    """Reaches the demo's provider as the egress proxy does; a context manager, for one thread."""

    def __init__(self, socket: Path, host: str) -> None:
        """``host``: the provider's name; ``socket``: where it answers."""
        self._http = httpx.Client(
            base_url=f"http://{host}",
            transport=httpx.HTTPTransport(uds=str(socket)),
            timeout=_PATIENCE_S,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._http.close()

    def returned_to(self, address: str) -> str:
        """Allow on the sign-in page; where it sends the browser, which is to be the machine's."""
        return self._allow("/authorize", {"request": self._field(address, "request")}).headers["Location"]

    def code(self, address: str) -> str:
        """Allow on the sign-in page; the code that the page after it shows."""
        return _found(self._http.get(self.returned_to(address)), r"<output[^>]*>([^<]+)</output>")

    def type_code(self, user_code: str) -> None:
        """Type a device's code on the provider's page, and allow."""
        page = self._http.post("/device", data={"user_code": user_code})
        self._allow("/device", {"user_code": _found(page, r'name="user_code" value="([^"]+)"')})

    def _field(self, address: str, name: str) -> str:
        return _found(self._http.get(address), rf'name="{name}" value="([^"]+)"')

    def _allow(self, path: str, fields: dict[str, str]) -> httpx.Response:
        answer = self._http.post(path, data={**fields, "account": _ACCOUNT, "decision": "allow"})
        if answer.is_error:
            raise _unexpected(answer)
        return answer


def _found(page: httpx.Response, pattern: str) -> str:
    found = re.search(pattern, page.text)
    if found is None:
        raise _unexpected(page)
    return found[1]


def _unexpected(answer: httpx.Response) -> MachineFailed:
    return MachineFailed(
        f"The demo's provider answered {answer.status_code} at {answer.request.url.path}, not its page.",
        remedy="Report this: the provider comes with Vestibule.",
        code="demo_page_unexpected",
    )
