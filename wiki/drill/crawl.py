"""The crawl of every route by accounts that may not know the canaries, and the report on leaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from wiki.canary import Target, World
from wiki.drill import mails
from wiki.drill.canaries import LINKS
from wiki.drill.canary_people import INSIDERS, OUTSIDERS
from wiki.drill.report import Leak, Report
from wiki.pages.models import Page
from wiki.rooms import ROOMS
from wiki.sharing.models import ShareLink
from wiki.spaces.models import (
    GroupRole,
    Membership,
    RestrictedGroup,
    RestrictedPerson,
    RestrictionRow,
)

EXCUSED = {
    "static": "the files of the interface are the same for everyone",
}
"""Endpoints that are not requested, with the reasons."""

MAILS = "mails"
"""The name of the mails among the endpoints of a drill."""

GENERAL: Mapping[str, str | int] = {
    "token": "a-token-that-was-never-made",
    "key": "0" * 32,
    "upload": "0" * 32,
    "filename": "nothing.css",
    "code": "de",
    "color": "1c6a4c",
    "sha256": "0" * 64,
    "photo": "0" * 64,
    "digest": "0" * 12,
    "import_id": 1,
    "token_id": 1,
    "identity_id": 1,
    "id": 1,
    "kind": "passkeys",
    "approval_id": 1,
    "thread_id": 1,
    "thread": 1,
    "message_id": 1,
    "message": 1,
    "sign": "agree",
    "synonyms": 1,
    "built_in": "vacation",
    "delivery_id": 1,
    "watch_id": 1,
    "hook": 1,
    "notice_id": 1,
    "search_id": 1,
    "notice": 1,
    "number": 1,
    "old": 1,
    "new": 2,
}
"""Arguments of addresses that belong to no canary."""

QUERIES: Mapping[str, tuple[str, ...]] = {
    probe.endpoint: probe.queries for room in ROOMS for probe in room.probes
}
"""The queries of some endpoints, as the rooms declare them."""

_TOKEN = re.compile(rb'(name="csrf_token" value=)"[^"]*"')
_IN_ADDRESS = rb"(?:(?<=[/=])|(?<=%%2F)|(?<=%%3D))%s(?![0-9])"
_VARYING = frozenset({"date", "set-cookie", "content-length", "etag"})


Progress = Callable[[int, int], None]


class _Enough(Exception):
    """An exception that stops the crawl at the first leak."""


class Drill:
    """A crawl of a scratch wiki.

    :param only: request only these endpoints; the others count as excused.
    :param until_first: stop at the first leak.
    """

    def __init__(
        self, world: World, *, only: Collection[str] = (), until_first: bool = False
    ) -> None:
        self.world = world
        self.only = only
        self.until_first = until_first
        self.report = Report(canaries=len(world.canaries))
        self._words = {canary.word.encode(): canary for canary in world.canaries}
        self._any = re.compile(rb"kx[0-9a-f]{12}")
        self._seen: set[str] = set()

    def run(self, progress: Progress | None = None) -> Report:
        """Request everything, and return the report."""
        before = self._state()
        rules = [
            rule
            for rule in sorted(self.world.app.url_map.iter_rules(), key=lambda rule: rule.rule)
            if not self._is_excused(rule)
        ]
        try:
            for number, rule in enumerate(rules):
                self._ask_rule(rule)
                if progress:
                    progress(number + 1, len(rules))
            self._read_mails()
        except _Enough:
            return self.report
        self.report.routes = len(rules)
        after = self._state()
        self.report.changed = [name for name in before if before[name] != after[name]]
        self.report.unseen = [
            canary.what for canary in self.world.canaries if canary.word not in self._seen
        ]
        return self.report

    def _read_mails(self) -> None:
        """Let the wiki send its mails, and search them for canaries."""
        if self.only and MAILS not in self.only:
            return
        mails.send_mails(self.world)
        for leak in mails.leaks_of(self.world):
            self._note(self.report.leaks, leak)

    def _is_excused(self, rule: Rule) -> bool:
        reason = EXCUSED.get(rule.endpoint)
        if self.only and rule.endpoint not in self.only:
            reason = "it wasn't included in this run"
        if reason is not None:
            self.report.excused[rule.rule] = reason
        return reason is not None

    def _ask_rule(self, rule: Rule) -> None:
        asked = False
        for target in self._targets_of(rule):
            for query in QUERIES.get(rule.endpoint, ("",)):
                hidden = self._address(rule, target.values, query)
                absent = self._address(rule, target.absent, query)
                if hidden is None or absent is None:
                    continue
                asked = True
                for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                    self._compare(target, method, hidden, absent)
                    self._come_by_links(rule, target, method, query)
        if not asked:
            lacking = sorted(rule.arguments - self.world.common.keys() - GENERAL.keys())
            self.report.unasked[rule.rule] = f"there is no value for {', '.join(lacking)}"

    def _targets_of(self, rule: Rule) -> Iterator[Target]:
        """Yield the targets to request of a rule: those with different values for its arguments, or
        just one if it needs none of them."""
        needs = set(rule.arguments)
        needs |= {
            name
            for query in QUERIES.get(rule.endpoint, ())
            for name in re.findall(r"\{(\w+)\}", query.replace("{half}", "{word}"))
        }
        told: set[tuple[object, ...]] = set()
        for target in self.world.targets:
            have = needs & target.values.keys()
            values = tuple(target.values[name] for name in sorted(have))
            if values not in told:
                told.add(values)
                yield target

    def _address(self, rule: Rule, values: Mapping[str, str | int], query: str) -> str | None:
        known = {**GENERAL, **self.world.common, **values}
        known["half"] = str(known.get("word", ""))[:7]
        adapter = self.world.app.url_map.bind("drill.invalid")
        chosen = {}
        for name in rule.arguments:
            if rule.defaults and name in rule.defaults:
                continue
            if name not in known:
                return None
            chosen[name] = known[name]
        try:
            url = adapter.build(
                rule.endpoint,
                {**chosen, **(rule.defaults or {})},
                method=next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"})),
            )
            query = query.format(**{name: quote(str(value)) for name, value in known.items()})
        except Exception:
            return None
        return url.replace("http://drill.invalid", "") + (f"?{query}" if query else "")

    def _compare(self, target: Target, method: str, hidden: str, absent: str) -> None:
        if method == "GET":
            for who in INSIDERS:
                self._look(who, method, hidden)
        for who in () if target.beside_links else OUTSIDERS:
            if who in self.world.clients or hidden.startswith("/-/api/"):
                self._ask(target, who, method, hidden, absent)

    def _ask(self, target: Target, who: str, method: str, hidden: str, absent: str) -> None:
        one = self._look(who, method, hidden)
        if hidden == absent or who not in target.hidden_from:
            return
        other = self._look(who, method, absent)
        said = self._difference(target, hidden, absent, one, other)
        if said:
            self._note(self.report.differences, Leak(who, f"{method} {hidden}", said))

    def _come_by_links(self, rule: Rule, target: Target, method: str, query: str) -> None:
        """Make requests as visitors with share links. If the address contains the token, all links
        are used; elsewhere the working one is enough."""
        has_token = "token" in rule.arguments
        for who in LINKS if has_token else LINKS[:1]:
            token = {"token": self.world.links[who]}
            hidden = self._address(rule, {**target.values, **token}, query)
            absent = self._address(rule, {**target.absent, **token}, query)
            if hidden is not None and absent is not None:
                self._ask(target, who, method, hidden, absent)

    def _look(self, who: str, method: str, url: str) -> TestResponse:
        """Make a request as an account, and search the response for canaries."""
        self.report.requests += 1
        form = None if method in ("GET", "DELETE") else {"title": "drill", "body": "drill"}
        is_api = url.startswith("/-/api/")  # the API ignores cookies
        client = self.world.clients["nobody" if is_api else who]
        headers = {}
        if is_api and who in self.world.tokens:
            headers = {"Authorization": f"Bearer {self.world.tokens[who]}"}
        answer = client.open(url, method=method, data=form, headers=headers)
        told = answer.get_data() + "\n".join(f"{k}: {v}" for k, v in answer.headers).encode()
        echoed = set(self._any.findall(url.encode()))
        for word in set(self._any.findall(told)):
            canary = self._words.get(word)
            if canary is None:
                continue
            if who in canary.allowed:
                self._seen.add(canary.word)
            elif word not in echoed:
                self._note(self.report.leaks, Leak(who, f"{method} {url}", canary.what))
        answer.close()
        return answer

    def _note(self, among: list[Leak], leak: Leak) -> None:
        among.append(leak)
        if self.until_first:
            raise _Enough

    def _difference(
        self,
        target: Target,
        hidden: str,
        absent: str,
        one: TestResponse,
        other: TestResponse,
    ) -> str:
        """Return how the response for the hidden target differs from that for the absent one; empty
        if it does not."""
        if one.status_code != other.status_code:
            return f"its status is {one.status_code}, but {other.status_code} for missing content"
        names = [{name.lower() for name, _ in answer.headers} - _VARYING for answer in (one, other)]
        if names[0] != names[1]:
            return f"its headers differ: {', '.join(sorted(names[0] ^ names[1]))}"
        if self._plain(one, target) != self._plain(other, target):
            return "its text differs from that for missing content"
        return ""

    def _plain(self, answer: TestResponse, target: Target) -> bytes:
        """Return the body of a response without the arguments of its address."""
        body = _TOKEN.sub(rb'\1""', answer.get_data())
        for name, value in target.values.items():
            for each in (str(value), str(target.absent[name])):
                if isinstance(value, str):
                    for part in re.findall(r"kx[0-9a-f]{12}", each):
                        body = body.replace(part.encode(), b"?")
                        body = body.replace(part.capitalize().encode(), b"?")
                        body = body.replace(part[:7].encode(), b"?")
                else:
                    body = re.sub(_IN_ADDRESS % each.encode(), b"?", body)
        return body

    def _state(self) -> dict[str, object]:
        """Return the state that no crawling account may change."""
        with self.world.database.read() as session:

            def all_of(*columns: InstrumentedAttribute[Any]) -> list[tuple[Any, ...]]:
                return sorted(tuple(row) for row in session.execute(select(*columns)))

            ids = [t.values["page_id"] for t in self.world.targets if "page_id" in t.values]
            rows = session.execute(
                select(
                    Page.id, Page.path, Page.title, Page.head, Page.label, Page.space_id,
                    Page.scope_id, Page.deleted_at,
                ).where(Page.id.in_(ids)).order_by(Page.id)
            ).all()  # fmt: skip
            return {
                "pages": [tuple(row) for row in rows],
                "roles": [
                    all_of(Membership.space_id, Membership.person_id, Membership.role),
                    all_of(GroupRole.space_id, GroupRole.group_id, GroupRole.role),
                ],
                "links": [
                    tuple(row)
                    for row in session.execute(
                        select(ShareLink.id, ShareLink.revoked_at, ShareLink.suspended_at).order_by(
                            ShareLink.id
                        )
                    )
                ],
                "restrictions": all_of(
                    RestrictionRow.id, RestrictionRow.page_id, RestrictionRow.may
                ),
                "lists": [
                    all_of(RestrictedPerson.restriction_id, RestrictedPerson.person_id),
                    all_of(RestrictedGroup.restriction_id, RestrictedGroup.group_id),
                ],
            }
