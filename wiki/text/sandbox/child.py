"""The child process that parses texts. It reads requests and writes answers until it is killed.

It is started by `parent` and uses standard input and output: messages are four bytes of length,
big-endian, and JSON. Each request has a budget of CPU time, which does not depend on the load of
the machine. A timer kills the process when it exceeds the budget, even inside a library or when the
parent is gone. A second timer, of elapsed time, ends a process that is stuck. Memory, open files
and file sizes are limited.

Started with `lane`, it is a process for comparisons: it has less memory and a lower priority than
those that render pages. Started with `slow`, it renders slow texts, also at a lower priority.
"""

import json
import os
import signal
import struct
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from wiki.process import lower_limits
from wiki.text.compare.blame import walk
from wiki.text.compare.diff import diff
from wiki.text.compare.wire import encode_diff
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.headings import Heading
from wiki.text.markdown.links import Link
from wiki.text.markdown.markup import CutOff, Rendering, plain_rendering, render
from wiki.text.markdown.tree import TooDeepError
from wiki.text.markdown.wikilinks import Reading
from wiki.text.rewrite.addresses import lines_of
from wiki.text.rewrite.repair import Moves, Repair, repair
from wiki.text.rewrite.section_text import section_text
from wiki.text.rewrite.tasks import tick

try:
    import resource
except ImportError:  # without it, only the timers and the parent limit the process
    resource = None  # type: ignore[assignment]

MEMORY = 768 * 2**20  # bytes of address space
TIRED = 384 * 2**20  # peak memory in bytes above which the process is replaced after its answer
LANE_MEMORY = 400 * 2**20
LANE_TIRED = 160 * 2**20
LANE_NICE = 5
LENGTH = struct.Struct(">I")


def wall_seconds(seconds: float) -> float:
    """Return the elapsed time after which work with this limit of CPU time is considered stuck. It
    is much longer, because a busy machine may give the process little CPU time."""
    return 30.0 + 20.0 * seconds


def encode(rendering: Rendering) -> dict[str, object]:
    """Convert a rendering to JSON."""
    fields = dict(vars(rendering))
    fields["headings"] = [list(vars(heading).values()) for heading in rendering.headings]
    fields["links"] = [list(vars(link).values()) for link in rendering.links]
    return fields


def decode(fields: dict[str, object]) -> Rendering:
    """Restore a rendering that :func:`encode` converted."""
    values: dict[str, list[list[object]]] = fields  # type: ignore[assignment]
    headings = [Heading(*heading) for heading in values["headings"]]  # type: ignore[arg-type]
    links = [_link(link) for link in values["links"]]
    return Rendering(**{**fields, "headings": headings, "links": links})  # type: ignore[arg-type]


def _link(values: list[Any]) -> Link:
    values[-2] = tuple(Reading(*one) for one in values[-2])
    return Link(*values)


def encode_moves(moves: Moves) -> dict[str, object]:
    """Convert moves to JSON."""
    return {
        "places": [[*place, *new] for place, new in moves.places.items()],
        "sections": [[*section, new] for section, new in moves.sections.items()],
        "meant": [[*spot, *meant] for spot, meant in moves.meant.items()],
        "holds": [list(spot) for spot in moves.holds],
    }


def decode_moves(fields: dict[str, list[list[str]]]) -> Moves:
    """Restore moves that :func:`encode_moves` converted."""
    return Moves(
        {(kind, slug, key): (space, path) for kind, slug, key, space, path in fields["places"]},
        {(slug, key, old): new for slug, key, old, new in fields["sections"]},
        {
            (slug, key, old): (space, path, new)
            for slug, key, old, space, path, new in fields["meant"]
        },
        frozenset((slug, key, fragment) for slug, key, fragment in fields["holds"]),
    )


def decode_repair(fields: dict[str, object]) -> Repair:
    """Restore a repair from its fields."""
    left: list[str] = fields["left"]  # type: ignore[assignment]
    return Repair(str(fields["text"]), int(str(fields["changed"])), tuple(left))


def read_message(stream: BinaryIO) -> dict[str, object] | None:
    """Return the next message, or `None` at the end of the stream."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    message: dict[str, object] = json.loads(stream.read(LENGTH.unpack(head)[0]))
    return message


def pack(message: dict[str, object]) -> bytes:
    """Return a message as bytes, with its length before it."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return LENGTH.pack(len(body)) + body


