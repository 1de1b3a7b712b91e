"""Whatever a folder holds, the audit ends with findings, never with an exception."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseapp.release_audit.audit import audit
from caseapp.release_audit.period import kind, pieces

from .folders import edit_json, reseal, write_release

MONTHS = ["2025-07", "2025-08", "2025-09"]
FILES = ["README", "coverage.csv", "cube-arrivals.csv", "cube-arrivals.site.csv", "datapackage.json"]
FILES += ["figures.csv", "hierarchy.json", "manifest.json", "revisions.csv"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_release(tmp_path / "2025-09", MONTHS, [])


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    report = audit([tmp_path / "nowhere"])
    assert any("cannot be read" in finding.sentence for finding in report.of("FORMAT"))
    assert not audit([tmp_path]).ok  # an empty one


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file(folder: Path, file: str) -> None:
    (folder / file).unlink()
    report = audit([folder])
    assert any(Path(f.file).name == file and "missing" in f.sentence for f in report.findings)


@pytest.mark.parametrize("file", [file for file in FILES if file != "README"])
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"[]", b'{"a": 1, "a": 2}', b'a,"b\n', b"[" * 100_000]
)
def test_garbage_in_a_file(folder: Path, file: str, content: bytes) -> None:
    (folder / file).write_bytes(content)
    report = audit([folder])
    assert any(Path(finding.file).name == file for finding in report.findings)
    json.loads(report.to_json())
    report.to_text().encode("utf-8")


@pytest.mark.parametrize("value", ["", "-5", "5.0", "five", "٥", "9" * 30, "=1+1", "\x00"])
def test_a_cell_that_is_no_number(folder: Path, value: str) -> None:
    file = folder / "cube-referrals.csv"
    lines = file.read_text(encoding="utf-8").split("\n")
    lines[2] = f"2025-07,MEX,M,{value}"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert any(f.row == 3 and f.file == str(file) for f in audit([folder]).of("FORMAT"))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("2025-07,MEX,M", "3 values"),
        ("2025-07,MEX,M,5,5", "5 values"),
        ("", "0 values"),
        ("2025-07,MEX,F,20", "same cell"),
        ("2025-13,MEX,F,20", "period"),
        ("2025,MEX,F,20", "period"),
        ("2025-07,MEX,T,20", "sex"),
    ],
)
def test_a_broken_row(folder: Path, line: str, sentence: str) -> None:
    file = folder / "cube-referrals.csv"
    lines = file.read_text(encoding="utf-8").split("\n")
    lines[2] = line
    file.write_text("\n".join(lines), encoding="utf-8")
    assert any(f.row == 3 and sentence in f.sentence for f in audit([folder]).of("FORMAT"))


def test_a_missing_column(folder: Path) -> None:
    file = folder / "figures.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("value,", "", 1), encoding="utf-8")
    assert any(f.row == 1 and "columns" in f.sentence for f in audit([folder]).of("FORMAT"))


WRONG = [
    None,
    7,
    -1,
    1e400,
    True,
    "T",
    "../../etc",
    [],
    [[]],
    {},
    {"x": None},
    ["period", "place", []],
    10**40,
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_any_part_of_the_json_may_be_wrong(folder: Path, wrong: object) -> None:
    originals = {
        name: (folder / name).read_text(encoding="utf-8") for name in ("manifest.json", "hierarchy.json")
    }
    ways = {
        "manifest.json": [
            ["k"], ["k", "arrivals"], ["k", "referrals.answer", "LATE"], ["definitions"],
            ["definitions", "P2-02"],
            ["definitions", "P2-02", 0], ["definitions", "P2-02", 0, "bands"],
            ["definitions", "P2-02", 0, "bands", 1], ["definitions", "P2-02", 0, "bands", 1, 1],
            ["definitions", "P2-03", 0, "part"], ["definitions", "P2-03", 0, "of"],
            ["definitions", "P2-03", 0, "basis"], ["definitions", "P2-03", 0, "measure"],
            ["definitions", "P2-01", 1, "unit_cost"], ["hashes"], ["hashes", "README"], ["previous"],
            ["release"], ["period"], ["country"],
        ],
        "hierarchy.json": [
            ["dimensions"], ["dimensions", "sex"], ["dimensions", "sex", "F"], ["cubes"],
            ["cubes", "arrivals"], ["cubes", "arrivals", "dimensions"], ["cubes", "arrivals.site", "parent"],
            ["cubes", "arrivals.site", "split_dimension"], ["cubes", "arrivals", "unit"],
            ["cubes", "arrivals.site", "stages"], ["cubes", "arrivals", "domain"],
        ],
    }  # fmt: skip
    for name, paths in ways.items():
        for path in paths:
            value = json.loads(originals[name])
            place = value
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = wrong
            (folder / name).write_text(json.dumps(value), encoding="utf-8")
            json.loads(audit([folder]).to_json())
        (folder / name).write_text(originals[name], encoding="utf-8")


def test_a_cube_cannot_point_outside_the_folder(folder: Path) -> None:
    edit_json(folder / "hierarchy.json", lambda h: h["cubes"].update({"../x": h["cubes"]["arrivals"]}))
    reseal(folder)
    assert any("form of a cube's name" in finding.sentence for finding in audit([folder]).of("FORMAT"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=st.sampled_from(FILES),
    at=st.floats(0, 1, exclude_max=True),
    junk=st.binary(min_size=1, max_size=6),
)
def test_bytes_written_anywhere(
    tmp_path_factory: pytest.TempPathFactory, file: str, at: float, junk: bytes
) -> None:
    folder = write_release(tmp_path_factory.mktemp("release") / "2025-09", MONTHS, [])
    content = (folder / file).read_bytes()
    cut = int(at * len(content))
    altered = content[:cut] + junk + content[cut + len(junk) :]
    (folder / file).write_bytes(altered)
    report = audit([folder])
    assert file == "manifest.json" or altered == content or not report.ok


def test_periods() -> None:
    assert pieces("2025-10") == {"2025-10a", "2025-10b"}
    assert pieces("2025-Q4") == {"2025-10a", "2025-10b", "2025-11", "2025-12"}
    assert len(pieces("2025")) == 13
    assert {"2024-10b", "2024-12", "2025-01", "2025-10a"} < pieces("MIRPS-2025")
    assert len(pieces("MIRPS-2025")) == 13
    assert not pieces("MIRPS-2025") & {"2024-10a", "2025-10b"}
    assert [kind(code) for code in ("2025-00", "2025-Q5", "25", "2025-10c")] == [None] * 4


@pytest.mark.parametrize(("reporting", "found"), [("1", False), ("2", True), ("0", True)])
def test_coverage_that_tells_more_than_who_signed(folder: Path, reporting: str, found: bool) -> None:
    """Two sites, one of which signed: whoever reads that both reported knows that the other recorded something."""
    file = folder / "coverage.csv"
    rows = (f"COUNTRY,MEX,PARTIAL,{reporting},2", "SITE,MX-TAP,COMPLETE,1,1", "SITE,MX-TIJ,PARTIAL,0,1")
    lines = [f"arrivals,2025-09,{row}" for row in rows]
    head = file.read_text(encoding="utf-8").split("\n")[0]
    file.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    reseal(folder)
    report = audit([folder])
    assert any("sites reported, but 1 signed" in one.sentence for one in report.of("A2")) == found
    assert report.ok is not found
