"""A valid pair of releases passes; each alteration by hand is found, with its file and row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from caseapp.release_audit.audit import audit
from caseapp.release_audit.report import AuditReport

from .folders import alter, edit_json, reseal, write_release


@pytest.fixture
def august(tmp_path: Path) -> Path:
    return write_release(tmp_path / "2025-08", ["2025-07", "2025-08"], [])


@pytest.fixture
def september(tmp_path: Path, august: Path) -> Path:
    return write_release(tmp_path / "2025-09", ["2025-07", "2025-08", "2025-09"], [august])


def rows(report: AuditReport, check: str, file: str) -> list[int | None]:
    return [finding.row for finding in report.of(check) if Path(finding.file).name == file]


def test_valid_releases_pass_in_any_order(august: Path, september: Path) -> None:
    for dirs in ([september], [august, september], [september, august], [september, september]):
        report = audit(dirs)
        assert report.findings == []
        assert report.ok
    checked = audit([august, september]).checked
    assert checked["figures"] == 22
    assert checked["figures not published"] == 2
    assert checked["cells"] == 5 * (16 + 16 + 2 + 6 + 8)
    assert checked["cells compared with an earlier release"] == 2 * (16 + 16 + 2 + 6 + 8)
    assert checked["earlier releases"] == 1
    assert checked["split sums"] == 5 * (8 + 2 + 2)


def test_a_small_cell_is_found_where_it_stands(september: Path) -> None:
    row = alter(september / "cube-arrivals.csv", "2025-09,MEX,M,5-11,YEAR,5", "2025-09,MEX,M,5-11,YEAR,3")
    report = audit([september])
    assert rows(report, "A1", "cube-arrivals.csv") == [row]
    assert rows(report, "A2", "cube-arrivals.csv") == [None]  # its hash
    reseal(september)
    report = audit([september])
    assert rows(report, "A1", "cube-arrivals.csv") == [row]
    assert rows(report, "A2", "cube-arrivals.csv") == []
    assert rows(report, "A2", "figures.csv") == [2, 5, 6]  # month, quarter, year
    assert len(report.of("A8")) == 1


def test_a_part_may_have_its_own_k(september: Path) -> None:
    file = september / "cube-referrals.answer.csv"
    row = alter(file, "2025-09,MEX,M,NONE,9", "2025-09,MEX,M,NONE,8")
    assert rows(audit([september]), "A1", file.name) == [row]


@pytest.mark.parametrize(
    ("row", "old", "new"),
    [
        (2, ",95,PUBLISHED", ",100,PUBLISHED"),
        (4, ",75,PUBLISHED", ",80,PUBLISHED"),
        (5, ",255,PUBLISHED", ",260,PUBLISHED"),
        (6, ",195,PUBLISHED", ",,PUBLISHED"),
        (7, "MX07,T,T,T,T,T,YEAR,", "MX07,T,T,T,T,T,YEAR+QUARTER,"),
        (5, "YEAR+QUARTER,,,255", "YEAR+QUARTER+MONTH,,,285"),
        (7, "ADMIN1,MX07", "SITE,MX07"),
        (7, "COUNT,FIRST_COUNTED", "COUNT,PERSONS"),
        (9, "4097.00", "4097.50"),
        (10, ",34,1.7,", ",34,1.8,"),
        (10, ",34,1.7,", ",35,1.7,"),
        (11, ",17,34,50.0,", ",17,34,51.0,"),
        (11, ",17,34,50.0,", ",18,34,52.9,"),
        (11, ",17,34,50.0,", ",17,30,56.7,"),
        (12, ",35.7,", ",35.71,"),
        (12, ",5,14,35.7,", ",5,0,35.7,"),
        (13, ",,,,NOT_OFFERED,", ",,,7,NOT_OFFERED,"),
        (8, ",PUBLISHED,referrals", ",PUBLISHED,arrivals"),
        (8, ",PUBLISHED,referrals", ",PUBLISHED,nothing"),
        (8, "MEX,T,T,T", "MEX,F,T,T"),
        (8, "MEX,T,T,T", "MEX,T,T,HND"),
        (3, "MEX,F,CHILD", "MEX,F,BABY"),
        (3, "2025-09", "2024-09"),
        (3, "2025-09", "September"),
    ],
)
def test_an_altered_figure_is_found(september: Path, row: int, old: str, new: str) -> None:
    file = september / "figures.csv"
    line = file.read_text(encoding="utf-8").split("\n")[row - 1]
    assert line.count(old) == 1
    alter(file, line, line.replace(old, new))
    reseal(september)
    report = audit([september])
    assert rows(report, "A2", "figures.csv") == [row]
    assert len(report.findings) == 1


def test_a_rate_over_less_than_ten_is_found(september: Path) -> None:
    for name, old, new in (
        ("cube-referrals.csv", "2025-09,MEX,M,14", "2025-09,MEX,M,9"),
        ("cube-referrals.answer.csv", "2025-09,MEX,M,IN_TIME,5", "2025-09,MEX,M,IN_TIME,0"),
    ):
        alter(september / name, old, new)
    figures = september / "figures.csv"
    line = figures.read_text(encoding="utf-8").split("\n")[11]
    alter(figures, line, line.replace("5,14,35.7", "0,9,0.0"))
    reseal(september)
    sentences = [f.sentence for f in audit([september]).of("A2") if f.row == 12]
    assert len(sentences) == 1 and "least denominator" in sentences[0]


def test_a_hash_is_found(september: Path) -> None:
    edit_json(september / "manifest.json", lambda m: m["hashes"].update({"README": "0" * 64}))
    report = audit([september])
    assert [(f.check, Path(f.file).name) for f in report.findings] == [("A2", "README")]


def test_an_unlisted_file_is_found(september: Path) -> None:
    (september / "notes.txt").write_text("truth", encoding="utf-8")
    assert rows(audit([september]), "A2", "notes.txt") == [None]


def test_a_split_that_does_not_sum_is_found(september: Path) -> None:
    file = september / "cube-arrivals.site.csv"
    row = alter(file, "2025-08,MX-OTH,F,QUARTER,5", "2025-08,MX-OTH,F,QUARTER,10")
    reseal(september)
    report = audit([september])
    assert [finding.check for finding in report.findings] == ["A8"]
    found = report.findings[0]
    assert Path(found.file).name == file.name
    first_of_group = alter(file, "2025-08,MX-TAP,F,QUARTER,10", "")
    assert found.row == first_of_group < row
    assert "sum to 20" in found.sentence and "to 15" in found.sentence


def test_cubes_drawn_apart_are_found(september: Path) -> None:
    edit_json(
        september / "hierarchy.json",
        lambda h: h["cubes"]["referrals.wait"].update(parent=None, split_dimension=None),
    )
    reseal(september)
    assert ["drawn apart" in finding.sentence for finding in audit([september]).of("A8")] == [True]


def test_a_circle_of_parents_is_found(september: Path) -> None:
    def edit(hierarchy: dict) -> None:
        hierarchy["cubes"]["referrals"].update(parent="referrals.answer", split_dimension="sex")

    edit_json(september / "hierarchy.json", edit)
    assert rows(audit([september]), "A8", "hierarchy.json")


def test_overlapping_labels_in_a_cube_are_found(september: Path) -> None:
    file = september / "cube-arrivals.csv"
    row = alter(file, "2025-09,MEX,F,5-11,MONTH,0", "2025-09,MEX,F,CHILD,MONTH,0")
    assert row in rows(audit([september]), "A8", file.name)


def test_a_changed_earlier_release_is_found(august: Path, september: Path) -> None:
    row = alter(august / "cube-referrals.csv", "2025-08,MEX,F,20", "2025-08,MEX,F,25")
    reseal(august)
    report = audit([august, september])
    assert rows(report, "A2", "cube-referrals.csv").count(None) == 1
    assert rows(report, "A2", "manifest.json") == [None]
    assert any("recorded it" in f.sentence and f.file.startswith(str(august)) for f in report.of("A2"))
    assert row in rows(report, "A2", "cube-referrals.csv")  # September does not repeat the value


def test_a_missing_file_of_an_earlier_release_is_found(august: Path, september: Path) -> None:
    (august / "README").unlink()
    report = audit([august, september])
    assert any("recorded this file" in f.sentence for f in report.of("A2"))


def test_releases_that_do_not_know_each_other_are_found(tmp_path: Path, august: Path) -> None:
    orphan = write_release(tmp_path / "2025-09", ["2025-07", "2025-08", "2025-09"], [])
    assert any("Neither" in f.sentence for f in audit([august, orphan]).of("A2"))


def revise(folder: Path, new: int) -> None:
    """A revision of the referrals of men in August, 14 to `new`, everywhere consistent."""
    alter(folder / "cube-referrals.csv", "2025-08,MEX,M,14", f"2025-08,MEX,M,{new}")
    part = f"2025-08,MEX,M,IN_TIME,{new - 9}"
    alter(folder / "cube-referrals.answer.csv", "2025-08,MEX,M,IN_TIME,5", part)
    alter(folder / "cube-referrals.wait.csv", "2025-08,MEX,M,0-1,5", f"2025-08,MEX,M,0-1,{new - 9}")
    reseal(folder)


def announce(folder: Path, new: int) -> None:
    lines = [
        f"referrals,2025-08|MEX|M,14,{new},MEX-2025-08,late",
        f"referrals.answer,2025-08|MEX|M|IN_TIME,5,{new - 9},MEX-2025-08,late",
        f"referrals.wait,2025-08|MEX|M|0-1,5,{new - 9},MEX-2025-08,late",
    ]
    with (folder / "revisions.csv").open("a", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))
    reseal(folder)


def test_a_change_must_be_announced_and_large(august: Path, september: Path) -> None:
    revise(september, 20)
    silent = audit([august, september])
    assert len(silent.of("A2")) == len(silent.findings) == 3
    announce(september, 20)
    assert audit([august, september]).findings == []


def test_a_small_announced_change_is_found(august: Path, september: Path) -> None:
    revise(september, 17)
    announce(september, 17)
    report = audit([august, september])
    assert ["by less than 5" in finding.sentence for finding in report.findings] == [True] * 3


def test_an_announced_change_that_did_not_happen_is_found(august: Path, september: Path) -> None:
    announce(september, 20)
    assert rows(audit([august, september]), "A2", "revisions.csv") == [2, 3, 4]


def test_the_report_is_readable_by_people_and_machines(september: Path) -> None:
    alter(september / "cube-arrivals.csv", "2025-09,MEX,M,5-11,YEAR,5", "2025-09,MEX,M,5-11,YEAR,3")
    report = audit([september])
    value = json.loads(report.to_json())
    assert value["ok"] is False
    assert value["findings"][0]["check"] == "A1"
    assert value["findings"][0]["row"] == 42
    text = report.to_text()
    assert "cube-arrivals.csv, row 42: The value 3 is neither 0 nor at least 5." in text
    assert "A8: every split sums to its parent: 1 finding" in text
