"""Every screen, light on a desk and dark on a phone: nothing that axe objects to, no sideways
scrolling, no request to another host, no word in the console."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from _pytest.mark import ParameterSet
from playwright.sync_api import Page

from tests.browser.visit import NARROWEST, PHONE, WIDE, Visit
from tests.cast import Scene
from wiki.room import Place
from wiki.rooms import ROOMS

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]

SCREENS = [
    ("nobody", "/"),
    ("nobody", "/-/login"),
    ("nobody", "/-/spaces"),
    ("nobody", "/open/"),
    ("nobody", "/open/public"),
    ("nobody", "/lab/"),
    ("ben", "/"),
    ("ada", "/"),
    ("ben", "/-/spaces"),
    ("ben", "/-/spaces/new"),
    ("ben", "/eng/"),
    ("ben", "/lab/"),
    ("ben", "/eng/handbook/everything"),
    ("ben", "/eng/handbook/everything?revision=1"),
    ("cai", "/eng/handbook/onboarding"),
    ("cai", "/eng/shows"),
    ("cai", "/eng/shows?revision=1"),
    ("ben", "/eng/Über-uns/日本語"),
    ("ben", "/eng/teams"),
    ("ben", "/eng/nothing/here"),
    ("cai", "/eng/nothing/here"),
    ("ben", "/eng/gone"),
    ("ben", "/eng/handbook/everything/-/edit"),
    ("ben", "/eng/-/new"),
    ("ben", "/eng/-/new?path=teams/new"),
    ("ben", "/eng/handbook/everything/-/move"),
    ("ben", "/eng/teams/team-1/rota/-/delete"),
    ("ben", "/eng/deep/-/delete"),
    ("ben", "/eng/deep/" + "a-rather-long-name-of-a-folder/" * 6 + "page"),
    ("ben", "/eng/handbook/everything/-/backlinks"),
    ("ben", "/eng/busy/-/backlinks"),
    ("ben", "/eng/-/tree"),
    ("eve", "/eng/-/settings"),
    ("eve", "/eng/-/members"),
    ("eve", "/eng/-/members?show=everyone"),
    ("cai", "/-/groups"),
    ("ada", "/-/groups?q=nothinglikethis"),
    ("ada", "/-/groups/company"),
    ("cai", "/-/groups/engineering"),
    ("cai", "/-/groups/" + "w" * 60),
    ("cai", "/-/groups/empty"),
    ("nobody", "/-/groups"),
    ("ada", "/-/groups/company/edit"),
    ("ada", "/-/groups/company/delete"),
    ("ada", "/-/groups/engineering/delete"),
    ("ada", "/-/groups/empty/delete"),
    ("cai", "/-/groups/engineering/leave"),
    ("ada", "/-/admin/groups"),
    ("cai", "/eng/-/members"),
    ("cai", "/eng/handbook/everything/-/edit"),
    ("ben", "/eng/handbook/everything/-/history"),
    ("cai", "/eng/handbook/onboarding/-/history"),
    ("ben", "/eng/handbook/everything/-/diff/1..2?view=side"),
    ("ben", "/eng/handbook/everything/-/diff/1..2?view=unified"),
    ("ben", "/eng/handbook/everything/-/restore?revision=1"),
    ("ben", "/eng/handbook/everything/-/undo?revision=2"),
    ("ben", "/eng/handbook/everything/-/blame"),
    ("cai", "/eng/handbook/everything/-/blame?revision=1"),
    ("ben", "/eng/salaries/-/history"),
    ("ben", "/eng/salaries/-/diff/3..4"),
    ("ben", "/eng/salaries/-/diff/1..2"),
    ("ben", "/eng/salaries/-/blame"),
    ("ada", "/eng/salaries/-/history"),
    ("ada", "/-/p/1/purge"),
    ("ada", "/-/p/2/purge?revision=1"),
    ("ada", "/-/p/2/purge?revision=2"),
    ("ada", "/-/admin/purged"),
    ("eve", "/-/p/2/redact"),
    ("eve", "/-/p/2/redact?titles=1"),
    ("eve", "/-/p/2/redact?revision=1"),
    ("ada", "/-/p/2/redact?revision=2"),
    ("ben", "/-/p/2/redact"),
    ("eve", "/-/f/4/redact"),
    ("eve", "/eng/-/redactions"),
    ("eve", "/lab/-/redactions"),
    ("eve", "/eng/-/redactions/1"),
    ("eve", "/eng/-/redactions/2"),
    ("eve", "/eng/told/-/access"),
    ("eve", "/eng/told/-/history"),
    ("ada", "/-/admin/reads"),
    ("ada", "/-/admin/reads?who=nobody-like-this"),
    ("ada", "/-/admin/reads?who=gus"),
    ("ben", "/eng/gone/-/history"),
    ("ben", "/eng/gone/-/blame"),
    ("ben", "/eng/gone/-/diff/0..1"),
    ("ben", "/eng/handbook/everything/-/files"),
    ("cai", "/eng/handbook/onboarding/-/files"),
    ("ben", "/-/f/1/remove"),
    ("ben", "/-/f/4/remove"),
    ("ben", "/-/f/4/versions"),
    ("ben", "/-/f/4/versions?beside=3"),
    ("cai", "/-/f/1/versions"),
    ("ben", "/-/f/5/versions"),
    ("eve", "/eng/-/import"),
    ("eve", "/eng/-/findings"),
    ("eve", "/lab/-/findings"),
    ("eve", "/eng/-/scanning"),
    ("ada", "/-/admin/findings"),
    ("ada", "/-/admin/security"),
    ("ada", "/-/admin/security/drill"),
    ("nobody", "/-/forgot"),
    ("nobody", "/-/reset/not-a-token"),
    ("nobody", "/-/invite/not-a-token"),
    ("nobody", "/-/login/oidc/done"),
    ("ben", "/eng/-/share"),
    ("ben", "/eng/busy/-/share"),
    ("eve", "/eng/kept/-/share"),
    ("eve", "/eng/-/shares"),
    ("eve", "/lab/-/shares"),
    ("ben", "/-/me/shares"),
    ("cai", "/-/me/shares"),
    ("nobody", "/-/s/of-the-world/"),
    ("nobody", "/-/s/of-the-world/handbook/everything"),
    ("nobody", "/-/s/locked/"),
    ("nobody", "/-/s/counted/"),
    ("nobody", "/-/s/never-was/"),
    ("eve", "/eng/kept/-/access"),
    ("eve", "/eng/kept/-/access?person=dot&may=edit"),
    ("ben", "/eng/kept/below/-/access"),
    ("cai", "/eng/handbook/everything/-/access"),
    ("eve", "/eng/-/access?person=gus"),
    ("cai", "/eng/-/access?show=guests"),
    ("eve", "/eng/-/access?of=page"),
    ("eve", "/eng/kept/-/history"),
    ("eve", "/eng/kept"),
    ("ada", "/-/approvals"),
    ("ada", "/-/approvals/1"),
    ("ada", "/-/approvals/2"),
    ("eve", "/-/approvals/1"),
    ("cai", "/-/approvals"),
    ("ben", "/-/me"),
    ("cai", "/-/me"),
    ("ben", "/-/me/tokens"),
    ("cai", "/-/me/tokens"),
    ("ben", "/-/me/identities/of-the-world"),
    ("cai", "/-/me/identities/of-the-world"),
    ("ben", "/-/people/eve"),
    ("ben", "/-/me/claim"),
    ("ben", "/-/me/claim/of-the-world"),
    ("cai", "/-/me/claim/of-the-world"),
    ("cai", "/-/people/~old-hand"),
    ("eve", "/lab/-/settings"),
    ("ada", "/-/admin"),
    ("ada", "/-/admin/people?who=imported"),
    ("ada", "/-/admin/people/~old-hand"),
    ("ada", "/-/admin/people"),
    ("ada", "/-/admin/people/ben"),
    ("ada", "/-/admin/people/robot"),
    ("ada", "/-/admin/people/robot/tokens"),
    ("ada", "/-/admin/people/ben/tokens"),
    ("ada", "/-/admin/people/cai/tokens"),
    ("ada", "/-/admin/tokens"),
    ("ada", "/-/admin/tokens?q=nothinglikethis"),
    ("ada", "/-/admin/invitations"),
    ("ada", "/-/admin/spaces"),
    ("ada", "/-/admin/audit"),
    ("ada", "/-/admin/audit?category=access&since=2020-01-01"),
    ("ada", "/-/admin/audit?who=nobody-like-this"),
    ("ada", "/-/admin/audit?until=2001-01-01"),
    ("ada", "/-/admin/jobs"),
    ("ada", "/-/admin/jobs?subscriber=nobody.hears"),
    ("ada", "/-/admin/storage"),
    ("ada", "/-/admin/settings"),
    ("ben", "/-/admin"),
    ("nobody", "/-/changes"),
    ("ben", "/-/changes"),
    ("ben", "/eng/-/changes"),
    ("cai", "/eng/-/changes?on=2021-03-04"),
    ("ben", "/-/changes?on=2019-01-01"),
    ("ben", "/eng/-/calendar?year=2021"),
    ("nobody", "/open/-/calendar?year=1999"),
    ("ben", "/eng/-/tags"),
    ("ben", "/-/tags?sort=pages"),
    ("nobody", "/open/-/tags"),
    ("ben", "/eng/-/tags/first%20week"),
    ("cai", "/-/tags/samples"),
    ("ben", "/eng/-/rename-tag?tag=samples"),
    ("ben", "/eng/-/rename-tag?tag=samples&to=first%20week"),
    ("ben", "/eng/-/remove-tag?tag=samples"),
    ("ben", "/eng/-/pages"),
    ("ben", "/eng/-/pages?tag=samples&author=ben&since=2021-01-01"),
    ("ben", "/eng/-/pages?since=yesterday"),
    ("nobody", "/-/pages?tag=nothing"),
    ("ben", "/-/search"),
    ("ben", "/-/search?q=words"),
    ("ben", "/-/search?q=nothinglikethis"),
    ("nobody", "/-/search?q=everyone"),
    ("nobody", "/-/forgot?asked=1"),
    ("nobody", "/-/reset/of-the-world"),
    ("nobody", "/-/invite/of-the-world"),
    ("nobody", "/-/invite/guessed"),
    ("ben", "/-/invite/of-the-world"),
    ("ben", "/-/me/security"),
    ("ben", "/-/me/security/authenticators/2"),
    ("ben", "/-/me/security/passkeys/new"),
    ("eve", "/-/me/security"),
    ("eve", "/-/me/security/authenticators/1"),
    ("eve", "/-/me/security/passkeys/2"),
    ("ada", "/-/admin/factors"),
    ("ada", "/-/admin/people/eve"),
    ("cai", "/-/people/ben"),
    ("cai", "/-/people/gus"),
    ("ben", "/-/admin/people"),
    ("ada", "/-/admin/people?q=nothinglikethis"),
    ("ben", "/eng/-/housekeeping"),
    ("ben", "/eng/-/housekeeping?list=deleted"),
    ("ben", "/eng/-/housekeeping?list=sections"),
    ("ben", "/eng/-/housekeeping?list=files"),
    ("ben", "/eng/-/housekeeping?list=orphans"),
    ("ben", "/eng/-/housekeeping?list=dead-ends"),
    ("cai", "/eng/-/housekeeping"),
    ("ben", "/lab/-/housekeeping"),
    ("ben", "/eng/sections/-/repair?from=1"),
    ("ben", "/eng/sections/-/repair?from=2"),
    ("ben", "/eng/sections/-/backlinks"),
]
# The screens that the menu of the site leads to, whichever rooms there are.
LINKED = [link for room in ROOMS for link in room.links if link.place is Place.SITE]
SCREENS += [
    ("ben", f"/{link.address}") for link in LINKED if ("ben", f"/{link.address}") not in SCREENS
]


DESK: tuple[Scheme, dict[str, int]] = ("light", WIDE)
HAND: tuple[Scheme, dict[str, int]] = ("dark", PHONE)


def kind_of(path: str) -> tuple[object, ...]:
    """The kind of a screen's address: addresses of one kind mostly have one template."""
    place, _, verb = path.partition("?")[0].partition("/-/")
    if not verb:
        return ("page" if place.strip("/") else "home",)
    first, *more = verb.split("/")
    return bool(place), first, more[:1] if first == "admin" else [], len(more)


