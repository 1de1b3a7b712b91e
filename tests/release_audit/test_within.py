"""Two cubes of the same people: drawn apart they give each other away to whoever knows that one is within the other; as
a split, or blurred, they do not."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from caseapp.publication.cube.blurring import blur
from caseapp.publication.cube.definition import Cube, Dimension
from caseapp.publication.cube.protection import protect
from caseapp.publication.cube.rounding import Truth, is_small
from caseapp.publication.cube.splits import log_chance, part_weights
from caseapp.publication.cube.splitting import Split, protect_split
from caseapp.publication.cube.tally import Item, tally
from caseapp.release_audit.audit import Attack, audit
from caseapp.release_audit.commands import release

from . import tiny
from .tiny import Tiny

SEXES, BANDS, PAID = ("F", "M"), ("0-4", "5-11", "12-17", "18-59", "60+"), ("PAID", "UNPAID")
AXES = {"sex": SEXES, "age_band": BANDS}
MONTHS = tuple(f"2025-{n:02d}" for n in range(1, 10))
BASE = (Dimension("sex", SEXES), Dimension("age_band", BANDS))
KNOWN = Attack(cells=10_000, within={"cash": "assisted"})
SECRET = b"within one another"


def people() -> dict[str, list[Item]]:
    """A small country: of the people assisted in a month two thirds receive cash."""
    chance, found = random.Random(11), {}
    for month in MONTHS:
        found[month] = [
            Item(
                {"sex": chance.choice(SEXES), "age_band": chance.choice(BANDS), "paid": chance.choice("PPU")},
                f"p{month}{n}", f"h{month}{n}",
            )
            for n in range(40)
        ]  # fmt: skip
    for items in found.values():
        for item in items:
            item.labels["paid"] = "UNPAID" if item.labels["paid"] == "U" else "PAID"  # type: ignore[index]
    return found


def cells(y: np.ndarray, *axes: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    return {
        tuple(axis[i] for axis, i in zip(axes, at, strict=True)): int(y[at]) for at in np.ndindex(y.shape)
    }


def drawn(name: str, month: str, items: list[Item]) -> np.ndarray:
    cube = Cube(name, "MEX", BASE, marker="", late="", origin="")
    return protect(cube, month, tally(BASE, items), secret=SECRET).y


def test_cubes_drawn_apart_on_the_same_people_are_narrowed_and_a_split_is_not(tmp_path: Path) -> None:
    assisted, apart, parts = {}, {}, {}
    split = Split("assisted.cash", "assisted", (("sex", SEXES), ("age_band", BANDS)), Dimension("paid", PAID))
    for month, items in people().items():
        y = drawn("assisted", month, items)
        assisted[month] = cells(y, SEXES, BANDS)
        apart[month] = cells(
            drawn("cash", month, [i for i in items if i.labels["paid"] == "PAID"]), SEXES, BANDS
        )
        exact = tally(split.dimensions(BASE), items)
        part = protect_split(split, BASE, y, exact, secret=SECRET, country="MEX", period=month)
        parts[month] = cells(part.y, SEXES, BANDS, PAID)
    whole = Tiny("assisted", AXES, assisted)
    naive = tiny.write(tmp_path / "naive", "2025-09", [whole, Tiny("cash", AXES, apart)])
    ours = Tiny("assisted.cash", {**AXES, "paid": PAID}, parts, parent="assisted", split="paid")
    own = tiny.write(tmp_path / "ours", "2025-09", [whole, ours])
    broken, held = audit([naive], KNOWN), audit([own], KNOWN)
    assert len(broken.of("A4")) > 10, broken.to_text()
    assert held.ok and held.effort_of("A4").tried > 100, held.to_text()
    # Whoever does not know of it finds nothing in either: that is why it must be known beforehand.
    assert audit([naive], Attack(cells=10_000)).ok


@pytest.mark.parametrize(
    ("assisted", "cash", "narrowed"),
    [
        (20, 5, []),
        (5, 5, []),
        (0, 0, []),
        # One at least was paid, so one at least was assisted; and at most four.
        (0, 5, ["assisted", "cash"]),
    ],
)
def test_what_one_cube_says_of_another(tmp_path: Path, assisted: int, cash: int, narrowed: list[str]) -> None:
    cubes = [
        Tiny(name, {"sex": ("F", "M")}, {"2025-07": {("F",): value}})
        for name, value in (("assisted", assisted), ("cash", cash))
    ]
    folder = tiny.write(tmp_path / "2025-07", "2025-07", cubes)
    for check in ("A3", "A4", "A9"):
        found = {f.file.split("-")[1].removesuffix(".csv") for f in audit([folder], KNOWN).of(check)}
        assert found == set(narrowed), check


def test_only_what_is_on_time_and_in_the_same_month_is_within(tmp_path: Path) -> None:
    late = {"sex": ("F",), "late": ("NO", "YES")}
    cubes = [
        Tiny("assisted", late, {"2025-06": {}, "2025-07": {}}),
        Tiny("cash", late, {"2025-08": {("F", "NO"): 5}, "2025-07": {("F", "YES"): 5}}),
    ]
    assert audit([tiny.write(tmp_path / "2025-08", "2025-08", cubes)], KNOWN).ok


def test_the_command_takes_what_the_attacker_knows(tmp_path: Path) -> None:
    cubes = [
        Tiny(name, {"sex": ("F",)}, {"2025-07": {("F",): value}})
        for name, value in (("assisted", 0), ("cash", 5))
    ]
    folder = str(tiny.write(tmp_path / "2025-07", "2025-07", cubes))
    blind, knows, wrong = (
        CliRunner().invoke(release, ["audit", folder, *more])
        for more in ((), ("--within", "cash=assisted"), ("--within", "cash"))
    )
    assert blind.exit_code == 0 and knows.exit_code == 1 and wrong.exit_code == 2
    assert "is not PART=WHOLE" in wrong.output


counts = st.lists(st.integers(0, 30), min_size=4, max_size=4)


@settings(max_examples=40, deadline=None)
@given(counts, counts, st.integers(0, 2**20))
def test_a_blurred_cube_can_come_from_every_truth(one: list[int], other: list[int], seed: int) -> None:
    """What is drawn from one truth has a chance from any other: it excludes nothing, whatever it is compared with."""
    axes = (Dimension("sex", SEXES), Dimension("age_band", ("CHILD", "ADULT")))
    cube = Cube("schooling", "MEX", axes, marker="", is_blurred=True)

    def truth(values: list[int]) -> Truth:
        array = np.array(values, dtype=np.int64).reshape(2, 2)
        return Truth(array, array, array)

    shown = np.ones((2, 2), dtype=np.bool_)
    y = blur(cube, "2025-09", truth(one), shown, secret=f"{seed:020}".encode())
    assert ((y == 0) | (y >= cube.k)).all()
    total, there = int(y.sum()), truth(other)
    whole = part_weights(total, int(there.count.sum()), int(there.count.sum()) < cube.k, cube.k, cube.lift)
    assert np.isfinite(whole[total])
    small = is_small(there, cube.k).ravel()
    assert np.isfinite(log_chance(y.ravel(), there.count.ravel(), small, np.full(4, cube.k), cube.lift))


def test_a_blurred_cube_stays_close_to_its_counts() -> None:
    axes = (Dimension("sex", SEXES), Dimension("age_band", BANDS))
    cube = Cube("schooling", "MEX", axes, marker="", is_blurred=True)
    exact = np.array([[3, 40, 55, 7, 0], [0, 38, 61, 2, 1]], dtype=np.int64)
    truth, shown = Truth(exact, exact, exact), np.ones((2, 5), dtype=np.bool_)
    months = [blur(cube, f"{year}-05", truth, shown, secret=SECRET) for year in range(1900, 2100)]
    whole = np.array([int(y.sum()) for y in months]) - int(exact.sum())
    assert abs(whole.mean()) < 0.5 and np.abs(whole).max() <= 10
    assert np.abs(np.mean(months, axis=0) - exact).max() < 2
    # Large counts are not kept as they are.
    assert 0.2 < np.mean([y[0, 1] == 40 for y in months]) < 0.9


def test_markers_are_not_told_from_blurred_cells() -> None:
    with pytest.raises(ValueError, match="never exact"):
        Cube("x", "MEX", (Dimension("counted", ("YEAR",)),), is_blurred=True)


def test_a_part_of_a_larger_k_is_bounded_by_what_all_of_its_parent_can_be(tmp_path: Path) -> None:
    """Two cells of 0 are at most four each, and together at most four where a marker says so: their part too."""
    late = {"2025-07": {}, "2025-08": {}}
    axes = {"counted": ("YEAR", "MONTH"), "late": ("NO", "YES")}
    whole = Tiny("arrivals", axes, late, hidden={"2025-07": ("MONTH", "YES")})
    kinds = {"counted": ("YEAR", "MONTH"), "kind": ("ALONE", "OTHER")}
    for k in ({"ALONE": 10, "OTHER": 5}, {"ALONE": 5, "OTHER": 5}):
        part = Tiny(
            "arrivals.kind", kinds, late, parent="arrivals", split="kind", k=k, hidden={"2025-07": ("MONTH",)}
        )
        folder = tiny.write(tmp_path / f"k{k['ALONE']}", "2025-08", [whole, part])
        assert audit([folder], Attack(cells=10_000)).ok
