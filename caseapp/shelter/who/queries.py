"""Who looks for a place, and which sites have room on those nights: four statements for people, three for a whole
country of sites. Other teams' rooms are read through a definer function that counts what is alike and says of who is
in a room only whether an adult or a child is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.people import queries as people
from caseapp.people.models import PersonLanguage
from caseapp.places.models import Service, ServiceLanguage, Site
from caseapp.shelter import queries, rules
from caseapp.shelter import spots as single
from caseapp.shelter.errors import CannotBeOffered
from caseapp.shelter.models import HoldPolicy
from caseapp.shelter.standing import StayPolicy
from caseapp.shelter.who.fitting import Bay, Beds, Seating
from caseapp.shelter.who.ranking import Choice, Seekers, Spot, choices

TAKES = ("FAMILIES", "WOMEN", "MEN", "ANYONE", "CHILDREN")


def seekers(case_ids: Sequence[UUID], site: Site | None, on: date) -> Seekers | None:
    """These people as the ranking needs them, in the order given; None if one of them is not visible."""
    placing = queries.persons_to_place(case_ids, on)
    if not case_ids or any(c not in placing for c in case_ids):
        return None
    spoken: dict[UUID, list[str]] = defaultdict(list)
    asked = sa.select(PersonLanguage.case_id, PersonLanguage.language).where(
        PersonLanguage.case_id.in_(case_ids)
    )
    for case_id, language in session.execute(asked.order_by(PersonLanguage.position)):
        spoken[case_id].append(language)
    here = site if site is not None and site.latitude is not None else None
    return Seekers(
        tuple(placing[c].guest for c in case_ids),
        float(here.latitude) if here and here.latitude is not None else None,
        float(here.longitude) if here and here.longitude is not None else None,
        tuple(people.movements_of(case_ids, on).values()),
        {case_id: tuple(each) for case_id, each in spoken.items()},
    )


def party_of(found: Seekers) -> UUID | None:
    """Whose room they could share: their household, or the one person."""
    parties = {g.party for g in found.guests}
    return parties.pop() if len(parties) == 1 else None


def spots(
    country: str,
    first: date,
    last: date,
    *,
    kind: str = "SHELTER",
    party: UUID | None = None,
    children: bool = True,
    teams: Iterable[UUID] | None = None,
) -> list[Spot]:
    """The sites of a country (or of some teams) that offer the service, have room on all these nights and give so many."""
    bays = _bays(country, first, last, kind, party, children, teams)
    if not bays:
        return []
    teams_here = sa.text("SELECT team_id, at FROM capacity_confirmed_at(:t)").bindparams(
        sa.bindparam("t", list(bays), type_=sa.ARRAY(sa.Uuid()))
    )
    confirmed = {row.team_id: row.at for row in session.execute(teams_here)}
    # By country and not by the list: a statement with four hundred names is read longer than it is answered.
    rows = session.execute(
        sa.select(
            Team.id, Site.id, Site.name, Site.country, Site.admin1, Site.latitude, Site.longitude,
            sa.func.array_agg(ServiceLanguage.language).filter(ServiceLanguage.language.is_not(None)),
            StayPolicy.max_nights,
        )
        .join(Service, sa.and_(Service.team_id == Team.id, Service.kind == kind))
        .join(Site, Site.id == Service.site_id)
        .outerjoin(ServiceLanguage, ServiceLanguage.service_id == Service.id)
        .outerjoin(StayPolicy, StayPolicy.team_id == Team.id)
        .where(Team.country == country if teams is None else Team.id.in_(list(bays)))
        .group_by(Team.id, Site.id, StayPolicy.max_nights)
        .order_by(Site.sort_key, Team.id)
    ).all()  # fmt: skip
    return [
        Spot(
            team_id, site_id, name, of, admin1, None if north is None else float(north),
            None if east is None else float(east), frozenset(languages or ()), confirmed.get(team_id),
            tuple(bays[team_id]), longest,
        )
        for team_id, site_id, name, of, admin1, north, east, languages, longest in rows
        if team_id in bays and not rules.too_long(first, last, longest)
    ]  # fmt: skip


def _bays(
    country: str, first: date, last: date, kind: str, party: UUID | None, children: bool,
    teams: Iterable[UUID] | None,
) -> dict[UUID, list[Bay]]:  # fmt: skip
    rows = session.execute(
        sa.text(
            "SELECT team_id, unit_id, name, takes, one_household, licence, unit_traits, kind, place_traits, free, until, "
            "adults, children, children_safe_in, own FROM who_has_room(:country, :kind, :teams, :takes, :first, :last, :party, :now)"
        ).bindparams(
            sa.bindparam("country", country), sa.bindparam("kind", kind),
            sa.bindparam("teams", None if teams is None else list(teams), type_=sa.ARRAY(sa.Uuid())),
            sa.bindparam("takes", [t for t in TAKES if children or t != "CHILDREN"], type_=sa.ARRAY(sa.Text())),
            sa.bindparam("first", first, type_=sa.Date()), sa.bindparam("last", last, type_=sa.Date()),
            sa.bindparam("party", party, type_=sa.Uuid()),
            sa.bindparam("now", clock.now(), type_=sa.DateTime(timezone=True)),
        )
    ).all()  # fmt: skip
    found: dict[UUID, list[Bay]] = defaultdict(list)
    for _unit, alike in groupby(rows, key=itemgetter(1)):
        beds = []
        for row in alike:
            (
                team_id,
                unit_id,
                name,
                takes,
                one,
                licence,
                traits,
                kind,
                place_traits,
                free,
                until,
                adults,
                children,
                safe,
                own,
            ) = row
            beds.append(Beds(kind, _traits(place_traits), free, until))
        found[team_id].append(
            Bay(
                unit_id, team_id, name, takes, one, licence, _traits(traits), tuple(beds), adults, children, safe,
                frozenset(own or ()),
            )
        )  # fmt: skip
    return found


@lru_cache(maxsize=4096)
def _traits(listed: str) -> frozenset[str]:
    """An array of codes as PostgreSQL writes it; there are few different ones, and a country has thousands of rooms."""
    return frozenset(listed.strip("{}").split(",")) if listed != "{}" else frozenset()


def kin_of(found: Seekers, bays: Iterable[Bay]) -> dict[UUID, rules.Guest]:
    """The people of the household who are in one of these rooms already."""
    there = {c for bay in bays for c in bay.own} - {g.case_id for g in found.guests}
    if not there:
        return {}
    return {c: placed.guest for c, placed in queries.persons_to_place(there, clock.today()).items()}


def asked(
    found: Seekers, country: str, first: date, last: date, *, teams: Iterable[UUID] | None = None
) -> list[Choice]:
    """The sites that can take them on all these nights, the best first."""
    there = spots(
        country, first, last, party=party_of(found), children=any(g.child for g in found.guests), teams=teams
    )
    kin = kin_of(found, (bay for spot in there for bay in spot.bays if bay.own))
    # Rooms where one of them must not be are no options, as if they were full. Asked of everybody every time. Who should
    # have left and is still in counts from the first night on.
    barred = single.parted((g.case_id for g in found.guests), None, first, last, first)
    return choices(replace(found, kin=kin, barred=barred), there, clock.now())


def holds(team_ids: Sequence[UUID], priority: str) -> dict[UUID, int]:
    """For how many minutes each of these shelters declares that it holds places for a referral of this priority."""
    rows = session.execute(
        sa.select(HoldPolicy.team_id, HoldPolicy.minutes).where(
            HoldPolicy.team_id.in_(team_ids), HoldPolicy.priority == priority
        )
    )
    return {row.team_id: row.minutes for row in rows}


def places_of(choice: Choice, first: date, last: date, party: UUID | None) -> dict[UUID, UUID]:
    """A place for each person (case id → place id) as the choice says. Raises `CannotBeOffered` where a place went
    in the meantime."""
    site = session.get_one(Site, choice.spot.site_id)
    free = queries.free_places(
        [choice.spot.team_id], first, last, tonight=queries.tonight_at(site), party=party
    )
    until = {f.place_id: f.until for f in free}
    known = single.spots(until)
    return arrange(choice.seatings, {i: (known[i], until[i]) for i in known})


def arrange(seatings: Sequence[Seating], free: Mapping[UUID, tuple[Any, date | None]]) -> dict[UUID, UUID]:
    """Places for everybody among the free ones (id → place and the night from which it is taken)."""
    left: dict[tuple[Any, ...], list[UUID]] = defaultdict(list)
    for place_id, (place, until) in free.items():
        left[place.unit_id, place.kind, frozenset(place.place_traits), until].append(place_id)
    found: dict[UUID, UUID] = {}
    for seating in seatings:
        for case_id, i in seating.beds.items():
            beds = seating.bay.beds[i]
            alike = left[seating.bay.unit_id, beds.kind, beds.traits, beds.until]
            if not alike:
                raise CannotBeOffered
            found[case_id] = alike.pop(0)
    return found


def pairs_apart(party: Mapping[UUID, int]) -> dict[tuple[int, int], bool]:
    """Of people who wait (case → number of their party) the parties that are not put into one room, and whether not at
    one site either. Only the worker may ask."""
    rows = session.execute(
        sa.text("SELECT one, other, at_site FROM parted_pairs(:c)").bindparams(
            sa.bindparam("c", sorted(party), type_=sa.ARRAY(sa.Uuid()))
        )
    )
    found: dict[tuple[int, int], bool] = {}
    for one, other, at_site in rows:
        pair = min(party[one], party[other]), max(party[one], party[other])
        if pair[0] != pair[1]:
            found[pair] = found.get(pair, False) or at_site
    return found


def barred_of(
    parties: Mapping[int, Sequence[UUID]], units: Sequence[UUID], night: date
) -> dict[int, frozenset[UUID]]:
    """For each of several parties the rooms that are not for them on a night: one question for all of them together,
    and only where that names a room, one for each party."""
    everybody = [case for cases in parties.values() for case in cases]
    some = single.parted(everybody, units, night, night, night) if everybody and units else frozenset()
    if not some:
        return {}
    found = {n: single.parted(cases, some, night, night, night) for n, cases in parties.items()}
    return {n: each for n, each in found.items() if each}
