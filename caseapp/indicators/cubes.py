"""The domains that figures count, as data: `config/reference/cubes.yml`, read once and checked.

Dimensions here are plain and at their finest; how fine a country shows them is decided by its size when
a release is made (`caseapp.publication.cube.grain`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from caseapp.core import journal
from caseapp.core.reference import ROOT, origin_groups
from caseapp.indicators import apart
from caseapp.indicators.apart import APART, COUNTED
from caseapp.indicators.located import Located

FILE = ROOT / "cubes.yml"
MARKERS = ("YEAR", "QUARTER", "MONTH", "SITE")
UNITS = ("PERSONS", "EVENTS", "NIGHTS", "STOCK")
GRAINS = ("MONTH", "QUARTER")
SOURCES = (
    "occurrences", "registrations", "claim_endings", "referral_endings", "nights", "open_cases", "interviews",
    "assisted", "needs_answered", "entitlements", "schooling", "validations",
    "identified", "wg_asked", "returned_children", "best_interests", "idp_access", "properties_due",
    "heads",
)  # fmt: skip
FACT_COLUMNS = (
    "site",
    "sex",
    "age_band",
    "origin",
    "household_type",
    "stage",
    "sector",
    "counted",
    "household_counted",
)
#: Dimensions whose labels are not in the file: sites are asked of the journal, markers are fixed.
OPEN_DIMENSIONS = ("site", "counted", "household_counted", "ever")


@dataclass(frozen=True)
class Axis:
    """A dimension: its base labels, the coarser labels made of them, which finer codes go where.

    `column` is where the facts have it. A code that is neither a label nor in `takes` goes to `rest`; without
    `rest` (sites) every code is a label.
    """

    name: str
    column: str
    labels: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] | None = None
    takes: Mapping[str, str] | None = None
    rest: str = ""

    def place(self, found: str) -> str:
        """The base label that a code of the facts belongs to."""
        label = (self.takes or {}).get(found, found)
        return label if not self.labels or label in self.labels else (self.rest or label)

    def all_labels(self) -> frozenset[str]:
        """Base labels and coarser ones."""
        return frozenset(self.labels) | frozenset(self.groups or {})


@dataclass(frozen=True)
class Part:
    """A split of a domain's published values (or, with `parent`, of another split's): `axis` is the new
    dimension, `by` the dimensions kept with the labels they are kept at (`("base",)`: as the parent has them)."""

    name: str
    parent: str
    axis: Axis
    by: Mapping[str, tuple[str, ...]]
    ks: Mapping[str, int]
    is_any: bool = False


@dataclass(frozen=True)
class Domain:
    """A base cube and its splits, for one country (or, without origins, for all).

    `apart`: domains that read the same events and are drawn on their own, and why (`APART`). `households`: which
    atoms can carry the household's marker, by dimension and base labels; without it, all.
    """

    name: str
    label_es: str
    label_en: str
    source: str
    kinds: tuple[str, ...]
    where: Mapping[str, tuple[str, ...]]
    stage: Mapping[str, Any]
    sector: Mapping[str, Any]
    unit: str
    grain: str
    k: int
    axes: tuple[Axis, ...]
    excluded: tuple[Mapping[str, tuple[str, ...]], ...]
    parts: tuple[Part, ...]
    apart: Mapping[str, str] = field(default_factory=dict)
    households: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def counts(self) -> frozenset[str]:
        """The kinds that become facts; those that it only reads to class them are left out."""
        return frozenset(COUNTED.get(self.source, self.kinds)) & frozenset(self.kinds)

    @property
    def is_blurred(self) -> bool:
        """Whether it counts people that another domain counts, on another day: then no cell of it is ever exact."""
        return "LATER" in self.apart.values()

    @property
    def any_of(self) -> Mapping[str, tuple[str, ...]]:
        """Dimensions in which a person has the first label that fits any of their facts of the period."""
        return {part.axis.name: part.axis.labels for part in self.parts if part.is_any}

    @property
    def is_distinct(self) -> bool:
        """Whether it counts persons once, by markers."""
        return self.unit == "PERSONS"

    def axis(self, name: str) -> Axis:
        """A dimension of the base cube or of a split, or the site. Raises LookupError."""
        for found in (*self.axes, *(part.axis for part in self.parts), *_open_axes()):
            if found.name == name:
                return found
        raise LookupError(f"{self.name} has no dimension {name}")

    def part(self, name: str) -> Part:
        """The split called `name` (without the domain)."""
        for found in self.parts:
            if found.name == name:
                return found
        raise LookupError(f"{self.name} has no split {name}")


@dataclass(frozen=True)
class SiteNumberKind:
    """A number about no person: its kind, the events it comes from and its grain."""

    name: str
    label_es: str
    label_en: str
    kinds: tuple[str, ...]
    grain: str


def _open_axes() -> tuple[Axis, ...]:
    return (
        Axis("site", "site"),
        Axis("counted", "counted", MARKERS),
        Axis("household_counted", "household_counted", (*MARKERS, "NONE"), takes={"OUT": "NONE"}),
        Axis("ever", "ever", ("FIRST", "BEFORE")),
    )


@cache
def domains() -> Mapping[str, Domain]:
    """Every domain by name, with origins left at OTHER (see `definitions` for a country's own)."""
    return _read(FILE)[0]


@cache
def numbers() -> Mapping[str, SiteNumberKind]:
    """The numbers about no person, by name."""
    return _read(FILE)[1]


@cache
def definitions(country: str) -> tuple[Domain, ...]:
    """Every domain as a country of asylum shows it: with its own origin groups."""
    return tuple(_with_origins(domain, country) for domain in domains().values())


def definition(domain: str, country: str) -> Domain:
    """One domain of a country. Raises LookupError."""
    for found in definitions(country):
        if found.name == domain:
            return found
    raise LookupError(f"no domain {domain!r}")


def _with_origins(domain: Domain, country: str) -> Domain:
    def at(axis: Axis) -> Axis:
        return replace(axis, labels=origin_groups(country)) if axis.name == "origin" else axis

    return replace(domain, axes=tuple(at(axis) for axis in domain.axes))


def _read(path: Path) -> tuple[dict[str, Domain], dict[str, SiteNumberKind]]:
    file = Located(path)
    top = file.only(file.values, ("dimensions", "domains", "numbers"), ("dimensions", "domains", "numbers"))
    reader = _Reader(file, top["dimensions"])
    found = {name: reader.domain(name, entry) for name, entry in top["domains"].items()}
    apart.check(file, found)
    return found, {name: reader.number(name, entry) for name, entry in top["numbers"].items()}


class _Reader:
    """Checks one file entry by entry; every refusal names file and line."""

    def __init__(self, file: Located, dimensions: Mapping[str, Any]) -> None:
        self.file = file
        self.dimensions = {name: self._axis(name, entry) for name, entry in dimensions.items()}

    def _axis(self, name: str, entry: Any) -> Axis:
        at = ("dimensions", name)
        self.file.only(entry, ("labels", "groups", "takes", "rest"), ("labels",), *at)
        labels = tuple(map(str, entry["labels"]))
        return Axis(
            name, name, labels, self._groups(entry, labels, at), dict(entry.get("takes", {})), self._rest(entry, labels, at)
        )  # fmt: skip

    def _rest(self, entry: Any, labels: tuple[str, ...], at: tuple[str, ...]) -> str:
        rest = str(entry.get("rest", ""))
        if rest and rest not in labels:
            self.file.refuse(f"rest {rest} is not a label", *at, "rest")
        return rest

    def _groups(self, entry: Any, labels: tuple[str, ...], at: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        groups = {name: tuple(members) for name, members in (entry.get("groups") or {}).items()}
        for name, members in groups.items():
            if unknown := set(members) - set(labels):
                self.file.refuse(f"{sorted(unknown)} are no labels", *at, "groups", name)
        return groups

    def domain(self, name: str, entry: Any) -> Domain:
        at = ("domains", name)
        needed = ("name", "source", "kinds", "unit", "grain", "k", "dimensions")
        self.file.only(
            entry,
            (*needed, "where", "stage", "sector", "excluded", "splits", "apart", "households"),
            needed,
            *at,
        )
        for word, allowed in (("source", SOURCES), ("unit", UNITS), ("grain", GRAINS)):
            if entry[word] not in allowed:
                self.file.refuse(f"{word} {entry[word]!r} is none of {', '.join(allowed)}", *at, word)
        label = self.file.words(entry["name"], *at, "name")
        axes = tuple(self._known_axis(d, *at, "dimensions") for d in entry["dimensions"])
        kinds = self._kinds(entry["kinds"], *at, "kinds")
        where = {column: tuple(values) for column, values in (entry.get("where") or {}).items()}
        for column in where:
            self._carried(column, kinds, *at)
        stage, sector = (self._classes(entry, word, kinds, *at) for word in ("stage", "sector"))
        made = Domain(
            name, label["es"], label["en"], entry["source"], kinds, where, stage, sector, entry["unit"], entry["grain"],
            int(entry["k"]), axes, tuple(entry.get("excluded") or ()), (),
        )  # fmt: skip
        parts: list[Part] = []
        for split, values in (entry.get("splits") or {}).items():
            parts.append(self._part(made, split, values, parts))
        made = replace(made, parts=tuple(parts), apart=self._apart(entry, *at))
        return replace(
            made, households=self._households(made, entry.get("households") or {}, *at, "households")
        )

    def _apart(self, entry: Any, *at: str) -> dict[str, str]:
        apart = {str(name): str(why) for name, why in (entry.get("apart") or {}).items()}
        for name, why in apart.items():
            if why not in APART:
                self.file.refuse(f"{why!r} is none of {', '.join(APART)}", *at, "apart", name)
        return apart

    def _households(self, made: Domain, entry: Mapping[str, Any], *at: str) -> dict[str, tuple[str, ...]]:
        found = {}
        for name, labels in entry.items():
            axis = next((part.axis for part in made.parts if part.axis.name == name), None)
            if axis is None or set(labels) - axis.all_labels():
                self.file.refuse(f"{made.name} has no split {name} with these labels", *at, name)
            groups = axis.groups or {}
            found[name] = tuple(base for label in labels for base in groups.get(label, (label,)))
        return found

    def _classes(self, entry: Any, word: str, kinds: tuple[str, ...], *at: str) -> Mapping[str, Any]:
        """`cases`: the first whose conditions an event passes names its class; `rest` is the class of all others."""
        how = entry.get(word) or {}
        if not how:
            return {}
        self.file.only(how, ("cases", "rest"), ("cases", "rest"), *at, word)
        for name, where in how["cases"].items():
            for column, wanted in where.items():
                if column != "kind":
                    self._carried(column, kinds, *at, word, "cases", name)
                if isinstance(wanted, Mapping) and (
                    column != "number" or not set(wanted) <= {"from", "below"}
                ):
                    self.file.refuse("a span is of `number`, `from` and `below`", *at, word, "cases", name)
        return dict(how)

    def _kinds(self, names: Any, *at: str) -> tuple[str, ...]:
        for name in names:
            if name not in journal.kinds():
                self.file.refuse(f"{name} is not in {journal.LIST.name}", *at)
        return tuple(names)

    def _carried(self, column: str, kinds: tuple[str, ...], *at: str) -> None:
        for name in kinds:
            if column in journal.PROFILE or column in journal.kinds()[name].codes:
                return
        self.file.refuse(f"{', '.join(kinds)} carry no {column}", *at)

    def _known_axis(self, name: str, *at: str) -> Axis:
        if name not in self.dimensions:
            self.file.refuse(f"no dimension {name!r}", *at)
        return self.dimensions[name]

    def _part(self, domain: Domain, name: str, entry: Any, before: list[Part]) -> Part:
        at = ("domains", domain.name, "splits", name)
        self.file.only(
            entry, ("part", "column", "labels", "groups", "takes", "any", "by", "ks"), ("part",), *at
        )
        parent = name.rpartition(".")[0]
        if parent and parent not in {p.name for p in before}:
            self.file.refuse(f"its parent {parent} does not stand before it", *at)
        axis = self._part_axis(entry, at)
        by = {k: ("base",) if v == "base" else tuple(v) for k, v in (entry.get("by") or {}).items()}
        parents = {a.name for a in domain.axes} | {p.axis.name for p in before}
        parents |= {"counted"} if domain.is_distinct else set()
        for dimension in by:
            if dimension not in parents:
                self.file.refuse(f"the parent has no {dimension}", *at, "by", dimension)
        ks = {label: int(k) for label, k in (entry.get("ks") or {}).items()}
        if unknown := set(ks) - set(axis.labels):
            self.file.refuse(f"{sorted(unknown)} are no labels", *at, "ks")
        return Part(name, parent, axis, by, ks, bool(entry.get("any")))

    def _part_axis(self, entry: Any, at: tuple[str, ...]) -> Axis:
        name = entry["part"]
        if name in OPEN_DIMENSIONS:
            return next(axis for axis in _open_axes() if axis.name == name)
        if "labels" not in entry:
            return self._known_axis(name, *at, "part")
        column, labels = entry.get("column", name), tuple(entry["labels"])
        if column not in FACT_COLUMNS:
            self.file.refuse(f"the facts have no column {column}", *at, "column")
        takes = {str(code): str(label) for code, label in (entry.get("takes") or {}).items()}
        if unknown := set(takes.values()) - set(labels):
            self.file.refuse(f"{sorted(unknown)} are no labels", *at, "takes")
        return Axis(name, column, labels, self._groups(entry, labels, at), takes, "")

    def number(self, name: str, entry: Any) -> SiteNumberKind:
        at = ("numbers", name)
        self.file.only(entry, ("name", "kinds", "grain"), ("name", "kinds", "grain"), *at)
        label = self.file.words(entry["name"], *at, "name")
        return SiteNumberKind(
            name, label["es"], label["en"], self._kinds(entry["kinds"], *at, "kinds"), entry["grain"]
        )


def kinds_counted() -> frozenset[str]:
    """Every event kind that some domain or number reads."""
    of_domains = {name for domain in domains().values() for name in domain.kinds}
    return frozenset(of_domains | {name for number in numbers().values() for name in number.kinds})
