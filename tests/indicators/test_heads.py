"""Head counts without names: figures by hand, and that few heads are as small as few persons."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal

import pytest

from caseapp.core import db as core_db
from caseapp.indicators import catalogue, queries, rollup
from caseapp.indicators.cubes import definition
from caseapp.indicators.exact import Exact, exact
from caseapp.publication.cube.definition import Dimension
from caseapp.publication.cube.rounding import is_small
from caseapp.publication.cube.tally import Item, tally
from tests.indicators.histories import Journal

SEPTEMBER = "2025-09"


@pytest.fixture
def journal(committed_db):
    return Journal()


def figure(code: str, period: str = SEPTEMBER) -> Exact:
    rollup.roll_up()
    with core_db.connect("facts") as connection:
        return exact(connection, catalogue.get(code), "MEX", period)


def cells(domain: str, *by: str, period: str = SEPTEMBER) -> dict[tuple[str, ...], tuple[int, int, int]]:
    rollup.roll_up()
    with core_db.connect("facts") as connection:
        found = queries.true_cells(connection, domain, "MEX", period, by)
    return {tuple(c.labels[n] for n in by): (c.count, c.persons, c.households) for c in found}


def small(domain: str) -> dict[str, bool]:
    """By sex, whether a release would protect the cell: from the facts as a release reads them."""
    rollup.roll_up()
    with core_db.connect("facts") as connection:
        found = queries.occurrences(connection, domain, "MEX", since=SEPTEMBER, until=SEPTEMBER)
    sex = Dimension("sex", ("F", "M", "O"), rest="O")
    truth = tally([sex], [Item(one.dimensions, one.person, one.household) for one in found])
    hidden = is_small(truth, definition(domain, "MEX").k)
    return {label: bool(hidden[at]) for at, label in enumerate(sex.labels) if truth.count[at]}


def attended(journal: Journal, entry: str, sex: str, number: int, day: str = "2025-09-10", **more):
    return journal.event(
        "training.attended", None, day, code="ASYLUM_LAW", sex=sex, number=number, subject=entry, **more
    )


def arrived(journal: Journal, bus: str, cell: str, number: int, day: str = "2025-09-10"):
    band, sex = cell.split("/")
    return journal.event(
        "persons.received", None, day, code=cell, age_band=band, sex=sex, number=number, subject=bus
    )


def test_two_entries_of_two_are_a_small_cell_of_four(journal):
    attended(journal, "a", "F", 2)
    attended(journal, "b", "F", 2)
    journal.write()
    assert cells("officials", "sex") == {("F",): (4, 4, 4)}
    assert small("officials") == {"F": True}


def test_one_entry_of_twelve_is_not_one_household(journal):
    attended(journal, "a", "F", 12)
    attended(journal, "a", "M", 4)
    journal.write()
    assert cells("officials", "sex") == {("F",): (12, 12, 12), ("M",): (4, 4, 4)}
    assert small("officials") == {"F": False, "M": True}


def test_a_correction_makes_a_cell_small_again(journal):
    wrong = attended(journal, "a", "F", 12)
    journal.write()
    assert small("officials") == {"F": False}
    journal.event("event.withdrawn", None, "2025-10-30", withdraws_id=wrong, subject="a")
    attended(journal, "b", "F", 3)
    journal.write()
    assert cells("officials", "sex") == {("F",): (3, 3, 3)}
    assert small("officials") == {"F": True}
    assert rollup.recount().differences == ()


def test_the_heads_that_stay_stay_the_same(journal):
    """A release counts what it has not counted: after a −1 exactly one head is gone, and none is new."""
    arrived(journal, "bus", "18-59/F", 40)
    journal.write()
    before = _ids()
    arrived(journal, "bus", "18-59/F", -1)
    journal.write()
    after = _ids()
    assert after < before and len(before - after) == 1


def _ids() -> set[str]:
    rollup.roll_up()
    with core_db.connect("facts") as connection:
        return {
            o.id for o in queries.occurrences(connection, "tallies", "MEX", since=SEPTEMBER, until=SEPTEMBER)
        }


def test_a_bus_of_forty_of_whom_twelve_register(journal):
    arrived(journal, "bus", "18-59/F", 25)
    arrived(journal, "bus", "5-11/M", 15)
    for n in range(12):
        journal.event("person.registered", f"p{n}", "2025-09-11", sex="F")
        arrived(journal, "bus", "18-59/F", -1)
    journal.write()
    assert figure("P1-90") == Exact(Decimal(28))
    assert figure("P1-00") == Exact(Decimal(12))
    assert cells("tallies", "sex", "age_band") == {("F", "18-59"): (13,) * 3, ("M", "5-11"): (15,) * 3}


def test_a_count_withdrawn_leaves_those_who_registered(journal):
    told = [arrived(journal, "bus", "18-59/F", 9)]
    journal.event("person.registered", "p", "2025-09-11", sex="F")
    told.append(arrived(journal, "bus", "18-59/F", -1))
    journal.write()
    assert figure("P1-90").value == 8
    for event in told:
        journal.event("event.withdrawn", None, "2025-09-10", withdraws_id=event, subject="bus")
    journal.write()
    assert (figure("P1-90").value, figure("P1-00").value) == (0, 1)


def test_received_counts_everybody_once_after_any_history(journal):
    """Buses, registrations out of them on the same or later days, counts withdrawn: in any order, received is those
    who came, less nobody and nobody twice."""
    chance = random.Random(11)
    left: dict[tuple[str, str], int] = {}
    told: dict[str, list] = {}
    registered = 0
    for step in range(120):
        what = chance.random()
        if what < 0.3 or not left:
            bus, cell = f"bus{step}", chance.choice(("18-59/F", "18-59/M", "0-4/M"))
            number = chance.randint(1, 30)
            left[bus, cell] = number
            told[bus] = [arrived(journal, bus, cell, number)]
        elif what < 0.85:
            bus, cell = chance.choice(sorted(left))
            registered += 1
            journal.event("person.registered", f"p{step}", f"2025-09-{chance.randint(11, 28)}")
            if left[bus, cell]:
                left[bus, cell] -= 1
                told[bus].append(arrived(journal, bus, cell, -1))
        else:
            bus, cell = chance.choice(sorted(left))
            del left[bus, cell]
            for event in told[bus]:
                journal.event("event.withdrawn", None, "2025-09-10", withdraws_id=event, subject=bus)
        if chance.random() < 0.2:
            journal.write()
            rollup.roll_up(batch=chance.randint(1, 9))
    journal.write()
    assert figure("P1-90").value == sum(left.values())
    assert figure("P1-00").value == registered
    by_cell = Counter({})
    for (_, cell), number in left.items():
        by_cell[cell] += number
    held = {f"{band}/{sex}": n[0] for (sex, band), n in cells("tallies", "sex", "age_band").items()}
    assert held == {cell: n for cell, n in by_cell.items() if n}
    assert rollup.recount().differences == ()


def test_p1_24_and_october_in_halves(journal):
    attended(journal, "a", "F", 7)
    attended(journal, "b", "M", 5, day="2025-10-26")
    attended(journal, "c", "M", 6, day="2025-10-27", sector="POLICE")
    journal.write()
    assert figure("P1-24").value == 7
    assert figure("P1-24", "2025-10").value == 11
    assert cells("officials", "sex", period="2025-10a") == {("M",): (5, 5, 5)}


def test_p3_01_and_p3_02_joint_projects(journal):
    entries = [
        ("HOST", "JOINT_PROJECT", 20), ("DISPLACED", "JOINT_PROJECT", 10), ("HOST", "JOINT_PROJECT", 10),
        ("HOST", "PROGRAMME", 50),
    ]  # fmt: skip
    for n, (population, code, number) in enumerate(entries):
        journal.event(
            "project.participation", None, "2025-09-10", code=code, outcome=population, number=number,
            sex="F", age_band="18-59", subject=f"e{n}",
        )  # fmt: skip
    journal.write()
    assert figure("P3-01") == Exact(Decimal(30))
    assert figure("P3-02") == Exact(Decimal("75.0"), 30, 40)
