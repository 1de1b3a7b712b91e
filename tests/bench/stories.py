"""The families that are copied: invented, and written through the services that a person uses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from caseapp.accounts.models import Membership, Team, User
from caseapp.casefile import service as casefile
from caseapp.core import access, clock, db
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.people import service as people
from caseapp.people.models import Case, Person
from caseapp.people.queries import birth_of, needs_of
from caseapp.people.rules import is_child
from caseapp.people.service import NewConsent
from caseapp.places.models import Service, Site
from caseapp.procedure import service as procedure
from caseapp.protection import service as protection
from caseapp.protection.rules import Conditions
from caseapp.reception.service import NewArrival, register_family
from caseapp.referral.service.sending import refer, withdraw
from caseapp.solutions import service as solutions
from tests.bench.originals import COUNTRY, Desk, Original
from tests.protection.answering import answer_all
from workers.demo.people import Family, invent, shapes

ZONE = "America/Mexico_City"
TEAMS = 10
PRIVATE = Conditions("YES", "YES", "NONE", "YES", "NOT_APPLICABLE")


def desks() -> list[Desk]:
    """Ten reception desks at ten sites, each with one caseworker, and a clinic that takes referrals; commits as the
    owner."""
    made = []
    with sa.orm.Session(db.engine("owner"), expire_on_commit=False) as owner:
        for n in range(1, TEAMS + 1):
            site, team = _team(owner, n, "RECEPTION_DESK")
            user = User(email=f"medida{n}@ejemplo.example", name=f"Persona {n}", created_at=clock.real_now())
            owner.add(user)
            owner.flush()
            owner.add(
                Membership(user_id=user.id, team_id=team.id, role="CASEWORKER", valid_from=date(2013, 1, 1))
            )
            grant = access.Grant("CASEWORKER", team.id, team.code, team.type, COUNTRY, site.id)
            who = access.Principal(user.email, user.id, (grant,), "user", "es")
            made.append(Desk(team.id, site.id, user.id, who))
        site, team = _team(owner, TEAMS + 1, "HEALTH")
        owner.add(Service(site_id=site.id, team_id=team.id, kind="HEALTH", name="Salud", sort_key="salud"))
        owner.commit()
    return made


def _team(owner: Any, n: int, kind: str) -> tuple[Site, Team]:
    site = Site(
        code=f"MX-{n:03d}", country=COUNTRY, kind="RECEPTION_CENTRE", name=f"Centro {n}", sort_key=f"centro {n:02d}",
        admin1="MX07", timezone=ZONE,
    )  # fmt: skip
    owner.add(site)
    owner.flush()
    team = Team(
        code=f"{site.code}-{kind}", type=kind, country=COUNTRY, site_id=site.id, name=f"Equipo {n}", sort_key=f"equipo {n:02d}",
    )  # fmt: skip
    owner.add(team)
    owner.flush()
    return site, team


def write(desks: Sequence[Desk], persons: int, random: Random) -> list[Original]:
    """Invent about so many persons and write their families through the verbs; every second family is closed, where
    the rules let it."""
    today = clock.today(ZONE)
    made = []
    for n, shape in enumerate(shapes(COUNTRY, persons, random)):
        to_close = n % 2 == 1
        arrived = today - timedelta(days=random.randint(260, 500) if to_close else random.randint(40, 200))
        family = invent(COUNTRY, shape, arrived, random)
        desk = desks[n % len(desks)]
        moment = datetime.combine(arrived, time(17, n % 60), UTC)
        with access.acting_as(desk.principal):
            cases = _story(family, desk, moment, random)
            closed = to_close and _close(cases, moment + timedelta(days=35))
            session.commit()
            ids = [c.id for c in cases]
        session.remove()
        made.append(Original(desk, ids, not closed, moment))
    return made


def _story(family: Family, desk: Desk, moment: datetime, random: Random) -> Sequence[Case]:
    """Registration, consents, needs with what a place must have, a talk, a claim, a referral, a plan, attempts."""
    team, on = session.get_one(Team, desk.team), moment.date()
    with clock.held_at(moment):
        mode = random.choice(("ON_FOOT", "BUS", "TRAIN", "NOT_ASKED"))
        made = register_family(family.new, NewArrival(on, "MX07", mode), team=team, on=on)
        for case, person in zip(made.cases, made.persons, strict=True):
            _consents(case, person, made.cases[0], on)
            if random.random() < 0.5:
                _needs(case, person, on, random)
    head, later = made.cases[0], on + timedelta(days=random.randint(1, 20))
    claims = "ASYLUM_SEEKER" in family.new.members[0].populations and random.random() < 0.8  # type: ignore[union-attr]
    with clock.held_at(moment + (later - on)):
        for case in made.cases:
            if random.random() < 0.3:
                people.record_attempt(case, channel="CALL", result="NO_ANSWER", on=later)
            if claims:
                procedure.lodge(case, on=later)
            if random.random() < 0.25:
                solutions.plan(case, pathway="LOCAL_INTEGRATION", on=later)
        if random.random() < 0.5:
            _talk(head)
        if random.random() < 0.4:
            _refer(head, team, withdrawn=random.random() < 0.5)
    return made.cases


def _consents(case: Case, person: Person, head: Case, on: date) -> None:
    child = is_child(birth_of(person), person.age_status, on)
    another = child and head.id != case.id
    given_by = "SELF" if not child else "PARENT" if another else "CHILD_AUTHORITY"
    for purpose in ("REGISTER", "REFER_SHELTER", "REFER_HEALTH"):
        answer = NewConsent(
            purpose, form="SIGNED", given_by=given_by, given_by_case_id=head.id if another else None,
            assent="GIVEN" if child else None,
        )  # fmt: skip
        people.record_consent(case, person, answer, on=on)


def _needs(case: Case, person: Person, on: date, random: Random) -> None:
    code = random.choice(("DS-PM", "SM-OT", "SP-PT", "WR-UW", "FU-TR"))
    people.record_need(
        case, person, code, random.choice(("HIGH", "MEDIUM")), "Lo contó en la entrevista.", on=on
    )
    people.set_requirement(
        case, random.choice(("STEP_FREE", "LOWER_BUNK", "GROUND_FLOOR")), on=on, detail="Rodilla"
    )


def _talk(case: Case) -> None:
    screening = protection.start(case, PRIVATE)
    answer_all(case, screening)
    protection.leave_unfinished(case, screening, "TIME")


def _refer(case: Case, team: Team, *, withdrawn: bool) -> None:
    clinic = session.scalars(sa.select(Team).where(Team.type == "HEALTH")).one()
    try:
        with session.begin_nested():
            found = refer(
                [case.id],
                from_team=team,
                to_team=clinic,
                kind="HEALTH",
                priority="NORMAL",
                message="Dolor de rodilla.",
            )
            if withdrawn:
                withdraw(found, "BETTER_OPTION_FOUND")
    except Refused:
        session.expire_all()  # a child alone has nobody who could consent: no referral then


def _close(cases: Sequence[Case], moment: datetime) -> bool:
    """Meet the needs and close the files of a family that left; False, and nothing done, where a rule forbids it."""
    on = moment.date()
    try:
        with clock.held_at(moment), session.begin_nested():
            for case in cases:
                for need in needs_of(case.id, open_only=True):
                    people.meet_need(case, need, on=on)
                casefile.close(case, reason="LEFT_TOLD", on=on)
    except Refused:
        session.expire_all()
        return False
    return True
