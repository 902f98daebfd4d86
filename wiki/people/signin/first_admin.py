"""The first administrator of a wiki, and the token of the link that creates it."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wiki.errors import Ended
from wiki.i18n import gettext as _
from wiki.people.actions import Credentials, create_person
from wiki.people.models import Person, SetupLink
from wiki.rules.access import ANONYMOUS
from wiki.rules.roles import SiteRole


def setup_token(session: Session) -> str | None:
    """Create a token for ``/-/setup?token=…``, which makes the first admin; return None if there is
    an admin already. Earlier set-up links stop working."""
    if has_admin(session):
        return None
    session.execute(delete(SetupLink))
    link = SetupLink()
    token = link.give_token()
    session.add(link)
    session.flush()
    return token


def has_admin(session: Session) -> bool:
    """Return whether there is an enabled admin."""
    return (
        session.scalar(
            select(Person.id)
            .where(Person.site_role == SiteRole.ADMIN.value, Person.disabled_at.is_(None))
            .limit(1)
        )
        is not None
    )


def check_setup(session: Session, token: str) -> None:
    """Check that the token may make the first admin.

    :raises Ended: if the link was used or replaced, or there is an admin already.
    """
    found = session.scalar(select(SetupLink.id).where(SetupLink.is_live(token)))
    if found is None or has_admin(session):
        raise Ended(
            _(
                "This link to create the first admin was already used or replaced by a newer one. "
                "As long as there is no admin, restarting the wiki shows a new link."
            )
        )


def create_first_admin(
    session: Session, token: str, *, handle: str, name: str, email: str | None, password_hash: str
) -> Person:
    """Create the first admin with a set-up link, which is used up.

    :raises Ended: if the link was used.
    :raises Invalid: as :func:`create_person`.
    """
    check_setup(session, token)
    if SetupLink.use(session, token) is None:
        check_setup(session, "")  # another request was faster: this raises
    return create_person(
        session,
        ANONYMOUS,
        handle=handle,
        name=name,
        credentials=Credentials(email, password_hash),
        site_role=SiteRole.ADMIN,
    )
