"""The report of a drill: what was requested, and what leaked."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Leak:
    """A leak: the account, the request, and what it revealed."""

    who: str
    request: str
    what: str

    def __str__(self) -> str:
        return f"{self.who}: {self.request}: {self.what}"


@dataclass
class Report:
    """The findings of a drill."""

    requests: int = 0
    routes: int = 0
    canaries: int = 0
    leaks: list[Leak] = field(default_factory=list)
    differences: list[Leak] = field(default_factory=list)
    unasked: dict[str, str] = field(default_factory=dict)
    """Rules that could not be requested, with the reasons."""
    excused: dict[str, str] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)
    """Canaries that no account saw, not even one that may: their leaks would go unnoticed."""
    changed: list[str] = field(default_factory=list)
    """The changes made by accounts that may not change anything."""

    @property
    def clean(self) -> bool:
        """True if nothing was found and every rule and canary was covered."""
        return not (self.leaks or self.differences or self.unasked or self.unseen or self.changed)
