"""Purged bytes are really gone, and never those that somebody still needs."""

import io

import pytest
from sqlalchemy import delete

from tests.attachments import samples
from tests.cast import Scene
from wiki.attachments.actions import ForgottenMeanwhile, attach_file, forget_unused
from wiki.attachments.models import Attachment, Picture
from wiki.attachments.storage import Storage
from wiki.spaces.queries import see_space


def hash_of(wiki: Scene, file: int) -> str:
    with wiki.database.read() as session:
        return session.get_one(Attachment, file).sha256


def test_only_what_no_file_refers_to_is_forgotten(wiki: Scene) -> None:
    storage = Storage(wiki.settings.data_dir)
    kept, gone = wiki.attach("a.txt", b"kept"), wiki.attach("b.png", samples.png())
    wiki.post("ben", f"/-/f/{kept}/remove")
    wiki.deliver()
    hashes = [hash_of(wiki, kept), hash_of(wiki, gone)]
    with wiki.database.write() as session:
        session.execute(delete(Attachment).where(Attachment.id == gone))
        assert forget_unused(session, storage, hashes) == hashes[1:]
        assert session.get(Picture, hashes[1]) is None
    assert list(storage.hashes()) == hashes[:1]
    assert not any(storage.thumbs.folder.glob("*/*"))


def test_who_attaches_what_is_purged_in_this_moment_is_told_to_send_it_again(wiki: Scene) -> None:
    storage = Storage(wiki.settings.data_dir)
    stored = storage.put(io.BytesIO(b"again"), max_bytes=10)
    with wiki.database.write() as session:
        assert forget_unused(session, storage, [stored.sha256]) == [stored.sha256]
    eve = wiki.actor("eve")
    with pytest.raises(ForgottenMeanwhile), wiki.database.write() as session:
        attach_file(session, eve, see_space(session, eve, "eng").space, "a.txt", stored)
    assert wiki.get("cai", "/eng/-/files/a.txt").status_code == 404
