"""`make attack`: the whole attack on releases made to be nasty, large, at all three grains, or on given folders.

make attack                      three countries of 1,200 people each, with their truth
make attack ARGS="DIR DIR …"     exported folders, as anybody has them
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from caseapp.release_audit.audit import Attack, audit

from . import sparse

CELLS, PERSONS = 1000, 1200


def _made_up() -> bool:
    is_clean = True
    for size in (200, 60, 10):
        with TemporaryDirectory() as folder:
            to = Path(folder)
            began = perf_counter()
            country, folders = sparse.released(to, size, PERSONS)
            made = perf_counter() - began
            report = audit(folders, Attack(CELLS, 1, country.truth(to / "truth.csv")))
            taken = perf_counter() - began - made
            print(f"{country.plan.grain}: {len(folders)} releases in {made:.1f} s, attacked in {taken:.1f} s")
            print(report.to_text(), end="\n\n")
            is_clean = is_clean and report.ok
    return is_clean


def main(folders: list[str]) -> int:
    """Print the reports; 1 if anything was found."""
    if not folders:
        return 0 if _made_up() else 1
    report = audit([Path(folder) for folder in folders], Attack(CELLS))
    print(report.to_text())
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
