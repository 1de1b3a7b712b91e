"""A country made to be nasty, released by the real code without a database: people alone in their cells, one household
of eight, a site of one person, a sensitive part with a k of its own, late entries, withdrawals, a revision. The truth
is kept, for the attacker who is a tester."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from caseapp.indicators import catalogue
from caseapp.publication import drawing
from caseapp.publication.counting import Counted, Counting, TakenBack
from caseapp.publication.cube import period as periods
from caseapp.publication.cube.markers import Atom, Occurrence, atoms_of
from caseapp.publication.cube.protection import protect
from caseapp.publication.cube.rounding import Truth
from caseapp.publication.cube.splitting import protect_split
from caseapp.publication.cube.tally import Item, counted_in, tally
from caseapp.publication.drawing import Drawn
from caseapp.publication.package import CubeOut, Package, SheetOut, files_of, manifest_of
from caseapp.publication.plan import DomainPlan, domain_plans, settle
from caseapp.publication.service.packing import hierarchy_of

SECRET = b"a secret of nobody"
SITES = ("MX-CDM", "MX-ONE", "MX-TAP")
MONTHS = ("2025-07", "2025-08", "2025-09", "2025-10")
#: A country that counts by quarters needs two of them.
QUARTERLY = ("2025-04", "2025-05", "2025-06", "2025-07", "2025-08", "2025-09")
DOMAINS = ("arrivals", "departures")
ORIGINS = ("HND", "HTI", "CUB", "VEN", "SLV", "GTM", "NIC")
ROWS = list[tuple[str | int, ...]]


def people(seed: int = 3, persons: int = 320, first: str = MONTHS[0]) -> list[Occurrence]:
    """Who happens where and when; some come again, some are entered months later."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(persons):
        home = f"h{number}" if number % 3 else "big" if number % 60 == 0 else f"h{number - 1}"
        labels = {
            "sex": str(rng.choice(["F", "M", "O"], p=[0.3, 0.65, 0.05])),
            "age_band": str(rng.choice(["0-4", "12-17", "18-59", "60+"], p=[0.05, 0.05, 0.85, 0.05])),
            "origin": str(rng.choice(ORIGINS, p=[0.6, 0.2, 0.1, 0.04, 0.03, 0.02, 0.01])),
            "household_type": "ADULT_ALONE",
            "screened": str(rng.choice(["WITHIN_24H", "LATER_OR_NOT"])),
            "pathway": str(rng.choice(["RESETTLEMENT", "PTA"], p=[0.9, 0.1])),
        }
        for again in range(1 + (number % 4 == 0)):
            day = date.fromisoformat(f"{first}-01") + timedelta(days=int(rng.integers(123)))
            known = datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=45 * (number % 9 == 0))
            site = (
                "MX-ONE"
                if number == 7
                else str(rng.choice(["MX-TAP", "MX-CDM", "MX-XXX"], p=[0.7, 0.2, 0.1]))
            )
            found.append(Occurrence(f"{number:04d}.{again}", f"p{number}", home, site, day, known, labels))
    # One household of eight alone in its cell, on one day.
    odd = {**found[0].dimensions, "sex": "O", "age_band": "60+", "origin": "NIC"}
    day = date(2025, 8, 3)
    known = datetime(2025, 8, 3, tzinfo=UTC)
    found += [Occurrence(f"big.{n}", f"b{n}", "eight", "MX-TAP", day, known, odd) for n in range(8)]
    return found


