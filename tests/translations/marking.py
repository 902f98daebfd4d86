"""Finds texts for readers that are not marked, in templates, Python and scripts.

What counts as a text is a guess from its form. It is meant to find nearly all; the walk through the
screens in a pseudo-language finds the rest.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from wiki.web.screens.fragments import FragmentTag

ROOT = Path(__file__).parents[2]
MARKERS = {"_", "gettext", "ngettext", "pgettext", "lazy_gettext"}

_ENVIRONMENT = Environment(extensions=["jinja2.ext.i18n", FragmentTag])
_NO_TEXT = re.compile(r"<(svg|kbd|code|script|style)\b.*?</\1>|<!--.*?-->", re.DOTALL)
_ATTRIBUTE = re.compile(r'\s(?:title|alt|aria-label|aria-description|placeholder|label)="([^"]*)"')
_WORD = re.compile(r"[A-Za-z]{2}")
_PHRASE = re.compile(r"[a-z’,.;:)”] [a-zA-Z“(]|^[A-Z][a-z’]+[a-z.!?…:]*$")
"""Words with a space between them, or one word with a capital."""

_TOKENS = {
    *("small", "quiet", "danger", "primary", "warn", "good", "info", "note", "icon", "only"),
    *("whole", "accent", "wide"),
}
"""Classes and tones, which macros take in one string."""

_SHOWN = {
    *(
        "WikiError",
        "Invalid",
        "Unsuitable",
        "NotFound",
        "Forbidden",
        "Ended",
        "TooLarge",
        "TooMany",
    ),
    *("Busy", "flash", "Link", "Shortcut", "Letter", "Step", "Part", "own_or_other", "one_or_many"),
}
"""Callables whose texts readers see."""

_UNSEEN = re.compile(
    r"(Error|Warning)$|^(debug|info|warning|error|exception|getLogger|told|cast"
    r"|DamagedFile|DamagedText|NotNow)$"
)
"""Callables whose texts are for developers, operators and the API's description."""


def in_template(source: str) -> list[str]:
    """The texts of a template that are not marked."""
    tree = _ENVIRONMENT.parse(source)
    html = "".join(_data(tree))
    html = _NO_TEXT.sub(" ", html)
    found = _ATTRIBUTE.findall(html)
    html = re.sub(r'[\w-]+="[^"<>]*"|\b(?:required|selected|checked|disabled)\b', " ", html)
    found += re.split(r"<[^<>]*>", html)
    found += [text for text in _constants(tree) if _is_phrase(text)]
    return [" ".join(text.replace("\0", " ").split()) for text in found if _WORD.search(text)]


def in_python(source: str, *, sentences: bool = False) -> list[str]:
    """The texts of a module that are not marked.

    :param sentences: it declares events, where every phrase is shown.
    """
    return list(_strings(ast.parse(source), shown=False, sentences=sentences))


