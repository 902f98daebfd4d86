"""Links in mails that change exactly the reason of the mail, without a sign-in (RFC 8058)."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import insert_into, now
from wiki.errors import NotFound
from wiki.inbox.kinds import Because, MailChanges
from wiki.inbox.mail_preferences import store
from wiki.inbox.queries import Told
from wiki.mail.messages import absolute
from wiki.people.models import Person
from wiki.watching.levels import Level, Reason
from wiki.watching.models import Watch
from wiki.web.public import public
from wiki.web.request import settings, writing

blueprint = Blueprint("unsubscribing", __name__)

MENTIONS, CHANGES, WATCH = "mentions", "changes", "watch"


def _signer(of: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(of.key(), salt="unsubscribe")


def address_for(of: Settings, person_id: int, told: Told | None) -> str:
    """Return the address that ends mails for the reason of a notice: mentions, or one watch; for
    the digest, if there is none. It can do nothing else."""
    what, target = CHANGES, 0
    if told is not None and told.notice.reason != Because.WATCH:
        what = MENTIONS
    elif told is not None and told.watch is not None:
        what, target = WATCH, told.watch.id
    token = _signer(of).dumps([person_id, what, target])
    return absolute(of, f"/-/unsubscribe/{token}")


def _read(token: str) -> tuple[int, str, int]:
    try:
        person_id, what, target = _signer(settings()).loads(token)
    except (BadSignature, ValueError, TypeError):
        raise NotFound from None
    return person_id, what, target


@blueprint.route("/-/unsubscribe/<token>", methods=["GET", "POST"])
@public
def unsubscribe(token: str) -> ResponseReturnValue:
    """End the mails, which mail programs ask for without a cookie. A GET shows the button and
    changes nothing, because mail scanners follow links."""
    person_id, what, target = _read(token)
    if request.method == "GET":
        return render_template("inbox/unsubscribe.html", what=what, done=False)
    with writing() as session:
        if session.get(Person, person_id) is None:
            raise NotFound
        end_mails(session, person_id, what, target)
    return render_template("inbox/unsubscribe.html", what=what, done=True)


def end_mails(session: Session, person_id: int, what: str, target: int) -> None:
    """Change exactly one reason: no mails of mentions, no mails of changes, or a level of the
    person's own where a watch told them."""
    if what == MENTIONS:
        store(session, person_id, mentions=False)
    elif what == CHANGES:
        store(session, person_id, changes=MailChanges.NEVER.value)
    else:
        watch = session.get(Watch, target)
        if watch is None:
            return
        values = {
            name: getattr(watch, name)
            for name in ("subject", "space_id", "page_id", "thread_id", "tag")
        }
        changed = {"level": int(Level.MENTIONS), "reason": Reason.CHOSEN.value}
        session.execute(
            insert_into(session, Watch)
            .values(**values, **changed, person_id=person_id, since=now())
            .on_conflict_do_update(index_elements=["person_id", "subject"], set_=changed)
        )
