"""After how many days an item of assistance is given again without a question."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import NamedTuple

import yaml

from caseapp.core.reference.dated import CONFIDENCES
from caseapp.core.reference.lists import known
from caseapp.core.reference.source import ROOT, ReferenceInvalid, line_of


class DeliveryInterval(NamedTuple):
    """The interval of an item while it is in force; `country` is an alpha-3 code or ALL."""

    code: str
    country: str
    days: int
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str

    def valid_on(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@cache
def delivery_intervals() -> tuple[DeliveryInterval, ...]:
    """Every interval. Raises ReferenceInvalid with file and line."""
    path = ROOT / "delivery_intervals.yml"
    made = []
    for row in yaml.safe_load(path.read_text(encoding="utf-8"))["intervals"]:
        rule = DeliveryInterval(**row)
        if (
            not known("assistance_kind", rule.code)
            or rule.days < 1
            or not rule.source
            or rule.confidence not in CONFIDENCES
        ):
            raise ReferenceInvalid(
                path, line_of(path, str(rule.code)), f"interval {rule.code!r} is not complete"
            )
        made.append(rule)
    return tuple(made)


def delivery_interval(code: str | None, on: date, country: str) -> int | None:
    """Days of the interval in force: the country's own where it has one, else that of ALL; None where there is none."""
    in_force = [rule for rule in delivery_intervals() if rule.code == code and rule.valid_on(on)]
    for place in (country, "ALL"):
        for rule in in_force:
            if rule.country == place:
                return rule.days
    return None
