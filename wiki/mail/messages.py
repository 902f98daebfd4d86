"""Texts of the emails that the wiki sends: plain text, with links from the settings only."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.mail.events import MailRequested
from wiki.outbox.actions import publish
from wiki.people.models import Mail
from wiki.rules.access import Actor


@dataclass(frozen=True)
class Letter:
    """A mail without a recipient."""

    subject: str
    body: str


def post(session: Session, actor: Actor, recipient: str, letter: Letter) -> Mail:
    """Queue a letter for the worker, which sends it after the transaction is committed."""
    row = Mail(recipient=recipient, subject=letter.subject[:300], body=letter.body)
    session.add(row)
    session.flush()
    publish(session, actor, MailRequested(row.id))
    return row


def absolute(settings: Settings, path: str) -> str:
    """Return the absolute URL of a path, from the settings and never from a request."""
    return settings.base_url.rstrip("/") + path


def password_link(settings: Settings, name: str, token: str) -> Letter:
    """Return the mail with a password link."""
    return Letter(
        f"Reset your password for {settings.site_name}",
        f"Hello {name},\n\n"
        f"someone, probably you, asked to reset your password for {settings.site_name}.\n"
        "Choose a new one within an hour:\n\n"
        f"{absolute(settings, f'/-/reset/{token}')}\n\n"
        "If it wasn't you, you can ignore this email. Your password hasn't changed.\n",
    )


def test_letter(settings: Settings, name: str) -> Letter:
    """Return the mail with which an admin tests the mail server."""
    return Letter(
        f"Test email from {settings.site_name}",
        f"Hello {name},\n\n"
        f"you asked {settings.site_name} to send a test email. It arrived, so email works.\n\n"
        f"{absolute(settings, '/')}\n",
    )


def identity_linked(settings: Settings, name: str) -> Letter:
    """Return the mail that an OpenID identity was linked with the account."""
    return Letter(
        f"You can sign in to {settings.site_name} with {settings.oidc_name}",
        f"Hello {name},\n\n"
        f"your account at {settings.site_name} was linked to {settings.oidc_name}, so you can now\n"
        "sign in with it. If it wasn't you, unlink it and tell an "
        "admin:\n\n"
        f"{absolute(settings, '/-/me')}\n",
    )


def identity_unlinked(settings: Settings, name: str) -> Letter:
    """Return the mail that an OpenID identity was unlinked."""
    return Letter(
        f"{settings.oidc_name} was unlinked from your account at {settings.site_name}",
        f"Hello {name},\n\n"
        f"{settings.oidc_name} was unlinked from your account at {settings.site_name} and can no\n"
        "longer be used to sign in. If it wasn't you, tell an admin:\n\n"
        f"{absolute(settings, '/-/me')}\n",
    )


def password_changed(settings: Settings, name: str) -> Letter:
    """Return the mail that the password was changed."""
    return Letter(
        f"Your password for {settings.site_name} was changed",
        f"Hello {name},\n\n"
        f"your password for {settings.site_name} was changed, and you were signed out everywhere\n"
        "else. If it wasn't you, choose a new one at once and tell an admin:\n\n"
        f"{absolute(settings, '/-/forgot')}\n",
    )


def factor_added(settings: Settings, name: str, kind: str) -> Letter:
    """Return the mail that a second factor was added."""
    return Letter(
        f"A second factor was added to your account at {settings.site_name}",
        f"Hello {name},\n\n"
        f"{_a(kind)} was added to your account at {settings.site_name}.\n"
        + _if_not_you(settings, "remove it"),
    )


def factor_removed(settings: Settings, name: str, kind: str) -> Letter:
    """Return the mail that a second factor was removed."""
    return Letter(
        f"A second factor was removed from your account at {settings.site_name}",
        f"Hello {name},\n\n"
        f"{_a(kind)} was removed from your account at {settings.site_name}.\n"
        + _if_not_you(settings, "add it again"),
    )


def factors_cleared(settings: Settings, name: str, admin: str) -> Letter:
    """Return the mail that an admin removed all second factors."""
    return Letter(
        f"Your second factors at {settings.site_name} were removed",
        f"Hello {name},\n\n"
        f"{admin or 'an admin'} removed all second factors and recovery codes from your account\n"
        f"at {settings.site_name}. You now sign in with a password only. Add new ones here:\n\n"
        f"{absolute(settings, '/-/me/security')}\n\n"
        "If you didn't ask for this, change your password and tell an admin at once.\n",
    )


def codes_renewed(settings: Settings, name: str) -> Letter:
    """Return the mail that recovery codes were replaced."""
    return Letter(
        f"New recovery codes for your account at {settings.site_name}",
        f"Hello {name},\n\n"
        f"new recovery codes were created for your account at {settings.site_name}.\n"
        "The previous ones no longer work.\n" + _if_not_you(settings, "create new ones"),
    )


def recovery_code_used(settings: Settings, name: str, left: int) -> Letter:
    """Return the mail that a recovery code was used to sign in."""
    return Letter(
        f"A recovery code was used at {settings.site_name}",
        f"Hello {name},\n\n"
        f"someone signed in to your account at {settings.site_name} with your password and\n"
        f"one of your recovery codes, of which {left} {'is' if left == 1 else 'are'} left.\n"
        + _if_not_you(settings, "create new codes"),
    )


def new_browser(settings: Settings, name: str, device: str, address: str) -> Letter:
    """Return the mail about a sign-in in a new browser."""
    where = f"{device}, {address}" if address else device
    return Letter(
        f"A new sign-in to your account at {settings.site_name}",
        f"Hello {name},\n\n"
        f"someone signed in to your account at {settings.site_name} in a browser that hasn't\n"
        f"been used before: {where}.\n"
        + _if_not_you(settings, "sign out that device", "/-/me#sign-ins"),
    )


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _if_not_you(settings: Settings, then: str, path: str = "/-/me/security") -> str:
    return (
        f"If it wasn't you, change your password, {then} here, and tell an admin:\n\n"
        f"{absolute(settings, path)}\n"
    )


def claim_link(settings: Settings, asker: str, handle: str, address: str, token: str) -> Letter:
    """Return the mail with the link that proves an address and takes over its imported work."""
    return Letter(
        f"Is this your work at {settings.site_name}?",
        f"Hello,\n\n"
        f"{asker} (@{handle}) says that {address} is their address and wants to claim the work\n"
        f"imported to {settings.site_name} under it. If that's you, sign in as @{handle}\n"
        "and open this link within a day:\n\n"
        f"{absolute(settings, f'/-/me/claim/{token}')}\n\n"
        "If it isn't you, ignore this email, and nothing will change.\n",
    )


def address_changed(settings: Settings, name: str) -> Letter:
    """Return the mail to the old address that the account's address was changed."""
    return Letter(
        f"Your address at {settings.site_name} was changed",
        f"Hello {name},\n\n"
        f"emails from {settings.site_name} no longer go to this address, because it was changed\n"
        "in your account. If it wasn't you, tell an admin at once.\n",
    )


