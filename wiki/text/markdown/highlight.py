"""Syntax highlighting with Pygments' classes, in the language named after the fence."""

import re
from functools import lru_cache

import pygments
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

MAX_CODE = 100_000  # characters in one block; longer ones are shown plain
CLASSES = frozenset(name for name in STANDARD_TYPES.values() if name)

_NAME = re.compile(r"[\w+#.-]{1,30}")
_FORMATTER: HtmlFormatter[str] = HtmlFormatter(nowrap=True)


def highlight(code: str, language: str) -> str | None:
    """Return the HTML inside `<code>` for a known `language`; `None` if the code is shown plain."""
    if len(code) > MAX_CODE or not _NAME.fullmatch(language):
        return None
    lexer = _lexer(language.lower())
    if lexer is None:
        return None
    return pygments.highlight(code, lexer, _FORMATTER)


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
