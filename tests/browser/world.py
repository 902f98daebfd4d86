"""What lies in the wiki that the browser visits: every kind of content, full and empty places."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from tests.attachments.samples import png
from tests.cast import Scene
from tests.ways_in import open_links
from wiki.attachments.actions import remove_file
from wiki.attachments.storage import Storage
from wiki.audit.events import AuditExported
from wiki.audit.handlers import check_chain
from wiki.audit.models import DrillRun
from wiki.comments.actions import (
    delete_message,
    edit_message,
    open_thread,
    react,
    reply,
    set_state,
)
from wiki.comments.composing import compose
from wiki.comments.locating import Quoted, locate
from wiki.comments.models import Message
from wiki.comments.signs import SIGNS
from wiki.db import at, now
from wiki.feeds.models import FeedAddress
from wiki.outbox import heartbeat
from wiki.outbox.actions import publish
from wiki.outbox.events import EventsExpired
from wiki.outbox.models import Delivery, EventRow
from wiki.pages.access import restrictions
from wiki.pages.access.models import PageRead
from wiki.pages.access.restrictions import AccessList
from wiki.pages.actions import delete_page
from wiki.pages.events import PageRestricted
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.pages.merging import Text
from wiki.pages.models import Page, Revision
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.secrets import Override
from wiki.pages.saving.submit import submit
from wiki.people.actions import create_person
from wiki.people.events import PersonChanged
from wiki.people.factors.authenticators import begin_authenticator
from wiki.people.factors.models import Passkey
from wiki.people.groups.actions import create_group, store_member, store_part
from wiki.people.imported.placeholders import authors_for
from wiki.people.models import Identity, Person
from wiki.people.one_time import hash_token
from wiki.people.signin.events import PasswordResetRequested, SignedIn
from wiki.people.tokens import TokenScope, create_service, create_token
from wiki.purging.actions import purge_revisions
from wiki.redaction.actions import redact_revision, redact_span
from wiki.redaction.targets import RevisionTarget, SpanTarget
from wiki.reviews.models import Approval
from wiki.rules.access import ANONYMOUS, Actor, May
from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole
from wiki.sharing.models import ShareLink
from wiki.spaces.actions import set_group_role, set_role
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import Invitation, RestrictedGroup, RestrictionRow, Space
from wiki.spaces.queries import see_space
from wiki.transfer.models import Mirror
from wiki.web.origin import come_from, come_from_nowhere
from wiki.webhooks.kinds import TITLES, Format, Kind, State
from wiki.webhooks.models import Webhook, WebhookCall

SAMPLE = Path(__file__).parents[2] / "templates/ui/styles.md"


def fill(scene: Scene) -> None:
    """Write the pages."""
    sample = SAMPLE.read_text()
    scene.write("", "Welcome. See [[handbook/everything]].", title="Engineering")
    scene.write("handbook/everything", "First words.", title="Everything on one page")
    scene.write(
        "handbook/everything", sample, by="ben", tags=("samples", "first week"), message="All"
    )
    scene.write("handbook/onboarding", "Ask Eve for *keys*.\n", title="Onboarding")
    for number in range(12):
        scene.write(f"teams/team-{number}/rota", "Who is on call.", title=f"Rota of team {number}")
    scene.write("Über uns/日本語", "まず読むもの。", title="日本語のページ " + "w" * 120)
    for path in ("draft-of-rules", "draft-of-rules/one"):  # moved together below
        scene.write(path, "A rule.", title=path.rpartition("/")[2].capitalize())
    scene.write("deep", "Far down.", title="Deep page")
    scene.write("deep/" + "a-rather-long-name-of-a-folder/" * 6 + "page", "Here.", title="Far down")
    scene.write("old-name", "It was elsewhere.", title="Moved page")
    scene.write("gone", "It is gone.", title="Gone page")
    scene.write("busy", "One line.\n", title="Busy page")
    passages = "Before the launch, **Ben** tells the people on call.\n\nOn Monday all read this.\n"
    scene.write("passages", passages, title="Page with passages")
    scene.write("public", "Everyone reads this.", space="open", title="A public page")
    for day in range(60):
        with at(datetime(2021, 3, 1, 12, tzinfo=UTC) + timedelta(days=day * day % 97)):
            scene.write("long-ago", f"Day {day}.", title="Long ago", by="ben" if day % 3 else "eve")
    scene.attach("handbook/everything/minutes of the meeting.txt", b"Present: all.")
    scene.attach("handbook/everything/" + "w" * 110 + ".png", png(40, 30))
    for shade in (90, 160):  # the second takes the place of the first
        scene.attach("handbook/everything/drawing.png", png(30, 40, shade))
    scene.write("sections", "## Setup\n\nOne.\n\n## Use\n\nTwo.", title="Sections")
    scene.write(
        "links",
        "To [[sections#Setup]], [[sections#Us]], [[pager/" + "long-" * 30 + "name]], [[pager]],\n"
        "[[gone]] and ![a picture](pictures/lost.png).\n",
        title="A page full of links",
    )
    shows = (
        "| a |\n| - |\n| b |\n\n![[handbook/everything]]\n\n![[nowhere]]\n\n![[busy]]\n\nEnd[^1].\n"
    )
    for more in ("", " And one more."):
        scene.write("shows", f"{shows}\n[^1]: A note.{more}\n", title="Shows others")
    scene.write("more-links", "Once more to [[pager]] and [[busy]].\n", title="More links")
    scene.write("sections", "## Installing\n\nOne.\n\n## Use\n\nTwo.", title="Sections")
    scene.write("shows-a-file", "![](handbook/everything/drawing.png)", title="Shows a file")
    eve = scene.actor("eve")
    key, card = "AKIA" + "Y34FZKBOKMUTVV7Q", "4111 1111 1111 1111"
    with scene.database.write() as session:
        for path, title, reason in (
            ("teams/keys", "Keys of the sandbox", "meant"),
            ("teams/" + "long-name-" * 9, "W" * 90, "Rotated every night, so that nobody minds it"),
        ):
            space = see_space(session, eve, "eng").space
            text = Text(title, f"The key is {key}.\n\nThe card is {card}.\n")
            submit(
                session,
                scene.actor("ben"),
                Edit(NewPage(space, path), text, override=Override(reason)),
            )
    scene.write("teams/keys", f"The card is {card}.\n", title="Keys of the sandbox")
    removed = scene.attach("handbook/everything/removed.png", png(30, 40, 30))
    for number in range(1, 5):
        scene.write(
            "salaries",
            "".join(f"Line {line} as of edit {line % number}.\n" for line in range(9)),
            by=("ben", "eve")[number % 2],
            title="Salaries" if number != 2 else "Salary of somebody with a rather long name",
            tags=("pay", "too-much")[: number % 3],
            message="Says what it should not" if number == 2 else "",
        )
        scene.attach(f"salaries/table {number // 3}.txt", str(number).encode())
    with scene.database.write() as session:
        salaries = scene.page("salaries")
        purge_revisions(session, scene.actor("ada"), salaries.id, {2}, seen=4)
        move_page(session, eve, scene.page("old-name").id, MoveTo("new-name"))
        move_page(session, eve, scene.page("draft-of-rules").id, MoveTo("rules"))
        delete_page(session, eve, scene.page("gone").id)
        remove_file(session, eve, removed)
        session.add(
            Invitation(
                token_hash=hash_token("of-the-world"),
                email="a-long-name.of-somebody-new@subsidiary.example.org",
                site_role="guest",
                space_id=scene.page("busy").space_id,
                role=int(Role.EDITOR),
                created_by_id=eve.person_id,
                expires_at=now() + timedelta(days=14),
            )
        )
        ben = session.get_one(Person, scene.actor("ben").person_id)
        authors = [("Old Hand", "old.hand@example.org"), ("Benjamin", "ben@example.org")]
        authors += [
            (f"Author {number} of the past", f"a{number}@old.example.org") for number in range(9)
        ]
        authors += [("W" * 80, "w" * 90 + "@a-long-name.of-a-subsidiary.example.org")]
        found = authors_for(session, authors)
        imported = select(Page.id).where(Page.path.startswith("teams/"))
        session.execute(
            update(Revision)
            .where(Revision.page_id.in_(imported))
            .values(author_id=found["old.hand@example.org"])
        )
        for slug, failed_at in (("eng", None), ("lab", now())):
            space = session.scalars(select(Space).where(Space.slug == slug)).one()
            session.add(
                Mirror(
                    space_id=space.id,
                    folder=f"/nowhere/{slug}.git",
                    event_id=1 << 40,
                    mirrored_at=now(),
                    failure="It is not there." if failed_at else "",
                    failures=1 if failed_at else 0,
                    failed_at=failed_at,
                    retry_at=now() + timedelta(days=9),
                )
            )
        create_token(session, ben.actor(), ben, TokenScope(False), name="Nightly export")
        make_groups(session, scene)
        make_feeds_and_webhooks(session, scene)
        old = create_token(session, ben.actor(), ben, TokenScope(True), name="Once", days=1)[0]
        old.expires_at = now()
        spaces = session.scalars(select(Space.id).where(Space.slug.in_(("eng", "lab")))).all()
        create_token(session, ben.actor(), ben, TokenScope(True, spaces), name="W" * 100, days=None)
        ada = scene.actor("ada")
        robot = create_service(
            session, ada, handle="robot", name="The robot", site_role=SiteRole.MEMBER
        )
        create_token(session, ada, robot, TokenScope(True, spaces), name="Import of tickets")
        for issuer, subject in (
            ("https://id.example.org", "ben"),
            ("https://old.example.org", "b"),
        ):
            session.add(
                Identity(issuer=issuer, subject=subject, person_id=ben.id, email="ben@example.org")
            )
        open_links(session, ben)
        them = session.get_one(Person, eve.person_id)
        phone = begin_authenticator(session, eve, scene.settings, them, name="Phone")
        phone.proven_at = now()
        for name, verifies in (("Laptop", True), ("W" * 100, False)):
            session.add(
                Passkey(
                    person_id=them.id,
                    name=name,
                    credential_id=name,
                    public_key=b"",
                    sign_count=0,
                    user_handle="",
                    transports=[],
                    verifies=verifies,
                )
            )
        begin_authenticator(session, ben.actor(), scene.settings, ben, name="Tablet")
        ada = scene.actor("ada")
        everyone = create_group(session, ada, handle="on-call", name="On call")
        store_member(session, ada, everyone, ben, member=True)
    redact(scene)
    make_links(scene)
    scene.deliver()
    administer(scene)
    discuss(scene)
    quote(scene)


def discuss(scene: Scene) -> None:
    """Comment on the busy page: open and resolved discussions, replies, reactions, a deletion."""
    ben, eve = scene.actor("ben"), scene.actor("eve")
    page = scene.page("busy")
    with scene.database.write() as session:

        def begin(who: Actor, body: str) -> Message:
            return open_thread(session, who, "eng", "busy", compose(body, "eng", page))

        first = begin(
            ben, f"# Which **line**?\n\n| a | b |\n| - | - |\n| {'w' * 90} | 1 |\n\n- [ ] it"
        )
        for who, at, body in ((eve, 0, "The `first`."), (ben, 2, "Or the last?"), (eve, 3, "No.")):
            reply(session, who, first.thread_id, compose(body, "eng", page), at)
        edit_message(session, ben, first.id, compose(f"Which **line**, {'w' * 90}?", "eng", page))
        for sign in SIGNS:
            react(session, eve, first.id, sign, on=True)
        gone = begin(eve, "Too much said.")
        delete_message(session, eve, gone.id)
        done = begin(eve, "A question with an answer.")
        set_state(session, ben, done.thread_id, resolved=True, reason="Answered elsewhere")


def quote(scene: Scene) -> None:
    """Comment on passages: one unchanged with a suggestion, one changed, one lost."""
    ben, page = scene.actor("ben"), scene.page("passages")
    text = "Before the launch, **Ben** tells the people on call.\n\nOn Monday all read this.\n"
    source = ("Before the launch", "people on call", "On Monday all read this.")
    with scene.database.read() as session:
        found = [locate(session, page, "eng", Quoted(words)) for words in source]
    with scene.database.write() as session:
        for located, suggested in zip(found, ("Before we start", None, None), strict=True):
            composed = compose("Is this *right*?", "eng", page)
            composed = replace(composed, passage=located, suggested=suggested)
            open_thread(session, ben, "eng", "passages", composed)
    text = text.replace("people on", "two people off").replace("On Monday all read this.", "Gone.")
    scene.write("passages", text, title="Page with passages")
    scene.deliver()


def redact(scene: Scene) -> None:
    """Something that was redacted on a page that was read, and something just now."""
    eve, storage = scene.actor("eve"), Storage(scene.settings.data_dir)
    told = scene.write("told", "The project is called Zebra.\n", title="What was told")
    scene.write("told", "The project Zebra begins in May.\n", title="What was told")
    scene.attach("told/Zebra plan.txt", b"Zebra, in short.")
    with scene.database.write() as session:
        restrictions.set_label(session, eve, told.id, Label.CONFIDENTIAL, consent=UNASKED)
        for handle, revision in (("ben", 1), ("ben", 2), ("eve", 2)):
            session.add(
                PageRead(
                    page_id=told.id,
                    day=now().date(),
                    person_id=scene.actor(handle).person_id or 0,
                    revision=revision,
                    file_id=0,
                )
            )
        session.flush()
        reason = "It was told in confidence, and the customer asked for it. " * 4
        level = Label.CONFIDENTIAL
        target = SpanTarget("Zebra", [told.id])
        redact_span(session, eve, storage, target, reason, logged_from=level)
    scene.deliver()
    with scene.database.write() as session:
        row = redact_revision(session, eve, RevisionTarget(told.id, 1, 2), "Says too much")
        session.flush()
        session.execute(delete(Delivery).where(Delivery.subscriber == "redaction.carry_out"))
        assert row.finished_at is None


def make_links(scene: Scene) -> None:
    """Links for people without an account, in every state."""
    ben, eve, home = scene.actor("ben"), scene.actor("eve"), scene.page("")
    locked = "a hash of something else"
    with scene.database.write() as session:
        for token, maker, recipient, more in (
            ("of-the-world", ben, "Partners of the fair", {"subtree": True, "views": 12}),
            (
                "locked",
                ben,
                "W" * 100,
                {"password_hash": locked, "email": "w" * 60 + "@example.org"},
            ),
            ("counted", eve, "", {"max_views": 3, "views": 1, "subtree": True}),
            ("used", eve, "The board", {"max_views": 1, "views": 1}),
            ("rests", ben, "", {"suspended_at": now(), "suspended_for": "guesses"}),
            ("barred", scene.actor("cai"), "Somebody’s colleague", {}),
            ("over", ben, "Last year’s partners", {"expires_at": now() - timedelta(days=3)}),
            ("back", eve, "", {"revoked_at": now(), "revoked_by_id": eve.person_id}),
        ):
            link = ShareLink(
                token_hash=hash_token(token),
                page_id=home.id,
                made_by_id=maker.person_id,
                recipient=recipient,
                expires_at=now() + timedelta(days=9),
            )
            for name, value in more.items():
                setattr(link, name, value)
            link.used_at = now() - timedelta(hours=2) if link.views else None
            session.add(link)


def make_feeds_and_webhooks(session: Session, scene: Scene) -> None:
    """An address of a feed, and a webhook with calls in every state."""
    busy = scene.page("busy")
    session.add(
        FeedAddress(
            token_hash=hash_token("of-the-world"),
            person_id=scene.actor("ben").person_id or 0,
            name="Reader " + "w" * 80,
            page_id=busy.id,
        )
    )
    hook = Webhook(
        space_id=busy.space_id,
        name="w" * 100,
        url="https://hooks.example.org/" + "w" * 300,
        format=Format.SLACK.value,
        kinds=[kind.value for kind in TITLES],
        secret=b"",
        failing_since=now(),
    )
    session.add(hook)
    session.flush()
    for number, state in enumerate(State):
        session.add(
            WebhookCall(
                webhook_id=hook.id,
                page_id=busy.id,
                key=f"msg_{number}",
                kind=Kind.SAVED.value,
                attempts=1,
                state=state.value,
                status=500,
                response="w" * 300,
            )
        )


def make_groups(session: Session, scene: Scene) -> None:
    """Groups in groups, one with more people than a screen holds, one with nobody."""
    ada = scene.actor("ada")
    names = {
        "company": "The whole company",
        "engineering": "Engineering",
        "w" * 60: "Working group with a rather long name " + "w" * 90,
        "empty": "Empty",
    }
    made = [
        create_group(session, ada, handle=handle, name=name, description="What it is. " * 9)
        for handle, name in names.items()
    ]
    company, engineering, working, _ = made
    store_part(session, ada, company, engineering, inside=True)
    store_part(session, ada, engineering, working, inside=True)
    people = [session.get_one(Person, scene.actor(one).person_id) for one in ("ben", "cai", "gus")]
    people += [
        create_person(session, ada, handle=f"colleague{number}", name=f"Colleague {number}")
        for number in range(60)
    ]
    for number, person in enumerate(people):
        store_member(session, ada, made[number % 3], person, member=True)
    store_member(session, ada, company, people[1], member=True)
    eng = see_space(session, scene.actor("eve"), "eng")
    set_group_role(session, eng, company, Role.COMMENTER, consent=UNASKED)
    set_group_role(session, eng, working, Role.LEAD, consent=UNASKED)
    lab = see_space(session, scene.actor("eve"), "lab")
    set_group_role(session, lab, engineering, Role.READER, consent=UNASKED)
    restriction = RestrictionRow(page_id=scene.page("long-ago").id, may="edit")
    session.add(restriction)
    session.flush()
    session.add(RestrictedGroup(restriction_id=restriction.id, group_id=company.id))
    eve = scene.actor("eve")
    kept = submit(session, eve, Edit(NewPage(eng.space, "kept"), Text("Kept to a few", "x\n"))).page
    restrictions.set_label(session, eve, kept.id, Label.CONFIDENTIAL, consent=UNASKED)
    everybody = [person.id for person in people]
    for may in (May.READ, May.EDIT):
        restrictions.restrict(
            session, eve, kept.id, AccessList(may, everybody, [company.id]), consent=UNASKED
        )
    below = submit(session, eve, Edit(NewPage(eng.space, "kept/below"), Text("Below", "x\n"))).page
    for decided in (None, now()):
        session.add(
            Approval(
                kind="label",
                payload={"page_id": below.id, "label": "public"},
                digest="0" * 32,
                words="40 more people could then read 2 pages, 1 file and 12 old revisions.",
                reason="For the partners. " * 9,
                space_id=eng.space.id,
                asked_by_id=eve.person_id,
                expires_at=now() + timedelta(days=9),
                decided_at=decided,
                decided_by_id=ada.person_id if decided else None,
                approved=False if decided else None,
            )
        )


def administer(scene: Scene) -> None:
    """Let there be something to administer: what was done, what failed, a worker."""
    ada, eve = scene.actor("ada"), scene.actor("eve")
    secret = scene.write("secret", "Nothing to see.", space="lab", title="Secret page")
    come_from("2001:db8:1234:5678:9abc:def0:1234:5678", "Mozilla/5.0 (X11) Firefox/140.0")
    with scene.database.write() as session:
        for slug, handle in (("eng", "cai"), ("lab", "dot")):
            person = session.get_one(Person, scene.actor(handle).person_id)
            seen = see_space(session, eve, slug)
            set_role(session, seen, person, Role.COMMENTER, consent=UNASKED)
        ben = scene.actor("ben")
        publish(session, ben, SignedIn(ben.person_id or 0))
        publish(session, ANONYMOUS, PasswordResetRequested(1))
        publish(
            session,
            eve,
            PageRestricted(secret.space_id, secret.id, "read", [ben.person_id or 0], []),
        )
        move_page(session, eve, secret.id, MoveTo("more-secret"))
    come_from_nowhere()
    with scene.database.write() as session:
        publish(session, ada, AuditExported("csv", {"who": "ben", "since": "2026-01-01"}))
        publish(session, ada, PersonChanged(scene.actor("gus").person_id or 0, {"name": True}))
        publish(session, ANONYMOUS, EventsExpired(12_345, 1, "2025-01-01T00:00:00+00:00"))
    check_chain(scene.database, scene.settings)
    heartbeat.live(scene.database, now() - timedelta(hours=5))
    drill(scene)
    trace = "RuntimeError: " + "a/rather/long/path/of/a/file/" * 8 + " is not there"
    with scene.database.write() as session:
        event = session.scalar(select(func.max(EventRow.id)).where(EventRow.page_id.is_(None)))
        page = session.scalar(select(func.max(EventRow.id)).where(EventRow.page_id.is_not(None)))
        later = now() + timedelta(days=30)
        for which, attempts, gave_up_at in ((event, 3, None), (event, 12, now()), (page, 2, None)):
            session.add(
                Delivery(
                    event_id=which,
                    subscriber="people.send_mail" if which == event else "search.index_pages",
                    due_at=later,
                    attempts=attempts,
                    gave_up_at=gave_up_at,
                    error=trace,
                )
            )


def drill(scene: Scene) -> None:
    """Let drills have been run: one found something, one failed, one is under way."""
    leak = {"who": "guest", "request": "GET /-/a/" + "long/way/" * 12, "what": "a page’s title"}
    report = {
        "requests": 12_345,
        "routes": 180,
        "canaries": 90,
        "leaks": [leak] * 3,
        "differences": [leak],
        "unasked": {"/-/new/<thing>": "nothing is known for thing"},
        "excused": {"/-/static/<path:filename>": "they are the same for everybody"},
        "unseen": ["the name of a group"],
        "changed": ["roles"],
        "clean": False,
    }
    with scene.database.write() as session:
        for outcome, error, result in (
            ("failed", "RuntimeError: " + "no room left " * 20, {}),
            ("leaks", "", report),
            ("", "", {}),
        ):
            session.add(
                DrillRun(
                    asked_by_id=scene.actor("ada").person_id,
                    began_at=now(),
                    seen_at=now(),
                    position=12,
                    total=180,
                    done_at=now() + timedelta(seconds=70) if outcome else None,
                    outcome=outcome,
                    error=error,
                    result=result,
                )
            )
