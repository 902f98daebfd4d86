"""The errors an action may raise; each carries one sentence meant for a reader."""

from __future__ import annotations


class WikiError(Exception):
    """Something a person asked for cannot be done; ``str(error)`` says why, in a sentence."""

    status = 400
    title = "That did not work"

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class Invalid(WikiError):
    """Input that cannot be accepted; ``field`` names the form field to mark, where there is one."""

    status = 422
    title = "Please correct this"


class Unsuitable(Invalid):
    """Input that would be accepted if other things were different, such as a name that is taken."""

    status = 409


class NotFound(WikiError):
    """What does not exist, or may not be read by the asker: the two are answered alike."""

    status = 404
    title = "Not found"

    def __init__(self) -> None:
        super().__init__("There is nothing here, or nothing that you may read.")


class Forbidden(WikiError):
    """The asker may see the thing but not do this with it."""

    status = 403
    title = "Not allowed"


class SignInRequired(WikiError):
    """Nobody is signed in and the thing asked for needs somebody."""

    status = 401
    title = "Please sign in"

    def __init__(self) -> None:
        super().__init__("Please sign in first.")


class FactorRequired(WikiError):
    """The asker must have a second factor and has none yet: nothing else works until then."""

    status = 403
    title = "Set up a second factor first"

    def __init__(self) -> None:
        super().__init__(
            "Your account must have a second factor and has none yet. Set one up in a browser, "
            "under “Your account”; then this works again."
        )


class Ended(WikiError):
    """A link that was good for one use or for some time, and is good no more (or never was)."""

    status = 410
    title = "This link has ended"


class TooLarge(WikiError):
    """Input beyond a limit; the sentence names the limit."""

    status = 413
    title = "Too large"


class TooMany(WikiError):
    """Too many attempts; ``retry_after`` is in seconds."""

    status = 429
    title = "Too many attempts"

    def __init__(self, sentence: str, *, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Busy(WikiError):
    """Too many requests of this kind are in progress; ``retry_after`` is in seconds."""

    status = 503
    title = "Back in a moment"

    def __init__(self, sentence: str, *, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
