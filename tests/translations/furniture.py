"""A wiki in which the screens have something to show.

What people write in it consists of the words that ``CONTENT`` of ``test_pseudo.py`` knows.
"""

from __future__ import annotations

import re

from sqlalchemy import func, select

from tests.cast import Scene
from tests.pseudo import CODES
from tests.transfer.trees import zipped
from tests.ways_in import open_links, stand_at_the_door
from wiki.db import now
from wiki.outbox.models import EventRow
from wiki.pages.events import PageMoved
from wiki.people.factors.authenticators import begin_authenticator
from wiki.people.factors.models import Passkey
from wiki.people.models import Person

KEY = "AKIA" + "Y34FZKBOKMUTVV7Q"
TEXT = """Plan {{ plan }}

- [ ] plan

## Rota

[[plan]], [[open:plan]], [[trellis]], ![](plan.png)
"""
TREE = {
    "plan.md": "---\nplan: [\n---\n# Plan\n\n[plan](trellis.md) ![rota](rota.png)\n",
    "rota.md": f"rota {KEY}\n",
    "trellis.pdf": b"plan",
    "../plan.md": "plan",
    "plan/plan.md": b"\xff\x00",
}


def furnish(wiki: Scene) -> dict[str, object]:
    """Fill the wiki, and return what addresses in ``SCREENS`` name in braces. Reports are written
    in the site's language, which is one that nobody speaks."""
    object.__setattr__(wiki.settings, "language", CODES[0])
    wiki.write("plan", "plan", space="open")
    wiki.write("rota", "rota", tags=("plan",))
    page = wiki.write("rota", TEXT, tags=("plan", "rota"), title="Rota")
    wiki.write("rota/plan", "plan", message="plan")
    wiki.write("rota/plan", "rota\n\nplan")
    template = wiki.write("templates/plan", TEXT, title="Plan")
    gone = wiki.write("trellis", "plan", title="Plan")
    sent(wiki, "ben", "/eng/trellis/-/delete")
    sent(wiki, "ben", "/eng/rota/plan/-/move", title="Plan", path="plan", space="eng")
    file = wiki.attach("rota/plan.pdf", b"%PDF-1.7 plan")
    newer = wiki.attach("rota/plan.pdf", b"%PDF-1.7 rota")
    for url in ("/eng/rota/-/star", "/open/plan/-/star"):
        sent(wiki, "cai", url)
    sent(wiki, "ada", "/-/admin/groups", handle="plan", name="Plan")
    sent(wiki, "ada", "/-/admin/groups", handle="rota", name="Rota")
    sent(wiki, "ada", "/-/admin/search", words="plan, rota")
    sent(wiki, "cai", "/-/searches", name="Plan", query="plan rota", space="eng")
    hook = {"name": "Plan", "address": "https://example.org/plan", "format": "json"}
    assert wiki.post("eve", "/eng/-/webhooks", **hook, kinds="page.saved").status_code == 200
    for who in ("ben", "@plan"):
        sent(wiki, "ada", "/-/groups/rota/put", who=who)
    sent(wiki, "ada", "/-/groups/plan/put", who="ben")
    sent(wiki, "dot", "/-/request-access", at="/lab/plan", message="plan")
    return {
        "message": _discussion(wiki),
        "page": page.id,
        "gone": gone.id,
        "file": file,
        "newer": newer,
        "template": template.id,
        "share": _share(wiki),
        "approval": _approval(wiki),
        "redaction": _redaction(wiki),
        "import": _import(wiki),
        "invitation": _invitation(wiki),
        "head": _secret(wiki),
        **_ways_in(wiki),
        "moved": _moved(wiki),
    }


def _discussion(wiki: Scene) -> str:
    """Discuss the rota, and return the id of the first message."""
    place = sent(wiki, "ben", "/eng/rota/-/comments", body="plan")
    message = place.rpartition("#m")[2]
    sent(wiki, "ben", f"/-/comments/{message}/edit", body="rota")
    for answers, body in enumerate(("rota", "plan"), 1):
        sent(wiki, "eve", "/-/threads/1/reply", body=body, answers=answers)
    sent(wiki, "eve", f"/-/comments/{message}/react", sign="agree")
    for state in ("resolve", "reopen"):
        sent(wiki, "ben", "/-/threads/1/state", **{state: 1, "reason": "plan"})
    other = sent(wiki, "eve", "/eng/rota/-/comments", body="plan").rpartition("#m")[2]
    sent(wiki, "eve", f"/-/comments/{other}/delete")
    sent(wiki, "ben", "/-/threads/2/state", resolve=1)
    return message


