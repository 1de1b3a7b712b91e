"""What a country shows in a year, by its size: the grain, the sites, the spans (DISCLOSURE.md, Grain by size)."""

from __future__ import annotations

from datetime import date

import pytest

from caseapp.indicators import catalogue
from caseapp.publication import plan as plans
from caseapp.publication.cube.grain import Grain
from caseapp.publication.figuring import spans_of

SITES = ["MX-TAP", "MX-TIJ"]


def settled(persons, country="MEX", iso2="MX"):
    return plans.settle(country, "2025", [persons], SITES, iso2)


def arrivals(plan):
    indicators = catalogue.all(date(2025, 9, 30))
    return next(one for one in plans.domain_plans(plan, indicators) if one.domain.name == "arrivals")


def split(plan, name):
    return next(one for one in arrivals(plan).splits if one.name == name)


@pytest.mark.parametrize(
    ("persons", "grain", "origins", "ages"),
    [
        (100, Grain.FULL, 8, 5),
        (99, Grain.COARSE, 2, 2),
        (30, Grain.COARSE, 2, 2),
        (29, Grain.QUARTERLY, 0, 2),
    ],
)
def test_the_cube_of_a_country_is_as_fine_as_its_size_allows(persons, grain, origins, ages):
    plan = settled(persons)
    cube = arrivals(plan).cube
    assert plan.grain is grain and len(plan.origins) <= origins and bool(plan.origins) == bool(origins)
    assert len(cube.dimension("age_band").labels) == ages
    markers = {Grain.FULL: 4, Grain.COARSE: 3, Grain.QUARTERLY: 2}[grain]
    assert len(cube.dimension("counted").labels) == markers and cube.has("origin") == bool(origins)


def test_sites_of_a_small_country_are_split_by_sex():
    assert [name for name, _ in split(settled(99), "arrivals.site").by] == ["sex"]
    assert [name for name, _ in split(settled(100), "arrivals.site").by] == ["sex", "age_band"]
    assert settled(100).sites == ("MX-TAP", "MX-TIJ", "MX-OTH")


def test_a_small_country_closes_a_quarter_with_its_last_month():
    small, large = settled(29), settled(30)
    assert [small.unit_of(f"2025-0{n}") for n in (7, 8, 9)] == [None, None, "2025-Q3"]
    assert large.unit_of("2025-07") == "2025-07"
    assert [span.kind for span in spans_of(small, "2025-08", "2025-01")] == ["MONTH"]
    # Its month is named and has no cells: NOT_OFFERED.
    assert spans_of(small, "2025-09", "2025-01")[0].pieces == ()


def test_a_mirps_year_is_there_with_october_when_all_of_it_was_published_by_months():
    plan = settled(100)
    found = {span.kind: span for span in spans_of(plan, "2025-10", "2024-10")}
    assert found["MIRPS"].pieces[0] == "2024-10b" and found["MIRPS"].pieces[-1] == "2025-10a"
    assert len(found["MIRPS"].pieces) == 13
    for month, since in (("2025-10", "2024-11"), ("2025-09", "2024-10"), ("2025-11", "2024-10")):
        assert "MIRPS" not in {span.kind for span in spans_of(plan, month, since)}
    assert "MIRPS" not in {span.kind for span in spans_of(settled(29), "2025-10", "2024-10")}
