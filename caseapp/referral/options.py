"""Who else may be asked, once somebody has declined, let it lapse or turned people away: the next options at once.

`next_options` is the one place that pages ask. It asks what the pages before a referral ask: *who can take them* for a
place, whom the directory says a service is for otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from caseapp.accounts.queries import Offer, entries_offering, site_of, teams_offering, timezone_of
from caseapp.core import access, clock
from caseapp.core.i18n import _
from caseapp.referral import queries, rules
from caseapp.referral.fitting import fitted
from caseapp.referral.models import Referral
from caseapp.referral.queries import related
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter.who import queries as who
from caseapp.shelter.who import words

MOST = 6
#: The kind of which *who can take them* knows every free place.
WITH_PLACES = "SHELTER"
#: Who said no within this time is not proposed again.
REMEMBERS = timedelta(days=2)


@dataclass(frozen=True)
class Option:
    """Who may be asked next (`Offer.key`), and what is known of them in words."""

    key: UUID
    label: str
    reasons: tuple[str, ...]
    ours: bool = True


def next_options(found: Referral) -> list[Option]:
    """Others that may take the people of a referral, for its service and nights: shelters that have places for all of them
    by the rules of *who can take them*, in that order; then receivers of which the directory does not say that they are
    for others, entries that no team of ours offers last. Whoever has just said no is left out (a constant number of
    statements)."""
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
    able = _able(found, [p.case.id for p in people], offered)
    fit = fitted([o for o in offered if o.team_id not in able], people, on, people[0].case)
    others = [
        _option(o, answering, fit.words.get(o.key, ""))
        for o in fit.offered
        # Whoever keeps its places here and has none for them is not asked again as if nothing were known.
        if found.kind != WITH_PLACES or o.team_id is None or o.team_id not in answering
    ]
    return [*able.values(), *sorted(others, key=lambda o: (not o.ours, o.label))][:MOST]


def _able(found: Referral, case_ids: Sequence[UUID], offered: Sequence[Offer]) -> dict[UUID, Option]:
    """Of those offered the shelters that can take them on the nights still ahead, the best first."""
    teams = {o.team_id: o for o in offered if o.team_id is not None}
    if found.kind != WITH_PLACES or found.first_night is None or found.last_night is None or not teams:
        return {}
    first = max(found.first_night, *(shelter_queries.night_to_book(o.site) for o in teams.values()))
    seekers = who.seekers(case_ids, site_of(found.from_team_id), first)
    if seekers is None:
        return {}
    choices = who.asked(seekers, found.country, first, max(found.last_night, first))
    now = clock.now()
    return {
        team: _choice(teams[team], tuple(said for _kind, said in words.reasons(choice, now)))
        for choice in choices
        if (team := choice.spot.team_id) in teams
    }


def _choice(offer: Offer, reasons: tuple[str, ...]) -> Option:
    return Option(offer.key, f"{offer.service.name} · {offer.site.name}", reasons)


def _option(offer: Offer, answering: frozenset[UUID], said: str) -> Option:
    reasons: tuple[str, ...] = (said,) if said else ()
    if offer.team_id not in answering:
        reasons += (_("sin cuenta: por teléfono o con página de un solo uso"),)
    ours = offer.service.team_id is not None
    return Option(offer.key, f"{offer.service.name} · {offer.site.name}", reasons, ours)
