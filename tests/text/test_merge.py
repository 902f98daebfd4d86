"""What a merge of two edits keeps, and what it leaves to people."""

import random
import shutil
import subprocess
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.text.compare import merge as module
from wiki.text.compare import word_merge
from wiki.text.compare.lines import line_changes, split
from wiki.text.compare.merge import Merge, merge

LINE = st.text(st.sampled_from("ab |`-#"), max_size=6)
TEXT = st.lists(st.sampled_from(["a", "b", "c", "", "one two three four five six"]), max_size=9)
WILD = st.text(st.characters(exclude_characters="\r", codec="utf-8"), max_size=60)


@st.composite
def texts(draw: st.DrawFn) -> str:
    text = "\n".join(draw(st.one_of(TEXT, st.lists(LINE, max_size=6))))
    return text + draw(st.sampled_from(["", "\n"])) if text else text


@st.composite
def histories(draw: st.DrawFn) -> tuple[str, str, str]:
    """A page of distinct lines and two people's edits of it, so that each alignment is unique."""
    fresh = iter(range(1000, 2000))
    base = [f"line {n}\n" for n in range(draw(st.integers(0, 12)))]

    def edited() -> str:
        lines: list[str] = []
        for line in base:
            what = draw(st.sampled_from(["keep", "keep", "keep", "change", "drop", "add"]))
            if what in ("keep", "add"):
                lines.append(line)
            if what in ("change", "add"):
                lines.append(f"new {next(fresh)}\n")
        return "".join(lines)

    return "".join(base), edited(), edited()


def ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def diff3(base: list[str], ours: list[str], theirs: list[str], align) -> list[str] | None:  # type: ignore[no-untyped-def]
    """Khanna, Kunal and Pierce's diff3 to the letter of their paper: None when in conflict.

    `align(a, b)` gives the pairs of places that are matched.
    """
    to_ours, to_theirs = dict(align(base, ours)), dict(align(base, theirs))
    out: list[str] = []
    lo = la = lb = 0
    while True:
        i = 0
        while (
            lo + i < len(base) and to_ours.get(lo + i) == la + i and to_theirs.get(lo + i) == lb + i
        ):
            i += 1
        if i:
            out += base[lo : lo + i]
            lo, la, lb = lo + i, la + i, lb + i
            continue
        stable = [o for o in range(lo, len(base)) if o in to_ours and o in to_theirs]
        no = stable[0] if stable else len(base)
        na = to_ours[no] if stable else len(ours)
        nb = to_theirs[no] if stable else len(theirs)
        old, mine, other = base[lo:no], ours[la:na], theirs[lb:nb]
        if mine == old:
            out += other
        elif other in (old, mine):
            out += mine
        else:
            return None
        if not stable:
            return out
        lo, la, lb = no, na, nb


def by_difflib(a: list[str], b: list[str]) -> list[tuple[int, int]]:
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return [(x + k, y + k) for x, y, n in blocks for k in range(n)]


