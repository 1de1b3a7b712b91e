"""The real figures as the demo takes them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.demo import calibration
from workers.demo.calibration import COUNTRIES

TODAY = date(2025, 11, 23)


@given(
    total=st.integers(84, 5000),
    weights=st.dictionaries(st.text("abc", min_size=1), st.floats(0.001, 1e6), min_size=1, max_size=7),
    least=st.integers(0, 12),
)
def test_shares_add_up_and_leave_nobody_below_the_least(
    total: int, weights: dict[str, float], least: int
) -> None:
    found = calibration.shared_out(total, weights, least)
    assert sum(found.values()) == total
    assert min(found.values()) >= least
    assert list(found) == list(weights)


def test_too_little_is_refused() -> None:
    with pytest.raises(ValueError):
        calibration.shared_out(83, dict.fromkeys(COUNTRIES, 1.0), 12)


def test_cases_follow_the_real_claims_with_twelve_at_least() -> None:
    found = calibration.cases_by_country(1000, TODAY)
    assert sum(found.values()) == 1000
    assert found["MEX"] > found["CRI"] > 100
    assert all(found[c] >= 12 for c in COUNTRIES)
    # A year that the figures do not reach takes the last one.
    assert calibration.claims("MEX", 2031) == calibration.claims("MEX", 2025)


@pytest.mark.parametrize("country", COUNTRIES)
def test_nobody_asks_for_asylum_at_home_and_origins_are_known(country: str) -> None:
    for year in range(2013, 2027):
        origins = calibration.claims(country, year)
        assert origins and country not in origins and "UNK" not in origins


def test_otherwise_closed_is_the_commonest_end_in_mexico_and_costa_rica() -> None:
    for country in ("MEX", "CRI"):
        ends = calibration.outcomes(country, 2025)
        assert max(ends, key=lambda end: ends[end]) == "closed"


def test_a_stream_depends_on_its_words_alone() -> None:
    assert calibration.stream(7, "MEX").random() == calibration.stream(7, "MEX").random()
    assert calibration.stream(7, "MEX").random() != calibration.stream(8, "MEX").random()
