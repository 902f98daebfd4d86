"""A form that a script sends is told where it leads, and the next screen keeps its message."""

from tests.cast import Scene

TELL = {"Wiki-Redirect": "tell"}


def test_a_script_is_told_the_address_and_the_message_waits_for_the_reader(wiki: Scene) -> None:
    page = wiki.write("rota", "words")
    wiki.post("ben", "/eng/rota/-/delete")
    browser = wiki.client("ben")
    told = browser.post(
        f"/-/p/{page.id}/restore", data={"path": "rota"}, headers=TELL, follow_redirects=True
    )
    assert told.status_code == 204
    assert told.headers["Wiki-Redirect"] == "/eng/rota"
    assert "Location" not in told.headers
    assert "Page restored." in browser.get("/eng/rota").text


def test_an_answer_that_is_a_screen_stays_one(wiki: Scene) -> None:
    wiki.write("rota", "words")
    answer = wiki.client("ben").post(
        "/eng/rota/-/edit", data={"title": "", "body": "x", "base": 1}, headers=TELL
    )
    assert answer.status_code == 422
    assert 'name="body"' in answer.text


def test_without_asking_a_redirect_is_one(wiki: Scene) -> None:
    wiki.write("rota", "words")
    saved = wiki.post("ben", "/eng/rota/-/edit", title="Rota", body="x", base=1)
    assert saved.status_code == 303
    assert saved.location == "/eng/rota"
