"""Everybody who waits for a place tonight in a region, and every free place there, as role `work`: a fixed number of
statements whatever the numbers. Nothing of this leaves the worker but the lines of the proposal."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import reference
from caseapp.core.db import session
from caseapp.people import queries as people
from caseapp.people.models import Person, PersonLanguage, PersonNationality
from caseapp.places.models import Site
from caseapp.referral.models import Referral, ReferralMember
from caseapp.referral.placement.models import Placement
from caseapp.referral.placement.rules import URGENCY
from caseapp.shelter import queries as shelter
from caseapp.shelter.allocation.offering import Apart, Waits
from caseapp.shelter.models import HOLDING, Stay
from caseapp.shelter.who import queries as who
from caseapp.shelter.who.ranking import Seekers, Spot


@dataclass(frozen=True)
class Asking:
    """A referral that waits, with its people as the rules take them."""

    referral: Referral
    waits: Waits


def waiting(found: Placement) -> list[Asking]:
    """The open shelter referrals of a region that ask for tonight and hold no place, in the order of their rank; of a
    household that asks at several doors, the first."""
    rows = _asked(found)
    members: dict[UUID, list[UUID]] = defaultdict(list)
    for referral_id, case_id in session.execute(
        sa.select(ReferralMember.referral_id, ReferralMember.case_id)
        .where(
            ReferralMember.referral_id.in_([r.id for r, _s in rows]), ReferralMember.left_at.is_(None),
            ReferralMember.outcome != "NOT_ACCEPTED",
        )
        .order_by(ReferralMember.position)
    ):  # fmt: skip
        members[referral_id].append(case_id)
    every = {case for cases in members.values() for case in cases}
    placing = shelter.persons_to_place(every, found.night)
    movements = people.movements_of(every, found.night)
    spoken: dict[UUID, list[str]] = defaultdict(list)
    languages = sa.select(PersonLanguage.case_id, PersonLanguage.language).where(
        PersonLanguage.case_id.in_(every)
    )
    for case_id, language in session.execute(languages.order_by(PersonLanguage.position)):
        spoken[case_id].append(language)
    have = _placed(every, found)
    asking: list[Asking] = []
    seen: set[UUID] = set()
    for came, (referral, site) in enumerate(rows):
        cases = members[referral.id]
        if not cases or seen & set(cases) or have & set(cases) or any(c not in placing for c in cases):
            continue
        seen |= set(cases)
        north, east = (site.latitude, site.longitude) if site else (None, None)
        seekers = Seekers(
            tuple(placing[c].guest for c in cases), None if north is None else float(north),
            None if east is None else float(east), tuple(movements[c] for c in cases if c in movements),
            {c: tuple(spoken[c]) for c in cases if c in spoken},
        )  # fmt: skip
        last = max(referral.last_night or found.night, found.night)
        nights = (last - found.night).days + 1
        asking.append(Asking(referral, Waits(seekers, URGENCY[referral.priority], came, last, nights)))
    return sorted(asking, key=lambda a: (a.waits.urgency, a.waits.came))


def _asked(found: Placement) -> list[tuple[Referral, Site | None]]:
    """Referrals that wait for an answer, in the order in which they were sent, with the site they are sent from."""
    asked = (
        sa.select(Referral, Site)
        .join(Team, Team.id == Referral.from_team_id)
        .outerjoin(Site, Site.id == Team.site_id)
        .where(
            Referral.kind == "SHELTER", Referral.country == found.country,
            Referral.state.in_(("SENT", "INFO_ASKED")), Referral.first_night <= found.night,
            Referral.last_night >= found.night,
        )
        .order_by(Referral.sent_at, Referral.id)
    )  # fmt: skip
    if found.admin1 is not None:
        asked = asked.where(Site.admin1 == found.admin1)
    return [(referral, site) for referral, site in session.execute(asked)]


def _placed(case_ids: set[UUID], found: Placement) -> set[UUID]:
    """Those of them who have a place tonight, or one that is held."""
    return set(
        session.scalars(
            sa.select(Stay.case_id).where(
                Stay.case_id.in_(case_ids), Stay.state.in_(HOLDING), Stay.first_night <= found.night,
                Stay.last_night >= found.night,
            )
        )
    )  # fmt: skip


def places(found: Placement) -> list[Spot]:
    """The sites of the region with room tonight."""
    spots = who.spots(found.country, found.night, found.night)
    return [s for s in spots if found.admin1 is None or s.admin1 == found.admin1]


def kept_apart(asking: list[Asking], spots: list[Spot], night: date) -> list[Asking]:
    """The same, each with the rooms that are not for them, for a reason that is told to nobody."""
    units = [bay.unit_id for spot in spots for bay in spot.bays]
    parties = {n: [g.case_id for g in a.waits.seekers.guests] for n, a in enumerate(asking)}
    barred = who.barred_of(parties, units, night)
    return [
        a
        if n not in barred
        else replace(a, waits=replace(a.waits, seekers=replace(a.waits.seekers, barred=barred[n])))
        for n, a in enumerate(asking)
    ]


def apart(asking: list[Asking]) -> list[Apart]:
    """Which two of them are not put near each other, for a reason that is told to nobody. Asked of all together."""
    party = {g.case_id: n for n, a in enumerate(asking) for g in a.waits.seekers.guests}
    return [Apart(*pair, site) for pair, site in who.pairs_apart(party).items()]


def traits_of(asking: list[Asking], country: str) -> dict[UUID, list[tuple[str, str]]]:
    """For each person the values by which the outcome is looked at: sex, origin, requirements."""
    cases = [g.case_id for a in asking for g in a.waits.seekers.guests]
    found: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    for case_id, sex in session.execute(
        sa.select(Person.case_id, Person.sex_in_document).where(Person.case_id.in_(cases))
    ):
        found[case_id].append(("SEX", sex if sex in ("F", "M") else "O"))
    origins = sa.select(PersonNationality.case_id, PersonNationality.country).where(
        PersonNationality.case_id.in_(cases), PersonNationality.position == 1
    )
    for case_id, origin in session.execute(origins):
        found[case_id].append(("ORIGIN", reference.origin_group(country, origin)))
    for one in asking:
        for guest in one.waits.seekers.guests:
            found[guest.case_id] += [("REQUIREMENT", code) for code in sorted(guest.requirements)]
    return found
