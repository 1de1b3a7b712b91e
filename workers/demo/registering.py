"""The registers of what no case drives, as a country's data steward keeps them: trainings of officials, joint projects
and who took part, unit costs, beds of a shelter outside Acogida, enrolments of a programme. Invented, and drawn from a stream of their own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from caseapp.accounts.models import Team
from caseapp.core import clock, reference
from caseapp.core.db import session
from caseapp.programme import service
from caseapp.programme.queries import team_of
from workers.demo import places
from workers.demo.acting import acting
from workers.demo.calibration import COUNTRIES, drawn, stream

#: How many trainings and dates of projects a month, and one delivery's cost in dollars by kind of service (invented).
TRAININGS, MEETINGS = 2, 1
COSTS = {
    "HEALTH": "18.50",
    "MHPSS": "22.00",
    "LEGAL": "35.00",
    "EDUCATION": "14.00",
    "FOOD": "3.20",
    "SHELTER": "9.80",
}
WHO = {
    "MIGRATION_AUTHORITY": 4.0,
    "POLICE": 3.0,
    "ASYLUM_AUTHORITY": 2.0,
    "CHILD_AUTHORITY": 2.0,
    "JUSTICE": 1.0,
    "MUNICIPALITY": 2.0,
}
ABOUT = {"ASYLUM_LAW": 4.0, "IDENTIFICATION": 3.0, "CHILDREN": 2.0, "GBV": 1.0, "RECEPTION": 1.0}
#: A shelter of the directory that is not kept in Acogida, by country, and its beds.
PARISHES = {"MEX": ("MX-NAN", 24), "GTM": ("GT-NAN", 18)}
PROGRAMME = ("BECAS", "Becas escolares del Estado", "School grants of the State")
PROJECTS = (
    ("HUERTO", "Huerto comunitario", "Community garden"),
    ("CANCHA", "Cancha del barrio", "Neighbourhood sports ground"),
)


def register_all(seed: int, today: date) -> None:
    """The registers of every country, in the running transaction."""
    for country in COUNTRIES:
        register(seed, country, today)


def register(seed: int, country: str, today: date) -> None:
    """Two years of registers of a country, by its data steward."""
    chance = stream("registers", seed, country)
    with acting(places.worker("DATA_STEWARD", f"{country}-COMMISSION_STATISTICS")) as steward:
        team = team_of(steward)
        first = places.opening(today)
        divisions = [each.pcode for each in reference.admin1(country)]
        with clock.held_at(_evening(first)):
            for kind, amount in COSTS.items():
                service.enter("costs", _cost(kind, amount, first), team=team)
            codes = _projects(chance, country, divisions, first, team)
        for day in _days(chance, first, today, TRAININGS):
            with clock.held_at(_evening(day)):
                service.enter("trainings", _training(chance, divisions, day), team=team)
        for day in _days(chance, first, today, MEETINGS):
            with clock.held_at(_evening(day)):
                for values in _meeting(chance, codes, day):
                    service.enter("participation", values, team=team)
        _beds(chance, country, first, today, team)
        _enrolments(chance, country, divisions, first, today, team)
        session.flush()


def _beds(chance: Random, country: str, first: date, today: date, team: Team) -> None:
    """A parish reports at the end of each month that is over, some days before it where it forgot."""
    if country not in PARISHES:
        return
    site, beds = PARISHES[country]
    month = first
    while (following := _following(month, 1)) <= today:
        on = following - timedelta(days=chance.choice((1, 2, 3, 9)))
        with clock.held_at(_evening(following)):
            values = {"site": site, "reported_on": on, "beds": beds, "usable": beds - chance.randint(0, 4)}
            service.enter("capacity", values, team=team)
        month = following


def _enrolments(
    chance: Random, country: str, divisions: list[str], first: date, today: date, team: Team
) -> None:
    """A ministry tells each quarter who enrolled in its programme, by sex."""
    code, name_es, name_en = PROGRAMME
    with clock.held_at(_evening(first)):
        below = [each.pcode for each in reference.admin2(divisions[0])] or divisions
        service.enter(
            "projects",
            {
                "code": f"{country}-{code}", "kind": "PROGRAMME", "name_es": name_es, "name_en": name_en, "place": below[0],
                "starts_on": first, "ends_on": None,
            },
            team=team,
        )  # fmt: skip
    quarter = first
    while (following := _following(quarter, 3)) <= today:
        with clock.held_at(_evening(following)):
            for sex in ("F", "M", "O"):
                values = {
                    "project": f"{country}-{code}", "period": f"{quarter.year}-Q{(quarter.month + 2) // 3}", "sex": sex,
                    "age_band": None, "enrolled": None if sex == "O" else chance.randint(20, 160),
                    "source": "Informe trimestral inventado para la demostración",
                }  # fmt: skip
                service.enter("enrolments", values, team=team)
        quarter = following


def _following(month: date, months: int) -> date:
    """The first day so many months later."""
    number = month.month - 1 + months
    return date(month.year + number // 12, number % 12 + 1, 1)


def _evening(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 0, tzinfo=UTC)


def _days(chance: Random, first: date, today: date, each_month: int) -> list[date]:
    """Days of the months that are over."""
    span = (today.replace(day=1) - first).days
    return sorted(first + timedelta(days=chance.randrange(span)) for _ in range(span * each_month // 30))


def _cost(kind: str, amount: str, first: date) -> dict[str, object]:
    return {
        "service_kind": kind, "currency": "USD", "amount": Decimal(amount), "valid_from": first, "valid_to": None,
        "source": "Costo inventado para la demostración",
    }  # fmt: skip


def _projects(chance: Random, country: str, divisions: list[str], first: date, team: Team) -> list[str]:
    codes = []
    for code, name_es, name_en in PROJECTS:
        division = chance.choice(divisions)
        below = [each.pcode for each in reference.admin2(division)] or [division]
        codes.append(f"{country}-{code}")
        service.enter(
            "projects",
            {
                "code": codes[-1], "kind": "JOINT_PROJECT", "name_es": name_es, "name_en": name_en,
                "place": chance.choice(below), "starts_on": first, "ends_on": None,
            },
            team=team,
        )  # fmt: skip
    return codes


def _training(chance: Random, divisions: list[str], day: date) -> dict[str, object]:
    women = chance.randint(2, 25)
    return {
        "held_on": day, "place": chance.choice(divisions), "institution": drawn(chance, WHO), "topic": drawn(chance, ABOUT),
        "trainer": drawn(chance, {"UN": 3.0, "STATE": 2.0, "NGO": 1.0}), "women": women, "men": chance.randint(2, 30), "others": 0,
    }  # fmt: skip


def _meeting(chance: Random, codes: list[str], day: date) -> list[dict[str, object]]:
    code = chance.choice(codes)
    return [
        {
            "project": code, "held_on": day, "population": population, "sex": sex, "age_band": "18-59",
            "heads": chance.randint(1, 18),
        }
        for population in ("HOST", "DISPLACED")
        for sex in ("F", "M")
    ]  # fmt: skip
