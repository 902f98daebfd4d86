"""The process that makes the thumbnails of one picture, or fits it into a form, and exits.

`pictures` starts it with the picture as standard input. It writes a line of JSON and then the bytes
of the thumbnails to standard output. Pixels, memory and time are limited. A hostile file can harm
only this process, which may not write to any file.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from contextlib import suppress

from PIL import Image, ImageCms

from wiki.attachments.pictures.thumbs import TALLEST, WIDTHS, widths_of
from wiki.process import lower_limits

try:
    import resource
except ImportError:  # without it, only the timer and the parent end the process
    resource = None  # type: ignore[assignment]

PIXELS = 50_000_000
FEWER = {"WEBP": 16_000_000, "AVIF": 30_000_000}  # their decoders hold several copies
MEMORY = 380 << 20  # bytes of address space
BAND = 1_000_000  # pixels converted at once
SECONDS = 20  # seconds of CPU time
STUCK_SECONDS = 180  # seconds of elapsed time
QUALITY = 80
GAP = 2.0  # pictures are first reduced quickly to this multiple of the size, then resized with care
ORIENTATION = 0x0112
# The transposition for each value of the EXIF orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
FORMS = {"photo": (256, 256, True), "logo": (480, 96, False)}
"""Forms that pictures are fitted into: width, height, and whether they are cropped to it or are at
most that large."""
FORM_QUALITY = 88
_MOVING = ("GIF", "PNG", "WEBP", "AVIF")


def limit() -> None:
    """Set limits on the resources of this process."""
    signal.alarm(STUCK_SECONDS)
    with suppress(OSError):
        os.nice(5)
    if resource is not None:
        with suppress(ValueError):  # a lower limit is set already
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
    lower_limits(MEMORY, files=16)


def shrink(data: io.BufferedIOBase, kind: str) -> tuple[dict[str, object], list[bytes]]:
    """Return the data about a picture, and its thumbnails in the order of their widths."""
    Image.MAX_IMAGE_PIXELS = None  # the size is checked here
    with Image.open(data, formats=[kind]) as picture:  # type: ignore[arg-type]
        if failure := _too_large(picture, kind):
            return failure, []
        turn, turned = _turn_of(picture)
        moves = kind in _MOVING and bool(getattr(picture, "is_animated", False))
        picture.seek(0)
        stored = picture.size
        width, height = stored[::-1] if turned else stored
        sizes = {
            one: (one, max(1, round(height * one / width))) for one in widths_of(width, height)
        }
        smallest = WIDTHS[0]
        if smallest not in sizes:
            scale = min(1.0, smallest / width, TALLEST / height)
            sizes[smallest] = (max(1, round(width * scale)), max(1, round(height * scale)))
        largest = max(sizes.values())
        picture.draft("RGB", (largest[::-1] if turned else largest))
        profile: bytes = picture.info.get("icc_profile") or b""
        image = _plain(picture, largest[::-1] if turned else largest, keeps_ink=bool(profile))
    made: dict[int, bytes] = {}
    for name in sorted(sizes, reverse=True):
        size = sizes[name]
        image = image.resize(
            size[::-1] if turned else size, Image.Resampling.LANCZOS, reducing_gap=GAP
        )
        image = _in_srgb(image, profile)
        profile = b""
        shown = image if turn is None else image.transpose(turn)
        shown.info = {}
        file = io.BytesIO()
        shown.save(file, "WEBP", quality=QUALITY, method=4)
        made[name] = file.getvalue()
    widths = sorted(made)
    about = {"width": width, "height": height, "moves": moves, "failure": ""}
    lengths = [len(made[one]) for one in widths]
    return {**about, "widths": widths, "lengths": lengths}, [made[one] for one in widths]


def fit(data: io.BufferedIOBase, kind: str, form: str) -> tuple[dict[str, object], list[bytes]]:
    """Return the size of a picture as it is shown, and the picture in one of the :data:`FORMS`,
    without anything but its pixels. It is never enlarged."""
    most_wide, most_high, crops = FORMS[form]
    Image.MAX_IMAGE_PIXELS = None  # the size is checked here
    with Image.open(data, formats=[kind]) as picture:  # type: ignore[arg-type]
        if failure := _too_large(picture, kind):
            return failure, []
        turn, turned = _turn_of(picture)
        picture.seek(0)
        width, height = picture.size[::-1] if turned else picture.size
        scale = (max if crops else min)(most_wide / width, most_high / height)
        wanted = tuple(max(1, round(side * min(1.0, scale))) for side in picture.size)
        picture.draft("RGB", wanted)  # type: ignore[arg-type]
        profile: bytes = picture.info.get("icc_profile") or b""
        image = _plain(picture, wanted, keeps_ink=bool(profile))  # type: ignore[arg-type]
    size, box = wanted, None
    if crops:  # the middle stays the middle when it is turned
        side, least = min(image.size), min(*wanted, most_wide)
        left, top = (image.width - side) / 2, (image.height - side) / 2
        size, box = (least, least), (left, top, left + side, top + side)
    image = image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=GAP)
    image = _in_srgb(image, profile)
    shown = image if turn is None else image.transpose(turn)
    shown.info = {}
    file = io.BytesIO()
    shown.save(file, "WEBP", quality=FORM_QUALITY, method=4)
    made = file.getvalue()
    about = {"width": width, "height": height, "moves": False, "failure": ""}
    return {**about, "widths": [shown.width], "lengths": [len(made)]}, [made]


def _too_large(picture: Image.Image, kind: str) -> dict[str, object]:
    """Return the failure of a picture with too many pixels; empty for others."""
    most = FEWER.get(kind, PIXELS)
    if picture.width * picture.height <= most:
        return {}
    return {"failure": f"It has more than {most // 1_000_000} million pixels."}


def _turn_of(picture: Image.Image) -> tuple[Image.Transpose | None, bool]:
    """Return the transposition that shows a picture upright, and whether it exchanges width and
    height."""
    turn = _TURNS.get(picture.getexif().get(ORIENTATION, 1))
    exchanges = turn is not None and turn >= Image.Transpose.TRANSPOSE
    return turn, exchanges or turn in (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270)


def _plain(picture: Image.Image, wanted: tuple[int, int], *, keeps_ink: bool) -> Image.Image:
    """Return the first image of a picture in a mode that can be resized, reduced to at least
    :data:`GAP` times the wanted size.

    It is converted in bands, because copies of a whole large picture would take too much memory.
    """
    picture.load()
    width, height = picture.size
    factor = max(1, int(min(width / wanted[0], height / wanted[1]) / GAP))
    rows = max(1, BAND // (width * factor)) * factor
    bands = []
    for top in range(0, height, rows):
        band = picture.crop((0, top, width, min(top + rows, height)))
        bands.append(_converted(band, keeps_ink=keeps_ink).reduce(factor))
    made = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    top = 0
    for band in bands:
        made.paste(band, (0, top))
        top += band.height
    return made


def _converted(picture: Image.Image, *, keeps_ink: bool) -> Image.Image:
    if picture.mode.startswith("I;16"):
        return picture.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    if picture.mode == "CMYK" and keeps_ink:
        return picture
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return the image converted to sRGB."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            ours = ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(image, theirs, ours, outputMode=mode) or image
    return image.convert(mode)


def main() -> None:
    """Write the thumbnails of the picture in standard input, or the picture in a form; its kind is
    the first argument, the form the second."""
    limit()
    try:
        work = fit if sys.argv[2:] else shrink
        about, made = work(sys.stdin.buffer, *sys.argv[1:])  # type: ignore[arg-type]
    except MemoryError:
        about, made = {"failure": "It takes too much memory."}, []
    except Exception as error:
        about, made = {"failure": f"It cannot be read: {type(error).__name__}."}, []
    sys.stdout.buffer.write(json.dumps(about).encode() + b"\n" + b"".join(made))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
