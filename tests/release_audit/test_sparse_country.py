"""The whole attack on a country made to be nasty, at all three grains; and on what others would have published of it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from caseapp.publication.cube.markers import Occurrence
from caseapp.release_audit import onslaught, tester
from caseapp.release_audit.audit import Attack, audit
from caseapp.release_audit.commands import release as command
from caseapp.release_audit.naive import attack, attack_rounded, export_with_complements, rounded
from caseapp.release_audit.report import AuditReport

from . import sparse

SIZES = (200, 60, 10)
Made = tuple[sparse.Country, Path, list[Path]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Made]:
    """The country by size, so at each grain: its truth and its folders."""
    found = {}
    for size in SIZES:
        to = tmp_path_factory.mktemp(str(size))
        country, folders = sparse.released(to, size)
        found[size] = (country, country.truth(to / "truth.csv"), folders)
    return found


@pytest.fixture
def coarse(made: dict[int, Made]) -> tuple[Path, list[Path]]:
    """The middle grain."""
    return made[60][1:]


@pytest.mark.parametrize("size", SIZES)
def test_nothing_small_can_be_known(
    made: dict[int, Made], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(onslaught, "TEETH_CELLS", 40)
    country, truth, folders = made[size]
    report = audit(folders, Attack(80, 1, truth))
    assert report.ok, report.to_text()
    for check in ("A1", "A3", "A4", "A6", "A8"):
        assert report.effort_of(check).tried > 0, check
    small = sum(len(system.small()) for system in _systems(folders))
    assert report.effort_of("A4").tried == min(80, small)
    if size == 200:
        hidden, complements, close = report.teeth
        assert hidden["tried"] == 40 and hidden["found"] > 0.8 * 40
        assert complements["found"] > 0.5 * 40 and close["found"] > 0
    # What was to be nasty is there.
    assert {"YES" if atom.late else "NO" for atom in country.frozen} == {"YES", "NO"}
    assert "departures_withdrawn" in country.ledger
    bases = [sheet for sheets in country.ledger.values() for sheet in sheets if "." not in sheet.cube]
    assert size == 10 or {1, 2, 3, 4, 8} <= {
        value for sheet in bases for value in sheet.truth.ravel().tolist()
    }
    assert all(one["beyond"] == 0 for one in report.utility)


def _systems(folders: list[Path]) -> list:
    from caseapp.release_audit.audit import _audit_one
    from caseapp.release_audit.reading import systems_of

    report = AuditReport()
    return systems_of([_audit_one(folder, report) for folder in folders])


def test_a_revision_is_announced_and_attacked(coarse: tuple[Path, list[Path]]) -> None:
    _, folders = coarse
    revised = (folders[-1] / "revisions.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert revised and all(line.split(",")[4] == "MEX-2025-09" for line in revised)
    assert audit(folders, Attack(40)).ok


def test_complements_and_rounding_by_hand() -> None:
    # A line with one hidden cell gets a second; then two unknowns stand in each line, and the attack has a range.
    counts = np.array([[3, 7, 20], [9, 12, 30], [8, 9, 10]])
    shown = export_with_complements(counts)
    assert (shown[0, 1] == -1).sum() == 4
    assert attack(shown, [(0, 0)], (0, None)) == {(0, 0): (0, 10)}
    # 2 + 2 + 2 = 6 are shown as 0, 0, 0 and 5: at least one each.
    three = attack_rounded(rounded(np.array([2, 2, 2])), [(0,)])
    assert three == {(0,): (0, 2)}
    assert attack_rounded({(0,): np.array([0, 0]), (): np.array(5)}, [(0,)]) == {(0,): (1, 2)}


# -- A5 -----------------------------------------------------------------------------------------------
def test_whoever_guesses_is_seldom_right(coarse: tuple[Path, list[Path]]) -> None:
    truth, folders = coarse
    found = tester.guess(_systems(folders), tester.read_truth(truth))
    assert found.tried > 100
    assert found.share_right <= tester.MOST_RIGHT and found.share_sure <= tester.MOST_SURE


def test_a_leak_is_guessed() -> None:
    """Where the published value gives the count away, the same guess is right and sure."""
    counts = np.tile(np.arange(5), 200)
    kinds = np.stack([counts, counts], axis=1)
    leaked = tester._score(kinds, np.stack([counts, counts], axis=1))
    assert leaked.tried == 800 and leaked.share_right == leaked.share_sure == 1.0
    blind = tester._score(np.zeros_like(kinds), np.stack([counts, counts], axis=1))
    assert blind.share_right < 0.35 and blind.sure == 0


def test_too_good_a_guess_is_a_finding(
    coarse: tuple[Path, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, folders = coarse
    monkeypatch.setattr(tester, "MOST_RIGHT", 0.0)
    assert [f.check for f in audit(folders[-1:], Attack(0, 1, truth)).findings] == ["A5"]


# -- A6: two worlds -----------------------------------------------------------------------------------
def one_more(number: int, recorded: datetime) -> Occurrence:
    """Somebody of a rare kind, or a common one."""
    kinds = [
        {"sex": "F", "age_band": "60+", "origin": "NIC"},
        {"sex": "M", "age_band": "18-59", "origin": "HND"},
        {"sex": "O", "age_band": "12-17", "origin": "SLV"},
        {"sex": "F", "age_band": "18-59", "origin": "HTI"},
    ]
    labels = {**sparse.people()[0].dimensions, **kinds[number % len(kinds)]}
    day = date(2025, 8, 9)
    return Occurrence("5151.0", "new", "new", "MX-TAP", day, recorded, labels)


@pytest.mark.parametrize(("number", "size"), [(0, 60), (1, 60), (2, 200), (3, 60), (0, 10)])
@pytest.mark.parametrize("is_late", [False, True])
def test_one_person_more_reveals_no_cell(tmp_path: Path, number: int, size: int, is_late: bool) -> None:
    """The same country, secret and months, without and with one person, known in August or only in September."""
    recorded = datetime(2025, 9 if is_late else 8, 10, tzinfo=UTC)
    everybody = sparse.people(persons=160)
    worlds = []
    for name, people in (("without", everybody), ("with", [*everybody, one_more(number, recorded)])):
        country = sparse.Country(people, size)
        worlds.append((country, [country.release(m, tmp_path / name / m) for m in sparse.MONTHS[:3]]))
    (without, before), (with_, after) = worlds
    same = 2 if is_late else 1
    for one, other in zip(before[:same], after[:same], strict=True):
        assert {f.name: f.read_bytes() for f in one.iterdir()} == {
            f.name: f.read_bytes() for f in other.iterdir()
        }
    assert audit(after, Attack(0)).ok
    differs = 0
    for cube in ("arrivals", "departures"):
        for one, other in zip(without.ledger[cube], with_.ledger[cube], strict=True):
            small = (one.truth < 5) | (other.truth < 5)
            k = np.full(one.truth.shape, 5)
            # What either world published could have come from the other, wherever it is about few.
            assert tester.is_possible(one.truth, other.y, k)[small].all()
            assert tester.is_possible(other.truth, one.y, k)[small].all()
            differs += int((one.truth != other.truth).sum())
    assert differs >= 2  # the person was counted, in both domains


def test_possible_values() -> None:
    def possible(truth: int, published: int) -> bool:
        return bool(tester.is_possible(np.array([truth]), np.array([published]), np.array([5]))[0])

    assert [possible(0, y) for y in (0, 5, 10)] == [True, True, False]
    assert [possible(3, y) for y in (0, 3, 5, 10)] == [True, True, True, False]
    assert [possible(7, y) for y in (0, 5, 7, 10)] == [True, False, True, True]  # one household of seven


# -- the command --------------------------------------------------------------------------------------
def test_the_command(
    coarse: tuple[Path, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onslaught, "TEETH_CELLS", 4)
    truth, folders = coarse
    runner = CliRunner()
    arguments = ["audit", *map(str, folders), "--cells", "20", "--seed", "4", "--truth", str(truth), "--json"]
    answer = runner.invoke(command, arguments)
    found = json.loads(answer.output)
    assert answer.exit_code == 0 and found["ok"]
    assert found["checks"]["A4"] | {"seconds": 0} == found["checks"]["A4"] | {
        "seconds": 0,
        "tried": 20,
        "failed": 0,
    }
    assert {"A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "FORMAT"} == set(found["checks"])
    assert all(one["ran"] for one in found["checks"].values())
    assert {one["span"] for one in found["utility"]} >= {"month", "quarter", "year", "site month", "cell"}
    assert len(found["teeth"]) == 3
    text = runner.invoke(command, ["audit", str(folders[-1]), "--cells", "5"]).output
    assert "A5: whoever guesses" in text and "not tried" in text and "(5 tried" in text
    for broken in (tmp_path / "nowhere.csv", tmp_path):
        refused = runner.invoke(command, ["audit", str(folders[0]), "--truth", str(broken)])
        assert refused.exit_code == 1 and str(broken) in refused.output
    cell = folders[-1] / "cube-arrivals.csv"
    worse = tmp_path / "worse"
    worse.mkdir()
    for file in folders[-1].iterdir():
        (worse / file.name).write_bytes(file.read_bytes())
    (worse / cell.name).write_text(cell.read_text().replace(",0\n", ",3\n", 1))
    assert runner.invoke(command, ["audit", str(worse)]).exit_code == 1


def test_truth_may_be_a_folder_of_cubes(tmp_path: Path) -> None:
    country = sparse.Country(sparse.people(persons=40), 10)
    months = [country.release(month, tmp_path / month) for month in sparse.MONTHS[:3]]
    file = tester.read_truth(country.truth(tmp_path / "truth.csv"))
    folder = tmp_path / "truth"
    folder.mkdir()
    for cube in months[-1].glob("cube-*.csv"):
        name = cube.name.removeprefix("cube-").removesuffix(".csv")
        lines = cube.read_text(encoding="utf-8").splitlines()
        told = [
            f"{line.rpartition(',')[0]},{file.get(name, {}).get(tuple(line.split(',')[:-1]), 0)}"
            for line in lines[1:]
        ]
        (folder / cube.name).write_text("\n".join([lines[0], *told, ""]), encoding="utf-8")
    read = {n: {c: v for c, v in cells.items() if v} for n, cells in tester.read_truth(folder).items()}
    assert {n: c for n, c in read.items() if c} == {n: dict(c) for n, c in file.items() if c}
