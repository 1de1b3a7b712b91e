"""The attack on the cells of all given releases together: A3, A4 and A9; with a tester's truth A5, A7 and utility."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from . import attack, tester
from .program import Programs, Unsolved
from .reading import System, systems_of
from .report import AuditReport
from .seal import Release
from .witness import Witness

BROKEN = ("FORMAT", "A1", "A8")
TRUTH_ONLY = "it needs the truth of made-up data: --truth"
TEETH_CELLS = 200


def run(
    releases: Sequence[Release], report: AuditReport, cells: int, seed: int, truth: Path | None,
    within: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Attack. Folders that cannot be read, or whose cells do not add up, are not attacked: they have findings."""
    known = tester.read_truth(truth) if truth else None
    if any(report.of(check) for check in BROKEN):
        for check in ("A3", "A4", "A5", "A7", "A9"):
            report.skip(check, "the folders are broken: see the other findings")
        return
    with report.effort("A3"):
        systems = systems_of(releases, within)
        programs = [Programs(system) for system in systems]
    report.count("unknown counts", sum(system.size for system in systems))
    try:
        _witnesses(programs, report)
        _chains(programs, report)
        _narrow(programs, report, cells, seed)
    except Unsolved as problem:
        report.found("A4", "", f"The solver gave no answer: {problem}.")
    if known is None:
        for check in ("A5", "A7"):
            report.skip(check, TRUTH_ONLY)
        return
    _guesses(systems, report, known)
    _teeth(systems, report, known, seed)
    report.utility = [asdict(one) for one in tester.deviations(systems, known)]


def _found(report: AuditReport, check: str, system: System, unknown: int, what: str) -> None:
    file, row, cell = system.name(unknown)
    report.found(
        check, f"{system.country} {file}", f"{cell} is published as {system.published[unknown]}; {what}.", row
    )


def _witnesses(programs: Sequence[Programs], report: AuditReport) -> None:
    with report.effort("A3") as effort:
        solved = contradicted = 0
        for one in programs:
            found = Witness(one).run()
            effort.tried += found.tried
            solved += found.solved
            contradicted += found.contradicted
            for unknown, end in found.failed:
                _found(report, "A3", one.system, unknown, f"no truth was found in which it is {end}")
        notes = [f"{solved:,} by an integer program"] if solved else []
        if contradicted:
            notes.append(f"{contradicted:,} groups whose markers fit no truth, so that they exclude nothing")
        effort.note = "; ".join(notes)


def _chains(programs: Sequence[Programs], report: AuditReport) -> None:
    with report.effort("A9") as effort:
        found = attack.chains(programs)
        effort.tried = found.tried
        effort.note = f"at most {found.unknowns:,} unknowns in one program"
        _report(report, "A9", found, "")


def _narrow(programs: Sequence[Programs], report: AuditReport, cells: int, seed: int) -> None:
    with report.effort("A4") as effort:
        found = attack.attack(programs, cells, seed)
        effort.tried = found.tried
        notes = [f"{found.parts:,} of them parts", f"{found.whole:,} again with every row of their domain"]
        if found.bounded:
            notes.append(
                f"{found.bounded:,} parts of a larger k that are bounded by their parent's own value"
            )
        effort.note = "; ".join(notes)
        _report(report, "A4", found, "by whole numbers ")


def _report(report: AuditReport, check: str, found: attack.Narrowed, how: str) -> None:
    for programs, unknown, low, high in found.failed:
        least, greatest = programs.system.ends(unknown)
        what = "no truth fits it" if low > high else f"{how}it is {low} to {high}, not {least} to {greatest}"
        _found(report, check, programs.system, unknown, what)


def _guesses(systems: Sequence[System], report: AuditReport, known: tester.Truth) -> None:
    with report.effort("A5") as effort:
        found = tester.guess(systems, known)
        effort.tried = found.tried
        effort.note = (
            f"right on {100 * found.share_right:.1f} %, right with confidence over {tester.SURE} on "
            f"{100 * found.share_sure:.2f} %"
        )
        if found.tried < tester.ENOUGH:
            effort.note += "; too few to judge"
        elif found.share_right > tester.MOST_RIGHT or found.share_sure > tester.MOST_SURE:
            report.found("A5", "", f"Of {found.tried:,} true counts of 1 to 4 the guess is {effort.note}.")


def _teeth(systems: Sequence[System], report: AuditReport, known: tester.Truth, seed: int) -> None:
    with report.effort("A7") as effort:
        found = tester.bite(systems, known, TEETH_CELLS, seed)
        report.teeth = [asdict(one) for one in found]
        effort.tried = found[0].tried if found else 0
        if effort.tried < tester.ENOUGH:
            effort.note = "too few small cells to judge"
        elif found[0].share <= tester.TEETH_LEAST:
            report.found(
                "A7", "", f"Of {found[0].tried:,} hidden cells only {found[0].found:,} were recovered."
            )
