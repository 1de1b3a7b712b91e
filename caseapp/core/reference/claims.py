"""The order in which each country takes the steps of an asylum claim, as dated data."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, NamedTuple

import yaml

from caseapp.core.reference.lists import known
from caseapp.core.reference.source import ROOT, CodeUnknown, ReferenceInvalid, line_of


class OrderedStep(NamedTuple):
    """A step in its place. `optional`: what follows does not wait for it."""

    step: str
    optional: bool = False
    repeats: bool = False


class ClaimProcedure(NamedTuple):
    """The steps of a country in order, while they are in force."""

    country: str
    steps: tuple[OrderedStep, ...]
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str
    movement_limit: bool
    sign_in: bool

    def valid_on(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@cache
def claim_procedures() -> tuple[ClaimProcedure, ...]:
    """Every procedure; raises ReferenceInvalid at the first with an unknown or doubled step."""
    path = ROOT / "claim_procedure.yml"
    found = []
    for row in yaml.safe_load(path.read_text(encoding="utf-8"))["procedures"]:
        made = _procedure(row)
        names = [each.step for each in made.steps]
        if len(set(names)) < len(names) or not all(known("claim_step", name) for name in names):
            raise ReferenceInvalid(
                path, line_of(path, f"country: {made.country}"), f"steps of {made.country} are wrong"
            )
        found.append(made)
    return tuple(found)


def _procedure(row: dict[str, Any]) -> ClaimProcedure:
    return ClaimProcedure(
        row["country"], tuple(OrderedStep(**step) for step in row["steps"]), row["valid_from"], row.get("valid_to"),
        row["source"], row["confidence"], bool(row.get("movement_limit")), bool(row.get("sign_in")),
    )  # fmt: skip


def claim_procedure(country: str, on: date) -> ClaimProcedure:
    """The procedure of a country (ISO alpha-3) in force on a day. Raises CodeUnknown."""
    for each in claim_procedures():
        if each.country == country and each.valid_on(on):
            return each
    raise CodeUnknown(f"no claim procedure for {country} on {on}")
