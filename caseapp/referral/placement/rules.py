"""What may be done with a proposal, and which of its shares may be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Fewer people than this are not told apart.
SMALLEST = 5
URGENCY = {"IMMEDIATE": 0, "EMERGENCY": 1, "URGENT": 2, "NORMAL": 3}


def may_book(state: str) -> bool:
    """A proposal is booked once, when it is ready."""
    return state == "READY"


@dataclass(frozen=True)
class Share:
    """People with a value: how many waited, how many have a place; None where that may not be told."""

    value: str
    waiting: int | None
    placed: int | None

    @property
    def percent(self) -> int | None:
        return None if not self.waiting or self.placed is None else round(100 * self.placed / self.waiting)


def guarded(shares: Sequence[tuple[str, int, int]]) -> list[Share]:
    """Shares of one dimension without small numbers: fewer than five who waited are not shown, nor are those of whom
    all but a few, or only a few, have a place; and never one alone, which the total would give away."""
    hidden = {
        value
        for value, waiting, placed in shares
        if waiting < SMALLEST or 0 < placed < SMALLEST or 0 < waiting - placed < SMALLEST
    }
    if len(hidden) == 1 and len(shares) > 1:
        others = [(waiting, value) for value, waiting, _placed in shares if value not in hidden]
        hidden.add(min(others)[1])
    return [Share(v, None, None) if v in hidden else Share(v, w, p) for v, w, p in shares]
