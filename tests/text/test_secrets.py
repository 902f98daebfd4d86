"""Secrets in texts: what is found, what is left alone, and that no text makes it slow.

No key here opens anything: all are made up, or stand in their issuers' own instructions. Most are
put together of pieces, so that nothing that looks for keys in repositories stops at this file.
"""

from __future__ import annotations

import base64
import string
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from wiki.text.scan.secrets import KINDS, MOST, USUAL, find_secrets, mask

HEX = "0123456789abcdef" * 8
MIXED = "Zq8Rk2Lw9Vt4Xs7Bn3Md6Hf5Jc1Pg0YaTuEiOoKe" * 4
SLACK = "https://hooks.slack.com/services/" + "T0123ABCD/B0123ABCD/" + MIXED[:24]
KEY_LINES = "\n".join([MIXED[:64], MIXED[1:65], MIXED[2:34] + "=="])

RSA = f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_LINES}\n-----END RSA PRIVATE KEY-----"
ENCRYPTED = (
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
    f"{HEX[:32]}\n\n{KEY_LINES}"
)
ADDRESS = "password in an address"


def jwt(head: str = '{"alg":"HS256","typ":"JWT"}') -> str:
    parts = [head, '{"sub":"1234567890","name":"Ben"}', "a signature of thirty-two bytes."]
    return ".".join(base64.urlsafe_b64encode(one.encode()).decode().rstrip("=") for one in parts)


SECRETS = [
    ("AKIA" + "IOSFODNN7EXAMPLE", "AWS access key", "AKIA…LE"),
    ("ASIA" + "Y34FZKBOKMUTVV7A", "AWS access key", "ASIA…7A"),
    ("aws_secret_access_key = " + MIXED[:40], "AWS secret key", f"{MIXED[:4]}…{MIXED[38:40]}"),
    ('"SecretAccessKey": "' + MIXED[:40] + '"', "AWS secret key", f"{MIXED[:4]}…{MIXED[38:40]}"),
    ("AccountKey=" + MIXED[:86] + "==", "Azure storage key", f"{MIXED[:4]}…=="),
    ("abc8Q~" + MIXED[:34], "Azure client secret", f"abc8…{MIXED[32:34]}"),
    ("AIza" + MIXED[:35], "Google API key", f"AIza…{MIXED[33:35]}"),
    ("GOCSPX-" + MIXED[:28], "Google client secret", f"GOCS…{MIXED[26:28]}"),
    ("ghp_" + MIXED[:36], "GitHub token", f"ghp_…{MIXED[34:36]}"),
    ("github_pat_" + MIXED[:82], "GitHub token", f"gith…{MIXED[80:82]}"),
    ("glpat-" + MIXED[:20], "GitLab token", f"glpa…{MIXED[18:20]}"),
    ("xoxb-" + "123456789012-1234567890123-" + MIXED[:24], "Slack token", f"xoxb…{MIXED[22:24]}"),
    (SLACK, "Slack webhook", ""),
    ("sk_live_" + MIXED[:24], "Stripe key", f"sk_l…{MIXED[22:24]}"),
    ("sq0csp-" + MIXED[:43], "Square secret", ""),
    ("SK" + HEX[:32], "Twilio key", "SK01…ef"),
    ("SG." + MIXED[:22] + "." + MIXED[:43], "SendGrid key", ""),
    (HEX[:32] + "-us12", "Mailchimp key", "0123…12"),
    ("123456789:AA" + MIXED[:33], "Telegram bot token", ""),
    ("sk-proj-" + MIXED[:40] + "T3Blbk" + "FJ" + MIXED[:40], "OpenAI key", ""),
    ("sk-ant-" + "api03-" + MIXED[:95], "Anthropic key", ""),
    ("hf_" + MIXED[:34], "Hugging Face token", ""),
    ("npm_" + MIXED[:36], "npm token", ""),
    ("//npm.example.org/:_authToken=" + "01234567-89ab-cdef-0123-456789abcdef", "npm token", ""),
    ("pypi-AgE" + MIXED[:80], "PyPI token", ""),
    ("dckr_pat_" + MIXED[:27], "Docker token", ""),
    ("dop_v1_" + HEX[:64], "DigitalOcean token", ""),
    ("dapi" + HEX[:32], "Databricks token", ""),
    ("hvs." + MIXED[:95], "HashiCorp token", ""),
    ("shpat_" + HEX[:32], "Shopify token", ""),
    ("ATATT3" + MIXED[:150], "Atlassian token", ""),
    ("lin_api_" + MIXED[:40], "Linear key", ""),
    ("glsa_" + MIXED[:32] + "_" + HEX[:8], "Grafana token", ""),
    ("wiki_" + MIXED[:43], "token of this wiki", ""),
    ("https://wiki.example.org/-/invite/" + MIXED[:43], "password reset or invitation link", ""),
    (jwt(), "JSON web token", ""),
    (RSA, "private key", "RSA PRIVATE KEY …"),
    (f"-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY_LINES}", "private key", "OPENSSH PRIVATE KEY …"),
    (f'"-----BEGIN PRIVATE KEY-----\\n{MIXED[:64]}\\n', "private key", "PRIVATE KEY …"),
    (ENCRYPTED, "private key", "RSA PRIVATE KEY …"),
    ("postgresql://ben:kl4mm-heiMlich@db.example.org/wiki", ADDRESS, "ben:…@db.example.org"),
    ("https://ben:hunter2@example.org/feed", ADDRESS, "ben:…@example.org"),
    ("4111 1111 1111 1111", "payment card number", "4111…11"),
    ("5555-5555-5555-4444", "payment card number", "5555…44"),
    ("378282246310005", "payment card number", "3782…05"),
    ("GB82 WEST 1234 5698 7654 32", "bank account number (IBAN)", "GB82…32"),
    ("DE89370400440532013000", "bank account number (IBAN)", "DE89…00"),
]  # fmt: skip

