"""What was made because of a referral, and what goes with it when it is withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from caseapp.core.access import Principal
from caseapp.core.errors import NotYours
from caseapp.referral import errors, queries, rules
from caseapp.referral.models import Referral
from caseapp.referral.queries import related
from caseapp.referral.rules import depending
from caseapp.shelter.models import Stay


@dataclass(frozen=True)
class Dependant:
    """A referral made because of another, how deep in the tree, whether it goes along, and its places."""

    referral: Referral
    depth: int
    goes: bool
    stays: Sequence[Stay]


def dependants(found: Referral) -> list[Dependant]:
    """Everything that was made because of this referral, a parent before its children (three statements)."""
    rows = related.made_because_of(found)
    order = depending.tree(found.id, {r.id: r.because_of_id for r in rows.values() if r.because_of_id})
    stays = related.holding_for(r.id for r in rows.values())
    return [
        Dependant(
            rows[i], depth, depending.goes_along(rows[i].state), [s for s in stays if s.referral_id == i]
        )
        for i, depth in order
    ]


def ground(number: str, from_team_id: UUID, case_ids: Sequence[UUID], principal: Principal) -> Referral:
    """The referral because of which another is made: open, of the same team, for one of the same people. Raises
    `GroundNotOurs`."""
    try:
        found = queries.referral(principal, number)
    except NotYours:
        raise errors.GroundNotOurs from None
    same = {m.case_id for m in found.members} & set(case_ids)
    if found.from_team_id != from_team_id or not same or found.state in rules.ENDED:
        raise errors.GroundNotOurs
    return found
