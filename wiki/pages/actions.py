"""What people do with pages. Each verb asks the gate first, and announces what happened last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from sqlalchemy import Delete, Select, Update, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session, contains_eager, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from wiki.db import KEY_LENGTH, BigId, now
from wiki.errors import Invalid, NotFound, TooLarge, WikiError
from wiki.outbox.actions import announce, announce_all
from wiki.outbox.events import PageDeleted, PageMoved, PageRestored, PageSaved
from wiki.outbox.models import EventRow
from wiki.pages import queries
from wiki.pages.graph import places_of, relink, settle_links, some_at_once
from wiki.pages.merging import Text as Text
from wiki.pages.merging import TextMerge, merge_texts
from wiki.pages.models import Action, Page, PageAnchor, Redirect, Revision
from wiki.pages.moving import Plan, plan_move, plan_renaming
from wiki.pages.rendering import context_of, keep_rendering
from wiki.pages.repairing import Repairs
from wiki.pages.texts import get_text, hash_of, put_text
from wiki.pages.tree import settle_folders
from wiki.rules.access import Actor, May
from wiki.spaces.models import Membership, Space
from wiki.spaces.queries import see_space_by_id, seen
from wiki.text import frontmatter
from wiki.text.headings import PREFIX
from wiki.text.paths import (
    PathError,
    name_of,
    normalise_path,
    parent_of,
    path_key,
)
from wiki.text.repair import Repair
from wiki.text.tags import spelled, tag_key

MAX_TITLE = 300
MAX_MESSAGE = 500
MAX_DESCRIPTION = 2000
MAX_TAGS = 50
MAX_TAG = 60


@dataclass(frozen=True)
class Saved:
    """The outcome of a save: the page's head, whether it is new, whether edits were merged, and
    the names of sections that are gone."""

    page: Page
    revision: Revision
    changed: bool
    merged: bool = False
    gone: frozenset[str] = frozenset()


class Conflict(WikiError):
    """Somebody saved meanwhile, and the edits overlap. Nothing was saved and nothing is lost:
    the error carries what the author wrote and what is on the page now."""

    status = 409
    title = "Somebody else has changed the same lines"

    def __init__(self, base: int, head: Revision, merge: TextMerge) -> None:
        what = "lines" if merge.body.conflicts else "details"
        super().__init__(
            f"Somebody else has saved this page since you began, and changed the same {what}."
        )
        self.base = base
        self.head = head
        self.mine = merge.mine
        self.theirs = merge.theirs
        self.merge = merge


class MovedOn(WikiError):
    """Somebody saved between the look and the decision. Nothing was changed."""

    status = 409
    title = "The page has changed"

    def __init__(self) -> None:
        super().__init__("Somebody has saved this page since you looked at it.")


def create_page(
    session: Session,
    actor: Actor,
    space: Space,
    raw_path: str,
    text: Text,
    *,
    message: str = "",
    folder: bool = False,
    action: Action = Action.CREATE,
    max_bytes: int = 2 << 20,
) -> Saved:
    """Make a page at a free path.

    :raises Forbidden: when the actor may not edit in the space.
    :raises Invalid: for a path that cannot be one or is taken, or a text beyond its limits.
    """
    see_space_by_id(session, actor, space.id).require(May.EDIT)
    path = checked_path(raw_path)
    text = checked(text, max_bytes)
    _require_free(session, space, path)
    key = path_key(path)
    moment = now()
    page = Page(
        id=unused_id(session),
        space_id=space.id,
        path=path,
        path_key=key,
        parent_key=parent_of(key),
        title=text.title,
        folder=folder or not path,
        head=0,
        created_at=moment,
        created_by_id=actor.person_id,
        updated_at=moment,
        updated_by_id=actor.person_id,
    )
    session.add(page)
    session.flush()
    session.execute(_no_redirect(), {"in_space": space.id, "at": key})
    settle_folders(session, space.id, [path])
    revision = _add_revision(session, actor, page, text, action, message, base=None, previous=None)
    _render(session, space, page, revision, text.body)
    settle_links(session, [(space.slug, key)])
    _announce_saved(session, actor, page, revision)
    return Saved(page, revision, True)


def save_page(
    session: Session,
    actor: Actor,
    page_id: int,
    text: Text,
    *,
    base: int,
    message: str = "",
    action: Action = Action.EDIT,
    folder: bool | None = None,
    max_bytes: int = 2 << 20,
    render_later: bool = False,
) -> Saved:
    """Add a revision. ``base`` is the number of the revision that the author started from; when
    the head has moved on, both edits are merged where they do not touch.

    :param render_later: leave it to the caller to :func:`keep_head` once this is committed; were
        it to die before, the worker does.
    :raises Conflict: when they do. :raises NotFound: :raises Forbidden: :raises Invalid:
    """
    page, space = _writable(session, actor, page_id)
    text = checked(text, max_bytes)
    head = queries.head_of(session, page)
    if not 1 <= base <= page.head:
        raise Invalid("The revision that this edit started from does not exist.", field="base")
    theirs = text_of(session, head)
    merged = False
    if base != page.head and not _same(text, theirs):
        text = _merge(
            session,
            base,
            head,
            text_of(session, queries.get_revision(session, page, base)),
            text,
            theirs,
        )
        merged = action is Action.EDIT
        action = Action.MERGE if merged else action
    folder = page.folder if folder is None else folder
    if _same(text, theirs) and folder == page.folder:
        return Saved(page, head, False)
    page.folder = folder
    revision = _add_revision(
        session, actor, page, text, action, message, base=base, previous=head.content_hash
    )
    gone: frozenset[str] = frozenset()
    if not render_later:
        gone = _render(session, space, page, revision, text.body)
    _announce_saved(session, actor, page, revision)
    return Saved(page, revision, True, merged, gone)


def revert_page(
    session: Session,
    actor: Actor,
    page_id: int,
    number: int,
    *,
    message: str = "",
    seen: int | None = None,
) -> Saved:
    """Make an older revision's text the newest again, as a new revision.

    :param seen: the head that the actor looked at when they decided.
    :raises MovedOn: when the head is another by now. :raises NotFound: :raises Forbidden:
    """
    page, space = _writable(session, actor, page_id)
    if seen is not None and seen != page.head:
        raise MovedOn
    text = text_of(session, queries.get_revision(session, page, number))
    head = queries.head_of(session, page)
    if _same(text, text_of(session, head)):
        return Saved(page, head, False)
    revision = _add_revision(
        session,
        actor,
        page,
        text,
        Action.REVERT,
        message,
        base=number,
        previous=head.content_hash,
    )
    _render(session, space, page, revision, text.body)
    _announce_saved(session, actor, page, revision)
    return Saved(page, revision, True)


@dataclass(frozen=True)
class Moved:
    """The outcome of a move: the moved pages, the named one first; the pages whose links to them
    were repaired, and how many links; moved pages in which a link may lead elsewhere now."""

    pages: list[Page]
    repaired: list[Page]
    links: int
    unclear: list[Page]


def move_page(
    session: Session,
    actor: Actor,
    page_id: int,
    raw_path: str,
    *,
    space: Space | None = None,
    with_subtree: bool = True,
    message: str = "",
    repair: bool = True,
    repairs: Repairs | None = None,
) -> Moved:
    """Give a page (and what is below it) another path, in its own or another space.

    Every moved page gets a revision that says so and leaves a redirect; all of it or nothing. Its
    own links go on leading where they led.

    :param repair: whether links to what moves are repaired too, in the pages that the actor may
        edit, as revisions of theirs.
    :param repairs: what a plan of the move has worked out already.
    :raises Invalid: when a path is taken, or a page would go below itself.
    :raises NotFound: :raises Forbidden:
    """
    page, old_space = _writable(session, actor, page_id)
    new_space = space or old_space
    see_space_by_id(session, actor, new_space.id).require(May.EDIT)
    new_path = checked_move(page, new_space, raw_path, with_subtree)
    plan, locked = None, False
    while plan is None or not locked:
        plan = plan_move(
            session,
            actor,
            page,
            new_space,
            new_path,
            with_subtree=with_subtree,
            others=repair,
            repairs=plan.repairs if plan else repairs,
        )
        locked = _hold(session, plan)
    targets = [checked_path(target) for target in plan.targets]
    _require_all_free(session, new_space, targets, {one.id for one in plan.pages})
    old = f"{old_space.slug}/{page.path}"
    old_paths = [one.path for one in plan.pages]
    _move_all(session, actor, plan, new_space, targets, message)
    said = f"Links repaired: {old} → {new_space.slug}/{new_path}"
    _repair_all(session, actor, plan, said)
    settle_folders(session, old_space.id, old_paths)
    settle_folders(session, new_space.id, targets)
    relink(session, plan.new_links())
    settle_links(
        session,
        [(slug, key) for kind, slug, key in plan.moves.places if kind == "page"]
        + [(new_space.slug, path_key(target)) for target in targets],
    )
    moved = [
        PageMoved(
            space_id=new_space.id,
            page_id=one.id,
            revision=one.head,
            old_space_id=old_space.id,
            old_path=old_path,
            new_path=one.path,
        )
        for one, old_path in zip(plan.pages, old_paths, strict=True)
    ]
    announce_all(session, actor, moved)
    _announce_repaired(session, actor, [task.page for task, _ in plan.changed])
    return Moved(
        plan.pages,
        [task.page for task, _ in plan.changed],
        sum(made.changed for _, made in plan.changed),
        plan.unclear,
    )


def checked_move(page: Page, space: Space, raw_path: str, with_subtree: bool) -> str:
    """The path in its normal form, if the page can be moved to it.

    :raises Invalid: when it cannot, whatever is there.
    """
    path = checked_path(raw_path)
    if not page.path:
        raise Invalid("The home page of a space cannot be moved.", field="path")
    if not path:
        raise Invalid("A page can be moved to a path, not to the space itself.", field="path")
    if space.id == page.space_id:
        if path == page.path:
            raise Invalid("The page is already there.", field="path")
        if with_subtree and path_key(path).startswith(page.path_key + "/"):
            raise Invalid("A page cannot be moved below itself.", field="path")
    return path


def rename_sections(
    session: Session,
    actor: Actor,
    page_id: int,
    names: Mapping[str, str],
    *,
    repairs: Repairs | None = None,
) -> Moved:
    """Let links to sections of a page lead to their new names, in the pages that the actor may
    edit, as revisions of theirs that say so.

    :param names: new names of sections by those that links have.
    :raises Invalid: when the page has no section of a new name.
    :raises NotFound: :raises Forbidden:
    """
    page, space = _writable(session, actor, page_id)
    there = set(session.scalars(select(PageAnchor.anchor).where(PageAnchor.page_id == page.id)))
    if not there.issuperset(names.values()):
        raise Invalid("The page has changed meanwhile: a section of that name is gone.")
    plan, locked = None, False
    while plan is None or not locked:
        known = plan.repairs if plan else repairs
        plan = plan_renaming(session, actor, page, names, repairs=known)
        locked = _hold(session, plan)
    renamed = ", ".join(
        f"#{old.removeprefix(PREFIX)} → #{new.removeprefix(PREFIX)}" for old, new in names.items()
    )
    said = f"Links repaired: {space.slug}/{page.path}{renamed}"
    _repair_all(session, actor, plan, said)
    relink(session, plan.new_links())
    _announce_repaired(session, actor, [task.page for task, _ in plan.changed])
    repaired = [task.page for task, _ in plan.changed]
    return Moved([], repaired, sum(made.changed for _, made in plan.changed), [])


def _hold(session: Session, plan: Plan) -> bool:
    """Lock the pages that a plan changes; false when one has changed meanwhile: then the plan has
    to be made again."""
    if session.get_bind().dialect.name == "sqlite":  # there is one writer at a time
        return True
    pages = {page.id: page for page in plan.pages}
    pages |= {task.page.id: task.page for task, _ in plan.changed}
    planned = {id: (page.head, page.space_id, page.path_key) for id, page in pages.items()}
    rows = session.execute(
        select(Page.id, Page.head, Page.space_id, Page.path_key, Page.deleted_at)
        .where(Page.id.in_(planned))
        .order_by(Page.id)
        .with_for_update(key_share=True)
    ).all()
    if {row.id: (row.head, row.space_id, row.path_key) for row in rows if not row.deleted_at} == (
        planned
    ):
        return True
    session.expire_all()
    return False


def delete_page(
    session: Session, actor: Actor, page_id: int, *, with_subtree: bool = False
) -> list[Page]:
    """Take a page (and, if asked, what is below it) out of the way; all of it can be restored.

    :returns: the deleted pages. :raises NotFound: :raises Forbidden:
    """
    page, space = _writable(session, actor, page_id)
    going = [page, *(queries.subtree_of(session, page) if with_subtree else ())]
    moment = now()
    for one in going:
        one.deleted_at = moment
        one.deleted_by_id = actor.person_id
    settle_folders(session, space.id, [one.path for one in going])
    settle_links(session, places_of(session, space.slug, going))
    for one in going:
        announce(session, actor, PageDeleted(space.id, one.id, one.path))
    return going


def restore_page(
    session: Session, actor: Actor, page_id: int, *, raw_path: str | None = None
) -> Page:
    """Bring a deleted page back, at its old path or, where that is taken, at ``raw_path``.

    :raises Invalid: when the path is taken. :raises NotFound: :raises Forbidden:
    """
    page = queries.get_page(session, actor, page_id)
    space = page.space
    see_space_by_id(session, actor, space.id).require(May.EDIT)
    if page.deleted_at is None:
        return page
    path = page.path if raw_path is None else checked_path(raw_path)
    _require_free(session, space, path)
    if path != page.path:  # before it is there again, for somebody else may be where it was
        plan = plan_move(session, actor, page, space, path, with_subtree=False, others=False)
        _move_all(session, actor, plan, space, [path], "")
        relink(session, plan.new_links())
    page.deleted_at = None
    page.deleted_by_id = None
    session.execute(
        delete(Redirect).where(Redirect.space_id == space.id, Redirect.path_key == path_key(path))
    )
    settle_folders(session, space.id, [path])
    settle_links(session, places_of(session, space.slug, [page]))
    announce(session, actor, PageRestored(space.id, page.id, path))
    return page


def text_of(session: Session, revision: Revision) -> Text:
    """All that the author of ``revision`` wrote."""
    return Text(
        title=revision.title,
        body=get_text(session, revision.content_hash),
        tags=tuple(revision.tags),
        description=revision.description,
        fields=dict(revision.fields),
    )


def checked_path(raw: str) -> str:
    """``raw`` in its normal form.

    :raises Invalid: when it cannot name a page.
    """
    try:
        path = normalise_path(raw)
    except PathError as error:
        raise Invalid(str(error), field="path") from None
    if len(path_key(path)) > KEY_LENGTH or len(path_key(path).encode()) > 2 * KEY_LENGTH:
        raise Invalid("This path is too long.", field="path")
    if name_of(path).casefold().endswith(".md"):
        raise Invalid("A path does not end in “.md”: name the page without it.", field="path")
    return path


def checked(text: Text, max_bytes: int) -> Text:
    """``text`` in its normal form: front matter split off the body, line ends as ``\\n``.

    :raises Invalid: for a missing or overlong title and the like. :raises TooLarge:
    """
    body = text.body.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    try:
        size = len(body.encode())
        (text.title + text.description + "".join(text.tags)).encode()
    except UnicodeEncodeError:
        raise Invalid("The text holds halves of characters that cannot be stored.") from None
    if size > max_bytes:
        raise TooLarge(
            f"A page has at most {max_bytes // 1024} KiB of text; this one has {size // 1024} KiB."
        )
    front, body = frontmatter.split(body)
    title = " ".join((front.title or text.title).replace("\0", " ").split())
    if not title:
        raise Invalid("A page needs a title.", field="title")
    if len(title) > MAX_TITLE:
        raise Invalid(f"A title has at most {MAX_TITLE} characters.", field="title")
    description = (front.description or text.description).replace("\0", " ").strip()
    if len(description) > MAX_DESCRIPTION:
        raise Invalid(
            f"A description has at most {MAX_DESCRIPTION} characters.", field="description"
        )
    return replace(
        text,
        title=title,
        body=body,
        description=description,
        tags=checked_tags([*text.tags, *front.tags]),
        fields={**text.fields, **front.rest},
    )


def checked_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags in their normal form, each once.

    :raises Invalid: for too many, or one that is too long.
    """
    seen: dict[str, str] = {}
    for raw in tags:
        tag = spelled(raw)
        if tag:
            seen.setdefault(tag_key(tag), tag)
        if len(tag) > MAX_TAG:
            raise Invalid(f"A tag has at most {MAX_TAG} characters.", field="tags")
    if len(seen) > MAX_TAGS:
        raise Invalid(f"A page has at most {MAX_TAGS} tags.", field="tags")
    return tuple(seen.values())


