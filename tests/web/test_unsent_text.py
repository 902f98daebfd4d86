"""A text that could not be saved is handed back to its author, whatever the reason."""

from tests.cast import Scene

TEXT = "Keys are with <Eve> & Ben."
ESCAPED = "Keys are with &lt;Eve&gt; &amp; Ben."


def test_a_form_without_text_just_leads_to_the_sign_in(wiki: Scene) -> None:
    answer = wiki.post("nobody", "/eng/rota/-/delete")
    assert answer.status_code == 302
    assert answer.location.startswith("/-/login")


def test_a_role_that_was_taken_meanwhile_leaves_the_text_to_copy(wiki: Scene) -> None:
    wiki.write("rota", "old")
    answer = wiki.post("cai", "/eng/rota/-/edit", title="Rota", body=TEXT, base=1)
    assert answer.status_code == 403
    assert ESCAPED in answer.text
    assert "Send again" not in answer.text
