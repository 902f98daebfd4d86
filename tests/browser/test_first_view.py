"""A first view is light: page, style sheet and scripts together, as they go over the wire."""

from __future__ import annotations

import pytest

from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

BUDGET = 60 * 1024


@pytest.mark.parametrize(
    ("handle", "path"), [("nobody", "/open/public"), ("ben", "/eng/handbook/everything")]
)
def test_a_first_view_fits_its_budget(visit: Visit, handle: str, path: str) -> None:
    page = visit.page(handle)
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(path, wait_until="networkidle")
    assert len(sizes) >= 4
    assert sum(sizes) <= BUDGET


def test_only_the_editor_loads_the_editor(visit: Visit) -> None:
    page = visit.open("ben", "/eng/handbook/onboarding")
    names = "[...document.querySelectorAll('script[src]')].map((s) => s.src)"
    assert not any("edit-" in name for name in page.evaluate(names))
    page.goto("/eng/handbook/onboarding/-/edit")
    assert any("edit-" in name for name in page.evaluate(names))