def _same(one: Text, other: Text) -> bool:
    return one == other


def _merge(
    session: Session, base: int, head: Revision, origin: Text, mine: Text, theirs: Text
) -> Text:
    """Three texts into one. :raises Conflict: when that takes people."""
    merged = merge_texts(origin, mine, theirs)
    if not merged.clean:
        session.expunge_all()  # so that what the error carries outlives the rollback
        raise Conflict(base, head, merged)
    return merged.resolve()


# Building a statement costs more than running it, so those of every save are built once.
@cache
def _page_to_write() -> Select[Page, Space, int | None]:
    own = Membership.person_id == bindparam("person_id", type_=BigId)
    return (
        select(Page, Space, Membership.role)
        .join(Page.space)
        .outerjoin(Membership, and_(Membership.space_id == Space.id, own))
        .where(Page.id == bindparam("page_id"), Page.deleted_at.is_(None))
        .options(contains_eager(Page.space))
        # A link to a page, kept by somebody else meanwhile, does not have to wait.
        .with_for_update(of=Page, key_share=True)
    )


_REVISION = insert(Revision).returning(Revision.id)


@cache
def _new_head() -> Update:
    return (
        update(Page)
        .where(Page.id == bindparam("of_page"), Page.head == bindparam("seen"))
        .execution_options(synchronize_session=False)
    )


