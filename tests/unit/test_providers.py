"""Provider files: what is accepted, how a wrong one is named, and that the shipped ones fit the golden."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from vestibule.core.errors import BadInput
from vestibule.core.provider_files import GUIDE, parse, schema_keys
from vestibule.core.providers import Flow, InstallMethod, domain_allowed, login_spec
from vestibule.drivers import providers
from vestibule_agent import protocol

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "providers"

GOOD = """\
schema = 2
name = "tool"
title = "Tool"
vendor = "Vendor"
description = "A tool."
version = "1.2.3"

[install]
method = "agent"

[[login.flows]]
kind = "loopback"
command = ["tool", "login"]
url_pattern = '^https://auth\\.example\\.com/'

[[credential.files]]
path = "~/.tool/auth.json"
required = ["token"]

[egress]
allow = ["auth.example.com", "*.cdn.example.com"]
"""

WHOLE = """\
schema = 2
name = "tool"
title = "Tool"
vendor = "Vendor"
description = "A tool."
version = "1.2.3"
notes = "Note."
deadline_s = 600

[install]
method = "npm"
package = "@vendor/tool"
version_command = ["tool", "--version"]
unverified = "nobody has an account"

[login]
environment = {A = "b", C = "d"}
errors = ['error: (.+)']

[[login.files]]
path = "~/.tool/config"
content = "x"
mode = 0o644

[[login.prompts]]
when = 'Theme\\?'
choose = 'Dark'

[[login.flows]]
kind = "device"
command = ["tool", "login", "--device"]
url_pattern = '^https://auth\\.example\\.com/device'
user_code_pattern = 'code: ([A-Z]{4}-[A-Z]{4})'
open_browser = false
environment = {C = "e"}
prompts = [{when = 'Name\\?', text = "ann"}]

[[login.flows]]
kind = "paste"
command = ["tool", "login"]
url_pattern = '^https://auth\\.example\\.com/'
code_prompt = 'Code:'

[credential]
lasts_days = 30

[credential.verify]
command = ["tool", "whoami"]
expect = "ann"

[[credential.files]]
path = "~/.tool/auth.json"
mode = 0o640
required = ["token"]
expires_at = "expires"
login_expires_at = "until"
expires_unit = "ms"
account = "mail"
scopes = "scope"

[[credential.files]]
path = "~/.tool/more"
format = "text"
optional = true
account = 'user: (\\S+)'

