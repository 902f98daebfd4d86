"""Every event declares how it is treated and worded, and is stored under the name it always had."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import wiki
from wiki.api.resources.changes import Change
from wiki.outbox.event import (
    EVENTS,
    Category,
    Event,
    Policy,
    feed_types,
    names_in,
    policy_of,
    recent_verbs,
)
from wiki.outbox.models import EventRow
from wiki.transfer.git.space_events import FOLLOWED

WIKI = Path(wiki.__file__).parent
MODULES = sorted(WIKI.rglob("events.py"))

# Names that databases may contain: none may be changed or removed.
STORED = """
    AddressClaimRequested ApprovalAsked ApprovalDecided AuditExported ChainCheckRequested
    ChainSealed DeliveriesGivenUp DeliveriesRetried DrillFinished DrillRequested EventsExpired
    EventsScrubbed FactorAdded FactorRefused FactorRemoved FactorRenamed FactorsCleared
    FileAdded FileRemoved GroupChanged GroupCreated GroupDeleted GroupFactorChanged
    GroupMemberChanged GroupRoleChanged IdentityLinked IdentityUnlinked ImportRequested
    InvitationAccepted InvitationCreated InvitationRevoked LeadTaken MailRequested MemberChanged
    MirrorAdded MirrorRemoved Opened PageDeleted PageLabelled PageMoved PagePurged PageReordered
    PageRestored
    PageRestricted PageSaved PasswordResetRequested PersonChanged PersonCreated PersonImported
    PlaceholderClaimed RecoveryCodeUsed RecoveryCodesMade Redacted RedactionLifted
    RevisionPurged ScanningChanged SecretsAllowed ShareMade ShareResumed ShareRevoked
    ShareSuspended SignInFailed SignedIn SignedOut SiteSettingChanged SpaceChanged SpaceCreated
    TokenCreated TokenRevoked
"""


@pytest.fixture
def registry() -> Iterator[None]:
    """Takes the events that a test declares out of the registry again."""
    before = dict(EVENTS)
    yield
    EVENTS.clear()
    EVENTS.update(before)


def test_stored_names_stay() -> None:
    assert set(STORED.split()) <= set(EVENTS)
    assert max(map(len, EVENTS)) <= EventRow.name.type.length  # type: ignore[attr-defined]


def test_the_rooms_import_all_events() -> None:
    code = "import wiki.rooms, wiki.outbox.event as e; print(*sorted(e.EVENTS))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == sorted(EVENTS)


def test_events_are_declared_in_the_rooms() -> None:
    declared = {sys.modules[event.__module__].__file__ for event in EVENTS.values()}
    assert declared == {str(path) for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(WIKI)))
def test_events_can_be_imported_from_everywhere(path: Path) -> None:
    """They may be imported upward, so they import nothing but the machinery and the rules."""
    tree = ast.parse(path.read_text())
    imported = {one.module or "" for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
    ours = {one for one in imported if one.startswith("wiki")}
    machinery = {"wiki.i18n", "wiki.outbox.event", "wiki.outbox.models", "wiki.outbox.sentences"}
    assert {one for one in ours if not one.startswith("wiki.rules.")} <= machinery
    assert not any(isinstance(one, ast.Import) for one in ast.walk(tree))


@pytest.mark.usefixtures("registry")
def test_an_event_without_a_policy_a_sentence_or_a_title_is_refused() -> None:
    with pytest.raises(TypeError, match="declares no policy"):

        class _Unworded(Event):
            sentence = "did something"

    with pytest.raises(TypeError, match="declares no sentence"):

        class _Undeclared(Event):
            policy = Policy(Category.CONTENT, expires=True)

    with pytest.raises(TypeError, match="declares no title"):

        class _Untitled(Event):
            policy = Policy(Category.CONTENT, expires=True)
            sentence = "did something"


@pytest.mark.usefixtures("registry")
def test_a_name_is_given_once() -> None:
    with pytest.raises(TypeError, match="Two events have the name PageSaved"):

        @dataclass(frozen=True)
        class PageSaved(Event):
            policy = Policy(Category.CONTENT, expires=False)
            sentence = "saved {page}"


def test_what_is_shown_is_chained_and_what_a_feed_has_stays() -> None:
    for wrong in ({"audited": True}, {"audited": False, "feed": "page_seen"}):
        with pytest.raises(ValueError, match="appears nowhere"):
            Policy(Category.CONTENT, expires=True, chained=False, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="does not expire"):
        Policy(Category.CONTENT, expires=True, recent="like")


def test_events_that_feeds_and_exports_need_never_expire() -> None:
    for name in (*feed_types(), *FOLLOWED, *recent_verbs()):
        assert not policy_of(name).expires, name


def test_events_that_prove_something_never_expire() -> None:
    for name in ("PlaceholderClaimed", "Opened", "EventsScrubbed", "EventsExpired", "ChainSealed"):
        assert not policy_of(name).expires, name


def test_the_feed_has_the_types_of_its_schema() -> None:
    types = feed_types()
    assert sorted(types.values()) == sorted(get_args(get_type_hints(Change)["type"]))
    assert types["PageSaved"] == "page_saved"


def test_recent_changes_have_the_changes_of_pages() -> None:
    assert recent_verbs() == {
        "PageSaved": "edit",
        "PageMoved": "move",
        "PageReordered": "order",
        "PageDeleted": "delete",
        "PageRestored": "restore",
    }


def test_an_unknown_event_is_kept_and_shown() -> None:
    policy = policy_of("FromTheFuture")
    assert (policy.audited, policy.expires, policy.chained) == (True, False, True)


def test_only_audited_events_that_are_no_content_record_their_origin() -> None:
    assert policy_of("SignedIn").traced
    assert policy_of("PageRestricted").traced
    assert not policy_of("PageSaved").traced
    assert not policy_of("PageDeleted").traced
    assert not policy_of("MailRequested").traced


def test_every_category_has_events() -> None:
    assert all(names_in(category) for category in Category)