def _writable(session: Session, actor: Actor, page_id: int) -> tuple[Page, Space]:
    """The live page, locked against others that would write it, and its space."""
    row = session.execute(
        _page_to_write(), {"page_id": page_id, "person_id": actor.person_id}
    ).one_or_none()
    if row is None:
        raise NotFound
    page, space, role = row
    seen(space, role, actor).require(May.EDIT)
    return page, space


@cache
def _hold_space() -> Select[int]:
    return select(Space.id).where(Space.id == bindparam("space_id")).with_for_update(key_share=True)


def unused_id(session: Session) -> int | None:
    """On SQLite, which would give the id of a purged page to the next one: an id that no page ever
    had, since what happened to a page stays. Other databases count by themselves."""
    if session.get_bind().dialect.name != "sqlite":
        return None
    return max(session.scalar(one) or 0 for one in _last_ids()) + 1


@cache
def _last_ids() -> tuple[Select[int | None], Select[int | None]]:
    return select(func.max(Page.id)), select(func.max(EventRow.page_id))


@cache
def _page_at() -> Select[Page]:
    return select(Page).where(
        Page.space_id == bindparam("space_id"),
        Page.path_key == bindparam("key"),
        Page.deleted_at.is_(None),
    )


@cache
def _no_redirect() -> Delete:
    return (
        delete(Redirect)
        .where(Redirect.space_id == bindparam("in_space"), Redirect.path_key == bindparam("at"))
        .execution_options(synchronize_session=False)
    )


