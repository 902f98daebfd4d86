"""Plain text of rendered pages, and where it is cut."""

from wiki.text.markdown.excerpt import excerpt, text_of_html


def test_an_excerpt_ends_between_words():
    assert excerpt("one two three four", 12) == "one two…"
    assert excerpt("one,  two\n\nthree", 50) == "one, two three"
    assert excerpt("x" * 50, 10) == "xxxxxxxxx…"


def test_blocks_of_html_are_lines_and_what_authors_did_not_write_is_left_out():
    html = (
        '<h2 id="x">A<a class="anchor" href="#x" aria-label="Link to the section: A"></a></h2>\n'
        '<p>b<sup class="footnote-ref"><a href="#fn-1">1</a></sup> &lt;c&gt; <img alt="d &amp; e">'
        "</p><ul><li>f</li><li>g</li></ul><table><tr><td>h</td><td>i</td></tr></table>"
    )
    assert text_of_html(html) == "A\nb <c> d & e\nf\ng\nh i"