def invitation(settings: Settings, inviter: str, into: str, link: str, days: int) -> Letter:
    """Return the mail with an invitation; ``into`` is the title of a space, or empty."""
    where = f"“{into}” at {settings.site_name}" if into else settings.site_name
    return Letter(
        f"{inviter or 'Someone'} invites you to {into or settings.site_name}",
        "Hello,\n\n"
        f"{inviter or 'someone'} invites you to {where}.\n"
        f"Accept with this link, which works once and expires in {days} days:\n\n"
        f"{link}\n",
    )


def approval_asked(settings: Settings, name: str, approval_id: int) -> Letter:
    """Return the mail that asks a person to decide about a change that exposes something."""
    return Letter(
        f"{name} asks for your approval",
        f"{name} wants to give more people access to something on {settings.site_name}, and a\n"
        "second person has to approve it. Review the change and decide:\n\n"
        f"{absolute(settings, f'/-/approvals/{approval_id}')}\n\n"
        "Nothing changes until someone approves it.\n",
    )


def access_asked(settings: Settings, name: str, title: str, slug: str) -> Letter:
    """Return the mail that tells a lead that a person requests access to a space."""
    return Letter(
        f"{name} requests access to {title}",
        f"{name} requests access to “{title}” on {settings.site_name}.\n"
        "Grant or decline it here:\n\n"
        f"{absolute(settings, f'/{slug}/-/requests')}\n",
    )


def access_given(settings: Settings, title: str, slug: str, path: str) -> Letter:
    """Return the mail that tells a person that they were given access to a space."""
    return Letter(
        f"You now have access to {title}",
        f"You requested access on {settings.site_name}, and now have it:\n\n"
        f"{absolute(settings, f'/{slug}/{quote(path)}')}\n",
    )