def _require_free(session: Session, space: Space, path: str) -> None:
    # Others that would take a path of this space wait until this one is taken, or not.
    session.execute(_hold_space(), {"space_id": space.id})
    taken = session.scalar(_page_at(), {"space_id": space.id, "key": path_key(path)})
    if taken is not None:
        raise _taken(taken)


def _require_all_free(
    session: Session, space: Space, paths: Sequence[str], besides: set[int]
) -> None:
    session.execute(_hold_space(), {"space_id": space.id})
    for keys in some_at_once([path_key(path) for path in paths]):
        there = select(Page).where(
            Page.space_id == space.id, Page.path_key.in_(keys), Page.deleted_at.is_(None)
        )
        for taken in session.scalars(there.order_by(Page.path_key)):
            if taken.id not in besides:
                raise _taken(taken)


def _taken(page: Page) -> Invalid:
    return Invalid(
        f"There is already a page at “{page.path or 'the start of the space'}”: “{page.title}”.",
        field="path",
    )


def _add_revision(
    session: Session,
    actor: Actor,
    page: Page,
    text: Text,
    action: Action,
    message: str,
    *,
    base: int | None,
    previous: str | None,
) -> Revision:
    """Insert the revision and make it the head. The page's row is locked by the caller.

    :param previous: hash of the text that it replaces.
    """
    moment = now()
    connection = session.connection()
    row = {
        "page_id": page.id,
        "number": page.head + 1,
        "action": action.value,
        "space_id": page.space_id,
        "path": page.path,
        "folder": page.folder,
        "title": text.title,
        "description": text.description,
        "tags": list(text.tags),
        "fields": text.fields,
        "content_hash": put_text(session, text.body, previous),
        "message": checked_message(message),
        "base": base,
        "author_id": actor.person_id,
        "created_at": moment,
    }
    session.flush()  # what was changed on the page itself
    row["id"] = connection.execute(_REVISION, row).scalar_one()
    revision = Revision(**row)
    make_transient_to_detached(revision)
    session.add(revision)
    new = {
        "head": revision.number,
        "title": text.title,
        "updated_at": moment,
        "updated_by_id": actor.person_id,
    }
    moved = connection.execute(_new_head(), {"of_page": page.id, "seen": page.head, **new})
    # The lock makes this impossible; if it ever were, nothing may be overwritten.
    if moved.rowcount != 1:
        raise RuntimeError("The head moved under a locked page.")
    for name, value in new.items():
        set_committed_value(page, name, value)
    return revision