AROUND = ["{}", "It is {}.", "`{}`", '"{}"', "({})", "- {}\n- more", "> {}", "| a | {} |", "x={};"]


@pytest.mark.parametrize(("secret", "words", "masked"), SECRETS, ids=lambda value: str(value)[:18])
@pytest.mark.parametrize("around", AROUND)
def test_a_secret_is_found_wherever_it_stands_in_a_line(
    secret: str, words: str, masked: str, around: str
) -> None:
    text = f"Words before.\n\n{around.format(secret)}\nWords after.\n"
    (found,) = find_secrets(text)
    assert found.words == words
    assert found.line == 3
    assert not masked or found.masked == masked
    assert (
        text.splitlines()[2][found.column - 1 : found.end - 1] == found.value(text).split("\n")[0]
    )


HARMLESS = [
    "Prose with numbers: 2024, 1,234,567 and 3.14159265358979.",
    "A commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad and its short form 3b18e51.",
    "A digest sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.",
    "An id 123e4567-e89b-12d3-a456-426614174000 of something.",
    "Milliseconds 1700000000000, and nanoseconds 1700000000000000000.",
    "A phone +49 30 1234 5678 90 and another (555) 123-4567.",
    "An order 4111111111111112 that is no card, and 1234 5678 9012 3456 neither.",
    "An ISBN 978-3-16-148410-0 and an EAN 4006381333931.",
    "https://docs.example.org/d/1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcdef/edit#gid=1234567890",
    "https://example.org/4111111111111111/picture.png",
    "https://user:password@example.org and smtp://user:password@host:587",
    "postgres://postgres:postgres@localhost/wiki",
    "https://$USER:$PASSWORD@example.org, https://{user}:{secret}@example.org",
    "https://ben:${TOKEN}@github.com/org/repository.git",
    "git@github.com:org/repository.git and ssh://git@example.org:22/x",
    "http://[::1]:8000/ and mailto:ben@example.org, or http://example.org:80/a@b",
    "AKIAXXXXXXXXXXXXXXXX is what a key looks like, and ghp_" + "x" * 36,
    "ghp_" + "0" * 36 + " and sk_live_" + "a" * 24,
    "An access key begins with AKIA; a token with ghp_ or glpat-.",
    "Paste what stands between -----BEGIN PRIVATE KEY----- and -----END PRIVATE KEY-----.",
    "-----BEGIN RSA PRIVATE KEY-----\n…\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PUBLIC KEY-----\n" + MIXED[:64] + "\n-----END PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----\n" + MIXED[:64] + "\n-----END CERTIFICATE-----",
    "ssh-rsa AAAA" + MIXED[:120] + " ben@example.org",
    "eyJ is how a web token begins: eyJhbGciOiJIUzI1NiJ9 and then a dot.",
    "eyJwYWdlIjoxfQ.eyJwYWdlIjoyfQ.eyJwYWdlIjozfQ0000000",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    "GB82 WEST 1234 5698 7654 33 is mistyped, XX00 ABCD 1234 is none.",
    "SKU SK0123 and TASK-1234, a risk-free use of focus-us and e.g. a SG.",
    "The social security number 536-90-4399 is nobody's business unless it is looked for.",
    "-" * 200 + "|" + "=" * 200,
]


@pytest.mark.parametrize("text", HARMLESS, ids=lambda text: text[:30])
def test_what_only_looks_random_is_left_alone(text: str) -> None:
    assert find_secrets(text) == []


IDS = [
    ("us", "536-90-4399", "536-00-4399"),
    ("de", "36 574 261 809", "36 574 261 890"),
    ("fr", "2 95 10 99 126 111 93", "2 95 10 99 126 111 94"),
    ("es", "54362315-K", "54362315-Z"),
    ("it", "RCCMNL83S18D969H", "RCCMNL83S18D969A"),
    ("gb", "943-476-5870", "943-476-5871"),
    ("nl", "1112.22.333", "1112.52.333"),
    ("pl", "44051401359", "44051401358"),
    ("se", "880320-0016", "880320-0018"),
    ("fi", "131052-308T", "131052-308U"),
    ("br", "390.533.447-05", "231.002.999-00"),
    ("in", "2341-2341-2346", "2341-2341-2347"),
    ("ch", "756.9217.0769.85", "756.9217.0769.84"),
]


