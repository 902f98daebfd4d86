"""Events of identities of the OpenID provider."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.sentences import own_or_other


@dataclass(frozen=True)
class IdentityLinked(Event):
    """The link of an account to an identity of the OpenID provider, for signing in."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Identity linked")
    sentence = own_or_other(
        lazy_gettext("linked an account of the provider"),
        lazy_gettext("linked {person} to an account of the provider"),
    )

    person_id: int


@dataclass(frozen=True)
class IdentityUnlinked(Event):
    """The removal of one of an account's identities of the OpenID provider."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Identity unlinked")
    sentence = own_or_other(
        lazy_gettext("unlinked an account of the provider"),
        lazy_gettext("unlinked {person} from an account of the provider"),
    )

    person_id: int
