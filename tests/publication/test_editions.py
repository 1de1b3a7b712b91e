"""Which edition of a month a released figure rests on."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from caseapp.publication.editions import Edition, Editions, months_of


@pytest.mark.parametrize(
    ("period", "until", "months"),
    [
        ("2025-09", "2025-09", ["2025-09"]),
        ("2025-Q3", "2025-09", ["2025-07", "2025-08", "2025-09"]),
        ("2025-Q3", "2025-08", ["2025-07", "2025-08"]),
        ("2025", "2025-03", ["2025-01", "2025-02", "2025-03"]),
        ("2025", "2026-01", [f"2025-{n:02d}" for n in range(1, 13)]),
        (
            "MIRPS-2025",
            "2025-10",
            ["2024-10", "2024-11", "2024-12", *(f"2025-{n:02d}" for n in range(1, 11))],
        ),
    ],
)
def test_the_months_of_a_period(period, until, months):
    assert list(months_of(period, until)) == months


def made(*names, country="MEX", domains=("arrivals",)):
    """Approved releases in the order in which they were made: "08", "08-R1" …"""
    found = []
    for at, name in enumerate(names):
        month, _, edition = name.partition("-R")
        found.append(
            Edition(
                UUID(int=at + 1), country, f"{country}-2025-{name}", f"2025-{month}", int(edition or 0), None,
                domains=domains if edition else (),
            )
        )  # fmt: skip
    return Editions(tuple(found))


def short(editions):
    return [one.name.removeprefix("MEX-2025-") for one in editions]


@pytest.mark.parametrize(
    ("order", "told_by", "period", "taken", "awaits"),
    [
        # Nothing was revised.
        (["08", "09"], "09", "2025-Q3", [], []),
        # The month takes its revision at once.
        (["08", "08-R1"], "08-R1", "2025-08", ["08-R1"], []),
        (["08", "08-R1"], "08", "2025-08", [], ["08-R1"]),
        # A quarter made after the revision sums it; one made before waits for the next release.
        (["08", "08-R1", "09"], "09", "2025-Q3", ["08-R1"], []),
        (["08", "09", "08-R1"], "09", "2025-Q3", [], ["08-R1"]),
        (["08", "09", "08-R1", "10"], "10", "2025", ["08-R1"], []),
        (["08", "09", "08-R1", "10"], "10", "2025-Q4", [], []),
        # Of two revisions of a month the newest counts; a quarter may rest on one and wait for the other.
        (["08", "08-R1", "08-R2", "09"], "09", "2025-Q3", ["08-R2"], []),
        (["08", "08-R1", "09", "08-R2"], "09", "2025-Q3", ["08-R1"], ["08-R2"]),
        # A revision of the release's own month takes everything that was revised before it.
        (["08", "09", "08-R1", "09-R1"], "09-R1", "2025-Q3", ["08-R1", "09-R1"], []),
        # The month itself does not change with another month's revision.
        (["08", "09", "08-R1"], "09", "2025-09", [], []),
        # What a year has not reached yet is not of it.
        (["08", "08-R1", "09"], "08", "2025", [], ["08-R1"]),
    ],
)
def test_what_a_period_rests_on_and_waits_for(order, told_by, period, taken, awaits):
    known = made(*order)
    release = known.named(f"MEX-2025-{told_by}").id
    assert short(known.taken(period, release)) == taken
    assert short(known.awaited(period, release)) == awaits


def test_a_figure_of_what_a_revision_left_alone_waits_for_nothing():
    known = made("08", "09", "08-R1", domains=("arrivals", "claims"))
    release = known.named("MEX-2025-09").id
    assert short(known.awaited("2025-Q3", release, "claims")) == ["08-R1"]
    assert known.awaited("2025-Q3", release, "nights") == ()


def test_countries_and_months_are_told_apart():
    other = tuple(
        Edition(UUID(int=90 + at), "GTM", f"GTM-2025-08{'-R1' if at else ''}", "2025-08", at, None)
        for at in (0, 1)
    )
    known = Editions(made("08", "09", "08-R1").made + other)
    assert short(known.awaited("2025-Q3", known.named("MEX-2025-09").id)) == ["08-R1"]
    assert known.before(known.named("MEX-2025-08-R1")).name == "MEX-2025-08"
    assert known.before(known.named("GTM-2025-08-R1")).name == "GTM-2025-08"
    assert known.before(known.named("MEX-2025-08")) is None
    assert known.taken("2025-08", UUID(int=77)) == ()


def test_the_months_that_a_period_sums_and_whether_they_are_all():
    known = made("08", "09", "10")
    august, september, october = (known.named(f"MEX-2025-{month}").id for month in ("08", "09", "10"))
    assert known.stretch("2025", october) == ("2025-08", "2025-10") and not known.is_whole("2025", october)
    assert known.stretch("2025-08", august) == ("2025-08", "2025-08") and known.is_whole("2025-08", august)
    # Of the third quarter the country published its last two months.
    assert known.stretch("2025-Q3", september) == ("2025-08", "2025-09") and not known.is_whole(
        "2025-Q3", september
    )
    assert known.stretch("2025-Q4", october) == ("2025-10", "2025-10") and not known.is_whole(
        "2025-Q4", october
    )
    assert known.stretch("2025", UUID(int=77)) is None
    # Who counts by quarter counts the whole one in which it began.
    small = Editions(tuple(replace(one, by_quarter=True) for one in made("08", "09").made))
    assert small.is_whole("2025-Q3", small.named("MEX-2025-09").id)
    whole = made("07", "08", "09")
    assert whole.is_whole("2025-Q3", whole.named("MEX-2025-09").id)
    year = made(*(f"{n:02d}" for n in range(1, 13)))
    assert year.is_whole("2025", year.made[-1].id) and not year.is_whole("2025", year.made[-2].id)


def test_what_stood_when_a_release_was_made():
    known = made("08", "09", "08-R1", "10")
    assert known.until(known.named("MEX-2025-09").id) == (UUID(int=1), UUID(int=2))
