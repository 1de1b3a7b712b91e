"""Whether the cells that an indicator asks for stand together in one table of its domain.

A figure is summed over the cells of one cube or split; what these do not have cannot be asked of them, and would stop
a release while it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from caseapp.indicators.cubes import Domain, Part

if TYPE_CHECKING:
    from caseapp.indicators.catalogue import Indicator
    from caseapp.indicators.located import Entries

#: Breakdowns that figures are given by; others stay in the cells of their domain.
IN_FIGURES = ("sex", "age_band", "origin", "household_type", "site")
#: Those that are splits of their own; every other is a dimension of the indicator's own cube.
SPLIT_BREAKDOWNS = ("site", "household_type")
#: A small country tells no finer ages apart.
AGES = ("CHILD", "ADULT")
ANY = ("base",)


def check(file: Entries, made: Indicator) -> None:
    """Refuse an indicator whose cells stand in no table, or whose numerator is not within its denominator."""
    held = labels_held(made.domain, made.cube)
    for word, selection in (("select", made.select), ("part", made.part), ("of", _of(made))):
        for name, labels in selection.items():
            if name not in held:
                file.refuse(
                    f"no table of {made.domain.name} has {name} beside the rest", made.code, word, name
                )
            if held[name] != ANY and set(labels) - set(held[name]):
                file.refuse(f"{made.cube} tells {name} apart as {held[name]} only", made.code, word, name)
    if made.selected - set(held):
        file.refuse(
            f"no table of {made.domain.name} has {sorted(made.selected - set(held))}", made.code, "basis"
        )
    _within(file, made)
    for number, name in enumerate(made.disaggregations):
        if not is_broken_down(made, name):
            file.refuse(
                f"{made.cube} is not broken down by {name}", made.code, "disaggregations", str(number)
            )


def _of(made: Indicator) -> Mapping[str, tuple[str, ...]]:
    return {} if isinstance(made.of, str) else made.of


def labels_held(domain: Domain, cube: str) -> dict[str, tuple[str, ...]]:
    """The dimensions of a cube or split that can be selected by, and the labels these are told apart by."""
    base: dict[str, tuple[str, ...]] = {
        axis.name: AGES if axis.name == "age_band" else ANY for axis in domain.axes
    }
    if cube == domain.name:
        return base
    return _held_by(domain, domain.part(cube.removeprefix(f"{domain.name}.")), base)


def _held_by(domain: Domain, part: Part, base: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    kept = {name: base.get(name, ANY) if labels == ANY else labels for name, labels in part.by.items()}
    return {**kept, part.axis.name: ANY}


def is_broken_down(made: Indicator, name: str) -> bool:
    """Whether the figures of an indicator can be given by a dimension."""
    if name not in IN_FIGURES or name in labels_held(made.domain, made.cube):
        return True
    base = labels_held(made.domain, made.domain.name)
    parts = [part for part in made.domain.parts if part.axis.name == name]
    return name in SPLIT_BREAKDOWNS and any(
        made.selected <= set(_held_by(made.domain, part, base)) for part in parts[:1]
    )


def _within(file: Entries, made: Indicator) -> None:
    """A numerator is a part of its own denominator."""
    for name, labels in _of(made).items():
        axis = made.domain.axis(name)
        whole = {base for label in labels for base in (axis.groups or {}).get(label, (label,))}
        inside = {
            base for label in made.part.get(name, ()) for base in (axis.groups or {}).get(label, (label,))
        }
        if not inside <= whole or not inside:
            file.refuse(f"the numerator is not within the denominator by {name}", made.code, "part", name)
