"""The names and addresses with which people sign commits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.people.imported.models import PersonAddress
from wiki.people.imported.placeholders import NOBODY
from wiki.people.models import Person
from wiki.transfer.git.fast_import import Signature


class Signatures:
    """The signatures of people.

    :param domain: of the addresses that stand for accounts (``users_domain``).
    """

    def __init__(self, session: Session, domain: str) -> None:
        self.session = session
        self.domain = domain
        self._people: dict[int, Signature] = {}

    def of(self, person_id: int | None) -> Signature:
        """Return the signature of a person."""
        if person_id is None:
            return Signature("Nobody", NOBODY)
        self.load({person_id})
        return self._people[person_id]

    def load(self, ids: Iterable[int | None]) -> None:
        """Load the signatures of these accounts.

        An address from a Git history is written as it was there. The addresses of other accounts
        are not written, because they were given to the wiki only and a repository is passed on.
        """
        wanted = {one for one in ids if one is not None} - self._people.keys()
        if not wanted:
            return
        for one in wanted:
            self._people[one] = Signature("Nobody", NOBODY)
        for person in self.session.scalars(select(Person).where(Person.id.in_(wanted))):
            address = f"{person.handle}@{self.domain}"
            self._people[person.id] = Signature(person.name, address)
        addresses = self.session.execute(
            select(PersonAddress.person_id, PersonAddress.address)
            .where(PersonAddress.person_id.in_(wanted))
            .order_by(PersonAddress.created_at.desc(), PersonAddress.key.desc())
        )
        for person_id, address in addresses:
            self._people[person_id] = replace(self._people[person_id], address=address)
