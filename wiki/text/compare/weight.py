"""Judging whether a change of a text is worth a notification."""

from __future__ import annotations

import re
from collections import Counter

FEW_WORDS = 2
"""Maximum number of words that a slight change takes out and puts in, together."""

_WORD = re.compile(r"\w+(?:[.,:/-]\w+)*")
_DUTIES = frozenset(
    {
        *("must", "may", "might", "shall", "should", "can", "cannot", "not", "no", "never", "only"),
        *("always", "required", "optional"),
        *("muss", "müssen", "darf", "dürfen", "soll", "sollen", "kann", "können", "nicht", "kein"),
        *("keine", "nie", "nur", "immer"),
        *("doit", "doivent", "peut", "peuvent", "pas", "jamais", "seulement", "toujours"),
    }
)


def is_slight(old: str, new: str) -> bool:
    """Return whether a change is in formatting only, or in at most :data:`FEW_WORDS` words of which
    none has a digit or says what must, may or must not be. Words in another order are no slight
    change. It takes linear time.
    """
    was, now = _WORD.findall(old.casefold()), _WORD.findall(new.casefold())
    if was == now:
        return True
    before, after = Counter(was), Counter(now)
    changed = (before - after) + (after - before)
    if not 0 < changed.total() <= FEW_WORDS:
        return False
    return not any(word in _DUTIES or any(map(str.isdigit, word)) for word in changed)
