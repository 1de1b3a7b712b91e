from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseapp.publication.cube.definition import Dimension, LabelUnknown, Span, possible
from caseapp.publication.cube.figures import (
    NOT_OFFERED,
    Status,
    cells_sum,
    count,
    distinct_markers,
    is_whole,
    median,
    money,
    rate,
)
from caseapp.publication.cube.grain import (
    AGE,
    CHILD_ADULT,
    Grain,
    cube_for,
    dimensions_for,
    grain_for,
    is_offered,
    origins_for,
)
from caseapp.publication.cube.tally import Item, counted_in, tally
from tests.publication.cube_samples import ORIGIN, small_cube


@pytest.mark.parametrize(
    ("months", "grain"),
    [
        ([], Grain.QUARTERLY),
        ([29, 30], Grain.QUARTERLY),
        ([30], Grain.COARSE),
        ([99, 100], Grain.COARSE),
        ([100], Grain.FULL),
        ([0, 5000], Grain.FULL),
    ],
)
def test_the_grain_goes_by_size(months, grain):
    assert grain_for(months) is grain


def test_grains_are_those_of_the_design():
    full = dimensions_for(Grain.FULL, origins_for({"HND": 9, "CUB": 50, "HTI": 7}, Grain.FULL))
    assert [len(d.labels) for d in full] == [3, 5, 4, 4, 2]
    coarse = dimensions_for(Grain.COARSE, origins_for({"HND": 9, "CUB": 50, "HTI": 7}, Grain.COARSE))
    assert [d.labels for d in coarse[1:4]] == [
        ("CHILD", "ADULT"), ("CUB", "OTHER"), ("YEAR", "QUARTER", "MONTH"),
    ]  # fmt: skip
    quarterly = dimensions_for(Grain.QUARTERLY, origins_for({"HND": 9}, Grain.QUARTERLY))
    assert [d.name for d in quarterly] == ["sex", "age_band", "counted", "late"]


def test_named_origins_are_the_largest_and_never_more_than_eight():
    published = {f"X{n:02}": n for n in range(20)} | {"OTHER": 900}
    assert origins_for(published, Grain.FULL) == ("X19", "X18", "X17", "X16", "X15", "X14", "X13", "OTHER")


def test_a_breakdown_is_offered_from_twenty_a_cell():
    assert is_offered(200, 10)
    assert not is_offered(199, 10)


def test_markers_that_cannot_be_are_not_possible():
    cube = small_cube()

    def markers(period, published):
        inside = possible(cube, period, published)
        return [
            label
            for label in ("YEAR", "QUARTER", "MONTH", "SITE")
            if (inside & cube.mask({"counted": (label,)})).any()
        ]

    assert markers("2025-01", []) == ["YEAR", "SITE"]
    assert markers("2025-02", ["2025-01"]) == ["YEAR", "MONTH", "SITE"]
    assert markers("2025-04", ["2025-01"]) == ["YEAR", "QUARTER", "SITE"]
    assert markers("2025-10b", ["2025-01", "2025-10a"]) == ["YEAR", "QUARTER", "SITE"]
    assert markers("2025-05", ["2025-02", "2025-04"]) == ["YEAR", "QUARTER", "MONTH", "SITE"]
    assert markers("2025-02", ["2024-12"]) == ["YEAR", "SITE"]
    alone = small_cube(sites=1, excluded=({"sex": ("M",), "origin": ("CUB",)},))
    inside = possible(alone, "2025-01")
    assert not (inside & alone.mask({"counted": ("SITE",)})).any()
    assert not (inside & alone.mask({"sex": ("M",), "origin": ("CUB",)})).any()


@given(st.integers(0, 1000))
def test_sums_over_labels_are_sums_of_cells(seed):
    cube = cube_for("arrivals", "MEX", Grain.FULL, ("HND", "OTHER"))
    sheets = [np.random.default_rng(seed + n).integers(0, 99, cube.shape) for n in range(2)]
    whole = cells_sum(cube.dimensions, sheets, {})
    assert whole == sum(int(s.sum()) for s in sheets)
    by_sex = [cells_sum(cube.dimensions, sheets, {"sex": (sex,)}) for sex in ("F", "M", "O")]
    assert sum(by_sex) == whole == cells_sum(cube.dimensions, sheets, {"sex": ("T",)})
    halves = [cells_sum(cube.dimensions, sheets, {"age_band": (label,)}) for label in ("CHILD", "ADULT")]
    assert sum(halves) == whole
    chosen = cells_sum(cube.dimensions, sheets, {"origin": ("HND",), "counted": ("YEAR", "QUARTER")})
    assert chosen == sum(int(s[:, :, 0, 0:2].sum()) for s in sheets)


