"""The self-check: each point tells good from bad, for admins and on the shell."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, insert, select, update

from tests.cast import Scene
from wiki.cli import main
from wiki.config import Settings
from wiki.db import now
from wiki.errors import Forbidden
from wiki.insights.points import Grade, Point
from wiki.insights.selfcheck import self_check
from wiki.outbox.models import Delivery, EventRow
from wiki.people.factors.models import Authenticator, Passkey
from wiki.people.models import ApiToken, LoginSession, Person
from wiki.people.one_time import hash_token
from wiki.search.index import rebuild, whoosh_of
from wiki.spaces.models import Invitation, Space

GOOD, WARN, DANGER = Grade.GOOD, Grade.WARN, Grade.DANGER


def passkey_of(wiki: Scene, handle: str) -> Passkey:
    return Passkey(
        person_id=wiki.actor(handle).person_id,
        name="Key",
        credential_id=handle,
        public_key=b"",
        sign_count=0,
        user_handle=handle,
        transports=[],
        verifies=True,
    )


@pytest.fixture
def safe(wiki: Scene) -> Iterator[Settings]:
    """A wiki that is set up as it should be, with a worker on it; its settings."""
    folder = wiki.settings.data_dir
    folder.chmod(0o700)
    with wiki.database.write() as session:
        session.execute(update(Space).values(visibility="internal"))
        session.execute(update(Person).where(Person.handle.in_(["eve"])).values(site_role="admin"))
        for handle in ("ada", "eve"):
            session.add(passkey_of(wiki, handle))
    rebuild(wiki.database, wiki.settings)
    lock = os.open(folder / "worker.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    yield replace(
        wiki.settings,
        base_url="https://wiki.example.org",
        smtp_url="smtps://mail.example.org",
        mail_from="wiki@example.org",
        trusted_proxies=1,
    )
    os.close(lock)


def points(wiki: Scene, settings: Settings, *, debug: bool = False) -> dict[str, Point]:
    with wiki.database.read() as session:
        found = self_check(wiki.database, settings, session, wiki.actor("ada"), debug=debug)
    assert [one.grade for one in found] == sorted(
        (one.grade for one in found), key=list(Grade).index
    )
    assert all(bool(one.todo) == (one.grade is not GOOD) for one in found)
    return {one.name: one for one in found}


def test_a_wiki_that_is_set_up_well_has_nothing_but_backups_to_look_at(
    wiki: Scene, safe: Settings
) -> None:
    found = points(wiki, safe)
    assert [one.name for one in found.values() if one.grade is not GOOD] == ["Backups"]


@pytest.mark.parametrize(
    ("change", "name", "grade"),
    [
        ({"base_url": "http://wiki.example.org"}, "Address", DANGER),
        ({"base_url": "http://127.0.0.1:8000"}, "Address", WARN),
        ({"base_url": "http://localhost:8000"}, "Address", WARN),
        ({"trusted_proxies": 0}, "Proxies", WARN),
        ({"smtp_url": ""}, "Email", WARN),
        ({"mail_from": "wiki@localhost"}, "Email", WARN),
        ({"pace": 0.0}, "Limits", WARN),
        ({"session_days": 365}, "Session length", WARN),
        ({"secret_key": ""}, "Secret key", WARN),
    ],
)
def test_each_setting_is_graded(
    wiki: Scene, safe: Settings, change: dict[str, object], name: str, grade: Grade
) -> None:
    assert points(wiki, replace(safe, **change))[name].grade is grade  # type: ignore[arg-type]


def test_debugging_is_a_danger(wiki: Scene, safe: Settings) -> None:
    assert points(wiki, safe, debug=True)["Debugging"].grade is DANGER


@pytest.mark.parametrize(("mode", "grade"), [(0o755, DANGER), (0o750, WARN), (0o700, GOOD)])
def test_who_may_look_into_the_data_folder(
    wiki: Scene, safe: Settings, mode: int, grade: Grade
) -> None:
    safe.data_dir.chmod(mode)
    assert points(wiki, safe)["Data folder"].grade is grade


@pytest.mark.parametrize(("mode", "grade"), [(0o644, DANGER), (0o640, DANGER), (0o600, GOOD)])
def test_who_may_read_the_key(wiki: Scene, safe: Settings, mode: int, grade: Grade) -> None:
    generated = replace(safe, secret_key="")
    assert len(generated.key()) > 32
    (safe.data_dir / "secret.key").chmod(mode)
    assert points(wiki, generated)["Secret key"].grade is grade


def test_a_new_data_folder_is_its_owner_s_alone(tmp_path: Path) -> None:
    Settings(data_dir=tmp_path / "new").key()
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_admins_are_counted(wiki: Scene, safe: Settings) -> None:
    for handles, grade in ((["eve"], WARN), (["eve", "ada"], DANGER)):
        with wiki.database.write() as session:
            session.execute(
                update(Person).where(Person.handle.in_(handles)).values(disabled_at=now())
            )
        assert points(wiki, safe)["Admins"].grade is grade


def test_admins_without_a_second_factor_are_counted(wiki: Scene, safe: Settings) -> None:
    assert points(wiki, safe)["Second factor"].grade is GOOD
    ada = wiki.actor("ada").person_id
    with wiki.database.write() as session:
        session.execute(delete(Passkey).where(Passkey.person_id == ada))
        session.add(Authenticator(person_id=ada, name="Begun", secret=b""))
    found = points(wiki, safe)["Second factor"]
    assert (found.grade, found.said) == (WARN, "1 admin has no second factor.")
    with wiki.database.write() as session:
        session.execute(update(Authenticator).values(proven_at=now()))
    assert points(wiki, safe)["Second factor"].grade is GOOD


def test_public_spaces_are_counted_and_named(wiki: Scene, safe: Settings) -> None:
    with wiki.database.write() as session:
        session.execute(update(Space).where(Space.slug == "open").values(visibility="public"))
    found = points(wiki, safe)["Public spaces"]
    assert (found.grade, found.said) == (WARN, "Anyone on the internet can read 1 space: /open/.")


def test_what_is_open_for_long_is_told(wiki: Scene, safe: Settings) -> None:
    ben, long_ago = wiki.actor("ben").person_id, now() - timedelta(days=100)
    with wiki.database.write() as session:
        session.add(ApiToken(token_hash="x", person_id=ben, name="Nightly", created_at=long_ago))
        session.add(
            LoginSession(
                token_hash=hash_token("x"),
                person_id=ben,
                seen_at=long_ago,
                expires_at=now() + timedelta(days=1),
            )
        )
        for number, used in enumerate((None, now())):
            session.add(
                Invitation(
                    token_hash=str(number),
                    site_role="guest",
                    created_at=now() - timedelta(days=8),
                    expires_at=now() + timedelta(days=6),
                    used_at=used,
                )
            )
    found = points(wiki, safe)
    assert found["API tokens"].said.startswith("1 API token never expires")
    assert "1 of them unused for 90 days" in found["API tokens"].said
    assert found["Old sessions"].said == "1 session was not used for 60 days."
    assert found["Invitations"].said.startswith("1 invitation has been open")


def test_only_tokens_that_work_without_an_end_are_counted(wiki: Scene, safe: Settings) -> None:
    long_ago, gus = now() - timedelta(days=100), wiki.actor("gus").person_id
    with wiki.database.write() as session:
        for name, changed in {
            "used": {"used_at": now()},
            "expired": {"expires_at": long_ago},
            "ending": {"expires_at": now() + timedelta(days=1)},
            "revoked": {"revoked_at": long_ago},
            "of a closed account": {"person_id": gus},
        }.items():
            owner = {"person_id": wiki.actor("ben").person_id}
            values = owner | {"created_at": long_ago} | changed
            session.add(ApiToken(token_hash=name, name=name, **values))
        session.execute(update(Person).where(Person.id == gus).values(disabled_at=now()))
    assert points(wiki, safe)["API tokens"].said == "1 API token never expires."


def test_deliveries_and_the_worker_are_looked_at(wiki: Scene, safe: Settings) -> None:
    wiki.write("rota", "words")
    with wiki.database.write() as session:
        event_id = session.scalars(select(EventRow.id)).first()
        session.execute(update(Delivery).values(due_at=now() - timedelta(hours=1)))
        session.execute(
            insert(Delivery).values(
                event_id=event_id, subscriber="x", due_at=now(), attempts=12, gave_up_at=now()
            )
        )
    found = points(wiki, safe)
    assert found["Deliveries"].grade is DANGER
    assert found["Worker"].grade is WARN
    (safe.data_dir / "worker.lock").unlink()
    assert points(wiki, safe)["Worker"].grade is DANGER


def test_an_index_that_is_behind_is_told(wiki: Scene, safe: Settings) -> None:
    page = wiki.write("rota", "words")
    assert points(wiki, safe)["Search index"].grade is WARN
    wiki.deliver()
    assert points(wiki, safe)["Search index"].grade is GOOD
    with wiki.database.write() as session:
        session.delete(session.merge(page))
    assert points(wiki, safe)["Search index"].grade is DANGER


def test_the_self_check_is_for_admins(wiki: Scene) -> None:
    screen = wiki.get("ada", "/-/admin/security")
    assert screen.status_code == 200
    assert "WIKI_BASE_URL" in screen.text
    for handle, status in (("ben", 403), ("eve", 403), ("gus", 403), ("nobody", 302)):
        assert wiki.get(handle, "/-/admin/security").status_code == status
    with pytest.raises(Forbidden), wiki.database.read() as session:
        self_check(wiki.database, wiki.settings, session, wiki.actor("eve"))


def test_the_command_says_it_and_fails_for_a_danger(
    wiki: Scene, safe: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIKI_DATA_DIR", str(safe.data_dir))
    monkeypatch.setenv("WIKI_DATABASE_URL", safe.database_url)
    monkeypatch.setenv("WIKI_SECRET_KEY", safe.secret_key)
    for name in ("base_url", "smtp_url", "mail_from", "trusted_proxies"):
        monkeypatch.setenv(f"WIKI_{name.upper()}", str(getattr(safe, name)))
    run = CliRunner().invoke
    done = run(main, ["selfcheck"])
    assert (done.exit_code, "danger  " in done.output) == (0, False)
    assert "warn    Backups: " in done.output
    assert run(main, ["selfcheck", "--strict"]).exit_code == 1
    assert "good    Address: " in run(main, ["selfcheck", "--all"]).output
    monkeypatch.setenv("WIKI_BASE_URL", "http://wiki.example.org")
    done = run(main, ["selfcheck"])
    assert done.exit_code == 1
    assert done.output.startswith("danger  Address: ")
    assert safe.secret_key not in done.output


def test_an_index_that_cannot_be_used_is_told(wiki: Scene, safe: Settings) -> None:
    assert whoosh_of(safe)
    for file in sorted((safe.data_dir / "index").rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    assert points(wiki, safe)["Search index"].grade is WARN
