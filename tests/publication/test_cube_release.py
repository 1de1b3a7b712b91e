"""A year of one country as a release maker makes it: registrations, screened within 24 hours, by site."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from caseapp.publication.cube import figures, grain
from caseapp.publication.cube import period as periods
from caseapp.publication.cube.definition import Dimension, Span
from caseapp.publication.cube.markers import Occurrence, atoms_of, withdrawn
from caseapp.publication.cube.protection import protect
from caseapp.publication.cube.splitting import Split, check_tree, parents_of, protect_split
from caseapp.publication.cube.tally import counted_in, items_of, tally
from tests.publication.cube_samples import SECRET

MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
SITES = ("MX-TAP", "MX-TIJ", "MX-OTH")
CUBE = grain.cube_for("registrations", "MEX", grain.Grain.FULL, ("HND", "CUB", "OTHER"), sites=len(SITES))
SEX, CHILD_ADULT = ("sex", ("F", "M", "O")), ("age_band", ("CHILD", "ADULT"))
COUNTED = CUBE.dimension("counted")
SCREENED = Split(
    "registrations.screened",
    "registrations",
    (SEX, CHILD_ADULT, ("counted", COUNTED.labels), ("late", ("NO", "YES"))),
    Dimension("screened", ("YES", "NO")),
)
BY_SITE = Split("registrations.site", "registrations", (SEX, CHILD_ADULT), Dimension("place", SITES))
HOMES = Split(
    "registrations.homes",
    "registrations",
    (SEX, CHILD_ADULT),
    Dimension("household_counted", (*COUNTED.labels, "NONE")),
)
SPLITS = (SCREENED, BY_SITE, HOMES)


def made_up(seed=4, mean=150):
    """People who arrive through the year, some twice, some at two sites, some entered late; and who was screened."""
    rng = np.random.default_rng(seed)
    occurrences, labels = [], {}
    for number in range(12 * mean):
        home = number - number % 3 if rng.random() < 0.4 else number
        where = {
            "sex": str(rng.choice(["F", "M", "X"], p=[0.45, 0.53, 0.02])),
            "age_band": str(
                rng.choice(["0-4", "5-11", "12-17", "18-59", "60+"], p=[0.1, 0.1, 0.1, 0.65, 0.05])
            ),
            "origin": str(rng.choice(["HND", "CUB", "NIC", "HTI"], p=[0.6, 0.3, 0.05, 0.05])),
        }
        for again in range(1 + int(rng.random() < 0.1)):
            day = date(2025, 1, 1) + timedelta(days=int(rng.integers(365)))
            known = datetime.combine(day, datetime.min.time(), UTC) + timedelta(
                days=50 * (rng.random() < 0.05)
            )
            own = Occurrence(
                f"{number:05d}.{again}", f"p{number}", f"h{home}", str(rng.choice(SITES)), day, known, where
            )
            occurrences.append(own)
            labels[own.id] = {"screened": "YES" if rng.random() < 0.7 else "NO", "place": own.site}
    return occurrences, labels


@pytest.fixture(scope="module")
def year():
    occurrences, labels = made_up()
    frozen, ledger, released = [], [], []
    for month in MONTHS:
        known = [o for o in occurrences if f"{o.recorded_at:%Y-%m}" <= month]
        atoms = atoms_of(month, known, frozen, since=MONTHS[0])
        frozen += atoms
        for piece in periods.pieces(month):
            items = counted_in(CUBE.dimensions, items_of((a for a in atoms if a.period == piece), labels))
            base = protect(CUBE, piece, tally(CUBE.dimensions, items), secret=SECRET, ledger=ledger)
            ledger.append(base.entry)
            parts = {}
            for split in SPLITS:
                exact = tally(split.dimensions(CUBE.dimensions), items, leave_out=())
                parts[split.name] = protect_split(
                    split, CUBE.dimensions, base.y, exact,
                    secret=SECRET, country="MEX", period=piece, merged=base.merged,
                )  # fmt: skip
            released.append((piece, base, parts))
    return frozen, released


def test_the_tree_of_splits_hangs_together():
    check_tree(CUBE, SPLITS)


def test_every_published_value_is_nothing_or_at_least_k_and_every_split_adds_up(year):
    _, released = year
    for _, base, parts in released:
        assert ((base.y == 0) | (base.y >= 5)).all()
        assert base.utility.within
        for split in SPLITS:
            found = parts[split.name]
            assert ((found.y == 0) | (found.y >= 5)).all()
            assert found.y.sum(axis=-1).tolist() == parents_of(split, CUBE.dimensions, base.y).tolist()


def test_distinct_people_of_the_year_are_close_to_the_truth(year):
    frozen, released = year
    sheets = [base.y for _, base, _ in released]
    markers = figures.distinct_markers(at_site=False, span=Span.YEAR)
    published = figures.cells_sum(CUBE.dimensions, sheets, {"counted": markers})
    assert abs(published - len({atom.person for atom in frozen})) <= 20
    for quarter in ("2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"):
        own = [base.y for piece, base, _ in released if periods.quarter(piece) == quarter]
        people = {atom.person for atom in frozen if periods.quarter(atom.period) == quarter}
        markers = figures.distinct_markers(at_site=False, span=Span.QUARTER)
        assert abs(figures.cells_sum(CUBE.dimensions, own, {"counted": markers}) - len(people)) <= 15


def test_sites_are_close_to_the_truth(year):
    frozen, released = year
    for piece, _, parts in released:
        for site in SITES:
            found = parts["registrations.site"]
            published = figures.cells_sum(found.dimensions, [found.y], {"place": (site,)})
            there = [a for a in frozen if a.period == piece and a.site == site]
            assert abs(published - len(there)) <= 15


def test_the_rate_of_a_numerator_comes_from_its_split(year):
    _, released = year
    dimensions = released[0][2]["registrations.screened"].dimensions
    sheets = [parts["registrations.screened"].y for _, _, parts in released]
    of_year = {"counted": ("YEAR",)}
    denominator = figures.cells_sum(dimensions, sheets, of_year)
    numerator = figures.cells_sum(dimensions, sheets, {**of_year, "screened": ("YES",)})
    found = figures.rate(numerator, denominator)
    assert denominator == figures.cells_sum(CUBE.dimensions, [b.y for _, b, _ in released], of_year)
    assert 65 < found.value < 75


def test_what_was_withdrawn_stands_in_a_cube_of_its_own(year):
    frozen, _ = year
    gone_people = {atom.person for atom in frozen if int(atom.person[1:]) % 18 == 0}
    still = {(a.person, unit, a.site) for a in frozen for unit in a.covers if a.person not in gone_people}
    gone = withdrawn(frozen, still)
    assert {atom.person for atom in gone} == gone_people
    cube = grain.withdrawn_cube(CUBE)
    done = protect(cube, "2025-12", tally(cube.dimensions, items_of(gone)), secret=SECRET)
    assert cube.name == "registrations_withdrawn"
    assert ((done.y == 0) | (done.y >= 5)).all()
    assert abs(int(done.y.sum()) - len(gone)) <= 10