def test_a_marker_that_a_coarse_grain_lacks_adds_nothing_but_other_labels_must_exist():
    cube = cube_for("arrivals", "BLZ", Grain.COARSE, ("HND", "OTHER"))
    sheet = np.ones(cube.shape, dtype=np.int64)
    both = cells_sum(cube.dimensions, [sheet], {"counted": ("MONTH", "SITE")})
    assert both == cells_sum(cube.dimensions, [sheet], {"counted": ("MONTH",)})
    with pytest.raises(LabelUnknown):
        cells_sum(cube.dimensions, [sheet], {"sex": ("Z",)})
    with pytest.raises(KeyError):
        cells_sum(cube.dimensions, [sheet], {"site": ("A",)})


def test_distinct_counts_exist_at_four_grains_only():
    assert distinct_markers(at_site=True, span=Span.MONTH) == ("YEAR", "QUARTER", "MONTH", "SITE")
    assert distinct_markers(at_site=False, span=Span.MONTH) == ("YEAR", "QUARTER", "MONTH")
    assert distinct_markers(at_site=False, span=Span.QUARTER) == ("YEAR", "QUARTER")
    assert distinct_markers(at_site=False, span=Span.YEAR) == ("YEAR",)
    assert distinct_markers(at_site=True, span=Span.YEAR) is None


def test_merged_origins_are_asked_for_together_or_not_at_all():
    merged = frozenset({"CUB"})
    assert is_whole(ORIGIN, ("HND",), merged)
    assert is_whole(ORIGIN, ("T",), merged)
    assert is_whole(ORIGIN, ("CUB", "OTHER"), merged)
    assert not is_whole(ORIGIN, ("CUB",), merged)
    assert not is_whole(ORIGIN, ("OTHER",), merged)
    assert is_whole(ORIGIN, ("OTHER",), frozenset())


def test_a_count_is_published_as_it_stands():
    assert count(0).value == 0
    assert count(0).status is Status.PUBLISHED


@pytest.mark.parametrize(
    ("numerator", "denominator", "value"),
    [(5, 10, "50.0"), (1, 16, "6.3"), (0, 12, "0.0"), (50, 40, "125.0"), (1, 9, None), (0, 0, None)],
)
def test_rates_need_ten_and_have_one_decimal(numerator, denominator, value):
    figure = rate(numerator, denominator)
    if value is None:
        assert figure is NOT_OFFERED
    else:
        assert (figure.value, figure.numerator, figure.denominator) == (
            Decimal(value),
            numerator,
            denominator,
        )


BANDS = [(0, 1), (1, 3), (3, 14), (14, None)]


@pytest.mark.parametrize(
    ("counts", "households", "value"),
    [
        ([5, 5, 0, 0], 3, "1.0"),
        ([0, 10, 0, 0], 3, "2.0"),
        ([5, 0, 15, 0], 3, "6.7"),
        ([5, 0, 0, 20], 9, None),  # falls into the open band
        ([9, 0, 0, 0], 9, None),
        ([20, 0, 0, 0], 2, None),
    ],
)
def test_medians_are_interpolated_and_need_ten_people_of_three_homes(counts, households, value):
    figure = median(BANDS, counts, households)
    assert figure.value == (None if value is None else Decimal(value))
    assert (figure.status is Status.PUBLISHED) == (value is not None)


def test_money_is_a_count_times_a_cost():
    assert money(12, Decimal("120.505")).value == Decimal("1446.06")


def item(person, household="h", amount=1, **labels):
    return Item({"sex": "F", "counted": "YEAR"} | labels, person, household, amount)


def test_cells_know_what_they_count_and_on_whom_they_rest():
    dimensions = (CHILD_ADULT, ORIGIN, Dimension("counted", ("YEAR", "QUARTER")))
    items = [
        item("p", "h", 3, age_band="0-4", origin="HND"),
        item("p", "h", 2, age_band="12-17", origin="HND"),
        item("q", "h", 1, age_band="5-11", origin="HND"),
        item("r", "i", 1, age_band="60+", origin="ZZZ"),
        item("r", "i", 1, age_band="60+", origin="HND", counted="SITE"),
        item("s", "j", 0, age_band="60+", origin="HND"),
    ]
    truth = tally(dimensions, items)
    assert (truth.count[0, 0, 0], truth.persons[0, 0, 0], truth.households[0, 0, 0]) == (6, 2, 1)
    assert truth.count[1, 2, 0] == 1
    assert truth.count.sum() == 7


def test_splits_count_what_their_cube_counts():
    cube = cube_for("arrivals", "BLZ", Grain.COARSE, ("HND", "OTHER"))
    more = {"age_band": "60+", "origin": "ZZZ", "late": "NO"}
    first, again = item("p", **more), item("p", **more, counted="SITE")
    assert counted_in(cube.dimensions, [first, again]) == [first]


def test_a_code_that_no_label_holds_is_an_error():
    with pytest.raises(LabelUnknown):
        tally((AGE,), [item("p", age_band="UNKNOWN")])
