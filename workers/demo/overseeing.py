"""What is overseen in the demo: who asked for somebody at a gate, files opened in an emergency, and what persons asked
about their own data. In the two countries that have the full set of sites."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.casefile.enquiry import service as enquiry
from caseapp.casefile.enquiry.service import NewEnquiry
from caseapp.casefile.glass import service as glass
from caseapp.casefile.subject import service as subject
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.people import queries as people
from caseapp.people.models import Case
from workers.demo import places
from workers.demo.acting import acting
from workers.demo.calibration import stream
from workers.demo.perform import team_called

COUNTRIES = {"MEX": "MX-TAP", "GTM": "GT-TEC"}
#: Days before, hour, who, whom they said, paper, channel. All invented.
ASKED = (
    (9, 22, "FAMILY_SAID", "Su primo, un muchacho delgado; solo dijo «el Chino»", "NONE", "GATE"),
    (6, 11, "POLICE", "Una señora con dos niñas, no supo el apellido", "BADGE", "GATE"),
    (4, 16, "PRESS", "Alguien que quiera contar su viaje", "NONE", "PHONE"),
    (2, 21, "UNKNOWN", "Josué, de unos treinta años", "NONE", "GATE"),
    (1, 9, "LAWYER", "Su cliente; dejó una tarjeta", "LETTER", "GATE"),
)
OPENED = (
    (8, 23, "MEDICAL_EMERGENCY", "Llegó desmayada a la garita y nadie contesta en su centro.", "JUSTIFIED"),
    (
        1,
        20,
        "PERSON_HERE_TEAM_AWAY",
        "Está aquí con su hijo; su centro ya cerró y no sabemos si es alérgico.",
        None,
    ),
)


def oversee(seed: int, today: date) -> None:
    """Write it once, by the people who would; commits nothing."""
    for country, site in COUNTRIES.items():
        desk, other = _desks(country, site)
        if desk is None:
            continue
        numbers = _numbers(desk, today, stream("oversight", seed, country).randrange(4))
        _asked_at_the_gate(site, today)
        if len(numbers) > 2:
            if other is not None:
                _opened(country, other, numbers, today)
            _about_their_data(desk, numbers, today)


def _desks(country: str, site: str) -> tuple[str | None, str | None]:
    """The code of the country's main desk, and of another one."""
    codes = session.scalars(
        sa.select(Team.code)
        .where(Team.country == country, Team.type.in_(("RECEPTION_DESK", "BORDER_POINT")), Team.active)
        .order_by(Team.code)
    ).all()
    main = next((c for c in codes if c.startswith(f"{site}-")), None)
    return main, next((c for c in codes if not c.startswith(f"{site}-")), None)


def _numbers(desk: str, today: date, skip: int) -> list[str]:
    """Open files of the desk that were there before anything of this happened, the newest first."""
    with acting(places.worker("SUPERVISOR", desk)) as who:
        return list(
            session.scalars(
                people.visible_to(who)
                .where(Case.status == "OPEN", Case.team_id == team_called(desk).id)
                .where(Case.opened_on < today - timedelta(days=OPENED[0][0] + 1))
                .with_only_columns(Case.number)
                .order_by(Case.opened_on.desc(), Case.number)
                .offset(skip)
                .limit(4)
            )
        )


def _at(today: date, days: int, hour: int, team: str) -> datetime:
    return clock.at(today - timedelta(days=days), hour, 20, places.timezone(team.rsplit("-", 1)[0]))


def _asked_at_the_gate(site: str, today: date) -> None:
    shelter = f"{site}-SHELTER"
    if session.scalar(sa.select(Team.id).where(Team.code == shelter)) is None:
        return
    for days, hour, by, about, paper, channel in ASKED:
        with clock.held_at(_at(today, days, hour, shelter)), acting(places.worker("GATE_NIGHT", shelter)):
            row = enquiry.log(NewEnquiry(by, about, channel, paper), team_called(shelter))
        if by == "POLICE":
            later = _at(today, days - 1, 9, shelter)
            with clock.held_at(later), acting(places.worker("SHELTER_COORDINATOR", shelter)):
                enquiry.pass_on(row)


def _opened(country: str, other: str, numbers: list[str], today: date) -> None:
    """Two files opened by the other desk: one reviewed since, one not."""
    for number, (days, hour, reason, note, outcome) in zip(numbers, OPENED, strict=False):
        with clock.held_at(_at(today, days, hour, other)), acting(places.worker("CASEWORKER", other)):
            found = glass.break_glass(number, reason=reason, note=note)
            if found is None:
                continue
            glass.close(found)
        if outcome is not None:
            auditor = places.worker("AUDITOR", f"{country}-COMMISSION_STATISTICS")
            with clock.held_at(_at(today, days - 2, 10, other)), acting(auditor):
                glass.review(found, outcome=outcome)


def _about_their_data(desk: str, numbers: list[str], today: date) -> None:
    """One wants to see what is kept, another says that a name is wrong."""
    wanted = (("ACCESS", None, ""), ("CORRECTION", "NAME", "Mi segundo apellido se escribe con zeta."))
    for number, (kind, topic, what) in zip(numbers[1:], wanted, strict=False):
        with clock.held_at(_at(today, 3, 11, desk)), acting(places.worker("CASEWORKER", desk)) as who:
            subject.ask(people.case_by_number(number, who), kind=kind, topic=topic, what=what)
