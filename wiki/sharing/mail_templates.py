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
        f"{maker} shared a page with you",
        "Hello,\n\n"
        f"{maker} shared a page of {settings.site_name} with you. You can read it until "
        f"{exact(until)}:\n\n"
        f"{link}\n\n"
        + (f"The page has a password, which {maker} will send you separately.\n" if locked else "")
        + "You don't need an account. Anyone with the link can read the page, so don't share "
        "it.\n",
    )


def suspended(settings: Settings, name: str, cause: str, list_path: str) -> Letter:
    """Return the mail to its creator that a link was suspended."""
    why = (
        "too many wrong passwords were tried"
        if cause == "guesses"
        else "it was opened unusually often"
    )
    return Letter(
        f"Your share link at {settings.site_name} was suspended",
        f"Hello {name},\n\n"
        f"a link with which you share a page of {settings.site_name} was suspended,\n"
        f"because {why} within an hour. Check whether it has fallen\n"
        "into the wrong hands, then revoke it or resume it:\n\n"
        f"{absolute(settings, list_path)}\n",
    )
