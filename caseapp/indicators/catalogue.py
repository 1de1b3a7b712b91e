"""The catalogue of indicators, as data: `config/reference/indicators/*.yml`, read once and checked.

`measure`, `unit`, `basis`, `select`, `part`, `of` and `bands` are those of a release's manifest
(docs/release-format.md): a COUNT sums the cells that `select` allows; a RATE divides those of `part` by
those of `of`, both within `select`; with `of: PUBLIC` the denominator is the number `public` about no person; a
MEDIAN is interpolated in the `bands` of a duration, `{dimension: {label: [from, below]}}`, the last one open; MONEY
is the sum of the cells of `select` times `unit_cost`, a published number. With `over` a
RATE is divided by all cells of the domains it names, each of them published in its own right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from caseapp.core.reference import ROOT, ReferenceInvalid, known
from caseapp.indicators import fitting
from caseapp.indicators.cubes import Domain, domains, numbers
from caseapp.indicators.located import Entries, Located

FOLDER = ROOT / "indicators"
MEASURES = {
    "COUNT": (
        "PERSONS",
        "HOUSEHOLDS",
        "FIRST_COUNTED",
        "FIRST_EVER",
        "PERSON_MONTHS",
        "EVENTS",
        "NIGHTS",
        "STOCK",
    ),
    "RATE": ("PERCENT", "RATIO"),
    "MEDIAN": ("DAYS", "HOURS"),
    "MONEY": ("USD",),
}
#: Which bases a domain's unit can carry (docs/release-format.md, `counted`).
BASES = {
    "PERSONS": ("PERSONS", "HOUSEHOLDS", "FIRST_COUNTED", "FIRST_EVER", "PERSON_MONTHS"),
    "EVENTS": ("EVENTS",), "NIGHTS": ("NIGHTS",), "STOCK": ("STOCK",),
}  # fmt: skip
DIRECTIONS = ("up", "down", "context")
PUBLIC = "PUBLIC"
#: Below what a unit cost lies.
MOST_COST = 1_000_000
_NEEDED = (
    "pillar", "version", "valid_from", "name", "definition", "numerator", "domain", "measure", "unit", "basis",
    "direction", "source",
)  # fmt: skip
#: Every word of an entry.
KNOWN = (
    *_NEEDED,
    "valid_to",
    "denominator",
    "select",
    "part",
    "of",
    "public",
    "bands",
    "unit_cost",
    "over",
    "smallest_cell",
    "disaggregations",
)

Selection = Mapping[str, tuple[str, ...]]


#: A band's label, its lower end and its upper one (None: open).
Band = tuple[str, int, int | None]


@dataclass(frozen=True)
class Indicator:
    """One indicator in one version. Texts are by language (`es`, `en`)."""

    code: str
    pillar: str
    version: int
    valid_from: date
    valid_to: date | None
    name: Mapping[str, str]
    definition: Mapping[str, str]
    numerator: Mapping[str, str]
    denominator: Mapping[str, str] | None
    domain: Domain
    measure: str
    unit: str
    basis: str
    select: Selection
    part: Selection
    of: Selection | str
    public: str | None
    dimension: str
    bands: tuple[Band, ...]
    direction: str
    smallest_cell: int
    disaggregations: tuple[str, ...]
    source: tuple[str, ...]
    unit_cost: Decimal | None = None
    over: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The event kinds that drive it, those of a public denominator among them."""
        below = tuple(kind for name in self.over for kind in domains()[name].kinds)
        return self.domain.kinds + below + (numbers()[self.public].kinds if self.public else ())

    @property
    def selected(self) -> frozenset[str]:
        """Every dimension it selects by."""
        wanted = {*self.select, *self.part, *(self.of if self.of != PUBLIC else ())}
        wanted |= {self.dimension} if self.dimension else set()
        return frozenset(wanted | ({"household_counted"} if self.basis == "HOUSEHOLDS" else set()))

    @property
    def cube(self) -> str:
        """The cube or split (`arrivals`, `referrals.ending`) that holds every dimension it selects by."""
        wanted = self.selected - {axis.name for axis in self.domain.axes}
        for part in self.domain.parts:
            kept = set(part.by) if part.parent else set()
            if wanted and part.axis.name in wanted and wanted <= {part.axis.name, *kept}:
                return f"{self.domain.name}.{part.name}"
        return self.domain.name

    def manifest(self) -> dict[str, Any]:
        """Its definition as a release's manifest writes it."""
        plain: dict[str, Any] = {
            "measure": self.measure, "unit": self.unit, "basis": self.basis, "version": self.version,
            "select": {d: list(labels) for d, labels in self.select.items()},
        }  # fmt: skip
        if self.measure == "RATE":
            plain["part"] = {d: list(labels) for d, labels in self.part.items()}
            plain["of"] = self.of if isinstance(self.of, str) else {d: list(v) for d, v in self.of.items()}
            plain |= {"over": list(self.over)} if self.over else {}
        if self.unit_cost is not None:
            plain["unit_cost"] = float(self.unit_cost)
        if self.measure == "MEDIAN":
            plain |= {"dimension": self.dimension, "bands": [list(band) for band in self.bands]}
        return plain

    def in_force(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


def all(on: date | None = None) -> tuple[Indicator, ...]:
    """Every indicator in the order of its code, or those in force on a day."""
    return tuple(each for each in _catalogue().values() if on is None or each.in_force(on))


def get(code: str) -> Indicator:
    """The indicator with this code. Raises LookupError."""
    try:
        return _catalogue()[code]
    except KeyError:
        raise LookupError(f"no indicator {code!r}") from None


def read(paths: Iterable[Path]) -> dict[str, Indicator]:
    """Read and check catalogue files; raises `ReferenceInvalid` with file and line at the first bad entry."""
    found: dict[str, Indicator] = {}
    for path in paths:
        file = Located(path)
        for code, entry in (file.values or {}).items():
            if code in found:
                raise ReferenceInvalid(path, 1, f"{code} stands in two files")
            found[code] = checked(file, str(code), entry)
    return dict(sorted(found.items()))


@cache
def _catalogue() -> Mapping[str, Indicator]:
    return read(sorted(FOLDER.glob("*.yml")))


def checked(file: Entries, code: str, entry: Any) -> Indicator:
    """An entry as an indicator; `file` refuses the first thing that is wrong. The same for YAML and for drafts."""
    file.only(entry, KNOWN, _NEEDED, code)
    domain = _domain(file, code, entry)
    _measures(file, code, entry, domain)
    dimension, bands = _bands(file, code, entry, domain)
    unit_cost = _unit_cost(file, code, entry)
    of: Selection | str = PUBLIC if entry.get("of") == PUBLIC else _selection(file, code, entry, "of", domain)
    for word in ("valid_from", "valid_to"):
        if word in entry and not isinstance(entry[word], date):
            file.refuse(f"{word} is not a date", code, word)
    select, part = (_selection(file, code, entry, word, domain) for word in ("select", "part"))
    k = _k(domain, select, part)
    smallest = int(entry.get("smallest_cell", k))
    if smallest != k:
        file.refuse(f"smallest_cell {smallest} is not the k of {domain.name}, {k}", code, "smallest_cell")
    for number, name in enumerate(entry.get("disaggregations") or ()):
        _axis(file, domain, name, code, "disaggregations", str(number))
    made = Indicator(
        code=code, pillar=entry["pillar"], version=int(entry["version"]), valid_from=entry["valid_from"],
        valid_to=entry.get("valid_to"), domain=domain, measure=entry["measure"], unit=entry["unit"],
        basis=entry["basis"], of=of, public=entry.get("public"), dimension=dimension, bands=bands, direction=entry["direction"],
        smallest_cell=smallest, disaggregations=tuple(entry.get("disaggregations") or ()),
        source=tuple(entry["source"]), unit_cost=unit_cost,
        over=tuple(entry.get("over") or ()),
        denominator=file.words(entry["denominator"], code, "denominator") if "denominator" in entry else None,
        name=file.words(entry["name"], code, "name"),
        definition=file.words(entry["definition"], code, "definition"),
        numerator=file.words(entry["numerator"], code, "numerator"),
        select=select,
        part=part,
    )  # fmt: skip
    fitting.check(file, made)
    return made


def _k(domain: Domain, *selections: Selection) -> int:
    """The smallest group that may be known of what is selected: a sensitive part has a k of its own."""
    named = {label for selection in selections for labels in selection.values() for label in labels}
    return max(
        (k for part in domain.parts for label, k in part.ks.items() if label in named), default=domain.k
    )


def _domain(file: Entries, code: str, entry: Any) -> Domain:
    if not known("mirps_pillar", str(entry["pillar"])) or not code.startswith(f"{entry['pillar']}-"):
        file.refuse(f"pillar {entry['pillar']} is not that of {code}", code, "pillar")
    if entry["domain"] not in domains():
        file.refuse(f"no domain {entry['domain']!r} in cubes.yml", code, "domain")
    return domains()[entry["domain"]]


def _measures(file: Entries, code: str, entry: Any, domain: Domain) -> None:
    """Measure, unit, basis and direction fit each other and the domain."""
    if entry["measure"] not in MEASURES:
        file.refuse(f"measure {entry['measure']!r} is none of {', '.join(MEASURES)}", code, "measure")
    if entry["unit"] not in MEASURES[entry["measure"]]:
        file.refuse(f"a {entry['measure']} is not in {entry['unit']}", code, "unit")
    if entry["basis"] not in BASES[domain.unit]:
        file.refuse(f"{domain.name} counts {domain.unit}, not {entry['basis']}", code, "basis")
    if entry["measure"] == "COUNT" and entry["unit"] != entry["basis"]:
        file.refuse(f"{entry['unit']} is not what {entry['basis']} counts", code, "unit")
    if entry["direction"] not in DIRECTIONS:
        file.refuse(f"direction {entry['direction']!r} is none of {', '.join(DIRECTIONS)}", code, "direction")
    is_rate = entry["measure"] == "RATE"
    for word in ("part", "of", "denominator"):
        if (word in entry) != is_rate:
            file.refuse(f"{word} is {'missing' if is_rate else 'only for a RATE'}", code, word)
    _over(file, code, entry, domain)
    if ("public" in entry) != (entry.get("of") == PUBLIC):
        file.refuse("`public` names the denominator where `of` is PUBLIC, and only there", code, "of")
    if "public" in entry and entry["public"] not in numbers():
        file.refuse(f"no number {entry['public']!r} in cubes.yml", code, "public")
    if "public" in entry and numbers()[entry["public"]].grain != domain.grain:
        file.refuse(f"{entry['public']} is not by {domain.grain}", code, "public")


def _over(file: Entries, code: str, entry: Any, domain: Domain) -> None:
    """A rate of events may be divided by all cells of other domains, as far as these have its breakdowns."""
    if "over" not in entry:
        return
    if entry["measure"] != "RATE" or entry.get("of") != {} or entry["basis"] != "EVENTS":
        file.refuse("`over` is for a RATE of events whose `of` is everything", code, "over")
    for number, name in enumerate(entry["over"]):
        found = domains().get(name)
        if found is None or name == domain.name:
            file.refuse(f"{name!r} is no other domain in cubes.yml", code, "over", str(number))
        if found.unit not in ("PERSONS", "EVENTS") or found.grain != domain.grain:
            file.refuse(f"{name} does not add up beside {domain.name}", code, "over", str(number))
        for breakdown in entry.get("disaggregations") or ():
            if breakdown not in {axis.name for axis in found.axes}:
                file.refuse(f"{name} is not broken down by {breakdown}", code, "disaggregations")


def _bands(file: Entries, code: str, entry: Any, domain: Domain) -> tuple[str, tuple[Band, ...]]:
    """The dimension of a median's durations and its bands, which follow each other without a gap."""
    if (entry["measure"] == "MEDIAN") != ("bands" in entry):
        file.refuse("`bands` is for a MEDIAN, and a MEDIAN needs it", code, "measure")
    if "bands" not in entry:
        return "", ()
    [(name, given)] = entry["bands"].items()
    axis = _axis(file, domain, name, code, "bands", name)
    bands = tuple((label, int(ends[0]), ends[1]) for label, ends in given.items())
    # What has no duration is a label too, and no band.
    if not bands or tuple(label for label, _, _ in bands) != axis.labels[: len(bands)]:
        file.refuse(f"the bands are not the labels of {name}", code, "bands", name)
    for (_, _, upper), (_, lower, _) in pairwise(bands):
        if upper != lower:
            file.refuse(f"a band ends at {upper} and the next begins at {lower}", code, "bands", name)
    return name, bands


def _unit_cost(file: Entries, code: str, entry: Any) -> Decimal | None:
    """What one of those counted costs, to the cent: of MONEY and of nothing else."""
    if (entry["measure"] == "MONEY") != ("unit_cost" in entry):
        file.refuse("`unit_cost` is for MONEY, and MONEY needs it", code, "measure")
    if "unit_cost" not in entry:
        return None
    given = entry["unit_cost"]
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal) or not 0 < given < MOST_COST:
        file.refuse(f"unit_cost {given!r} is not an amount", code, "unit_cost")
    cost = Decimal(str(given))
    if cost != cost.quantize(Decimal("0.01")):
        file.refuse(f"unit_cost {given} has more than two decimals", code, "unit_cost")
    return cost


def _selection(file: Entries, code: str, entry: Any, word: str, domain: Domain) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, labels in (entry.get(word) or {}).items():
        axis = _axis(file, domain, name, code, word, name)
        for number, label in enumerate(labels):
            if axis.labels and label not in axis.all_labels():
                file.refuse(f"{name} has no label {label!r}", code, word, name, str(number))
        found[name] = tuple(labels)
    return found


def _axis(file: Entries, domain: Domain, name: str, *at: str) -> Any:
    try:
        return domain.axis(name)
    except LookupError as error:
        file.refuse(str(error), *at)
