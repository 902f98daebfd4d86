"""The passage quoted above the results, sections as results, and excerpts of whole sentences."""

import re

from tests.cast import Scene
from wiki.search.answers import best_passage
from wiki.search.excerpts import excerpt

LONG = "Nothing of note is said here, but it is said at some length. " * 12


def quoted(html: str) -> str:
    found = re.search(r'<figure class="quoted".*?</figure>', html, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found[0])).strip() if found else ""


def test_a_question_is_answered_with_a_passage_its_heading_and_a_link_to_the_section(
    wiki: Scene,
) -> None:
    wiki.write(
        "policy",
        f"{LONG}\n\n## Vacation\n\nEveryone has thirty vacation days.\n\n## Other\n\n{LONG}",
        title="Policy",
    )
    wiki.deliver()
    shown = wiki.get("cai", "/-/search?q=how+many+vacation+days+do+I+get").text
    assert quoted(shown) == "Everyone has thirty vacation days. Policy › Vacation"
    assert "<mark>vacation</mark> <mark>days</mark>" in shown
    assert 'href="/eng/policy#sec-vacation"' in shown
    anchor = 'id="sec-vacation"'
    assert anchor in wiki.get("cai", "/eng/policy").text


def test_only_what_was_meant_is_marked(wiki: Scene) -> None:
    wiki.write("policy", "Do what I do: vacation days for all, and for many of us.")
    wiki.deliver()
    shown = wiki.get("cai", "/-/search?q=what+do+I+do+for+many+vacation+days").text
    marks = set(re.findall("<mark>(.*?)</mark>", shown))
    assert marks <= {"vacation", "days", "vacation days"}


def test_a_word_of_a_synonym_is_not_marked_alone(wiki: Scene) -> None:
    wiki.write("policy", "Vacation is annual leave. Never leave the annual party early.")
    wiki.deliver()
    shown = wiki.get("cai", "/-/search?q=vacation").text
    assert set(re.findall("<mark>(.*?)</mark>", shown)) == {"Vacation", "annual leave"}


def test_tables_and_code_stay_readable(wiki: Scene) -> None:
    rows = "".join(f"| level {n} | plain |\n" for n in range(20))
    wiki.write("pay", f"{LONG}\n\n| Level | Bonus |\n| --- | --- |\n{rows}| director | yearly |\n")
    wiki.write("run", f"{LONG}\n\n    deploy --target   staging\n    wait")
    wiki.deliver()
    shown = wiki.get("cai", "/-/search?q=yearly+bonus+director").text
    assert quoted(shown).startswith("LevelBonus") or "director" in quoted(shown)
    assert "<td>" in shown
    shown = wiki.get("cai", "/-/search?q=deploy+staging+target").text
    assert "<pre>" in shown
    assert "\n    wait" in shown or "\nwait" in shown


def test_a_passage_with_too_little_of_the_query_is_not_quoted(wiki: Scene) -> None:
    wiki.write("a", f"vacation\n\n{LONG}\n\npolicy\n\n{LONG}\n\nlaptop")
    wiki.deliver()
    shown = wiki.get("cai", "/-/search?q=vacation+policy+laptop").text
    assert quoted(shown) == ""
    assert quoted(wiki.get("cai", "/-/search?q=vacation").text) == ""


def test_a_changed_page_is_not_quoted_before_it_is_indexed(wiki: Scene) -> None:
    wiki.write("plan", "the secret number is 4711")
    wiki.deliver()
    wiki.write("plan", "nothing to see")
    assert quoted(wiki.get("dot", "/-/search?q=secret+number").text) == ""
    assert "4711" not in wiki.get("dot", "/-/search?q=secret+number").text


def test_a_hidden_page_is_not_quoted_to_others(wiki: Scene) -> None:
    wiki.write("merger", "the merger budget is large", space="lab", by="eve")
    wiki.write("open", "the merger budget is unknown")
    wiki.deliver()
    shown = wiki.get("dot", "/-/search?q=merger+budget").text
    assert "large" not in shown
    assert quoted(shown).startswith("the merger budget is unknown")


def test_included_parts_of_other_pages_are_not_in_the_quotation() -> None:
    html = "<p>alpha beta</p><div>gamma delta</div>"
    block = best_passage(html, "", [{"gamma"}, {"delta"}], ["gamma", "delta"])
    assert block is None


def test_an_excerpt_begins_and_ends_with_sentences() -> None:
    text = f"{LONG}The answer is found here and is short. {LONG}"
    shown = "".join(piece for piece, _ in excerpt(text, ["answer"], 120))
    assert "The answer is found here and is short." in shown
    assert shown.rstrip().endswith(".")
