"""The checklist of first steps, which admins see on their home screen until they dismiss it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import insert_into
from wiki.errors import Invalid, require_allowed
from wiki.home.models import Dismissal
from wiki.i18n import gettext as _
from wiki.mail.messages import post
from wiki.pages.models import Action, Revision
from wiki.people.models import Person
from wiki.rules.access import Actor, may_administer
from wiki.rules.roles import Role
from wiki.spaces.gate import spaces_with
from wiki.spaces.models import Invitation, Space
from wiki.transfer.models import ImportedHistory

NAME = "checklist"
_WRITTEN = (Action.CREATE.value, Action.EDIT.value, Action.MERGE.value)


@dataclass(frozen=True)
class Step:
    """A step, whether it is done, and where it is taken; ``waits`` is True if it needs a space that
    the reader leads, and there is none."""

    name: str
    label: str
    hint: str
    done: bool
    url: str = ""
    waits: bool = False


@dataclass(frozen=True)
class Checklist:
    """The steps. ``can_test`` is True if a test email can be sent to the reader."""

    steps: tuple[Step, ...]
    can_test: bool

    @property
    def done(self) -> int:
        """Number of steps that are done."""
        return sum(step.done for step in self.steps)


def checklist_for(session: Session, settings: Settings, actor: Actor) -> Checklist | None:
    """Return the checklist for an admin; None for others, and once it is dismissed or all steps are
    done."""
    if not may_administer(actor) or actor.person_id is None:
        return None
    others = exists().where(
        Person.id != actor.person_id, Person.imported_at.is_(None), Person.service_at.is_(None)
    )
    # The home page that a new space starts with is not written by its creator.
    written = exists().where(
        Revision.author_id == actor.person_id,
        Revision.action.in_(_WRITTEN),
        or_(Revision.path != "", Revision.number > 1),
    )
    dismissed, invited, created, imported, wrote, email = session.execute(
        select(
            exists().where(Dismissal.person_id == actor.person_id, Dismissal.name == NAME),
            or_(others, exists(select(Invitation.id))),
            exists(select(Space.id)),
            exists(select(ImportedHistory.id)),
            written,
            select(Person.email).where(Person.id == actor.person_id).scalar_subquery(),
        )
    ).one()
    has_mail, named = bool(settings.smtp_url), settings.site_name != Settings().site_name
    if dismissed or all((named, invited, created, imported, wrote, has_mail)):
        return None
    slug = session.scalar(
        select(Space.slug)
        .where(Space.id.in_(spaces_with(actor, Role.LEAD)))
        .order_by(Space.id.desc())
        .limit(1)
    )
    done = {
        "name": named,
        "space": created,
        "page": wrote,
        "import": imported,
        "people": invited,
        "email": has_mail,
    }
    return Checklist(_steps(done, f"/{slug}/-/" if slug else ""), has_mail and bool(email))


def _steps(done: Mapping[str, bool], inside: str) -> tuple[Step, ...]:
    """Return the steps.

    :param done: whether each step is done, by name.
    :param inside: the start of the addresses of a space that the reader leads; empty if there is
        none.
    """
    return (
        Step(
            "name",
            _("Give your wiki a name and a logo"),
            _("Both are shown in the header, the name also in emails."),
            done["name"],
            "/-/admin/settings",
        ),
        Step(
            "space",
            _("Create a space"),
            _("A place for a team or topic, with its own people and pages."),
            done["space"],
            "/-/spaces/new",
        ),
        Step(
            "page",
            _("Write a page"),
            _("Pages are Markdown, and every change is kept."),
            done["page"],
            inside and f"{inside}new",
            waits=not (inside or done["page"]),
        ),
        Step(
            "import",
            _("Import what you have"),
            _("A zip of Markdown files or an Obsidian vault. For a Git history, run wiki import."),
            done["import"],
            inside and f"{inside}import",
            waits=not (inside or done["import"]),
        ),
        Step(
            "people",
            _("Invite people"),
            _("By email, or with a link that you pass on yourself."),
            done["people"],
            "/-/admin/invitations",
        ),
        Step(
            "email",
            _("Set up email"),
            _("Email can be sent.")
            if done["email"]
            else _("Enter your mail server, then send a test email."),
            done["email"],
            "/-/admin/settings#mail",
        ),
    )


def dismiss(session: Session, actor: Actor) -> None:
    """Dismiss the checklist for the actor.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    row = {"person_id": actor.person_id, "name": NAME}
    session.execute(insert_into(session, Dismissal).on_conflict_do_nothing(), row)


def send_test(session: Session, settings: Settings, actor: Actor) -> str:
    """Queue a test email to the actor, and return their address.

    :raises Forbidden: unless the actor is an admin.
    :raises Invalid: if no mail server is set, or the actor has no address.
    """
    require_allowed(may_administer(actor))
    if not settings.smtp_url:
        raise Invalid(_("No mail server is set. Enter one under Administration, Settings."))
    person = session.get(Person, actor.person_id)
    if person is None or not person.email:
        raise Invalid(_("Your account has no email address. Add one in your account first."))
    post(session, settings, actor, person, "home/mail/test.txt")
    return person.email
