"""Texts that repeat opening or closing marks, for tests and benchmarks of time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

# Beginnings, ends and whole ones of everything that the grammar knows.
MARKS = [
    *("<http://a", "<a@b.c", "[a]: <", "[a]: ", ":a", "a:", ":", "http:", "http://", "http://a.b("),
    *("http://a.b/)", "http://a.b/&a;", "www.", "www.a_", "_www.a.", "ftp://a（", "（http://a.b）"),
    *("a@", "a@b", "a@b.", "@a", "@a.", "@a+", "mailto:a", "xmpp:a@b/", ".a@b.c", "a.b@"),
    *("<!--", "<!-- a", "<!-- a -->", "<!--->", "-->", "--", "<?", "<?a", "?>", "<!A", "<![CDATA["),
    *("<a ", "<a b", '<a b="', "<a b='\"", "<a b=", "</a", "<my:t ", "<MyBox>", "</MyBox>", "<b>"),
    *("<div>\n", "<div>\n\n", "</div>", "<script>", "<style>a", "<pre>\n", "<img src=a>", "<p>"),
    *("<iframe src=a>", "<a href=b>", "</a>", "<table>", "<tr><td>", "<details>", "<br>", "<", ">"),
    *("[", "]", "![", "[a](", "[a](<b", '[a](b "', "](b)", "[a]", "[a][", "[a]: b\n", "[a]: b '\n"),
    *(
        "[[",
        "[[a",
        "[[a|",
        "[[a]]",
        "]]",
        "![[",
        "![[a]]\n\n",
        "[^",
        "[^a]",
        "[^a]: ",
        "[^a]: b\n\n",
    ),
    *("*", "**", "*a ", "_a ", "*a_ ", "a**b", "~~a ", "~", "`", "`a", "``", "```\n", "~~~\n"),
    *("\\", "\\`", "&", "&a", "&#", "&amp;", "> ", ">a\n", "> > ", "- ", "- a\n", "* * ", "1. a\n"),
    *("  - a\n", "- [ ] a\n", "# a\n", "# a {#", "a\n===\n", "a\n-\n", "a\n", "a\n\n", "***\n"),
    *("|", "|a|b|\n|-|-|\n", "|a|\n", "\\|", "!!! a\n", '!!! a "', "??? a\n    b\n", "> [!note]\n"),
    *(
        "a\n: b\n",
        ": a\n",
        "a\n\n: ",
        "[TOC]\n\n",
        "    a\n",
        "\t",
        " ",
        "\n",
        "a\\\n",
        "a  \n",
        "{",
    ),
    *("中", "é", "\u200d", "\u202e", ":smile:", "$", "$$", "%%", "^", "=", "+", "(", ")", '"', "'"),
]


class Pattern(NamedTuple):
    """A unit that is repeated, between a beginning and an end."""

    begin: str
    unit: str
    end: str

    def text(self, length: int) -> str:
        """Return a text of about this many characters."""
        return self.begin + self.unit * max(1, length // len(self.unit)) + self.end


ENDS = ["]", "](a)", "]]", ">", "-->", "--->", "?>", "'>", '">', "*", "`", "@b.c", "\n\n[a]: b"]


def patterns() -> Iterator[Pattern]:
    """Each mark repeated: alone, inside a line of text, inside HTML, and with an end."""
    for mark in MARKS:
        yield Pattern("", mark, "")
        yield Pattern("a ", mark, "")
        yield Pattern("<div>\n", mark, "")
    for mark in (mark for mark in MARKS if mark[0] in "<[!*`"):
        for end in ENDS:
            yield Pattern("", mark, end)
            yield Pattern("a ", mark, end)