def sent(wiki: Scene, who: str, url: str, /, **form: object) -> str:
    """Send a form that has to be accepted; the address that follows."""
    answer = wiki.client(who).post(url, data=form)
    assert answer.status_code == 303, (url, answer.status_code, answer.text)
    return answer.headers["Location"]


def _ways_in(wiki: Scene) -> dict[str, object]:
    """Open the registration, sign-in at a provider and mailed links, and give Eve second factors;
    the numbers of these."""
    more = {"registration": "domains", "registration_domains": "example.org"}
    for name, value in {**more, "oidc_issuer": "https://example.org", "oidc_name": "Plan"}.items():
        object.__setattr__(wiki.settings, name, value)
    wiki.app.extensions["wiki.provider"] = object()
    with wiki.database.write() as session:
        ben, eve = (session.get_one(Person, wiki.actor(who).person_id) for who in ("ben", "eve"))
        open_links(session, ben, "Trellis")
        phone = begin_authenticator(session, eve.actor(), wiki.settings, eve, name="Plan")
        phone.proven_at = now()
        key = Passkey(
            person_id=eve.id,
            name="Rota",
            credential_id="rota",
            public_key=b"",
            sign_count=0,
            user_handle="",
            transports=[],
            verifies=True,
        )
        session.add(key)
        session.flush()
        numbers = {"authenticator": phone.id, "passkey": key.id}
    stand_at_the_door(wiki, "eve")
    return numbers


def _moved(wiki: Scene) -> int:
    """Move a page, and rename a section that another page links to; the event of the move."""
    wiki.write("plan/trellis", "## Plan\n\nplan")
    wiki.write("rota/trellis", "[[plan/trellis#Plan]]")
    wiki.write("plan/trellis", "## Rota\n\nplan")
    wiki.write("trellis/plan", "plan")
    sent(wiki, "ben", "/eng/trellis/plan/-/move", title="Plan", path="plan/rota", space="eng")
    with wiki.database.read() as session:
        query = select(func.max(EventRow.id)).where(EventRow.name == PageMoved.__name__)
        return session.scalar(query) or 0


def _invitation(wiki: Scene) -> str:
    """Invite somebody; the token."""
    made = wiki.post("ada", "/-/admin/invitations", email="", site_role="member")
    found = re.search(r"/-/invite/([\w-]+)", made.text)
    assert found is not None, made.text
    return found[1]


def _secret(wiki: Scene) -> int:
    """Save a likely secret although it was found; the number of the revision."""
    wiki.write("plan", "plan")
    form = {"title": "Plan", "body": f"plan {KEY}", "base": str(wiki.page("plan").head)}
    refused = wiki.post("ben", "/eng/plan/-/edit", **form)
    seen = re.search(r'name="seen" value="([^"]*)"', refused.text)
    assert seen is not None
    sent(wiki, "ben", "/eng/plan/-/edit", **form, allow="meant", seen=seen[1])
    return wiki.page("plan").head


def _share(wiki: Scene) -> str:
    """Share a page with a password; the token."""
    wiki.write("plan", "plan", space="lab")
    wiki.write("plan/rota", "rota", space="lab")
    for form in ({"max_views": "2"}, {"recipient": "Gus", "what": "subtree"}):
        made = wiki.post("ben", "/lab/plan/-/share", **form)
        found = re.search(r"/-/s/([\w-]+)/", made.text)
        assert found is not None, made.text
    return found[1]


def _approval(wiki: Scene) -> str:
    """Ask a second person to make a space public; the number of the request."""
    form = {"title": "Eng", "visibility": "public", "member_role": "reader", "label": "internal"}
    shown = wiki.post("eve", "/eng/-/settings", **form)
    asked = wiki.agree("eve", shown, ask="1", reason="plan")
    assert asked.status_code == 303, asked.text
    wiki.get("eve", asked.headers["Location"])  # shows the message of the request
    return asked.headers["Location"].rpartition("/")[2]


def _redaction(wiki: Scene) -> str:
    """Redact a word of a page; the number of the record."""
    page = wiki.write("trellis/rota", "plan trellis rota example.org")
    form = {"text": "example.org", "reason": "plan", "confirm": "1"}
    return sent(wiki, "eve", f"/-/p/{page.id}/redact", **form).rpartition("/")[2]


def _import(wiki: Scene) -> str:
    """Import a zip with all kinds of problems; the number of the import."""
    answer = wiki.client("eve").post(
        "/fair/-/import",
        data={"file": (zipped(TREE), "plan.zip")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303, answer.text
    wiki.deliver()
    return answer.headers["Location"].rpartition("/")[2]