[egress]
allow = ["auth.example.com"]
"""


def _wrong(text: str, file_name: str = "extra/tool.toml") -> BadInput:
    with pytest.raises(BadInput) as refused:
        parse(text, file_name)
    assert refused.value.failure_code == "provider_invalid"
    assert file_name in refused.value.cause
    assert refused.value.remedy
    return refused.value


def test_a_small_file_gets_the_documented_defaults() -> None:
    provider = parse(GOOD, "extra/tool.toml")
    assert (provider.flows, provider.install.package, provider.deadline_s) == ((Flow.LOOPBACK,), None, 900)
    (file,) = provider.credential.files
    assert (file.format, file.mode, file.optional, file.expires_unit) == ("json", 0o600, False, "s")
    assert provider.login.flows[0].open_browser
    assert (provider.credential.verify, provider.credential.lasts_days) == (None, None)


def test_everything_that_a_file_says_reaches_the_agent() -> None:
    spec = login_spec(parse(WHOLE, "tool.toml"))
    assert spec.command == ["tool", "login", "--device"]
    assert spec.user_code_pattern == "code: ([A-Z]{4}-[A-Z]{4})"
    assert (spec.open_browser, spec.environment) == (False, {"A": "b", "C": "e"})
    assert [(f.path, f.content, f.mode) for f in spec.files] == [("~/.tool/config", "x", 0o644)]
    assert [(p.when, p.choose, p.text) for p in spec.prompts] == [
        ("Name\\?", None, "ann"),
        ("Theme\\?", "Dark", None),
    ]
    assert spec.error_patterns == ["error: (.+)"]
    assert spec.credential == protocol.CredentialSpec(
        files=[
            protocol.CredentialFileSpec(
                path="~/.tool/auth.json",
                mode=0o640,
                required=["token"],
                expires_at="expires",
                login_expires_at="until",
                expires_unit="ms",
                account="mail",
                scopes="scope",
            ),
            protocol.CredentialFileSpec(
                path="~/.tool/more", format="text", optional=True, account="user: (\\S+)"
            ),
        ],
        verify=protocol.Verification(command=["tool", "whoami"], expect="ann"),
    )


def test_a_flow_is_chosen_by_its_kind_and_the_first_is_preferred() -> None:
    provider = parse(WHOLE, "tool.toml")
    assert provider.flow(None).kind is Flow.DEVICE
    assert login_spec(provider, Flow.PASTE).code_prompt == "Code:"
    with pytest.raises(BadInput, match="no sign-in by loopback") as refused:
        login_spec(provider, Flow.LOOPBACK)
    assert (refused.value.failure_code, refused.value.remedy) == (
        "unknown_flow",
        "Use one of: device, paste.",
    )


def test_the_login_spec_survives_the_way_to_the_agent() -> None:
    for provider in providers.load([SHIPPED]).values():
        spec = login_spec(provider)
        assert type(spec).decode(spec.encode()) == spec


FLOW = 'kind = "loopback"'
FILE = 'path = "~/.tool/auth.json"'
FIRST = 'title = "Tool"'


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (FIRST, 'titel = "Tool"', "titel"),
        (FIRST, "", "title"),
        (FIRST, 'title = ""', "title"),
        ("schema = 2\n", "", "schema"),
        ("schema = 2", "schema = 1", "schema"),
        ("schema = 2", "schema = '2'", "schema"),
        ('name = "tool"', 'name = "Tool"', "name"),
        ('name = "tool"', 'name = "other"', "name"),
        (FIRST, FIRST + '\ndeadline_s = "600"', "deadline_s"),
        (FIRST, FIRST + "\ndeadline_s = 5", "deadline_s"),
        ('version = "1.2.3"', "version = 1", "version"),
        ('method = "agent"', 'method = "curl"', "install.method"),
        ('method = "agent"', 'method = "npm"', "install"),
        ('method = "agent"', 'method = "manual"', "install"),
        ('method = "agent"', 'method = "agent"\npackage = "x"', "install"),
        (FLOW, 'kind = "magic"', "login.flows.0.kind"),
        (FLOW, 'kind = "device"', "login.flows.0"),
        (FLOW, 'kind = "paste"', "login.flows.0"),
        (FLOW, FLOW + "\nshell = true", "login.flows.0.shell"),
        ('command = ["tool", "login"]', "command = []", "login.flows.0.command"),
        ('command = ["tool", "login"]', 'command = "tool login"', "login.flows.0.command"),
        ("'^https://auth\\.example\\.com/'", "'('", "login.flows.0.url_pattern"),
        ("'^https://auth", "'https://auth", "login.flows.0.url_pattern"),
        ("'^https://auth", "'^(https|javascript)://auth", "login.flows.0.url_pattern"),
        ("'^https://auth", "'^\\w+://auth", "login.flows.0.url_pattern"),
        ("'^https://auth", "'^https?s?://auth", "login.flows.0.url_pattern"),
        ("'^https://auth", "'^http?://auth", "login.flows.0.url_pattern"),
        ("example\\.com/'", "example\\.com/|javascript:'", "login.flows.0.url_pattern"),
        (FLOW, FLOW + "\nuser_code_pattern = 'x'", "login.flows.0.user_code_pattern"),
        (FLOW, FLOW + "\nopen_browser = 'yes'", "login.flows.0.open_browser"),
        (FLOW, FLOW + "\nprompts = [{when = 'x'}]", "login.flows.0.prompts.0"),
        (FLOW, FLOW + "\nprompts = [{when = '(', text = 'x'}]", "login.flows.0.prompts.0.when"),
        (FLOW, FLOW + "\nprompts = [{when = 'x', text = 'x', choose = 'x'}]", "login.flows.0.prompts.0"),
        ("[egress]", "[login]\nerrors = ['(']\n[egress]", "login.errors.0"),
        (FILE, 'path = "auth.json"', "credential.files.0.path"),
        (FILE, 'path = "~/../etc/shadow"', "credential.files.0.path"),
        (FILE, 'path = "~/"', "credential.files.0.path"),
        (FILE, 'path = "/home/person/.tool/auth.json"', "credential.files.0.path"),
        (FILE, FILE + "\noptional = true", "credential"),
        (FILE, FILE + '\nformat = "text"\naccount = "x"', "credential.files.0"),
        (FILE, FILE + '\nformat = "binary"', "credential.files.0"),
        (FILE, FILE + '\nformat = "xml"', "credential.files.0.format"),
        (FILE, FILE + "\nmode = 0o7777", "credential.files.0.mode"),
        ('required = ["token"]', "", "credential.files.0"),
        ("[egress]", "[credential]\nlasts_days = 0\n[egress]", "credential.lasts_days"),
        (
            "[egress]",
            '[[credential.files]]\npath = "~/.tool/auth.json"\noptional = true\n[egress]',
            "credential",
        ),
        ("[egress]", "[credential.verify]\ncommand = []\n[egress]", "credential.verify.command"),
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


@pytest.mark.parametrize(
    "pattern",
    ["^http://a/", "^https?://a/", r"^https://(a|b(c|d))\.x/[|(]\|", r"^https://a/[]|]\(", r"^https://[^]|]"],
)
def test_a_sign_in_pattern_may_hold_alternatives_of_web_addresses(pattern: str) -> None:
    text = GOOD.replace("'^https://auth\\.example\\.com/'", f"'{pattern}'")
    assert parse(text, "tool.toml").login.flows[0].url_pattern == pattern


def test_two_flows_of_one_kind_are_refused() -> None:
    flow = GOOD[GOOD.index("[[login.flows]]") : GOOD.index("[[credential.files]]")]
    assert "two of one kind" in _wrong(GOOD.replace(flow, flow + flow)).cause


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
    shipped = providers.load([SHIPPED]).values()
    npm = [p for p in shipped if p.install.method is InstallMethod.NPM]
    declared = {p.install.package: p.version for p in npm}
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
    assert bool(re.match(provider.flow(None).url_pattern, url)) is matches


def test_every_sign_in_page_may_be_reached() -> None:
    hosts = {
        "claude-code": "claude.com",
        "codex": "auth.openai.com",
        "gemini-cli": "accounts.google.com",
        "demo": "login.demo.test",
        "antigravity": "accounts.google.com",
        "cline": "api.workos.com",
        "copilot": "github.com",
        "cursor": "cursor.com",
        "droid": "api.workos.com",
        "gcloud": "accounts.google.com",
        "gh": "github.com",
        "grok": "auth.x.ai",
        "kiro": "view.awsapps.com",
        "opencode": "auth.openai.com",
        "qwen-code": "bailian.console.alibabacloud.com",
    }
    loaded = providers.load([SHIPPED])
    assert {
        name for name, provider in loaded.items() if domain_allowed(hosts[name], provider.egress.allow)
    } == set(hosts)


def test_the_guide_explains_every_key() -> None:
    guide = (ROOT / GUIDE).read_text()
    assert [key for key in schema_keys() if f"| `{key}` |" not in guide] == []


def test_the_guide_explains_no_key_that_is_none() -> None:
    explained = re.findall(r"^\| `([a-z_.]+)` \|", (ROOT / GUIDE).read_text(), re.MULTILINE)
    assert set(explained) == set(schema_keys())


def test_the_guides_example_is_a_provider_file() -> None:
    found = re.search(r"```toml\n(.*?)```", (ROOT / GUIDE).read_text(), re.DOTALL)
    assert found is not None
    parse(found[1], "my-tool.toml")
