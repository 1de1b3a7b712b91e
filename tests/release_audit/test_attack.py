"""The attack on cells: what it must find in folders that tell too much, and that it looks at everything."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from caseapp.release_audit import audit as auditing
from caseapp.release_audit.attack import ends_of
from caseapp.release_audit.audit import Attack, audit
from caseapp.release_audit.program import Programs
from caseapp.release_audit.reading import System, systems_of
from caseapp.release_audit.report import AuditReport
from caseapp.release_audit.witness import Witness

from . import tiny
from .tiny import Tiny

MARKERS = ("YEAR", "QUARTER", "MONTH", "SITE")
HARD = Attack(cells=10_000)


def marked(name: str, values: tiny.Values, hidden: dict[str, tuple[str, ...]] | None = None) -> Tiny:
    """A cube of markers alone. What cannot be in a first month has no cell."""
    return Tiny(name, {"counted": MARKERS}, values, hidden=hidden)


def july_and_august(folder: Path, july: dict[str, int], august: dict[str, int]) -> Path:
    values = {
        "2025-07": {(m,): v for m, v in july.items()},
        "2025-08": {(m,): v for m, v in august.items()},
    }
    hidden = {"2025-07": ("QUARTER", "MONTH"), "2025-08": ("QUARTER",)}
    return tiny.write(folder / "2025-08", "2025-08", [marked("arrivals", values, hidden)])


def systems(*folders: Path) -> list[System]:
    report = AuditReport()
    found = systems_of([auditing._audit_one(folder, report) for folder in folders])
    assert report.ok, report.to_text()
    return found


def cells(system: System) -> dict[tuple[str, str], int]:
    """Unknown by cube and labels without place."""
    found = {}
    for unknown in range(system.size):
        name = system.slice_of(unknown).cube.name
        parts = system.name(unknown)[2].split("|")
        found[name, "|".join(parts[:1] + parts[2:])] = unknown
    return found


@pytest.mark.parametrize(
    ("july", "august", "narrowed"),
    [
        ({"YEAR": 20}, {"MONTH": 10}, []),
        ({"YEAR": 5}, {"MONTH": 5}, []),
        # At least one was counted again, so at least one was counted before; and at most four.
        ({"YEAR": 0}, {"MONTH": 5}, ["2025-07|MEX|YEAR", "2025-08|MEX|MONTH"]),
        # Five again, exactly as many as there were: all five of them.
        ({"YEAR": 8}, {"MONTH": 8}, []),
        # Seven again at the other site: at least seven in August, of which July knew at least three.
        (
            {"YEAR": 5},
            {"MONTH": 0, "YEAR": 0, "SITE": 7},
            ["2025-07|MEX|YEAR", "2025-08|MEX|MONTH", "2025-08|MEX|YEAR"],
        ),
        # With two sites at most as many again at a site as the month has people.
        ({"YEAR": 0, "SITE": 5}, {}, ["2025-07|MEX|YEAR", "2025-07|MEX|SITE"]),
        ({"YEAR": 5, "SITE": 0}, {}, []),
    ],
)
def test_what_markers_tell(
    tmp_path: Path, july: dict[str, int], august: dict[str, int], narrowed: list[str]
) -> None:
    report = audit([july_and_august(tmp_path, july, august)], HARD)
    for check in ("A3", "A4", "A9"):
        found = {sentence.split(" is published")[0] for sentence in (f.sentence for f in report.of(check))}
        assert found == set(narrowed), (check, report.to_text())
    assert report.ok == (not narrowed)


def test_markers_that_fit_no_truth_exclude_nothing(tmp_path: Path) -> None:
    # Six were counted again of at most four: somebody changed band.
    report = audit([july_and_august(tmp_path, {"YEAR": 0}, {"MONTH": 6})], HARD)
    assert report.ok and "fit no truth" in report.effort_of("A3").note


def test_an_origin_that_vanished_is_sought_under_other(tmp_path: Path) -> None:
    def cube(
        july: dict[tuple[str, ...], int], august: dict[tuple[str, ...], int], hidden: tuple[str, ...]
    ) -> Tiny:
        axes = {"origin": ("HND", "NIC", "OTHER"), "counted": ("YEAR", "MONTH")}
        never = {"2025-07": ("MONTH",), "2025-08": hidden}
        return Tiny("arrivals", axes, {"2025-07": july, "2025-08": august}, hidden=never)

    first, then = {("NIC", "YEAR"): 20}, {("OTHER", "MONTH"): 10}
    merged = tiny.write(tmp_path / "merged", "2025-08", [cube(first, then, ("NIC",))])
    assert audit([merged], HARD).ok
    alone = tiny.write(tmp_path / "alone", "2025-08", [cube(first, {("OTHER", "MONTH"): 5}, ())])
    assert len(audit([alone], HARD).of("A4")) == 2


@pytest.mark.parametrize(
    ("july", "withdrawn", "narrowed"),
    [
        (5, 5, []),
        (9, 9, []),
        (0, 0, []),
        # One at least was withdrawn, so one at least had been counted; and at most four.
        (0, 5, ["2025-07|MEX|F", "2025-08|MEX|F"]),
    ],
)
def test_what_was_withdrawn_had_been_counted(
    tmp_path: Path, july: int, withdrawn: int, narrowed: list[str]
) -> None:
    def counted(*months: str) -> Tiny:
        return Tiny("arrivals", {"sex": ("F", "M")}, {month: {("F",): july} for month in months})

    first = tiny.write(tmp_path / "2025-07", "2025-07", [counted("2025-07")])
    back = Tiny("arrivals_withdrawn", {"sex": ("F", "M")}, {"2025-08": {("F",): withdrawn}})
    cubes = [counted("2025-07", "2025-08"), back]
    then = tiny.write(tmp_path / "2025-08", "2025-08", cubes, [tiny.entry(first)])
    for check in ("A3", "A4", "A9"):
        found = {f.sentence.split(" is published")[0] for f in audit([first, then], HARD).of(check)}
        assert found == set(narrowed), check


def test_withdrawals_bind_only_where_every_month_is_there(tmp_path: Path) -> None:
    august = Tiny("arrivals", {"sex": ("F",)}, {"2025-08": {}})
    back = Tiny("arrivals_withdrawn", {"sex": ("F",)}, {"2025-08": {("F",): 5}})
    july = {"release": "MEX-2025-07", "period": "2025-07", "hashes": {}}
    # What was withdrawn may have been counted in July, which is not given.
    assert audit([tiny.write(tmp_path / "2025-08", "2025-08", [august, back], [july])], HARD).ok


def split_system(tmp_path: Path) -> System:
    base = Tiny("arrivals", {"sex": ("F", "M")}, {"2025-07": {("F",): 5, ("M",): 0}})
    yes_no = Tiny(
        "arrivals.torture", {"sex": ("F", "M"), "torture": ("YES", "NO")}, {"2025-07": {("F", "NO"): 5}},
        "arrivals", "torture", {"YES": 10, "NO": 5},
    )  # fmt: skip
    site = Tiny("arrivals.site", {"place": tiny.SITES}, {"2025-07": {("MX-TAP",): 5}}, "arrivals", "place")
    again = Tiny(
        "arrivals.site.kind", {"place": tiny.SITES, "kind": ("A", "B")}, {"2025-07": {("MX-TAP", "A"): 5}},
        "arrivals.site", "kind",
    )  # fmt: skip
    return systems(tiny.write(tmp_path / "2025-07", "2025-07", [base, yes_no, site, again]))[0]


def test_parts_and_parts_of_parts(tmp_path: Path) -> None:
    system = split_system(tmp_path)
    programs, of = Programs(system), cells(system)
    assert ends_of(programs, of["arrivals", "2025-07|F"]) == (1, 5)
    assert ends_of(programs, of["arrivals.torture", "2025-07|F|YES"]) == (0, 5)
    assert ends_of(programs, of["arrivals.torture", "2025-07|M|YES"]) == (0, 4)
    assert ends_of(programs, of["arrivals.site.kind", "2025-07|B"]) == (0, 9)
    # A sensitive YES under a parent of 5 claims no more than the parent's own value allows.
    assert system.ends(of["arrivals.torture", "2025-07|F|YES"]) == (0, 5)
    assert system.ends(of["arrivals.site", "2025-07"]) == (0, 4)


def test_the_ends_are_those_of_all_possible_truths(tmp_path: Path) -> None:
    """By trying every truth: base cells, and the largest that parts can be."""
    values = {"2025-07": {("YEAR",): 5, ("SITE",): 0}, "2025-08": {("MONTH",): 5, ("YEAR",): 0}}
    hidden = {"2025-07": ("QUARTER", "MONTH"), "2025-08": ("QUARTER",)}
    system = systems(tiny.write(tmp_path / "2025-08", "2025-08", [marked("arrivals", values, hidden)]))[0]
    ranges = [range(int(a), int(b) + 1) for a, b in zip(system.low, system.high, strict=True)]
    every = np.array(list(product(*ranges))).T
    good = every[:, ((system.rows @ every) >= system.least_sum[:, None]).all(axis=0)]
    assert 0 < good.shape[1] < every.shape[1]
    programs = Programs(system)
    for unknown in range(system.size):
        assert ends_of(programs, unknown) == (good[unknown].min(), good[unknown].max())


def test_rows_left_out_lose_nothing(tmp_path: Path) -> None:
    system = split_system(tmp_path)
    programs = Programs(system)
    for unknown in range(system.size):
        assert ends_of(programs, unknown) == ends_of(programs, unknown, whole=True)


def test_a_witness_is_verified_and_not_believed(tmp_path: Path) -> None:
    system = split_system(tmp_path)
    of = cells(system)
    witness = Witness(Programs(system))
    women, part = of["arrivals", "2025-07|F"], of["arrivals.torture", "2025-07|F|NO"]
    assert int(witness.base[women]) == 5
    # The cell alone: its parts no longer sum to it. With a part of only one split: another split does not.
    assert not witness._verify([{women: -4}]).any()
    assert not witness._verify([{women: -4, part: -4}]).any()
    assert witness._verify([witness._moved({women: -4})]).all()
    # Out of what the published value says.
    assert not witness._verify([witness._moved({women: -5}), witness._moved({women: 1})]).any()
    assert witness.run().verified == witness.found.tried == 4


def test_broken_folders_are_not_attacked(tmp_path: Path) -> None:
    folder = july_and_august(tmp_path, {"YEAR": 3}, {})
    report = audit([folder], HARD)
    assert [f.check for f in report.findings] == ["A1"]
    assert not report.effort_of("A3").ran and "not tried" in report.to_text()
