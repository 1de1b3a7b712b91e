"""Who else may be asked, once somebody has declined, let it lapse or turned people away: the next options at once.

`next_options` is the one place that pages ask. Today it takes the directory and how many places are free; a richer
ranking of who can take them takes its place behind the same function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from caseapp.accounts.queries import Offer, entries_offering, teams_offering, timezone_of
from caseapp.core import access, clock
from caseapp.core.i18n import _, ngettext
from caseapp.referral import queries, rules
from caseapp.referral.kinds import GIVES_PLACES
from caseapp.referral.models import Referral
from caseapp.referral.queries import related
from caseapp.shelter import queries as shelter_queries

MOST = 6
#: Who said no within this time is not proposed again.
REMEMBERS = timedelta(days=2)


@dataclass(frozen=True)
class Option:
    """Who may be asked next (`Offer.key`), and what is known of them in words."""

    key: UUID
    label: str
    reasons: tuple[str, ...]
    free: int | None
    ours: bool = True


def next_options(found: Referral) -> list[Option]:
    """Others that may take the people of a referral, for its service and nights: those with room for all first, entries
    of the directory that no team of ours offers last. Whoever has just said no for them is left out (eight statements)."""
    waiting = [m.case_id for m in found.members]
    on = clock.today(timezone_of(found.from_team_id))
    people = queries.subjects(waiting, rules.purpose_of(found.kind), on, access.current(), strict=False)
    if not people:
        return []
    gone = related.said_no([p.case.id for p in people], found.kind, clock.now() - REMEMBERS)
    offered = [
        o
        for o in (
            *teams_offering(found.kind, found.country),
            *entries_offering(access.current(), found.kind, found.country, near_team=found.from_team_id),
        )
        if o.team_id not in (found.from_team_id, found.to_team_id) and o.team_id not in gone
        and not any(rules.may_receive(*o.type_and_country, p.case.country, p.nationalities) for p in people)
    ]  # fmt: skip
    if not offered:
        return []
    answering = related.answering_teams([o.team_id for o in offered if o.team_id])
    free = _free(found, offered)
    options = [_option(o, answering, free, len(people)) for o in offered]
    return sorted(options, key=lambda o: (-min(o.free or 0, len(people)), not o.ours, o.label))[:MOST]


def _free(found: Referral, offered: Sequence[Offer]) -> Counter[UUID] | None:
    """How many places each has on the nights that are still ahead; None where no place is asked."""
    if found.kind not in GIVES_PLACES or found.first_night is None or found.last_night is None:
        return None
    tonight = max(shelter_queries.tonight_at(o.site) for o in offered)
    first = max(found.first_night, tonight)
    last = max(found.last_night, first)
    rows = shelter_queries.free_places(
        [o.team_id for o in offered if o.team_id], first, last, tonight=tonight
    )
    return Counter(r.team_id for r in rows)


def _option(offer: Offer, answering: frozenset[UUID], free: Counter[UUID] | None, wanted: int) -> Option:
    reasons = []
    count = None
    team = offer.team_id
    if free is not None and team is not None and (team in answering or free[team]):
        count = free[team]
        reasons.append(ngettext("%(num)s lugar libre", "%(num)s lugares libres", count))
        if count < wanted:
            reasons.append(_("no caben todas las personas"))
    if team not in answering:
        reasons.append(_("sin cuenta: por teléfono o con página de un solo uso"))
    ours = offer.service.team_id is not None
    return Option(offer.key, f"{offer.service.name} · {offer.site.name}", tuple(reasons), count, ours)