@pytest.mark.parametrize(("code", "number", "wrong"), IDS)
def test_the_numbers_of_people_are_found_where_they_are_looked_for(
    code: str, number: str, wrong: str
) -> None:
    kind = f"id-{code}"
    text = f"Their number is {number}, and {wrong} is none."
    (found,) = find_secrets(text, {kind})
    assert (found.kind, found.value(text)) == (kind, number)
    assert found.masked == f"…{number[-2:]}"
    assert kind not in USUAL


def test_every_number_of_people_has_what_checks_it() -> None:
    assert {f"id-{code}" for code, *_ in IDS} < KINDS.keys()
    find_secrets("12345678901 ABCD123456 1234567", KINDS)


def test_what_is_not_looked_for_is_not_found() -> None:
    text = "\n".join(secret for secret, *_ in SECRETS)
    for kind in USUAL:
        assert {one.kind for one in find_secrets(text, {kind})} == {kind}
    assert find_secrets(text, ()) == []


def test_of_two_that_overlap_the_longer_one_is_found() -> None:
    found = find_secrets("https://ben:ghp_" + MIXED[:36] + "@github.com/x")
    assert [one.words for one in found] == ["GitHub token"]


def test_a_private_key_is_found_to_its_end() -> None:
    text = f"a\n  -----BEGIN EC PRIVATE KEY-----\n{KEY_LINES}\n-----END EC PRIVATE KEY-----\nb"
    (found,) = find_secrets(text)
    assert found.value(text).endswith("-----END EC PRIVATE KEY-----")
    assert (found.line, found.column, found.end) == (2, 3, 33)


DETECTORS = {
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "mailchimp": "MailchimpDetector",
    "openai": "OpenAIDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
}
LETTERS = string.ascii_letters + string.digits + "_-.=+/"
ORACLE = [
    (name, pattern)
    for name, detector in DETECTORS.items()
    for pattern in getattr(import_module(f"detect_secrets.plugins.{name}"), detector).denylist
    if "aws" not in pattern.pattern and "dGVzdC5weXBpLm9yZw" not in pattern.pattern
]


@pytest.mark.parametrize(("name", "pattern"), ORACLE, ids=lambda of: getattr(of, "pattern", of))
@given(data=st.data())
def test_what_detect_secrets_knows_is_found(
    name: str, pattern: object, data: st.DataObject
) -> None:
    secret = data.draw(st.from_regex(pattern, fullmatch=True, alphabet=LETTERS))
    if len(set(secret[-16:])) < 8 or "xxxxxx" in secret.lower() or not secret[-1].isalnum():
        return  # a placeholder, or an end that belongs to the words around
    found = find_secrets(f"The key is {secret} of {name}.")
    assert [one.kind for one in found] == ["token"], secret


@given(st.text(max_size=300), st.sampled_from(SECRETS), st.text(max_size=300))
def test_a_secret_between_any_words_is_found_and_shown_to_nobody(
    before: str, secret: tuple[str, str, str], after: str
) -> None:
    text = f"{before}\n{secret[0]}\n{after}"
    found = find_secrets(text)
    assert secret[1] in [one.words for one in found]
    for one in found:
        line = text.split("\n")[one.line - 1]
        assert line[one.column - 1 : one.end - 1] == one.value(text).split("\n")[0]
        assert len(one.value(text)) < 7 or one.value(text) not in one.masked


@given(st.text(alphabet="0123456789", min_size=15, max_size=15))
def test_a_number_is_a_card_only_with_its_check_digit(digits: str) -> None:
    number = "4" + digits[:14]
    number += luhn.calc_check_digit(number)
    assert [one.kind for one in find_secrets(number)] == ["card"]
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert find_secrets(wrong) == []


@given(st.text(max_size=60))
def test_a_mask_shows_at_most_six_characters(secret: str) -> None:
    shown = mask(secret)
    assert "…" in shown
    assert len(shown) <= 7
    assert secret not in shown or secret in ("", "…")


@given(st.text())
def test_any_text_is_looked_through(text: str) -> None:
    found = find_secrets(text, KINDS)
    assert all(one.until > one.at for one in found)
    assert [one.at for one in found] == sorted({one.at for one in found})


HOSTILE = [
    "eyJ", "eyJ ", "-eyJ", "eyJ.eyJ.", "AKIA", "BEGIN ", "-----BEGIN PRIVATE KEY-----", "://",
    "://a:b", "://:@", "1", "1 ", "1234 ", "4111-", "GB82 ", "A1", "AB12 CDEF ", "sl.", "-us",
    ":AA", "ghp_a ", "xoxb-1-", "T3Blbk" "FJ", "8Q~", "access_key= ", "secretAccessKey: '",
    "/-/reset/", "-----BEGIN RSA PRIVATE KEY-----\\n", "4111 1111 1111 1111 ", "12-", "\n",
    "\u0661", "\U0001f600",
]  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("bit", HOSTILE)
def test_a_hostile_text_is_looked_through_like_any_other(bit: str) -> None:
    # Were it anything but linear, this would not end today.
    assert len(find_secrets(bit * ((2 << 20) // len(bit)), KINDS)) <= MOST
