"""The errors that actions raise; each has one sentence for the user."""

from __future__ import annotations

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.rules.access import Decision


class WikiError(Exception):
    """A request that cannot be carried out; ``str(error)`` is a sentence that says why."""

    status = 400
    title = lazy_gettext("That didn’t work")

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class Invalid(WikiError):
    """Input that is invalid; ``field`` names the form field to mark, if there is one."""

    status = 422
    title = lazy_gettext("Please correct this")


class Unsuitable(Invalid):
    """Input that conflicts with the current state, such as a name that is taken."""

    status = 409


class NotFound(WikiError):
    """Something that does not exist or that the actor may not read; the two are
    indistinguishable."""

    status = 404
    title = lazy_gettext("Not found")

    def __init__(
        self, sentence: str = lazy_gettext("There is nothing here, or you don’t have access to it.")
    ) -> None:
        super().__init__(sentence)


class Forbidden(WikiError):
    """An action that the actor is not permitted to do on something they may see.

    ``reason`` says why to somebody else, such as the person who runs a command in the actor's name.
    """

    status = 403
    title = lazy_gettext("Not allowed")

    def __init__(self, sentence: str, reason: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason or sentence


class SignInRequired(WikiError):
    """A request that needs a signed-in user."""

    status = 401
    title = lazy_gettext("Please sign in")

    def __init__(self) -> None:
        super().__init__(_("Please sign in first."))


class FactorRequired(WikiError):
    """A request by a user who must set up a second factor first; nothing else works until then."""

    status = 403
    title = lazy_gettext("Set up a second factor first")

    def __init__(self) -> None:
        super().__init__(
            _(
                "Your account needs a second factor and doesn’t have one yet. Set one up in a "
                "browser under “Your account”, then try again."
            )
        )


class Ended(WikiError):
    """A link that has expired or was already used, or that never existed."""

    status = 410
    title = lazy_gettext("This link has expired")


class TooLarge(WikiError):
    """Input beyond a limit; the sentence names the limit."""

    status = 413
    title = lazy_gettext("Too large")


class TooMany(WikiError):
    """Too many attempts; ``retry_after`` is in seconds."""

    status = 429
    title = lazy_gettext("Too many attempts")

    def __init__(self, sentence: str, *, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Busy(WikiError):
    """Too many requests of this kind are in progress; ``retry_after`` is in seconds."""

    status = 503
    title = lazy_gettext("Back in a moment")

    def __init__(self, sentence: str, *, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


def require_allowed(decision: Decision) -> None:
    """Check that a decision about access permits the action.

    :raises Forbidden: otherwise, with the reason.
    """
    if not decision:
        raise Forbidden(decision.refusal, decision.reason)