def checked_message(message: str) -> str:
    """``message`` in a line, as much of it as is kept."""
    return " ".join(message.replace("\0", " ").split())[:MAX_MESSAGE].rstrip()


def _next(head: Revision, action: Action, message: str, content_hash: str | None) -> Revision:
    """A revision that differs from the head in nothing that its author wrote but, perhaps, the
    body."""
    return Revision(
        action=action.value,
        title=head.title,
        description=head.description,
        tags=list(head.tags),
        fields=dict(head.fields),
        content_hash=content_hash or head.content_hash,
        message=checked_message(message),
        base=None,
    )


def _stored(session: Session, head: Revision, repair: Repair | None) -> str | None:
    return put_text(session, repair.text, head.content_hash) if repair else None


def _revise_all(session: Session, actor: Actor, revisions: Sequence[tuple[Page, Revision]]) -> None:
    """Insert revisions and make them the heads of their pages, which are locked by the caller."""
    if not revisions:
        return
    moment = now()
    heads = []
    for page, revision in revisions:
        revision.page_id = page.id
        revision.number = page.head + 1
        revision.space_id = page.space_id
        revision.path = page.path
        revision.folder = page.folder
        revision.author_id = actor.person_id
        revision.created_at = moment
        session.add(revision)
        new = {
            "head": revision.number,
            "title": revision.title,
            "updated_at": moment,
            "updated_by_id": actor.person_id,
        }
        heads.append({"of_page": page.id, "seen": page.head, **new})
    session.flush()
    changed = session.connection().execute(_new_head(), heads)
    # The lock makes this impossible; if it ever were, nothing may be overwritten.
    if changed.rowcount != len(heads):
        raise RuntimeError("The head moved under a locked page.")
    for (page, _), values in zip(revisions, heads, strict=True):
        for name in ("head", "title", "updated_at", "updated_by_id"):
            set_committed_value(page, name, values[name])


