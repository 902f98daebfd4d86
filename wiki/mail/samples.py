"""Sample words for each mail, with which developers and translators look at it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace

_SPACE = SimpleNamespace(title="Handbook", slug="handbook")
_LINK = "https://wiki.example.org/-/sample"
_NOTICE = {
    "title": "On-call rota",
    "space": "Handbook",
    "sentence": "Ben commented",
    "excerpt": "The second week of May has nobody yet. Can someone take it?",
    "url": "https://wiki.example.org/handbook/rota/-/comments?message=7#m7",
    "why": "Because Support watches Handbook.",
}
_HIDDEN = {"title": "", "url": "https://wiki.example.org/-/inbox", "why": ""}

SAMPLES: Mapping[str, Mapping[str, object]] = {
    "home/mail/test.txt": {},
    "inbox/mail/digest.txt": {"items": [_NOTICE, _HIDDEN], "more": 3, "stop": _LINK},
    "inbox/mail/notice.txt": {"item": _NOTICE, "stop": _LINK, "mark": "##-"},
    "inbox/mail/reply_answer.txt": {"said": "The email is too large.", "posted": False},
    "people/mail/address_changed.txt": {},
    "people/mail/claim_link.txt": {
        "asker": SimpleNamespace(name="Ben Okafor", handle="ben"),
        "address": "ben@old.example.org",
        "token": "sample",
    },
    "people/mail/codes_renewed.txt": {},
    "people/mail/factor_added.txt": {"kind": "passkey"},
    "people/mail/factor_removed.txt": {"kind": "authenticator"},
    "people/mail/factors_cleared.txt": {"admin": "Ada"},
    "people/mail/identity_linked.txt": {"provider": "Example ID"},
    "people/mail/identity_unlinked.txt": {"provider": "Example ID"},
    "people/mail/new_browser.txt": {"device": "Firefox on Linux", "address": "192.0.2.1"},
    "people/mail/password_changed.txt": {},
    "people/mail/password_link.txt": {"token": "sample"},
    "people/mail/recovery_code_used.txt": {"left": 5},
    "requests/mail/access_asked.txt": {"asker": "Ben", "space": _SPACE},
    "requests/mail/access_given.txt": {"space": _SPACE, "path": "rota"},
    "reviews/mail/approval_asked.txt": {"asker": "Ben", "approval_id": 3},
    "sharing/mail/shared_with.txt": {
        "maker": "Ben",
        "link": _LINK,
        "until": datetime(2026, 12, 1, 10, 5, tzinfo=UTC),
        "locked": True,
    },
    "sharing/mail/suspended.txt": {"cause": "guesses"},
    "webhooks/mail/stopped.txt": {"hook": "Team chat", "hook_id": 1, "space": _SPACE},
    "spaces/mail/invitation.txt": {
        "inviter": "Ben",
        "space": "Handbook",
        "link": _LINK,
        "days": 7,
    },
    "spaces/mail/registration.txt": {"link": _LINK, "login": ""},
}
