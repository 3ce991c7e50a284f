"""What the specifications demand beside error names, and the test of each.

The table in docs/reference/laboratory.md is made of it and compared with it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/reference/laboratory.md"
TESTS = Path(__file__).parent

DEMANDS = (
    ("RFC 6749, 3.1", "a repeated parameter is refused", "test_a_repeated_parameter_is_refused"),
    (
        "RFC 6749, 4.1.2",
        "a code that comes twice revokes what the first got",
        "test_a_code_is_good_once_and_using_it_again_revokes_its_tokens",
    ),
    ("RFC 6749, 4.1.2", "a code expires", "test_a_code_ends_after_a_minute"),
    (
        "RFC 6749, 4.1.2.1",
        "an unknown client is told on a page, never sent back",
        "test_an_unknown_client_is_told_on_the_page",
    ),
    (
        "RFC 6749, 5.2",
        "a failed HTTP authentication names its scheme",
        "test_a_client_that_authenticates_by_header_is_told_the_scheme",
    ),
    (
        "RFC 6749, 10.12",
        "the state comes back as it was sent",
        "test_other_errors_go_back_to_the_client_with_its_state",
    ),
    (
        "RFC 7636, 4.4.1",
        "a request without PKCE, or with `plain`, is refused",
        "test_pkce_by_s256_is_demanded",
    ),
    (
        "RFC 7636, 4.6",
        "a verifier that does not fit spoils the code",
        "test_a_failed_try_uses_the_code_up",
    ),
    (
        "RFC 8252, 7.3",
        "`127.0.0.1` and `[::1]` are returned to, at any port",
        "test_a_loopback_address_is_accepted_at_any_port",
    ),
    (
        "RFC 8252, 8.3 and 8.10",
        "`localhost`, other hosts, paths and schemes are refused on a page",
        "test_no_address_but_a_loopback_callback_is_ever_redirected_to",
    ),
    (
        "RFC 8628, 3.3.1",
        "a code that came with the address is shown to compare",
        "test_an_address_with_the_code_fills_it_in_and_asks_to_compare",
    ),
    (
        "RFC 8628, 3.5",
        "`slow_down` adds five seconds for good",
        "test_a_hasty_poll_makes_the_interval_longer_for_good",
    ),
    (
        "RFC 8628, 6.1",
        "a code may be typed in any case, without its dash",
        "test_a_code_may_be_typed_as_people_do",
    ),
    (
        "RFC 9207, 2",
        "every return says who answers (`iss`)",
        "test_a_whole_sign_in_ends_with_the_account_that_was_typed",
    ),
    (
        "RFC 9700, 4.14.2",
        "a refresh token rotates; one that comes twice revokes its family",
        "test_a_refresh_token_that_comes_twice_revokes_the_family",
    ),
    (
        "OpenID Connect Core, 3.1.3.7",
        "the id token is signed with a published key",
        "test_the_id_token_is_signed_with_the_published_key",
    ),
)


@pytest.mark.parametrize("test", sorted({test for _, _, test in DEMANDS}))
def test_a_demand_has_its_test(test: str) -> None:
    assert any(f"def {test}(" in file.read_text() for file in TESTS.glob("test_*.py"))


def test_the_documents_table_is_this_one() -> None:
    rows = re.findall(r"^\| .+ \| .+ \| `test_\w+` \|$", PAGE.read_text(), re.MULTILINE)
    assert rows == [f"| {source} | {demand} | `{test}` |" for source, demand, test in DEMANDS]
