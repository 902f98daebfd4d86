"""Settings are typed and refused with a sentence."""

from pathlib import Path

import pytest

from wiki.config import ConfigError, Settings, load


def test_without_environment_the_defaults_hold() -> None:
    assert load({}) == Settings()


def test_values_are_typed() -> None:
    settings = load({"WIKI_SESSION_DAYS": "7", "WIKI_DATA_DIR": "/srv/wiki", "HOME": "/x"})
    assert settings.session_days == 7
    assert settings.data_dir == Path("/srv/wiki")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("WIKI_SESION_DAYS", "7", "WIKI_SESION_DAYS is not a setting"),
        ("WIKI_SESSION_DAYS", "a week", "WIKI_SESSION_DAYS must be a whole number"),
        ("WIKI_SESSION_DAYS", "0", "WIKI_SESSION_DAYS must be a whole number"),
        ("WIKI_RENDER_SECONDS", "nan", "WIKI_RENDER_SECONDS must be a number"),
        ("WIKI_BASE_URL", "wiki.example.org", "WIKI_BASE_URL must look like"),
        ("WIKI_BASE_URL", "https://example.org/wiki", "WIKI_BASE_URL must look like"),
        ("WIKI_SECRET_KEY", "short", "at least 32"),
        ("WIKI_SMTP_URL", "mail.example.org", "WIKI_SMTP_URL must begin"),
        ("WIKI_DATA_DIR", " ", "must name a folder"),
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