def limit(memory: int = MEMORY) -> None:
    """Limit the memory, files and file sizes of this process."""
    lower_limits(memory, files=64)


def is_tired(most: int = TIRED) -> bool:
    """Return whether this process has used so much memory that a new one should replace it."""
    return _most_memory() > most


def _most_memory() -> int:
    """Return the peak memory use of this program in bytes.

    Linux includes the memory of the starting process in a new program's `ru_maxrss`, so there the
    high-water mark of the resident memory is read instead.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0]) * 1024
    except (OSError, IndexError):
        if resource is None:
            return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main(arguments: Sequence[str] = ()) -> None:
    """Answer requests until standard input ends."""
    for its_timer in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(its_timer, signal.SIG_DFL)
    in_lane = "lane" in arguments
    limit(LANE_MEMORY if in_lane else MEMORY)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    if in_lane:
        os.nice(LANE_NICE)
    else:
        if "slow" in arguments:
            os.nice(LANE_NICE)
        render("*warm* `up`", RenderContext("", ""))
    answers.write(pack({"ready": True}))
    answers.flush()
    while (request := read_message(requests)) is not None:
        seconds = float(str(request["seconds"]))
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, wall_seconds(seconds))
        began = time.process_time()
        answer = _WORK[str(request["work"])](request)
        used = time.process_time() - began
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)
        tired = is_tired(LANE_TIRED if in_lane else TIRED)
        answers.write(pack({**answer, "leaving": tired, "used": used}))
        answers.flush()
        if tired:
            break


def _rendered(request: dict[str, object]) -> dict[str, object]:
    context = RenderContext(**request["context"])  # type: ignore[arg-type]
    return {"rendering": encode(render(str(request["source"]), context))}


def _plain(request: dict[str, object]) -> dict[str, object]:
    context = RenderContext(**request["context"])  # type: ignore[arg-type]
    source, reason = str(request["source"]), str(request["reason"])
    cut_off: CutOff = request["cut_off"]  # type: ignore[assignment]
    return {"rendering": encode(plain_rendering(source, context, reason, cut_off))}


def _repaired(request: dict[str, object]) -> dict[str, object]:
    before, after = (
        RenderContext(**request[name])  # type: ignore[arg-type]
        for name in ("before", "after")
    )
    moves = decode_moves(request["moves"])  # type: ignore[arg-type]
    try:
        return {"repair": vars(repair(str(request["source"]), before, after, moves))}
    except (RecursionError, MemoryError):
        return {"repair": None}


def _lines(request: dict[str, object]) -> dict[str, object]:
    context = RenderContext(**request["context"])  # type: ignore[arg-type]
    try:
        return {"lines": lines_of(str(request["source"]), context)}
    except (RecursionError, MemoryError):
        return {"lines": []}


def _ticked(request: dict[str, object]) -> dict[str, object]:
    number, count = int(str(request["number"])), int(str(request["count"]))
    try:
        ticked = tick(str(request["source"]), number, count, bool(request["done"]))
    except (RecursionError, MemoryError):
        ticked = None
    return {"ticked": vars(ticked) if ticked else None}


def _section(request: dict[str, object]) -> dict[str, object]:
    try:
        found = section_text(str(request["source"]), str(request["identifier"]))
    except (TooDeepError, RecursionError, MemoryError):
        found = None
    return {"section": vars(found) if found else None}


def _compared(request: dict[str, object]) -> dict[str, object]:
    found = diff(
        str(request["old"]),
        str(request["new"]),
        request["context"],  # type: ignore[arg-type]
        int(str(request["part"])),
    )
    return {"diff": encode_diff(found)}


def _walked(request: dict[str, object]) -> dict[str, object]:
    begun = time.process_time()
    steps: list[tuple[int, str]] = request["steps"]  # type: ignore[assignment]
    keep: list[int] = request["keep"]  # type: ignore[assignment]
    runs: list[int] = request["runs"]  # type: ignore[assignment]
    found, kept = walk(runs, str(request["text"]), steps, keep)
    return {"runs": found, "kept": list(kept.items()), "took": time.process_time() - begun}


_WORK = {
    "render": _rendered,
    "plain": _plain,
    "repair": _repaired,
    "lines": _lines,
    "tick": _ticked,
    "section": _section,
    "compare": _compared,
    "walk": _walked,
}


if __name__ == "__main__":
    main(sys.argv[1:])
