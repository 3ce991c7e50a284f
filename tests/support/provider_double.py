"""Stands in for the providers of tools that ask theirs before they print anything: answers by address.

An HTTP proxy on the machine's loopback that opens the TLS of every CONNECT with an authority of its own,
which the tool is told to trust.  It passes nothing on; what it has no answer for is 404.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import http.server
import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What one address answers; ``url`` without its query."""

    url: str
    body: Any
    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)


class Authority:
    """Makes certificates that last a day."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Test double of the providers")
        certificate = self._certificate(self._name, x509.BasicConstraints(ca=True, path_length=0))
        self.path = folder / "authority.pem"
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.path.chmod(0o644)

    def context(self, host: str) -> ssl.SSLContext:
        """A server's side of TLS, as this host."""
        path = self._folder / f"{host}.pem"
        if not path.exists():
            key = serialization.NoEncryption()
            form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            certificate = self._certificate(_name(host[:60]), names)
            path.write_bytes(
                certificate.public_bytes(serialization.Encoding.PEM) + self._key.private_bytes(*form, key)
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _certificate(self, subject: x509.Name, extension: x509.ExtensionType) -> x509.Certificate:
        now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
        builder = x509.CertificateBuilder(subject_name=subject, issuer_name=self._name)
        builder = builder.public_key(self._key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - day).not_valid_after(now + day)
        return builder.add_extension(extension, critical=True).sign(self._key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class ProviderDouble:
    """Answers; ``asked`` lists the requests in order, ``GET https://host/path``."""

    def __init__(self, authority: Authority, answers: Sequence[Answer]) -> None:
        self.authority, self.asked = authority, list[str]()
        self._answers = {answer.url: answer for answer in answers}

    def answer(self, method: str, url: str) -> Answer:
        """What to say to this request."""
        self.asked.append(f"{method} {url}")
        parts = urlsplit(url)
        known = self._answers.get(f"{parts.scheme}://{parts.netloc}{parts.path}")
        return known or Answer(url=url, status=404, body={"error": "not_found"})


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    double: ProviderDouble
    _inside = ""

    def do_CONNECT(self) -> None:
        host = self.path.partition(":")[0]
        self.send_response(200)
        self.end_headers()
        self.connection = self.double.authority.context(host).wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self._inside = f"https://{host}"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.double.answer(self.command, self._inside + self.path)
        body = answer.body.encode() if isinstance(answer.body, str) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """The double keeps its own list."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A tool may hang up, or distrust the authority: it says so itself."""


@contextlib.contextmanager
def doubling(port: int, folder: Path, answers: Sequence[Answer]) -> Iterator[ProviderDouble]:
    """The double, as the proxy on this port."""
    double = ProviderDouble(Authority(folder), answers)
    handler = type("Handler", (_Handler,), {"double": double})
    with _Server(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield double
        finally:
            server.shutdown()
            thread.join(10)
