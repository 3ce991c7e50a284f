"""Provider files: what is accepted, how a wrong one is named, and that the shipped ones fit the golden."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from vestibule.core import providers as core
from vestibule.core.errors import BadInput
from vestibule.core.providers import Flow, domain_allowed, login_spec, parse, schema_keys
from vestibule.drivers import providers

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "providers"

GOOD = """\
name = "tool"
title = "Tool"
vendor = "Vendor"
description = "A tool."
version = "1.2.3"
flow = "loopback"

[login]
command = ["tool", "login"]
url_pattern = '^https://auth\\.example\\.com/'

[credential]
path = "~/.tool/auth.json"
required = ["token"]

[egress]
allow = ["auth.example.com", "*.cdn.example.com"]
"""

WHOLE = (
    GOOD.replace(
        "[credential]",
        """\
user_code_pattern = 'code: ([A-Z]{4}-[A-Z]{4})'
open_browser = false
environment = {A = "b"}

[[login.files]]
path = "~/.tool/config"
content = "x"
mode = 0o644

[credential]""",
    )
    .replace(
        'required = ["token"]',
        """\
required = ["token"]
expires_at = "expires"
expires_unit = "ms"
account = "mail"
""",
    )
    .replace(
        'flow = "loopback"',
        """\
flow = "device"
package = "@vendor/tool"
notes = "Note."
deadline_s = 600
""",
    )
)


def _wrong(text: str, file_name: str = "extra/tool.toml") -> BadInput:
    with pytest.raises(BadInput) as refused:
        parse(text, file_name)
    assert refused.value.failure_code == "provider_invalid"
    assert file_name in refused.value.cause
    assert refused.value.remedy
    return refused.value


def test_a_small_file_gets_the_documented_defaults() -> None:
    provider = parse(GOOD, "extra/tool.toml")
    assert (provider.flow, provider.package, provider.deadline_s) == (Flow.LOOPBACK, None, 900)
    assert (provider.login.open_browser, provider.credential.expires_unit) == (True, "s")


def test_everything_that_a_file_says_reaches_the_agent() -> None:
    spec = login_spec(parse(WHOLE, "tool.toml"))
    assert spec.command == ["tool", "login"]
    assert spec.user_code_pattern == "code: ([A-Z]{4}-[A-Z]{4})"
    assert (spec.open_browser, spec.environment) == (False, {"A": "b"})
    assert [(f.path, f.content, f.mode) for f in spec.files] == [("~/.tool/config", "x", 0o644)]
    file = spec.credential
    assert (file.required, file.expires_at, file.expires_unit, file.account) == (
        ["token"],
        "expires",
        "ms",
        "mail",
    )


def test_the_login_spec_survives_the_way_to_the_agent() -> None:
    for provider in providers.load([SHIPPED]).values():
        spec = login_spec(provider)
        assert type(spec).decode(spec.encode()) == spec


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('title = "Tool"', 'titel = "Tool"', "titel"),
        ('title = "Tool"', "", "title"),
        ('title = "Tool"', 'title = ""', "title"),
        ('name = "tool"', 'name = "Tool"', "name"),
        ('name = "tool"', 'name = "other"', "name"),
        ('flow = "loopback"', 'flow = "magic"', "flow"),
        ('flow = "loopback"', 'flow = "loopback"\ndeadline_s = "600"', "deadline_s"),
        ('flow = "loopback"', 'flow = "loopback"\ndeadline_s = 5', "deadline_s"),
        ('version = "1.2.3"', "version = 1", "version"),
        ("[login]", "[login]\nshell = true", "login.shell"),
        ('command = ["tool", "login"]', "command = []", "login.command"),
        ('command = ["tool", "login"]', 'command = "tool login"', "login.command"),
        ("'^https://auth\\.example\\.com/'", "'('", "login.url_pattern"),
        ("[login]", "[login]\nuser_code_pattern = 'x'", "login.user_code_pattern"),
        ("[login]", "[login]\nopen_browser = 'yes'", "login.open_browser"),
        ("[login]", "[login]\nfiles = [{path = 'x', content = ''}]", "login.files.0.path"),
        ('"~/.tool/auth.json"', '"auth.json"', "credential.path"),
        ('"~/.tool/auth.json"', '"~/../etc/shadow"', "credential.path"),
        ('"~/.tool/auth.json"', '"/home/person/.tool/auth.json"', "credential.path"),
        ("[login]", "[login]\nfiles = [{path = '/etc/tool', content = ''}]", "login.files.0.path"),
        ('required = ["token"]', "required = []", "credential.required"),
        ('"auth.example.com"', '"https://auth.example.com"', "egress.allow.0"),
        ('"auth.example.com"', '"*"', "egress.allow.0"),
        ('"auth.example.com"', '"*.com.*"', "egress.allow.0"),
        ('"auth.example.com"', '"AUTH.example.com"', "egress.allow.0"),
    ],
)
def test_a_wrong_key_is_named_with_its_file(old: str, new: str, key: str) -> None:
    assert old in GOOD
    error = _wrong(GOOD.replace(old, new))
    assert error.evidence["key"] == key
    assert key in error.cause


def test_a_device_flow_needs_a_pattern_for_its_code() -> None:
    error = _wrong(GOOD.replace('"loopback"', '"device"'))
    assert "login.user_code_pattern" in error.cause


def test_what_is_no_toml_is_named_with_its_line() -> None:
    assert "line 1" in _wrong("name = \n").cause


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("auth.example.com", True),
        ("AUTH.example.com.", True),
        ("a.cdn.example.com", True),
        ("a.b.cdn.example.com", True),
        ("cdn.example.com", False),
        ("evilcdn.example.com", False),
        ("example.com", False),
        ("auth.example.com.evil.test", False),
        ("", False),
    ],
)
def test_only_declared_domains_may_be_reached(host: str, allowed: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert domain_allowed(host, parse(GOOD, "tool.toml").egress.allow) is allowed


def test_a_later_folders_file_wins(tmp_path: Path) -> None:
    (tmp_path / "codex.toml").write_text(GOOD.replace('"tool"\n', '"codex"\n', 1))
    loaded = providers.load([SHIPPED, tmp_path])
    assert loaded["codex"].title == "Tool"
    assert list(loaded) == sorted(loaded)
    assert "demo" in loaded


def test_a_folder_or_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not a folder"):
        providers.load([tmp_path / "none"])
    (tmp_path / "tool.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(BadInput, match=r"tool\.toml is not UTF-8"):
        providers.load([tmp_path])
    (tmp_path / "tool.toml").unlink()
    (tmp_path / "tool.toml").mkdir()
    with pytest.raises(BadInput, match=r"tool\.toml could not be read"):
        providers.load([tmp_path])


def test_the_shipped_providers_are_at_the_versions_of_the_golden() -> None:
    lock = json.loads((ROOT / "images/tools/package-lock.json").read_text())["packages"]
    declared = {p.package: p.version for p in providers.load([SHIPPED]).values() if p.package}
    assert declared == {name: lock[f"node_modules/{name}"]["version"] for name in declared}
    assert set(declared) == set(lock[""]["dependencies"])


@pytest.mark.parametrize(
    ("name", "url", "matches"),
    [
        # As the real tools printed them (versions above), shortened.
        ("claude-code", "https://claude.com/cai/oauth/authorize?code=true&client_id=9d1c&state=x", True),
        ("claude-code", "https://claude.ai/oauth/authorize?z-S9ZAYJeXVFHcjq5E5Ae38PCZJ7YR3YY", False),
        ("codex", "https://auth.openai.com/oauth/authorize?response_type=code&client_id=app_E", True),
        ("codex", "http://localhost:1455", False),
        ("gemini-cli", "https://accounts.google.com/o/oauth2/v2/auth?redirect_uri=https%3A%2F%2F", True),
        ("demo", "http://login.demo.test/authorize?response_type=code", True),
        ("demo", "http://loginxdemo.test/authorize?response_type=code", False),
    ],
)
def test_the_shipped_patterns_tell_the_sign_in_page_from_other_addresses(
    name: str, url: str, *, matches: bool
) -> None:
    provider = providers.load([SHIPPED])[name]
    assert bool(re.match(provider.login.url_pattern, url)) is matches


def test_every_sign_in_page_may_be_reached() -> None:
    hosts = {
        "claude-code": "claude.com",
        "codex": "auth.openai.com",
        "gemini-cli": "accounts.google.com",
        "demo": "login.demo.test",
    }
    loaded = providers.load([SHIPPED])
    assert {
        name for name, provider in loaded.items() if domain_allowed(hosts[name], provider.egress.allow)
    } == set(hosts)


def test_the_guide_explains_every_key() -> None:
    guide = (ROOT / core.GUIDE).read_text()
    assert [key for key in schema_keys() if f"| `{key}` |" not in guide] == []


def test_the_guide_explains_no_key_that_is_none() -> None:
    explained = re.findall(r"^\| `([a-z_.]+)` \|", (ROOT / core.GUIDE).read_text(), re.MULTILINE)
    assert set(explained) == set(schema_keys())


def test_the_guides_example_is_a_provider_file() -> None:
    found = re.search(r"```toml\n(.*?)```", (ROOT / core.GUIDE).read_text(), re.DOTALL)
    assert found is not None
    parse(found[1], "my-tool.toml")
