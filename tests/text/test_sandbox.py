"""Rendering in a process of its own: hostile text is answered, and whatever dies is replaced."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.surroundings import thorough
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import MAX_SOURCE, render
from wiki.text.own_texts import own_text
from wiki.text.sandbox import parent as sandbox
from wiki.text.sandbox.child import decode, encode
from wiki.text.sandbox.parent import render_safely

HERE = RenderContext("eng", "team/guide", title="Guide")
SOURCE = (
    "# Guide\n\nHello [x](y.md) **you** @ada\n\n## Part\n\n| a |\n|-|\n| 1 |\n\n```py\n1\n```\n"
)


def test_a_page_comes_out_as_it_does_without_the_sandbox():
    assert render_safely(SOURCE, HERE) == render(SOURCE, HERE)


def test_a_rendering_survives_the_way_between_processes():
    rendering = render(SOURCE, HERE)
    assert decode(encode(rendering)) == rendering


def test_the_same_process_answers_again():
    render_safely(SOURCE, HERE)
    before = [child.process.pid for child in sandbox._pool.idle]
    render_safely("other", HERE)
    assert [child.process.pid for child in sandbox._pool.idle] == before


def test_what_takes_too_long_is_shown_as_its_source():
    source = "[a](" * 250_000 + "<&"
    rendering = render_safely(source, HERE, seconds=0.05)
    assert rendering.source_shown == own_text("too-slow")
    assert rendering.html == f'<pre class="source" tabindex="0">{source[:-2]}&lt;&amp;</pre>'
    assert rendering.text == source
    assert render_safely("*fine*", HERE).html == "<p><em>fine</em></p>"


def test_what_is_too_long_is_shown_as_its_source_at_once():
    rendering = render_safely("x" * (MAX_SOURCE + 1), HERE)
    assert rendering.source_shown == own_text("too-long")


@pytest.mark.parametrize(
    "source",
    [
        "> " * 10_000 + "x",
        ">" * 10_000 + "x",
        "- " * 10_000 + "x",
        "1. " * 10_000 + "x",
        "\n".join("  " * depth + "- x" for depth in range(1_000)),
        "*" * 10_000 + "x" + "*" * 10_000,
        "*a **b " * 10_000 + " c** d*" * 10_000,
        "<div>" * 10_000 + "x" + "</div>" * 10_000,
        "<div>\n\n" * 10_000,
        "".join(f"<b id={number}>" for number in range(5_000)) + "</p><p>" * 5_000,
    ],
)
def test_what_nests_too_deep_is_shown_as_its_source(source):
    rendering = render_safely(source, HERE, seconds=60)
    assert rendering.source_shown == own_text("too-deep")
    assert rendering.text == source


@pytest.mark.parametrize("depth", [1, 10, 45])
def test_what_people_nest_is_laid_out(depth):
    for source in ("> " * depth + "x", "- " * depth + "x", "*a **b " * depth + "c** d*" * depth):
        assert render_safely(source, HERE).source_shown == ""


@pytest.mark.parametrize(
    "pattern",
    [
        *("<![CDATA[", "[a](", "*a ", "[[a", "> - ", "<table><tr><td>"),
        *thorough(
            '<a href="', "<!--", "<?", "![", "[", "`a", "a**b", "\\", "&", "@a", "a@", "www."
        ),
        *thorough("http://", "a|b\n|-|-\n", "[a]: b\n", "[^1]: x\n", "!!! note\n    ", "a\n: b\n"),
        *thorough("# ", "\n", "\x00", "~~a", "<details>"),
    ],
)
def test_a_megabyte_of_anything_is_answered(pattern):
    source = pattern * (1_000_000 // len(pattern))
    rendering = render_safely(source, HERE, seconds=0.05)
    assert isinstance(rendering.html, str)
    if rendering.source_shown:
        assert rendering.html.startswith('<pre class="source"')


def test_a_process_that_died_while_idle_is_replaced():
    render_safely(SOURCE, HERE)
    for child in sandbox._pool.idle:
        os.kill(child.process.pid, signal.SIGKILL)
        child.process.wait()
    assert render_safely("*x*", HERE).html == "<p><em>x</em></p>"


def test_a_process_that_dies_over_a_text_costs_only_its_layout(monkeypatch):
    def die(child, message, seconds):
        child.process.kill()
        return ask(child, message, seconds)

    ask = sandbox._Child.ask
    monkeypatch.setattr(sandbox._Child, "ask", die)
    rendering = render_safely("*x*", HERE)
    assert rendering.source_shown == own_text("died")
    assert rendering.text == "*x*"
    monkeypatch.undo()
    assert render_safely("*x*", HERE).source_shown == ""


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_a_process_that_reads_nothing_is_replaced_in_time(monkeypatch, size):
    render_safely(SOURCE, HERE)
    stuck = sandbox._pool.idle[-1].process
    os.kill(stuck.pid, signal.SIGSTOP)
    monkeypatch.setattr(sandbox, "wall_seconds", lambda _: 0.0)
    rendering = render_safely("x" * size, HERE)
    assert rendering.source_shown == own_text("died")
    assert stuck.returncode == -signal.SIGKILL
    monkeypatch.undo()
    assert render_safely("*x*", HERE).source_shown == ""


def test_a_machine_that_starts_no_process_shows_the_source(monkeypatch):
    sandbox.close()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert render_safely("*x*", HERE).source_shown
    monkeypatch.undo()
    assert render_safely("*x*", HERE).source_shown == ""


def test_memory_is_limited():
    ask_for_much = "import wiki.text.sandbox.child as c; c.limit(); bytes(c.MEMORY)"
    ended = subprocess.run([sys.executable, "-c", ask_for_much], capture_output=True, text=True)
    assert "MemoryError" in ended.stderr


def test_a_process_that_itself_uses_much_memory_keeps_what_it_started():
    program = (
        "from wiki.text.sandbox import child, parent as sandbox;"
        "from wiki.text.markdown.context import RenderContext;"
        "much = b'x' * child.TIRED;"
        "sandbox.render_safely('x', RenderContext('s', 'p'), 30);"
        "print(len(sandbox._pool.idle))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("1\n", "")


def test_a_process_that_has_used_much_memory_is_replaced():
    program = (
        "import wiki.text.sandbox.child as c; much = b'x' * c.TIRED; del much; print(c.is_tired())"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("True\n", "")


def test_many_threads_get_each_their_own_page():
    def one(number: int) -> str:
        return render_safely(f"page *{number}*", HERE).html

    with ThreadPoolExecutor(8) as threads:
        pages = list(threads.map(one, range(40)))
    assert pages == [f"<p>page <em>{number}</em></p>" for number in range(40)]
    assert sandbox._pool.count <= sandbox.CHILDREN


def test_a_fork_starts_children_of_its_own():
    render_safely(SOURCE, HERE)
    theirs = {child.process.pid for child in sandbox._pool.idle}
    child = os.fork()
    if child == 0:
        ok = render_safely("*x*", HERE).html == "<p><em>x</em></p>"
        ours = {one.process.pid for one in sandbox._pool.idle}
        sandbox.close()
        os._exit(0 if ok and ours and not ours & theirs else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert {one.process.pid for one in sandbox._pool.idle} == theirs
    assert render_safely("*y*", HERE).html == "<p><em>y</em></p>"


def test_no_process_stays_behind_when_ours_ends():
    program = (
        "from wiki.text.sandbox import parent as sandbox;"
        "from wiki.text.markdown.context import RenderContext;"
        "sandbox.render_safely('x', RenderContext('s', 'p'), 30);"
        "print(sandbox._pool.idle[0].process.pid)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stderr == ""
    with pytest.raises(ProcessLookupError):
        os.kill(int(ended.stdout), 0)


def test_the_child_gets_no_secret_of_ours(monkeypatch):
    monkeypatch.setenv("WIKI_SECRET_KEY", "a secret")
    child = sandbox._Child()  # not of the pool, which other tests' servers may share
    environment = f"/proc/{child.process.pid}/environ"
    if os.path.exists(environment):  # noqa: PTH110
        with open(environment, "rb") as file:  # noqa: PTH123
            assert b"a secret" not in file.read()
    child.process.stop()
