"""Webhooks: what is called when, with what, and what never leaves the wiki."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.cast import Scene
from wiki.config import ConfigError, Settings
from wiki.config.environment import load
from wiki.db import now
from wiki.errors import Invalid
from wiki.outbox.models import EventRow
from wiki.pages.access.restrictions import AccessList, restrict, set_label
from wiki.purging.actions import purge_page
from wiki.rules.access import May
from wiki.rules.labels import Label
from wiki.spaces.consent import UNASKED
from wiki.webhooks import calling, handlers
from wiki.webhooks.kinds import State
from wiki.webhooks.models import Webhook, WebhookCall
from wiki.webhooks.signing import headers_for

EVERY_KIND = [
    "page.saved",
    "page.moved",
    "page.deleted",
    "page.restored",
    "comment.posted",
    "thread.changed",
]


@dataclass
class Receiver:
    """A service on this machine that keeps what it is sent."""

    url: str = ""
    status: int = 200
    answer: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.received]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            sent = {name.lower(): value for name, value in self.headers.items()}
            found.received.append((sent, self.rfile.read(length)))
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(found.answer)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    found.url = f"http://127.0.0.1:{server.server_port}/hook?key=1"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def create(wiki: Scene, receiver: Receiver | None = None, **form: object) -> tuple[int, str]:
    """Create a webhook with the form; return its id and its secret."""
    sent = {
        "name": "Team chat",
        "address": "https://hooks.example.org/1",
        "format": "json",
        "kinds": EVERY_KIND,
        **form,
    }
    answer = wiki.post("eve", "/eng/-/webhooks", **sent)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), answer.text
    secret = re.search(r'<p class="secret" dir="ltr">([^<]+)</p>', answer.text)
    assert secret
    with wiki.database.write() as session:
        hook = session.scalars(select(Webhook).order_by(Webhook.id.desc())).first()
        assert hook is not None
        assert secret[1].encode() not in hook.secret
        if receiver is not None:
            hook.url = receiver.url
        return hook.id, secret[1]


def work(wiki: Scene) -> None:
    """Do what the worker would do now, with private addresses allowed."""
    wiki.deliver()
    handlers.make_calls(wiki.database, replace(wiki.settings, webhook_private="yes"))


def calls(wiki: Scene) -> list[WebhookCall]:
    with wiki.database.read() as session:
        return list(session.scalars(select(WebhookCall).order_by(WebhookCall.id)))


def let_time_pass(wiki: Scene) -> None:
    """Make waiting calls due."""
    with wiki.database.write() as session:
        session.execute(
            update(WebhookCall).where(WebhookCall.due_at.is_not(None)).values(due_at=now())
        )


@pytest.mark.every_database
def test_a_webhook_is_called_about_the_events_that_its_leads_chose(
    wiki: Scene, receiver: Receiver
) -> None:
    _, secret = create(wiki, receiver, kinds=["page.saved", "comment.posted"])
    page = wiki.write("rota", "words", title="Rota", message="For June", by="ben")
    wiki.post("ben", "/eng/rota/-/comments", body="Is this right?")
    wiki.write("elsewhere", "words", space="lab")
    work(wiki)
    wiki.post("ben", "/eng/rota/-/delete")
    work(wiki)
    assert [one["type"] for one in receiver.sent] == ["page.saved", "comment.posted"]
    saved = receiver.sent[0]["data"]
    assert saved["space"] == {"slug": "eng", "title": "Eng"}
    assert saved["page"]["title"] == "Rota"
    assert saved["page"]["url"].endswith(f"/-/p/{page.id}")
    assert (saved["actor"]["handle"], saved["text"]) == ("ben", "For June")
    headers, body = receiver.received[0]
    moment = now().fromtimestamp(int(headers["webhook-timestamp"]))
    again = headers_for(headers["webhook-id"], moment, body, [secret])
    assert headers["webhook-signature"] == again["webhook-signature"]
    assert {call.state for call in calls(wiki)} == {State.SENT}


@pytest.mark.parametrize(
    ("change", "named", "text"),
    [
        ("internal", True, True),
        ("confidential", False, False),
        ("restricted", False, False),
        ("kept", False, False),
        ("purged", False, False),
    ],
)
def test_a_webhook_tells_only_what_every_member_of_the_space_may_read_now(
    wiki: Scene, receiver: Receiver, change: str, named: bool, text: bool
) -> None:
    create(wiki, receiver)
    page = wiki.write("swordfish", "words", title="Swordfish", message="swordfish it is")
    wiki.deliver()
    with wiki.database.write() as session:
        eve = wiki.actor("eve")
        if change == "purged":
            purge_page(session, wiki.actor("ada"), page.id, seen=1)
        elif change == "kept":
            ben = wiki.actor("ben").person_id or 0
            restrict(session, eve, page.id, AccessList(May.READ, [ben]), consent=UNASKED)
        else:
            set_label(session, eve, page.id, Label.named(change), consent=UNASKED)
    work(wiki)
    told = b"".join(body for _, body in receiver.received)
    assert (b"Swordfish" in told, b"swordfish it is" in told) == (named, text)
    if not named:
        assert receiver.received == []


def test_confidential_pages_are_named_without_texts_where_the_setting_allows_it(
    wiki: Scene, receiver: Receiver
) -> None:
    create(wiki, receiver)
    wiki.post("eve", "/eng/-/settings", title="Eng", reader_clearance="confidential")
    page = wiki.write("plan", "words", title="Plan", message="Hire four")
    with wiki.database.write() as session:
        set_label(session, wiki.actor("eve"), page.id, Label.CONFIDENTIAL, consent=UNASKED)
        hook = session.scalars(select(Webhook)).one()
        hook.space.reader_clearance = int(Label.CONFIDENTIAL)
    wiki.deliver()
    settings = replace(wiki.settings, webhook_private="yes", webhook_up_to="confidential")
    handlers.make_calls(wiki.database, settings)
    told = b"".join(body for _, body in receiver.received)
    assert (b"Plan" in told, b"Hire four" in told) == (True, False)


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("slack", "Eve created a page: <{url}|A &lt;!here&gt; [b](c) ¦ &amp;>\n> *why* @all"),
        (
            "mattermost",
            "Eve created a page: [A <\\!here> \\[b\\]\\(c\\) | &]({url})\n> \\*why\\* @\u200ball",
        ),
    ],
)
def test_chats_see_no_links_and_no_mentions_in_words_of_people(
    wiki: Scene, receiver: Receiver, format: str, expected: str
) -> None:
    create(wiki, receiver, format=format)
    page = wiki.write("odd", "words", title="A <!here> [b](c) | &", message="*why* @all")
    work(wiki)
    url = f"{wiki.settings.base_url}/-/p/{page.id}"
    assert receiver.sent == [{"text": expected.format(url=url)}]


def test_teams_gets_a_card(wiki: Scene, receiver: Receiver) -> None:
    create(wiki, receiver, format="teams")
    wiki.write("rota", "words", title="Rota")
    work(wiki)
    card = receiver.sent[0]["attachments"][0]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [block["text"] for block in card["content"]["body"]] == ["Eve created a page", "Rota"]


def test_a_failed_call_is_repeated_with_the_same_id_until_the_webhook_is_turned_off(
    wiki: Scene, receiver: Receiver
) -> None:
    hook_id, _ = create(wiki, receiver)
    receiver.status, receiver.answer = 500, b"it  is\nbroken\x00"
    wiki.write("rota", "words")
    for _ in range(len(handlers.DELAYS) + 3):
        work(wiki)
        let_time_pass(wiki)
    assert len(receiver.received) == len(handlers.DELAYS) + 1
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    call = calls(wiki)[0]
    assert (call.state, call.status, call.response) == (State.FAILED, 500, "it is broken")
    shown = wiki.get("eve", f"/eng/-/webhooks/{hook_id}").text
    assert "turned off because its calls kept failing" in shown
    assert "it is broken" in shown
    subjects = [str(letter["Subject"]) for letter in wiki.letters()]
    assert subjects == ["The webhook “Team chat” was turned off"]
    wiki.write("rota", "more words")
    work(wiki)
    assert len(calls(wiki)) == 1
    assert wiki.post("eve", f"/eng/-/webhooks/{hook_id}/test").status_code == 422
    with wiki.database.read() as session:
        assert "WebhookStopped" in session.scalars(select(EventRow.name)).all()


def test_a_worker_that_dies_during_a_call_makes_it_again_with_the_same_id(
    wiki: Scene, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(wiki, receiver)
    wiki.write("rota", "words")
    post = calling.post

    def die(*sent: Any, **options: Any) -> None:
        post(*sent, **options)
        raise SystemExit

    monkeypatch.setattr(calling, "post", die)
    with pytest.raises(SystemExit):
        work(wiki)
    monkeypatch.undo()
    work(wiki)
    assert len(receiver.received) == 1, "the call is still claimed"
    let_time_pass(wiki)
    work(wiki)
    work(wiki)
    assert len(receiver.received) == 2
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1


def test_a_redirect_is_a_failure_and_a_gone_receiver_ends_the_webhook(
    wiki: Scene, receiver: Receiver
) -> None:
    create(wiki, receiver)
    receiver.status, receiver.headers = 302, {"Location": receiver.url}
    wiki.write("rota", "words")
    work(wiki)
    assert (len(receiver.received), calls(wiki)[0].status) == (1, 302)
    receiver.status = 410
    let_time_pass(wiki)
    work(wiki)
    with wiki.database.read() as session:
        assert session.scalars(select(Webhook.disabled_for)).one() == "failures"


def test_a_test_and_a_repeated_call_are_made_at_once(wiki: Scene, receiver: Receiver) -> None:
    hook_id, _ = create(wiki, receiver)
    assert wiki.post("eve", f"/eng/-/webhooks/{hook_id}/test").status_code == 303
    work(wiki)
    call = calls(wiki)[0]
    wiki.post("eve", f"/eng/-/webhooks/{hook_id}/calls/{call.id}")
    work(wiki)
    assert [one["type"] for one in receiver.sent] == ["webhook.test"] * 2
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    assert wiki.post("eve", f"/eng/-/webhooks/{hook_id}/calls/999").status_code == 404


def test_a_new_secret_signs_beside_the_former_one_for_a_day(
    wiki: Scene, receiver: Receiver
) -> None:
    hook_id, former = create(wiki, receiver)
    shown = wiki.post("eve", f"/eng/-/webhooks/{hook_id}/secret").text
    found = re.search(r'<p class="secret" dir="ltr">([^<]+)</p>', shown)
    assert found
    wiki.write("rota", "words")
    work(wiki)
    headers, body = receiver.received[0]
    moment = now().fromtimestamp(int(headers["webhook-timestamp"]))
    both = headers_for(headers["webhook-id"], moment, body, [found[1], former])
    assert headers["webhook-signature"] == both["webhook-signature"]
    with wiki.database.write() as session:
        session.execute(update(Webhook).values(old_secret_until=now() - timedelta(seconds=1)))
    wiki.write("rota", "more")
    work(wiki)
    assert " " not in receiver.received[1][0]["webhook-signature"]


def test_only_leads_configure_webhooks_and_what_they_type_is_checked(wiki: Scene) -> None:
    hook_id, _ = create(wiki)
    for who, status in (("ben", 403), ("cai", 403)):
        assert wiki.get(who, "/eng/-/webhooks").status_code == status
        assert wiki.get(who, f"/eng/-/webhooks/{hook_id}").status_code == status
        for verb in ("", "/test", "/secret", "/delete", "/calls/1"):
            assert wiki.post(who, f"/eng/-/webhooks/{hook_id}{verb}").status_code == status
    assert wiki.get("eve", f"/lab/-/webhooks/{hook_id}").status_code == 404
    good = {"name": "A", "address": "https://a.example/", "format": "json", "kinds": "page.saved"}
    for bad in (
        {"name": ""},
        {"name": "n" * 101},
        {"address": "ftp://a.example/"},
        {"address": "https://a.example/" + "x" * 500},
        {"format": "fax"},
        {"kinds": "page.read"},
    ):
        answer = wiki.post("eve", "/eng/-/webhooks", **(good | bad))
        assert answer.status_code == 422, bad
    changed = wiki.post("eve", f"/eng/-/webhooks/{hook_id}", **good)
    assert changed.status_code == 303
    with wiki.database.read() as session:
        hook = session.scalars(select(Webhook)).one()
        assert (hook.name, hook.disabled_for) == ("A", "lead")
    wiki.post("eve", f"/eng/-/webhooks/{hook_id}/delete")
    with wiki.database.read() as session:
        names = set(session.scalars(select(EventRow.name)))
        assert session.scalars(select(Webhook)).all() == []
    assert {"WebhookCreated", "WebhookChanged", "WebhookDeleted"} <= names


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://user:pass@a.example/",
        "https://a.example/#x",
        "https:///nowhere",
        "https://a.example:99999999/",
        "https://a.example/ x",
    ],
)
def test_addresses_in_private_networks_cannot_be_chosen(url: str) -> None:
    with pytest.raises(Invalid):
        calling.checked_url(url, private=False)


def test_a_name_that_leads_into_a_private_network_is_not_called(
    wiki: Scene, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(wiki, receiver)
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    answers = iter(["127.0.0.1"])
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (next(answers), port))]
    )
    with pytest.raises(calling.NotCalled, match="private network"):
        calling.post(f"http://rebound.example:{port}/", b"{}", {}, private=False)
    assert receiver.received == []


def test_a_name_is_resolved_once_and_the_host_is_the_one_that_was_named(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    resolve, asked = socket.getaddrinfo, []

    def once(host: str, *rest: Any, **options: Any) -> Any:
        if host != "127.0.0.1":
            asked.append(host)
        return resolve("127.0.0.1", *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    calling.post(f"http://chat.example:{port}/a?b=c", b"{}", {}, private=True)
    assert asked == ["chat.example"]
    assert receiver.received[0][0]["host"] == f"chat.example:{port}"


def test_a_receiver_that_never_finishes_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(calling.NotCalled, match="in time"):
            calling.post(f"http://127.0.0.1:{port}/", b"{}", {}, private=True)


def test_webhooks_can_be_turned_off(wiki: Scene) -> None:
    with pytest.raises(ConfigError, match="WIKI_WEBHOOK_UP_TO"):
        load({"WIKI_WEBHOOK_UP_TO": "restricted"})
    with pytest.raises(ConfigError, match="WIKI_WEBHOOK_PRIVATE"):
        load({"WIKI_WEBHOOK_PRIVATE": "maybe"})
    create(wiki)
    wiki.write("rota", "words")
    off = replace(Settings(data_dir=wiki.settings.data_dir), webhook_up_to="off")
    handlers.queue_calls(wiki.database, off, [])
    assert calls(wiki) == []


def test_old_calls_are_forgotten(wiki: Scene, receiver: Receiver) -> None:
    create(wiki, receiver)
    wiki.write("rota", "words")
    work(wiki)
    handlers.forget_old_calls(wiki.database, wiki.settings)
    assert len(calls(wiki)) == 1
    with wiki.database.write() as session:
        session.execute(update(WebhookCall).values(created_at=now() - handlers.KEPT * 2))
    handlers.forget_old_calls(wiki.database, wiki.settings)
    assert calls(wiki) == []