def by_screen() -> list[ParameterSet]:
    """Each screen on a desk and on a phone. All are `thorough` but the first one of each kind, on a
    phone, where there is the least room."""
    found, seen = [], []
    for handle, path in SCREENS:
        kind = kind_of(path)
        for view in (HAND, DESK):
            quick = view is HAND and kind not in seen
            name = f"{handle}-{path}-{view[0]}"
            marks = [] if quick else [pytest.mark.thorough]
            found.append(pytest.param(handle, path, view, id=name, marks=marks))
        seen.append(kind)
    return found


# What the last change of scheme or size has set going has come to its end.
DRAWN = """() => new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(() =>
  Promise.all(document.getAnimations().map((one) => one.finished)).then(() => then()))))"""


def objections(page: Page, axe: str) -> list[str]:
    """What axe finds, one line each."""
    page.evaluate(axe)
    page.evaluate(DRAWN)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


# What sticks out of the page, leaving aside what scrolls inside itself.
STICKING_OUT = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  ["the page", ...[...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && e.checkVisibility()
      && !e.closest("pre, .table-scroll, .tabs, [popover], dialog"))
    .map((e) => e.outerHTML.slice(0, 120))]"""

# What can be pressed or filled in and lies outside of the screen's width: only what an author wrote
# and a strip of tabs may be scrolled sideways.
OUT_OF_SIGHT = """() => [...document.querySelectorAll("main :is(a, button, input, select)")]
  .filter((e) => e.checkVisibility() && !e.closest(".visually-hidden, .prose, .tabs, [popover]"))
  .filter((e) => [...e.getClientRects()].some((r) => r.right > innerWidth + 1 || r.left < -1))
  .map((e) => e.outerHTML.slice(0, 120))"""


@pytest.fixture
def in_development(world: Scene) -> Iterator[None]:
    """The style page is there in development only."""
    world.app.debug = True
    yield
    world.app.debug = False


@pytest.mark.parametrize("view", [DESK, HAND], ids=["light", "dark"])
@pytest.mark.usefixtures("in_development")
def test_every_component_is_for_everyone(
    looking: Visit, axe: str, view: tuple[Scheme, dict[str, int]]
) -> None:
    test_a_screen_is_for_everyone(looking, axe, "ben", "/-/styles", view)


@pytest.mark.parametrize(("handle", "path", "view"), by_screen())
def test_a_screen_is_for_everyone(
    looking: Visit, axe: str, handle: str, path: str, view: tuple[Scheme, dict[str, int]]
) -> None:
    looking.expect("the server responded with a status of 4")
    page = looking.open_page(handle)
    scheme, size = view
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)
    page.goto(path)
    assert objections(page, axe) == [], f"{scheme}, {size['width']} wide"
    if view == DESK:
        return
    assert page.evaluate(OUT_OF_SIGHT) == []
    page.set_viewport_size(NARROWEST)
    assert page.evaluate(STICKING_OUT) == []
    assert page.evaluate(OUT_OF_SIGHT) == []


@pytest.mark.parametrize("size", [PHONE, NARROWEST])
def test_on_a_phone_the_buttons_of_every_member_are_in_sight(
    looking: Visit, size: dict[str, int]
) -> None:
    page = looking.open_page("eve")
    page.set_viewport_size(size)
    page.goto("/eng/-/members")
    buttons = page.locator("tbody button")
    assert buttons.count() >= 4
    for button in buttons.all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]


def test_on_a_phone_the_current_tab_is_in_sight(visit: Visit) -> None:
    page = visit.open("ada", "/-/admin/storage", viewport=PHONE)
    box = page.locator(".tabs [aria-current]").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