def _repair_all(session: Session, actor: Actor, plan: Plan, message: str) -> None:
    """Give the pages in which a plan repairs links their revisions."""
    revisions = []
    for task, made in plan.changed:
        text = _stored(session, task.revision, made)
        revisions.append((task.page, _next(task.revision, Action.REPAIR, message, text)))
    _revise_all(session, actor, revisions)


def _move_all(
    session: Session,
    actor: Actor,
    plan: Plan,
    space: Space,
    targets: Sequence[str],
    message: str,
) -> None:
    """Give the pages of a plan their new places, redirects from the old ones, and revisions."""
    session.flush()
    places, gone, redirects, revisions = [], [], {}, []
    own = {task.page.id: made for task, made in plan.own_changed}
    for page, path in zip(plan.pages, targets, strict=True):
        key, made = path_key(path), own.get(page.id)
        was, becomes = (page.space_id, page.path_key), (space.id, key)
        gone += [{"in_space": space_id, "at": at} for space_id, at in (was, becomes)]
        redirects[was] = page.id
        redirects.pop(becomes, None)
        said = message or f"Moved from {page.path or 'the start of the space'} to {path}"
        if made and not message:
            said += f"; {made.changed} of its links written anew"
        head = plan.heads[page.id]
        revisions.append((page, _next(head, Action.MOVE, said, _stored(session, head, made))))
        place = {"space_id": space.id, "path": path, "path_key": key, "parent_key": parent_of(key)}
        places.append({"of_page": page.id, **place})
        for name, value in place.items():
            set_committed_value(page, name, value)
    # One after the other: a page may take the path of one that has just left it.
    session.connection().execute(_new_place(), places)
    session.connection().execute(_no_redirect(), gone)
    rows = [
        {"space_id": space_id, "path_key": key, "page_id": id}
        for (space_id, key), id in redirects.items()
    ]
    if rows:
        session.execute(_REDIRECT, rows)
    _revise_all(session, actor, revisions)


_REDIRECT = insert(Redirect)


@cache
def _new_place() -> Update:
    return update(Page).where(Page.id == bindparam("of_page"))


def _render(
    session: Session, space: Space, page: Page, revision: Revision, body: str
) -> frozenset[str]:
    return keep_rendering(session, page, revision, body, context_of(space.slug, revision))


def _announce_saved(session: Session, actor: Actor, page: Page, revision: Revision) -> None:
    announce(session, actor, PageSaved(page.space_id, page.id, revision.number, revision.action))


def _announce_repaired(session: Session, actor: Actor, pages: Sequence[Page]) -> None:
    """Announce repairs of links; the rendering of these pages is left to the worker."""
    action = Action.REPAIR.value
    saved = [PageSaved(page.space_id, page.id, page.head, action) for page in pages]
    announce_all(session, actor, saved)


def content_hash_of(text: Text) -> str:
    """The hash under which the body will be stored, for rendering ahead of a save."""
    return hash_of(text.body)