def in_script(source: str) -> list[str]:
    """The texts of a script that are not marked."""
    source = re.sub(r"/\*[\s\S]*?\*/|(?:^|(?<=\s))//[^\n]*", "", source)
    source = re.sub(r'\bt\(\s*"(?:[^"\\]|\\.)*"|\btn\(\s*"[^"]*",\s*"[^"]*"', "", source)
    literals = re.findall(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`', source)
    return [text for pair in literals if _is_script_text(text := "".join(pair))]


def _data(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.TemplateData):
        yield node.data
    elif isinstance(node, nodes.Expr):
        yield "\0"
    elif isinstance(node, nodes.Block) and node.name in ("width", "body_attributes"):
        return  # a class, attributes
    else:
        for child in node.iter_child_nodes():
            yield from _data(child)


def _constants(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Call) and getattr(node.node, "name", "") in MARKERS:
        for value in node.kwargs:
            yield from _constants(value)
        return
    if isinstance(node, nodes.Include | nodes.Extends | nodes.FromImport | nodes.Import):
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for child in node.iter_child_nodes():
        yield from _constants(child)


def _is_phrase(text: str) -> bool:
    text = text.strip()
    if "/" in text or "=" in text or "<" in text or not _WORD.search(text):
        return False
    return bool(_PHRASE.search(text)) and not set(text.split()) <= _TOKENS


def _strings(node: ast.AST, *, shown: bool, sentences: bool) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in MARKERS or _UNSEEN.search(name):
            return
        shown = shown or name in _SHOWN
        if name == "Shortcut":  # the keys
            del node.args[2:]
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        for child in [*getattr(node, "decorator_list", []), *body]:
            yield from _strings(child, shown=False, sentences=sentences)
        return
    if isinstance(node, ast.keyword) and node.arg == "message":
        return  # of a revision, which is stored in English
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring of an attribute
    if isinstance(node, ast.AnnAssign | ast.arg):
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            yield from _strings(node.value, shown=shown, sentences=sentences)
        return
    text = None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    elif isinstance(node, ast.JoinedStr):
        text = "".join(
            part.value if isinstance(part, ast.Constant) else "\0" for part in node.values
        )
    if text is not None:
        if _is_shown(text, shown=shown, sentences=sentences):
            yield text
        return
    for child in ast.iter_child_nodes(node):
        yield from _strings(child, shown=shown, sentences=sentences)


def _is_shown(text: str, *, shown: bool, sentences: bool) -> bool:
    if re.search(r"^[/<%.#-]|_|\bSELECT\b|\\", text) or not _WORD.search(text):
        return False
    if shown and re.match(r"[A-Z“]", text):
        return True
    phrase = bool(re.search(r"[a-z’,.}”] [a-zA-Z“{]", text))
    return phrase and (sentences or shown or bool(re.match(r"[A-Z“]", text)))


_KEYS = re.compile(
    r"^(Arrow\w+|Enter|Escape|Tab|Home|End|Page(Up|Down)|Delete|Backspace|Space|Shift|Control|Mod|Alt"
    r"|Wiki-\w+|Content-\w+|Accept|Slash|Dead|Process|Meta|Blob|File|Files|Any|Image|Text|Cache-Control|[A-Z]+)(-\w+)*$"
)


def _is_script_text(text: str) -> bool:
    if re.search(r"^[.#\[:/<*]|[=|>{}<]|^\w+:\w", text) and "${" not in text:
        return False
    text = re.sub(r"\$\{[^}]*\}", "\0", text).strip()
    if _KEYS.match(text) or re.search(r"[<>=]|^[/#.\[]", text):
        return False
    return bool(re.search(r"^[A-Z][a-z’]+( |\.|…|$)|^[A-Z\0].*[a-z] [a-z].*[.…?]?$", text))


ENGLISH = {
    "wiki/i18n.py": "it names the languages",
    "templates/ui/icons.html": "generated; it has shapes only",
    "templates/ui/styles.html": "shown in development only",
    "static/src/styles.css": "",
    "static/src/js/editor/{structure,table_tools}.js": "names of nodes of the syntax tree",
    "**/*commands.py": "commands are in English",
    "wiki/commands/*.py": "commands are in English",
    "wiki/{cli,shell,worker,migrate,db,disk,canary}.py": "for operators, in English",
    "wiki/{serve,config}/*.py": "for operators, in English",
    "wiki/**/canaries.py": "content of the leak drill's scratch wiki",
    "wiki/drill/*.py": "run by a command",
    "wiki/demo/*.py": "content of the demo wiki",
    "wiki/mail/samples.py": "names in sample mails",
    "wiki/api/**/*.py": "the API is in English",
    "wiki/**/api.py": "the API is in English",
    "wiki/web/{operations,shapes,paging}.py": "the API is in English",
    "wiki/web/server/*.py": "answers to requests that no browser sends, before there is a reader",
    "wiki/web/static.py": "for developers, in English",
    "wiki/web/origin.py": "names of browsers",
    "wiki/audit/drilling.py": "stored for operators",
    "wiki/**/{checking,models,text_columns}.py": "findings of a command; no text",
    "wiki/{tags/projection,pages/access/acl}.py": "findings of a command",
    "wiki/search/{whoosh,postgresql}/adapter.py": "for operators, in English",
    "wiki/outbox/chain/*.py": "findings of a command",
    "wiki/attachments/pictures/{making,shrinker}.py": "reasons that are kept for operators",
    "wiki/transfer/git/*.py": "run by commands and jobs",
    "wiki/transfer/{console,exporting}.py": "run by a command",
    "wiki/transfer/report.py": "the kinds of problems are stored; their headings are marked",
}
"""Files whose texts are never translated, by pattern, each with the reason."""


def _expanded(pattern: str) -> list[str]:
    found = re.search(r"\{([^{}]*)\}", pattern)
    if not found:
        return [pattern]
    return [pattern.replace(found[0], each) for each in found[1].split(",")]


def unmarked() -> dict[str, list[str]]:
    """The files that have unmarked texts, with the texts."""
    exempt = {
        path.relative_to(ROOT).as_posix()
        for pattern in ENGLISH
        for each in _expanded(pattern)
        for folder in (["wiki/" + each] if each.startswith("**") else [each])
        for path in ROOT.glob(folder)
    }
    found = {}
    for folder, names in (("templates", "*.html"), ("wiki", "*.py"), ("static/src", "*.js")):
        for path in sorted((ROOT / folder).rglob(names)):
            name, source = path.relative_to(ROOT).as_posix(), path.read_text()
            if name in exempt:
                continue
            if path.suffix == ".html":
                texts = in_template(source)
            elif path.suffix == ".js":
                texts = in_script(source)
            else:
                texts = in_python(source, sentences=path.name == "events.py")
            if texts:
                found[name] = texts
    return found
