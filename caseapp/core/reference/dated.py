"""Rules held as data: time limits with their dates, how a stay may end, and questionnaires."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml

from caseapp.core.reference.lists import known
from caseapp.core.reference.questions import Questionnaire, QuestionnaireInvalid, build_questionnaire
from caseapp.core.reference.source import ROOT, CodeUnknown, ReferenceInvalid, line_of, rows_of

UNITS = frozenset({"minutes", "hours", "days", "working_days", "weeks", "months", "years"})
CONFIDENCES = frozenset({"high", "medium", "low"})


class ClockRule(NamedTuple):
    """A dated time limit; `value` None says that the country sets no limit for this step."""

    code: str
    country: str
    step: str
    value: int | None
    unit: str | None
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str
    extra: Mapping[str, Any]

    def valid_on(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@cache
def clock_rules() -> tuple[ClockRule, ...]:
    """Every dated time limit; `country` is an alpha-3 code or ALL."""
    path = ROOT / "clocks.yml"
    held = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(_clock_from(dict(row), path) for row in held["clocks"])


def _clock_from(row: dict[str, Any], path: Path) -> ClockRule:
    known_fields = {field: row.pop(field, None) for field in ClockRule._fields if field != "extra"}
    rule = ClockRule(**known_fields, extra=MappingProxyType(row))
    sane = (
        rule.code
        and rule.country
        and isinstance(rule.valid_from, date)
        and (rule.valid_to is None or rule.valid_to >= rule.valid_from)
        and (rule.value is None) == (rule.unit is None)
        and (rule.unit is None or rule.unit in UNITS)
        and rule.confidence in CONFIDENCES
        and rule.source
    )
    if not sane:
        raise ReferenceInvalid(path, line_of(path, str(rule.code)), f"clock {rule.code!r} is not complete")
    return rule


def clock_rule(code: str, on: date, country: str = "ALL") -> ClockRule:
    """The rule in force that day: the country's own where it has one, else that of ALL."""
    in_force = [rule for rule in clock_rules() if rule.code == code and rule.valid_on(on)]
    for place in (country, "ALL"):
        for rule in in_force:
            if rule.country == place:
                return rule
    raise CodeUnknown(f"no clock {code!r} for {country} on {on}")


class WorkingAge(NamedTuple):
    """The age from which a country's law lets a person work, while the law is in force."""

    country: str
    age: int
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str

    def valid_on(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@cache
def working_ages() -> tuple[WorkingAge, ...]:
    """Every legal working age; `country` is an alpha-3 code or ALL."""
    return tuple(
        WorkingAge(
            row["country"], int(row["age"]), date.fromisoformat(row["valid_from"]),
            date.fromisoformat(row["valid_to"]) if row["valid_to"] else None, row["source"], row["confidence"],
        )
        for row in rows_of("working_age.csv")
    )  # fmt: skip


def working_age(country: str, on: date) -> WorkingAge:
    """The rule in force that day: the country's own where it has one, else that of ALL. Raises CodeUnknown."""
    in_force = [rule for rule in working_ages() if rule.valid_on(on)]
    for place in (country, "ALL"):
        for rule in in_force:
            if rule.country == place:
                return rule
    raise CodeUnknown(f"no working age for {country} on {on}")


class StayPair(NamedTuple):
    """A permitted way for a stay to end, and whether a second person must look at it."""

    reason: str
    destination: str
    needs_review: bool


@cache
def stay_pairs() -> tuple[StayPair, ...]:
    """Every permitted reason × destination (vocabulary A2); what is not here is refused."""
    return tuple(
        StayPair(row["reason"], row["destination"], row["needs_review"] == "R")
        for row in rows_of("stay_pairs.csv")
    )


@cache
def questionnaire(questionnaire_id: str) -> Questionnaire:
    """A questionnaire held as data, checked against the code lists it proposes from."""
    path = ROOT / "questionnaires" / f"{questionnaire_id}.yml"
    if not re.fullmatch(r"[a-z0-9_]+", questionnaire_id) or not path.exists():
        raise CodeUnknown(f"no questionnaire {questionnaire_id!r}")
    try:
        return build_questionnaire(yaml.safe_load(path.read_text(encoding="utf-8")), known)
    except QuestionnaireInvalid as error:
        raise ReferenceInvalid(path, line_of(path, error.item), str(error)) from error
