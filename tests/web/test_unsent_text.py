"""A text that could not be saved is handed back to its author, whatever the reason."""

import re

from tests.cast import Scene

TEXT = "Keys are with <Eve> & Ben."
ESCAPED = "Keys are with &lt;Eve&gt; &amp; Ben."


def test_a_sign_in_that_has_run_out_keeps_the_text(wiki: Scene) -> None:
    wiki.write("rota", "old")
    answer = wiki.post("nobody", "/eng/rota/-/edit", title="Rota", body=TEXT, base=1)
    assert answer.status_code == 401
    assert f'name="body" value="{ESCAPED}"' in answer.text
    assert 'name="base" value="1"' in answer.text
    assert "Send it again" in answer.text
    again = wiki.post("ben", "/eng/rota/-/edit", title="Rota", body=TEXT, base=1)
    assert again.status_code == 303


def test_the_answer_is_the_same_for_a_page_that_does_not_exist(wiki: Scene) -> None:
    wiki.write("rota", "old", space="lab")
    hidden = wiki.post("nobody", "/lab/rota/-/edit", body=TEXT)
    absent = wiki.post("nobody", "/lab/nothing/-/edit", body=TEXT)
    assert hidden.status_code == absent.status_code == 401
    hidden_text, absent_text = (  # a token is signed anew with each second
        re.sub(r'name="csrf_token"[^>]*', "", answer.text) for answer in (hidden, absent)
    )
    assert hidden_text.replace("/lab/rota/", "/lab/nothing/") == absent_text


def test_a_form_without_text_just_leads_to_the_sign_in(wiki: Scene) -> None:
    answer = wiki.post("nobody", "/eng/rota/-/delete")
    assert answer.status_code == 302
    assert answer.location.startswith("/-/login")


def test_a_role_that_was_taken_meanwhile_leaves_the_text_to_copy(wiki: Scene) -> None:
    wiki.write("rota", "old")
    answer = wiki.post("cai", "/eng/rota/-/edit", title="Rota", body=TEXT, base=1)
    assert answer.status_code == 403
    assert ESCAPED in answer.text
    assert "Send it again" not in answer.text


def test_a_form_that_was_open_too_long_keeps_the_text(wiki: Scene) -> None:
    wiki.write("rota", "old")
    wiki.app.config["WTF_CSRF_ENABLED"] = True
    answer = wiki.post("ben", "/eng/rota/-/edit", title="Rota", body=TEXT, base=1)
    assert answer.status_code == 400
    assert ESCAPED in answer.text
    assert "Send it again" in answer.text
