"""Files in the browser: handing out their bytes, the list of a page's files, upload, removal."""

from __future__ import annotations

from urllib.parse import quote

from flask import (
    Blueprint,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from wiki.attachments import actions, queries
from wiki.attachments.actions import attach_file, checked_file_path
from wiki.attachments.handing import hand_out
from wiki.attachments.kinds import is_image
from wiki.attachments.models import Attachment
from wiki.attachments.queries import FileSeen, place_of
from wiki.attachments.storage import Storage, Stored
from wiki.errors import WikiError
from wiki.pages.queries import Place
from wiki.pages.screens import frame, place_at
from wiki.rules.access import May
from wiki.text.paths import join, name_of, parent_of, title_from
from wiki.web.errors import say, wants_json
from wiki.web.public import public
from wiki.web.request import actor, reading, settings, writing
from wiki.web.urls import verb

blueprint = Blueprint("attachments", __name__)


def storage() -> Storage:
    """Where this wiki keeps bytes."""
    return Storage(settings().data_dir)


def file_url(slug: str, path: str) -> str:
    """The address of the file at a place of a space's tree."""
    return url_for("attachments.read", slug=slug, path=parent_of(path) or "", name=name_of(path))


@verb(blueprint, "files/<path:name>")
@public
def read(slug: str, path: str, name: str) -> ResponseReturnValue:
    """The bytes of a file. Who may read its page may read it; that is asked every time."""
    found = queries.find_file(reading(), actor(), slug, join(path, name))
    if found.moved:
        return redirect(file_url(found.seen.space.slug, found.path), 302)
    return hand_out(storage(), found)


@blueprint.get("/-/f/<int:file_id>")
@public
def read_by_id(file_id: int) -> ResponseReturnValue:
    """The bytes of one version of a file, also of an earlier one."""
    return hand_out(storage(), queries.get_file(reading(), actor(), file_id))


@verb(blueprint, "files")
@public
def files(slug: str, path: str) -> ResponseReturnValue:
    """The files of a page, or of a folder without one."""
    return _files_screen(place_at(slug, path))


@verb(blueprint, "files", methods=["POST"])
def upload(slug: str, path: str) -> ResponseReturnValue:
    """Attach files. The editor asks for JSON and gets the Markdown that shows each of them."""
    place = place_at(slug, path)
    place.seen.require(May.EDIT)
    for_editor = wants_json()
    arrived, refused = _store_all(place)
    added: list[Attachment] = []
    if arrived:
        with writing() as session:
            added = [
                attach_file(session, actor(), place.space, path, stored, keep_both=for_editor).file
                for path, stored in arrived
            ]
    if not added and not refused:
        refused = [("", "Choose a file first.")]
    if for_editor:
        answer = {
            "files": [_described(place, file) for file in added],
            "refused": [{"name": name, "sentence": sentence} for name, sentence in refused],
        }
        return jsonify(answer), 201 if added else 422
    if added:
        names = [name_of(file.name) for file in added]
        say(f"{names[0]} is attached." if len(names) == 1 else f"{len(names)} files are attached.")
    if refused:
        return _files_screen(place_at(slug, path), refused)
    return redirect(url_for("attachments.files", slug=slug, path=place.path), 303)


def _store_all(place: Place) -> tuple[list[tuple[str, Stored]], list[tuple[str, str]]]:
    """Put what was sent on disk: (place in the tree, bytes) of each, and what was refused why."""
    arrived, refused = [], []
    for sent in request.files.getlist("file"):
        name = _name_sent(sent)
        if not name:
            continue
        try:
            path = checked_file_path(join(place.path, name))
            stored = storage().put(sent.stream, name=name, max_bytes=settings().max_file_mb << 20)
        except WikiError as error:
            refused.append((name, error.sentence))
        else:
            arrived.append((path, stored))
    return arrived, refused


def _name_sent(sent: FileStorage) -> str:
    """The last part of the name that a browser sent, whatever separates its parts."""
    return (sent.filename or "").replace("\\", "/").rpartition("/")[2].strip()


def _described(place: Place, file: Attachment) -> dict[str, object]:
    path = place_of(file)
    return {
        "name": name_of(file.name),
        "url": file_url(place.space.slug, path),
        "markdown": markdown_for(file, path, _links_from(place)),
        "image": is_image(file.content_type),
        "content_type": file.content_type,
        "size": file.size,
    }


def _links_from(place: Place) -> str:
    """The folder from inside which relative links of the page at this place resolve."""
    if place.page is not None and place.page.folder:
        return place.path
    return parent_of(place.path) or ""


def markdown_for(file: Attachment, path: str, folder: str) -> str:
    """What to write on a page whose links resolve from inside ``folder``, at or above the file."""
    steps = path.split("/")[len(folder.split("/")) if folder else 0 :]
    target = "".join(c if ord(c) > 127 else quote(c, safe="/") for c in "/".join(steps))
    name = name_of(file.name)
    label = (name.rpartition(".")[0] or name) if is_image(file.content_type) else name
    for mark in "\\[]*_`<>":
        label = label.replace(mark, f"\\{mark}")
    return f"{'!' if is_image(file.content_type) else ''}[{label}]({target})"


def _files_screen(
    place: Place, refused: list[tuple[str, str]] | None = None
) -> ResponseReturnValue:
    session, space = reading(), place.space
    can_edit = bool(place.seen.may(May.EDIT))
    title = place.page.title if place.page else title_from(place.path) or space.title
    folder = _links_from(place)
    found = [
        {
            "row": file,
            "name": _within(place, path := place_of(file)),
            "url": file_url(space.slug, path),
            "markdown": markdown_for(file, path, folder),
            "is_image": is_image(file.content_type),
        }
        for file in queries.list_files(session, actor(), space, place.path)
    ]
    earlier = (
        queries.list_files(session, actor(), space, place.path, removed=True) if can_edit else ()
    )
    body = render_template(
        "attachments/files.html",
        **frame(place.seen, place.path, title),
        page=place.page,
        path=place.path,
        title=title,
        files=found,
        earlier=[(file, _within(place, place_of(file))) for file in earlier],
        can_edit=can_edit,
        max_mb=settings().max_file_mb,
        refused=refused or (),
    )
    return body, 422 if refused else 200


def _within(place: Place, path: str) -> str:
    """A file's place as it is called on the list of a page at or above it."""
    return path.split("/", place.path.count("/") + 1)[-1] if place.path else path


@blueprint.route("/-/f/<int:file_id>/remove", methods=["GET", "POST"])
def remove(file_id: int) -> ResponseReturnValue:
    """Take a file off its page, after asking."""
    if request.method == "POST":
        with writing() as session:
            gone = actions.remove_file(session, actor(), file_id)
        say(f"{name_of(gone.file.name)} is removed. It can be brought back below.")
        return redirect(_list_url(gone), 303)
    found = queries.get_file(reading(), actor(), file_id)
    found.seen.require(May.EDIT)
    if found.file.removed_at is not None:
        return redirect(_list_url(found), 302)
    page = found.file.page
    path = page.path if page else ""
    return render_template(
        "attachments/remove.html",
        **frame(found.seen, path, page.title if page else None),
        file=found.file,
        name=name_of(found.file.name),
        is_image=is_image(found.file.content_type),
        url=file_url(found.seen.space.slug, found.path),
        list_url=_list_url(found),
    )


@blueprint.post("/-/f/<int:file_id>/restore")
def restore(file_id: int) -> ResponseReturnValue:
    """Bring back a file that was removed or replaced."""
    with writing() as session:
        back = actions.restore_file(session, actor(), file_id)
    say(f"{name_of(back.file.name)} is back.")
    return redirect(_list_url(back), 303)


def _list_url(found: FileSeen) -> str:
    path = found.file.page.path if found.file.page else ""
    return url_for("attachments.files", slug=found.seen.space.slug, path=path)
