"""Operations on one's own photo."""

from __future__ import annotations

from flask import Response, request

from wiki.errors import require_allowed
from wiki.people.me import myself
from wiki.photos.actions import remove_photo, set_photo
from wiki.photos.views import hand_out_photo, square_of
from wiki.rules.access import may_change_account
from wiki.web.limits.rate_limit import costs
from wiki.web.operations import Answer, operation
from wiki.web.request import actor, reading, writing


@operation(
    "PUT",
    "/me/photo",
    "Set your photo.",
    {204: Answer("The photo is set.")},
    takes_bytes=True,
    writes=True,
    problems=(403, 413, 429, 503),
)
@costs("files")
def put_photo() -> Response:
    """Send a picture in PNG, JPEG, GIF, WebP or AVIF. It is cropped to a square and encoded anew;
    the picture itself is not stored."""
    require_allowed(may_change_account(actor(), myself(reading()).id))
    square = square_of(request.stream)
    with writing() as session:
        set_photo(session, actor(), myself(session), square)
    return Response(status=204)


@operation(
    "GET",
    "/people/{person}/photo/{photo}",
    "Download a photo.",
    {200: Answer("A square in WebP.", is_bytes=True)},
)
def read_photo(person: str, photo: str) -> Response:
    """The address is the `photo` of a person."""
    return hand_out_photo(person, photo)


@operation(
    "DELETE",
    "/me/photo",
    "Remove your photo.",
    {204: Answer("You have no photo.")},
    writes=True,
    problems=(403,),
)
def delete_photo() -> Response:
    """Nothing happens if you have none."""
    with writing() as session:
        remove_photo(session, actor(), myself(session))
    return Response(status=204)
