"""Every route is closed unless it says otherwise, and every write wants a form of our own."""

from collections.abc import Iterator

import pytest
from werkzeug.routing import Rule

from tests.cast import Scene
from wiki.web.public import is_public
from wiki.web.server import wsgi_bridge

VALUES = {
    "slug": "eng",
    "path": "rota",
    "page_id": 1,
    "handle": "ben",
    "token": "guessed",
    "filename": "app.css",
    "kind": "passkeys",
}
# Each open to strangers for a reason: what it shows has passed the gate, or it is a way in.
PUBLIC_WRITES = {
    "unsubscribing.unsubscribe",
    "invitations.register",
    "preferences.appearance",
    "people.login",
    "people.second",
    "people.ask_passkey",
    "people.ask_passkey_second",
    "people.forgot",
    "people.reset",
    "people.setup",
    "invitations.accept",
    "shared.read",
    "oidc.start",
    "oidc.newcomer",
}


def rules(wiki: Scene) -> Iterator[tuple[Rule, str, bool]]:
    """Each rule, an address that it matches, and whether it is public."""
    adapter = wiki.app.url_map.bind("localhost")
    for rule in wiki.app.url_map.iter_rules():
        values = {name: VALUES.get(name, 1) for name in rule.arguments}
        if rule.defaults:
            values |= rule.defaults
        url = adapter.build(rule.endpoint, values)
        yield rule, url, is_public(wiki.app.view_functions[rule.endpoint])


def is_api(url: str) -> bool:
    return url.startswith("/-/api/")


def test_a_stranger_is_asked_to_sign_in_wherever_it_is_not_public(wiki: Scene) -> None:
    wiki.write("rota", "words")
    closed = 0
    for rule, url, public in rules(wiki):
        view = wiki.app.view_functions[rule.endpoint]
        if public:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = wiki.new_client().open(url, method=method)
            where = f"{method} {url} ({rule.endpoint})"
            closed += 1
            if method == "POST" and hasattr(view, "shows_again"):
                assert answer.status_code == 401, where
                assert 'action="/-/login"' in answer.text, where
            else:
                assert answer.status_code == 302, where
                assert answer.location.startswith("/-/login"), where
    assert closed > 20


def test_no_log_keeps_a_token_that_is_part_of_an_address(
    wiki: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO", logger="wiki.access")

    def fail(**_: object) -> None:
        raise OSError("broken")

    with_token = {url: rule for rule, url, _ in rules(wiki) if "token" in rule.arguments}
    assert len(with_token) > 4
    for url, rule in with_token.items():
        monkeypatch.setitem(wiki.app.view_functions, rule.endpoint, fail)
        wsgi_bridge._log({"raw_path": url.encode(), "method": "GET"}, 200, 0.1)
        assert wiki.get("cai", url).status_code == 500
    logged = [record.getMessage() for record in caplog.records]
    assert sum("unexpected error at GET /-/" in line for line in logged) == len(with_token)
    assert len(logged) == 2 * len(with_token)
    assert not any("guessed" in line for line in logged)


def test_the_api_asks_for_a_token_before_every_write(wiki: Scene) -> None:
    writes = 0
    for _, url, _ in rules(wiki):
        for method in ("PUT", "POST", "PATCH", "DELETE"):
            if is_api(url):
                answer = wiki.client("ada").open(url, method=method)  # a cookie counts for nothing
                assert answer.status_code in (401, 405), f"{method} {url}"
                assert answer.mimetype == "application/problem+json", f"{method} {url}"
                writes += answer.status_code == 401
    assert writes >= 3


def test_no_write_is_done_without_the_token_of_our_own_form(wiki: Scene) -> None:
    wiki.write("rota", "words")
    wiki.write("", "home")
    wiki.post("eve", "/eng/-/members", person="ada", role="lead")  # nothing else stops her
    wiki.app.config["WTF_CSRF_ENABLED"] = True
    writes = 0
    for rule, url, public in rules(wiki):
        if is_api(url) or rule.endpoint == "unsubscribing.unsubscribe":
            continue  # mail programs send what is signed, and no token of a form
        for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}):
            browser = wiki.client("nobody" if public else "ada")
            answer = browser.open(url, method=method, data={"title": "x", "body": "y"})
            writes += 1
            assert answer.status_code == 400, f"{method} {url} ({rule.endpoint})"
    assert writes > 20
    assert wiki.page("rota").head == 1


def test_only_the_ways_in_let_a_stranger_write(wiki: Scene) -> None:
    found = {
        rule.endpoint
        for rule, _, public in rules(wiki)
        if public
        and not rule.endpoint.startswith("api.")
        and (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
    }
    assert found <= PUBLIC_WRITES


def test_a_stranger_gets_in_nowhere_by_an_address_that_exists_twice(wiki: Scene) -> None:
    # A rule of one room must not shadow a closed one of another.
    for rule, url, _ in rules(wiki):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            endpoint, _ = wiki.app.url_map.bind("localhost").match(url, method=method)
            assert endpoint == rule.endpoint, f"{method} {url}"


@pytest.mark.parametrize(
    "url", ["", "/people", "/people/ben", "/groups", "/invitations", "/spaces", "/factors"]
)
def test_the_administration_is_for_admins(wiki: Scene, url: str) -> None:
    for handle in ("ben", "eve", "gus"):
        assert wiki.get(handle, f"/-/admin{url}").status_code == 403
    assert wiki.get("ada", f"/-/admin{url}").status_code in (200, 302)