def by_ours(a: list[str], b: list[str]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    x = y = 0
    for c in [*line_changes(a, b), None]:
        while x < (c.a if c else len(a)):
            pairs.append((x, y))
            x, y = x + 1, y + 1
        if c:
            x, y = c.b, c.d
    return pairs


def words(text: str) -> set[str]:
    return set(text.split())


@given(histories())
def test_a_merge_is_an_independent_diff3_of_random_histories(history: tuple[str, str, str]) -> None:
    base, ours, theirs = history
    expected = diff3(split(base), split(ours), split(theirs), by_difflib)
    assert merge(base, ours, theirs).text == (None if expected is None else "".join(expected))


@given(texts(), texts(), texts())
def test_a_merge_is_diff3_of_its_alignment_however_often_lines_repeat(
    base: str, ours: str, theirs: str
) -> None:
    lines = [split(ended(text)) for text in (base, ours, theirs)]
    expected = diff3(lines[0], lines[1], lines[2], by_ours)
    found = merge(base, ours, theirs)
    if expected is not None:
        assert ended(found.text or "") == "".join(expected)
    elif found.clean:
        # Only words of lines that both changed can have made the difference.
        assert any(c.kind == "both" and c.text not in (c.ours, c.theirs) for c in found.chunks)


@given(texts(), texts(), texts())
def test_the_chunks_hold_all_three_texts(base: str, ours: str, theirs: str) -> None:
    chunks = merge(base, ours, theirs).chunks
    assert "".join(chunk.base for chunk in chunks) == ended(base)
    assert "".join(chunk.ours for chunk in chunks) == ended(ours)
    assert "".join(chunk.theirs for chunk in chunks) == ended(theirs)
    assert all((chunk.text is None) == (chunk.kind == "conflict") for chunk in chunks)


@given(texts(), texts(), texts())
def test_taking_one_side_everywhere_loses_no_line_of_it(base: str, ours: str, theirs: str) -> None:
    found = merge(base, ours, theirs)
    for side, text in (("ours", ours), ("theirs", theirs)):
        resolved = found.resolve([getattr(c, side) for c in found.conflicts])
        for chunk in found.chunks:
            if chunk.kind in (side, "conflict"):
                assert getattr(chunk, side) in ended(resolved)
        added = words(text) - words(base)
        assert added <= words(resolved)


@given(texts(), texts(), texts())
def test_sides_can_be_swapped(base: str, ours: str, theirs: str) -> None:
    there, back = merge(base, ours, theirs), merge(base, theirs, ours)
    assert there.text == back.text
    assert [(c.ours, c.theirs) for c in there.conflicts] == [
        (c.theirs, c.ours) for c in back.conflicts
    ]


@given(st.one_of(texts(), WILD), st.one_of(texts(), WILD))
def test_one_persons_edit_is_taken_as_it_is(base: str, edit: str) -> None:
    assert merge(base, edit, base).text == edit
    assert merge(base, base, edit).text == edit
    assert merge(base, edit, edit).text == edit


@given(texts(), texts(), texts())
def test_merging_again_changes_nothing(base: str, ours: str, theirs: str) -> None:
    merged = merge(base, ours, theirs).text
    if merged is not None:
        assert merge(base, merged, merged).text == merged
        assert merge(merged, merged, merged).text == merged


@given(texts(), texts(), texts())
def test_nothing_is_in_a_merge_that_nobody_wrote(base: str, ours: str, theirs: str) -> None:
    merged = merge(base, ours, theirs).text
    if merged is not None:
        assert words(merged) <= words(base) | words(ours) | words(theirs)


PARAGRAPH = "Everyone may take twenty days off each year, and should ask their lead first.\n"


def test_two_edits_of_one_line_that_keep_their_distance_merge() -> None:
    ours = PARAGRAPH.replace("twenty", "thirty")
    theirs = PARAGRAPH.replace("lead", "manager")
    assert merge(PARAGRAPH, ours, theirs).text == ours.replace("lead", "manager")


def test_the_same_word_changed_twice_is_a_conflict_with_all_three_texts() -> None:
    ours = PARAGRAPH.replace("twenty", "thirty")
    theirs = PARAGRAPH.replace("twenty", "25")
    (conflict,) = merge(PARAGRAPH, ours, theirs).conflicts
    assert (conflict.base, conflict.ours, conflict.theirs) == (PARAGRAPH, ours, theirs)


def test_neighbouring_words_changed_by_two_people_are_a_conflict() -> None:
    ours = PARAGRAPH.replace("may", "may not")
    theirs = PARAGRAPH.replace("twenty", "thirty")
    assert not merge(PARAGRAPH, ours, theirs).clean


def test_a_line_that_one_person_wrote_anew_is_not_mixed_with_anothers_word() -> None:
    ours = "Nobody counts days here any more, people rest, and should ask their lead first.\n"
    theirs = PARAGRAPH.replace("lead", "manager")
    assert not merge(PARAGRAPH, ours, theirs).clean


def test_one_person_adding_a_word_and_both_changing_another_alike_merge() -> None:
    both = PARAGRAPH.replace("lead", "manager")
    ours = both.replace("twenty", "thirty")
    assert merge(PARAGRAPH, ours, both).text == ours


def test_a_line_deleted_by_one_and_changed_by_another_is_a_conflict() -> None:
    base = "first\nretry limit 3\nupload limit 3\nlast\n"
    ours = "first\nupload limit 3\nlast\n"
    theirs = base.replace("retry limit 3", "retry limit 5")
    assert not merge(base, ours, theirs).clean


def test_two_edits_never_make_a_third_address() -> None:
    base = "See https://example.org/one/two and then the other page for all of it.\n"
    ours, theirs = base.replace("/one/", "/1/"), base.replace("/two ", "/2 ")
    assert not merge(base, ours, theirs).clean


@pytest.mark.parametrize(
    "frame",
    ["```\n{}```\n", "~~~ sh\n{}", "$$\n{}$$\n", "| a | b |\n|---|---|\n{}", "x | y\n--|--\n{}"],
)
def test_lines_of_code_math_and_tables_are_merged_whole_or_not_at_all(frame: str) -> None:
    base = frame.format("| one two three four five six seven eight |\n")
    ours, theirs = base.replace("two", "2"), base.replace("seven", "7")
    assert not merge(base, ours, theirs).clean


def test_neighbouring_lines_changed_by_two_people_merge_when_their_words_keep_apart() -> None:
    base = "- one two three four\n- five six seven eight\n"
    ours, theirs = base.replace("two", "2"), base.replace("seven", "7")
    assert merge(base, ours, theirs).text == "- one 2 three four\n- five six 7 eight\n"
    theirs = base.replace("five", "5")
    ours = base.replace("four", "4")
    assert not merge(base, ours, theirs).clean


def test_the_end_of_the_last_line_is_merged_on_its_own() -> None:
    assert merge("a\nb\nc", "a\nb\nc\n", "A\nb\nc").text == "A\nb\nc\n"
    assert merge("a\nb\nc\n", "a\nb\nc\nd", "A\nb\nc\n").text == "A\nb\nc\nd"
    assert merge("", "a", "").text == "a"
    assert merge("a", "", "a").text == ""


def test_what_both_sides_wrote_alike_is_not_part_of_the_dispute() -> None:
    found = merge("old\n", "title\nours\nend\n", "title\ntheirs\nend\n")
    assert [c.kind for c in found.chunks] == ["both", "conflict", "both"]
    assert found.resolve(["mine and theirs"]) == "title\nmine and theirs\nend\n"


def test_a_conflict_can_be_answered_with_nothing() -> None:
    assert merge("a\n", "b\n", "c\n").resolve([""]) == ""


def test_answers_must_be_as_many_as_conflicts() -> None:
    with pytest.raises(ValueError, match="1 conflicts, but 0 answers"):
        merge("a\n", "b\n", "c\n").resolve([])


def test_form_feeds_and_exotic_line_separators_do_not_end_lines() -> None:
    base = "a\u2028b\x0cc\x85d\n"
    assert merge(base, base, base).chunks[0].text == base
    assert merge(base + "x\n", base + "y\n", base + "x\n").text == base + "y\n"


def page(lines: int, seed: int) -> list[str]:
    pick = random.Random(seed)
    return [
        " ".join(pick.choices(["alpha", "beta", "gamma", "delta", f"w{n}"], k=12)) + "\n"
        for n in range(lines)
    ]


def test_a_large_page_with_a_thousand_edits_on_each_side_merges() -> None:
    base = page(16_000, seed=1)
    pick = random.Random(2)
    ours, theirs = list(base), list(base)
    for at in pick.sample(range(0, len(base), 4), 1000):
        ours[at] = f"ours {at}\n"
    for at in pick.sample(range(2, len(base), 4), 1000):
        theirs[at] = f"theirs {at}\n"
    found = merge("".join(base), "".join(ours), "".join(theirs))
    expected = [o if o != b else t for b, o, t in zip(base, ours, theirs, strict=True)]
    assert found.text == "".join(expected)


@pytest.mark.parametrize("line", ["\n", "x\n"])
def test_a_megabyte_of_one_line_repeated_merges_without_a_huge_matrix(line: str) -> None:
    base = line * (500_000 // len(line))
    ours, theirs = "first\n" + base, base + "last\n"
    assert merge(base, ours, theirs).text == "first\n" + base + "last\n"
    other = "y\n" * 60_000
    assert merge(base, "other\n" + other, base).text == "other\n" + other


@given(texts(), texts(), texts())
def test_texts_too_large_to_be_merged_are_one_conflict_with_both_sides_whole(
    base: str, ours: str, theirs: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LINES", -1)
        found = merge(base, ours, theirs)
        swapped = merge(base, theirs, ours)
    assert len(found.conflicts) <= 1
    for side, text in (("base", base), ("ours", ours), ("theirs", theirs)):
        assert "".join(getattr(chunk, side) for chunk in found.chunks) == ended(text)
    assert found.text == swapped.text
    if found.clean:
        assert found.text == merge(base, ours, theirs).text


def test_sides_that_share_nothing_are_not_aligned_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "line_changes", None)
    base, ours, theirs = (
        f"# Page\n{line}# End\n" for line in ("a\n" * 90_000, "b\n" * 90_000, "c\n")
    )
    (conflict,) = merge(base, ours, theirs).conflicts
    assert (conflict.ours, conflict.theirs) == ("b\n" * 90_000, "c\n")


def test_more_conflicts_than_anybody_decides_are_one() -> None:
    count = module.CONFLICTS + 1
    base, ours, theirs = (
        "".join(f"{word} {n}\n\nsame {n}\n\n" for n in range(count)) for word in ("a", "b", "c")
    )
    (conflict,) = merge(base, ours, theirs).conflicts
    assert conflict.ours.startswith("b 0\n")
    assert conflict.theirs.endswith(f"c {count - 1}\n")
    few = merge(*("".join(text.splitlines(keepends=True)[4:]) for text in (base, ours, theirs)))
    assert len(few.conflicts) == module.CONFLICTS


def test_words_are_merged_within_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "one two three four five six seven eight nine ten\n"
    base = (line + "\n") * 50
    ours, theirs = base.replace("one", "1"), base.replace("ten", "10")
    assert merge(base, ours, theirs).clean
    monkeypatch.setattr(word_merge, "EFFORT", 600)
    assert len(merge(base, ours, theirs).conflicts) == 40


def git_merge(folder: Path, base: str, ours: str, theirs: str) -> str | None:
    for name, text in (("base", base), ("ours", ours), ("theirs", theirs)):
        (folder / name).write_bytes(text.encode())
    done = subprocess.run(
        ["git", "merge-file", "-p", "ours", "base", "theirs"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert done.returncode >= 0, done.stderr
    return done.stdout.decode() if done.returncode == 0 else None


@pytest.mark.skipif(not shutil.which("git"), reason="compares with git merge-file: no git here")
def test_clean_merges_are_those_of_git(tmp_path: Path) -> None:
    pick = random.Random(3)
    agreed = conflicts = ours_only = 0
    for seed in range(300):
        base = page(pick.randrange(3, 30), seed)
        # Blank lines between paragraphs, as people write.
        base = [part for line in base for part in (line, "\n")]

        def edited(base: list[str] = base) -> str:
            lines = list(base)
            for _ in range(pick.randrange(1, 4)):
                at = pick.randrange(len(lines))
                match pick.choice(["change", "insert", "delete", "swap"]):
                    case "change":
                        lines[at] = f"changed {pick.random()}\n"
                    case "insert":
                        lines[at:at] = [f"inserted {pick.random()}\n", "\n"]
                    case "delete":
                        del lines[at]
                    case _:
                        other = pick.randrange(len(lines))
                        lines[at], lines[other] = lines[other], lines[at]
                if not lines:
                    break
            return "".join(lines)

        texts = "".join(base), edited(), edited()
        expected = git_merge(tmp_path, *texts)
        found: Merge = merge(*texts)
        if expected is None:
            conflicts += not found.clean
            continue
        if found.clean:
            assert found.text == expected, texts
            agreed += 1
        else:
            ours_only += 1
    assert agreed > 100
    assert conflicts > 20
    # The few that only git dares are edits that touch each other.
    assert ours_only <= 0.02 * agreed
