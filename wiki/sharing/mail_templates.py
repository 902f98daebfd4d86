"""Mails about share links. They contain nothing of a page, not even its title, because a mail
cannot be taken back."""

from __future__ import annotations

from datetime import datetime

from wiki.config import Settings
from wiki.mail.messages import Letter, absolute
from wiki.web.filters import exact


def shared_with(
    settings: Settings, maker: str, link: str, until: datetime, *, locked: bool
) -> Letter:
    """Return the mail with the link for its recipient. It omits the name that the creator gave the
    recipient, which could be any words."""
    return Letter(
        f"{maker} shares a page with you",
        "Hello,\n\n"
        f"{maker} lets you read a page of {settings.site_name}, until "
        f"{exact(until)}:\n\n"
        f"{link}\n\n"
        + (f"It asks for a password, which {maker} gives you another way.\n" if locked else "")
        + "You need no account. Whoever has the link can read what you can, so keep it to "
        "yourself.\n",
    )


def suspended(settings: Settings, name: str, cause: str, list_path: str) -> Letter:
    """Return the mail to its creator that a link was suspended."""
    why = (
        "many wrong passwords were tried" if cause == "guesses" else "it was opened unusually often"
    )
    return Letter(
        f"A link of yours at {settings.site_name} rests",
        f"Hello {name},\n\n"
        f"a link by which you share a page of {settings.site_name} shows nothing for now,\n"
        f"because {why} within an hour. Look whether it has come\n"
        "into the wrong hands; take it back, or let it work again:\n\n"
        f"{absolute(settings, list_path)}\n",
    )
