"""What others offer to the log: the referrals of these people, by a handler that the case file lists, which knows both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class ReferralLine:
    """A referral as the log takes it. `sealed`: its service belongs to a sealed matter."""

    id: UUID
    case_ids: frozenset[UUID]
    label: str
    to_team_id: UUID
    sealed: bool


Offer = Callable[[Sequence[UUID]], list[ReferralLine]]
referral_offers: list[Offer] = []


def referral_lines(case_ids: Iterable[UUID], *, sealed: bool = False) -> list[ReferralLine]:
    """The referrals of these cases that the acting team sees, the sealed ones or the others."""
    ids = list(case_ids)
    return [line for offer in referral_offers for line in offer(ids) if line.sealed is sealed]
