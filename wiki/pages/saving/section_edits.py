"""Edits of one section of a page: the form holds the source of that section only.

A section is named by the id of its heading, in the revision that the form is based on. When the
form is sent, the section is replaced in the text of that revision, and the result is saved as an
edit of the whole page, which is merged with what others have saved since.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from sqlalchemy.orm import Session

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.pages import revising, revisions
from wiki.pages.forms import PageForm
from wiki.pages.models import Page
from wiki.text.markdown.headings import fragment_id
from wiki.text.markdown.markup import text_of_line
from wiki.text.sandbox.parent import section_safely

LONGEST = 400


def narrowed(form: PageForm, section: str) -> PageForm | None:
    """Return the form of a page with one of its sections as the text, or None if the text has no
    such section."""
    found = section_safely(form.body, section[:LONGEST])
    if found is None:
        return None
    return replace(form, body=found.text, section=section, section_title=found.title)


def widened(session: Session, page: Page, form: PageForm) -> PageForm:
    """Return the form of the whole page for the form of one of its sections; any other form
    unchanged.

    :raises Invalid: when the revision that the form is based on has no such section.
    """
    if not form.section:
        return form
    missing = Invalid(
        _("This section can’t be found in the page. Copy your text, then edit the whole page."),
        field="body",
    )
    if not 1 <= form.base <= page.head:
        raise missing
    base = revising.text_of(session, revisions.get_revision(session, page, form.base))
    found = section_safely(base.body, form.section[:LONGEST])
    if found is None:
        raise missing
    return replace(form, body=found.replaced(form.body), section="")


def fragment_of(form: PageForm) -> str:
    """Return the fragment of the address of a section that was saved: its heading may be new."""
    if not form.section:
        return ""
    heading = text_of_line(form.body.partition("\n")[0].strip().strip("#").strip())
    named = fragment_id(heading) if heading != form.section_title else form.section
    return f"#{quote(named)}" if named else ""
