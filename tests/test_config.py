"""Settings are typed and refused with a sentence."""

from pathlib import Path

import pytest

from wiki.config import ConfigError, Settings
from wiki.config.environment import load


def test_without_environment_the_defaults_hold() -> None:
    assert load({}) == Settings()


def test_values_are_typed() -> None:
    settings = load({"WIKI_SESSION_DAYS": "7", "WIKI_DATA_DIR": "/srv/wiki", "HOME": "/x"})
    assert settings.session_days == 7
    assert settings.data_dir == Path("/srv/wiki")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("WIKI_SESION_DAYS", "7", "WIKI_SESION_DAYS isn't a setting"),
        ("WIKI_SESSION_DAYS", "a week", "WIKI_SESSION_DAYS must be a whole number"),
        ("WIKI_SESSION_DAYS", "0", "WIKI_SESSION_DAYS must be a whole number"),
        ("WIKI_RENDER_SECONDS", "nan", "WIKI_RENDER_SECONDS must be a number"),
        ("WIKI_BASE_URL", "wiki.example.org", "WIKI_BASE_URL must look like"),
        ("WIKI_BASE_URL", "https://example.org/wiki", "WIKI_BASE_URL must look like"),
        ("WIKI_SECRET_KEY", "short", "at least 32"),
        ("WIKI_SMTP_URL", "mail.example.org", "WIKI_SMTP_URL must begin"),
        ("WIKI_DATA_DIR", " ", "must name a folder"),
        ("WIKI_SEARCH_ENGINE", "lucene", "must be whoosh or postgresql"),
        ("WIKI_SEARCH_ENGINE", "postgresql", "needs a PostgreSQL database"),
    ],
)
def test_what_cannot_be_is_refused_by_name(name: str, value: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load({name: value})


def test_a_refusal_never_shows_a_database_password() -> None:
    with pytest.raises(ConfigError) as refused:
        load({"WIKI_DATABASE_URL": "mysql://wiki:hunter2@db/wiki"})
    assert "hunter2" not in str(refused.value)


def test_the_secret_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    key = settings.key()
    assert len(key) >= 32
    assert settings.key() == key
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o077 == 0


OIDC = {
    "WIKI_BASE_URL": "https://wiki.example.org",
    "WIKI_OIDC_ISSUER": "https://id.example.org/realms/all",
    "WIKI_OIDC_CLIENT_ID": "wiki",
    "WIKI_OIDC_CLIENT_SECRET": "hunter2%+",
}


def test_a_provider_needs_its_address_a_name_and_a_secret() -> None:
    assert load({}).provider == ""
    assert load(OIDC).provider == "single sign-on"
    both = {**OIDC, "WIKI_OIDC_DOMAINS": "Example.org, sub.example.org ", "WIKI_OIDC_ROLE": "guest"}
    assert load(both).oidc_email_domains == {"example.org", "sub.example.org"}
    assert load({**OIDC, "WIKI_BASE_URL": "http://127.0.0.1:8000"})


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("WIKI_OIDC_ISSUER", "", "WIKI_OIDC_CLIENT_ID has no effect without WIKI_OIDC_ISSUER"),
        ("WIKI_OIDC_ISSUER", "id.example.org", "WIKI_OIDC_ISSUER must look like"),
        ("WIKI_OIDC_ISSUER", "http://id.example.org", "WIKI_OIDC_ISSUER must look like"),
        ("WIKI_OIDC_ISSUER", "https://id.example.org/?x=1", "WIKI_OIDC_ISSUER must look like"),
        ("WIKI_OIDC_ISSUER", "https://u:p@id.example.org", "WIKI_OIDC_ISSUER must look like"),
        ("WIKI_OIDC_ISSUER", "https://id.example.org:x", "WIKI_OIDC_ISSUER must look like"),
        ("WIKI_BASE_URL", "http://wiki.example.org", "needs a WIKI_BASE_URL with https://"),
        ("WIKI_OIDC_CLIENT_ID", "", "WIKI_OIDC_CLIENT_ID must be the value that the provider gave"),
        (
            "WIKI_OIDC_CLIENT_SECRET",
            "",
            "WIKI_OIDC_CLIENT_SECRET must be the value that the provider gave",
        ),
        ("WIKI_OIDC_CLIENT_SECRET", "two words", "WIKI_OIDC_CLIENT_SECRET must be"),
        ("WIKI_OIDC_NAME", "x" * 41, "at most 40"),
        ("WIKI_OIDC_NAME", "", "at most 40"),
        ("WIKI_OIDC_SCOPES", "email profile", "one of which is openid"),
        ("WIKI_OIDC_DOMAINS", "example", "must be domains such as example.org"),
        ("WIKI_OIDC_DOMAINS", "ben@example.org", "must be domains such as example.org"),
        ("WIKI_OIDC_DOMAINS", "*.example.org", "must be domains such as example.org"),
        ("WIKI_OIDC_ROLE", "admin", "“member” or “guest”"),
        ("WIKI_OIDC_ROLE", "guest", "has no effect without WIKI_OIDC_DOMAINS"),
    ],
)
def test_what_does_not_go_together_is_refused(name: str, value: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as refused:
        load({**OIDC, name: value})
    assert "hunter2" not in str(refused.value)
    assert str(refused.value).endswith(".")


def test_domains_need_addresses() -> None:
    asked = {**OIDC, "WIKI_OIDC_DOMAINS": "example.org", "WIKI_OIDC_SCOPES": "openid profile"}
    with pytest.raises(ConfigError, match="needs “email” in WIKI_OIDC_SCOPES"):
        load(asked)


@pytest.mark.parametrize(
    "name", ["CLIENT_ID", "CLIENT_SECRET", "NAME", "SCOPES", "DOMAINS", "ROLE"]
)
def test_nothing_of_a_provider_is_set_in_vain(name: str) -> None:
    with pytest.raises(ConfigError, match=f"WIKI_OIDC_{name} has no effect without"):
        load({f"WIKI_OIDC_{name}": "x.org"})