@dataclass
class Country:
    """A country as it is released, month after month."""

    occurrences: list[Occurrence]
    size: int = 200
    first: str = MONTHS[0]
    secret: bytes = SECRET
    frozen: list[Atom] = field(default_factory=list)
    ledger: dict[str, list[Drawn]] = field(default_factory=dict)
    rows: dict[str, SimpleNamespace] = field(default_factory=dict)
    previous: list[dict] = field(default_factory=list)
    revised: ROWS = field(default_factory=list)

    def __post_init__(self) -> None:
        self.plan = settle("MEX", "2025", [], SITES, "MX", self.size)
        plans = domain_plans(self.plan, catalogue.all(date(2025, 10, 31)))
        self.domains = [one for one in plans if one.domain.name in DOMAINS]

    def release(self, month: str, to: Path) -> Path:
        """Release a month into a folder: everything known by the end of the month is counted."""
        unit = self.plan.unit_of(month)
        if unit is not None:
            self._count(unit, month)
        return self._write(month, to)

    def _count(self, unit: str, month: str) -> None:
        known = [one for one in self.occurrences if f"{one.recorded_at:%Y-%m}" <= month]
        atoms = atoms_of(
            unit, known, self.frozen, since=periods.quarter(self.first) if "Q" in unit else self.first
        )
        back = [
            a
            for a in self.frozen
            if int(a.occurrence.partition(".")[0].replace("big", "1")) % 50 == int(month[5:7])
        ]
        self.frozen += atoms
        for domain in self.domains:
            counted = [Counted(self._item(atom), atom.period, atom.period, atom, 1) for atom in atoms]
            taken = [TakenBack(self._item(atom), atom.occurrence, atom.period, 1) for atom in back]
            counting = Counting(tuple(counted), tuple(taken))
            was_released = bool(self.ledger.get(domain.cube.name))
            drawn = drawing.draw(self.plan, domain, unit, counting, self.ledger, self.secret, self.first)
            if was_released:
                sheet = drawing.draw_withdrawn(self.plan, domain, unit, counting, self.ledger, self.secret)
                self._keep(sheet, f"{domain.domain.name}_withdrawn", domain, None, None, 5)
            self._note(domain, drawn.sheets)

    def _item(self, atom: Atom) -> Item:
        site = atom.site if atom.site in self.plan.sites else self.plan.sites[-1]
        return Item({**atom.labels(), "place": site}, atom.person, atom.household)

    def _note(self, domain: DomainPlan, sheets: Sequence[Drawn]) -> None:
        splits = {split.name: split for split in domain.splits}
        for sheet in sheets:
            split = splits.get(sheet.cube)
            ks = dict(split.ks) if split else {}
            k = (
                {label: ks.get(label, split.k) for label in split.part.labels}
                if split and ks
                else domain.cube.k
            )
            parent, part = (split.parent, split.part.name) if split else (None, None)
            self._keep(sheet, domain.domain.name, domain, parent, part, k)

    def _keep(
        self, sheet: Drawn, of: str, domain: DomainPlan, parent: str | None, part: str | None, k: object
    ) -> None:
        self.ledger.setdefault(sheet.cube, []).append(sheet)
        groups = {d.name: dict(d.groups) for d in sheet.dimensions if d.groups}
        self.rows[sheet.cube] = SimpleNamespace(
            domain=of, unit=domain.domain.unit, parent=parent, split_dimension=part, k=k, hierarchy=groups
        )

    def revise(self, period: str) -> None:
        """Draw a published month of departures anew, with ten more people in one cell: the next release says so."""
        domain = next(one for one in self.domains if one.domain.name == "departures")
        cube = domain.cube
        before = next(sheet for sheet in self.ledger[cube.name] if sheet.period == period)
        atoms = [atom for atom in self.frozen if atom.period == period]
        more = [
            replace(atoms[0], person=f"m{n}", household=f"m{n}", occurrence=f"9999.{n}") for n in range(10)
        ]
        items = counted_in(cube.dimensions, [self._item(atom) for atom in (*atoms, *more)])
        others = [sheet.entry() for sheet in self.ledger[cube.name] if sheet.period != period]
        base = protect(
            cube, period, tally(cube.dimensions, items), secret=self.secret, ledger=others, edition=1,
            replaces=before.entry(),
        )  # fmt: skip
        new = [replace(before, y=base.y, shown=base.shown, truth=base.entry.truth)]
        for split in domain.splits:
            old = next(sheet for sheet in self.ledger[split.name] if sheet.period == period)
            exact: Truth = tally(old.dimensions, items, leave_out=())
            parts = protect_split(
                split, cube.dimensions, base.y, exact, secret=self.secret, country="MEX", period=period, edition=1,
                replaces=(old.y.sum(axis=-1), old.y),
            )  # fmt: skip
            new.append(replace(old, y=parts.y, truth=exact.count))
        for sheet in new:
            self._replace(sheet)

    def _replace(self, sheet: Drawn) -> None:
        own = self.ledger[sheet.cube]
        at = next(n for n, one in enumerate(own) if one.period == sheet.period)
        for cell, old, value in zip(
            _cells(sheet), own[at].y.ravel().tolist(), sheet.y.ravel().tolist(), strict=True
        ):
            if old != value:
                self.revised.append((sheet.cube, "|".join(cell), old, value))
        own[at] = sheet

    # -- files ------------------------------------------------------------------------------------
    def _write(self, month: str, to: Path) -> Path:
        cubes = tuple(self._out(name) for name in sorted(self.ledger) if self.ledger[name])
        stored = {
            name: [(self.rows[name], sheet) for sheet in sheets] for name, sheets in self.ledger.items()
        }
        last = self.previous[-1]["release"] if self.previous else ""
        keys = ("cube", "cell", "old", "new", "revises", "reason")
        revisions = [dict(zip(keys, (*row, last, "LATE"), strict=True)) for row in self.revised]
        self.revised = []
        package = Package(
            f"MEX-{month}",
            "MEX",
            month,
            cubes,
            hierarchy_of(self.plan, cubes, stored),
            [],
            [],
            revisions,
            {},
            "test",
        )
        files = files_of(package)
        files["manifest.json"] = manifest_of(package, files, self.previous)
        to.mkdir(parents=True)
        for name, content in files.items():
            (to / name).write_bytes(content)
        hashes = {name: sha256(content).hexdigest() for name, content in files.items()}
        self.previous = [*self.previous, {"release": package.release, "period": month, "hashes": hashes}]
        return to

    def _out(self, name: str) -> CubeOut:
        row = self.rows[name]
        sheets = tuple(
            SheetOut(
                s.period,
                tuple((d.name, d.labels) for d in s.dimensions),
                s.y.ravel().tolist(),
                s.shown.ravel().tolist(),
            )
            for s in self.ledger[name]
        )
        return CubeOut(name, row.domain, row.unit, row.parent, row.split_dimension, row.k, sheets)

    def truth(self, to: Path) -> Path:
        """The true counts of everything released, as `--truth` takes them."""
        with to.open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(("cube", "cell", "value"))
            for name, sheets in sorted(self.ledger.items()):
                for sheet in sheets:
                    assert sheet.truth is not None
                    values = sheet.truth.ravel().tolist()
                    lines.writerows(
                        (name, "|".join(c), v) for c, v in zip(_cells(sheet), values, strict=True) if v
                    )
        return to


def _cells(sheet: Drawn) -> list[tuple[str, ...]]:
    """The labels of every cell as files write them: period, place, then the others."""
    names = [d.name for d in sheet.dimensions]
    found = []
    for at in np.ndindex(*(len(d.labels) for d in sheet.dimensions)):
        labels: Mapping[str, str] = {d.name: d.labels[i] for d, i in zip(sheet.dimensions, at, strict=True)}
        others = [labels[name] for name in names if name != "place"]
        found.append((sheet.period, labels.get("place", "MEX"), *others))
    return found


def released(folder: Path, size: int = 200, persons: int = 320) -> tuple[Country, list[Path]]:
    """The country with all its releases; where it counts by months, the last but one is revised by the last."""
    months = QUARTERLY if size < 30 else MONTHS
    country = Country(people(persons=persons, first=months[0]), size, months[0])
    dirs = []
    for month in months:
        if month == months[-1] and country.plan.is_monthly:
            country.revise(months[-2])
        dirs.append(country.release(month, folder / month))
    return country, dirs
