"""The window of a text that a search shows: around the hits, between words, marked."""

from hypothesis import given
from hypothesis import strategies as st

from wiki.text.excerpt import excerpt, snippet, text_of_html

TEXT = "Alpha beta gamma. " * 30 + "The retry limit is five. Retries wait. " + "Delta. " * 60


def joined(pieces):
    return "".join(piece for piece, _ in pieces)


def hits(pieces):
    return [piece for piece, hit in pieces if hit]


def test_the_window_is_where_the_terms_meet():
    pieces = snippet(TEXT, ["retry", "limit"], 120)
    assert hits(pieces) == ["retry", "limit"]
    assert joined(pieces).startswith("…")
    assert joined(pieces).endswith("…")
    assert "The retry limit is five." in joined(pieces)


def test_terms_match_the_beginning_of_words_whatever_their_case():
    assert hits(snippet("Retries RETRY entry", ["retr"])) == ["Retr", "RETR"]


def test_scripts_without_blanks_match_anywhere():
    assert hits(snippet("これは検索のテストです", ["検索"])) == ["検索"]


def test_without_a_hit_the_beginning_is_shown():
    assert snippet("Some text here", ["nowhere"]) == [("Some text here", False)]
    assert snippet("", ["x"]) == []
    assert snippet("text", []) == [("text", False)]


def test_an_excerpt_ends_between_words():
    assert excerpt("one two three four", 12) == "one two…"
    assert excerpt("one,  two\n\nthree", 50) == "one, two three"
    assert excerpt("x" * 50, 10) == "xxxxxxxxx…"


@given(st.text(max_size=400), st.lists(st.text(max_size=5), max_size=4), st.integers(20, 200))
def test_a_snippet_is_never_longer_than_asked_and_never_invents_text(text, terms, width):
    pieces = snippet(text, terms, width)
    shown = joined(pieces).removeprefix("…").removesuffix("…")
    assert len(shown) <= width
    assert "".join(shown.split()) in "".join(text.split())
    assert all(piece for piece, _ in pieces)
    assert len(excerpt(text, width)) <= width


@given(st.text(max_size=200), st.text("ab", min_size=1, max_size=3))
def test_every_term_that_begins_a_word_is_marked(text, term):
    source = f"{text} {term} {text}"
    assert term in [hit.lower() for hit in hits(snippet(source, [term], 1000))]


def test_blocks_of_html_are_lines_and_what_authors_did_not_write_is_left_out():
    html = (
        '<h2 id="x">A<a class="anchor" href="#x" aria-label="Link to the section: A"></a></h2>\n'
        '<p>b<sup class="footnote-ref"><a href="#fn-1">1</a></sup> &lt;c&gt; <img alt="d &amp; e">'
        "</p><ul><li>f</li><li>g</li></ul><table><tr><td>h</td><td>i</td></tr></table>"
    )
    assert text_of_html(html) == "A\nb <c> d & e\nf\ng\nh i"
