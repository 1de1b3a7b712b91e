"""How commitments are said: names of countries and pillars, lights with number, percent and word, money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import format_decimal

from caseapp.commitments import rules
from caseapp.commitments.queries import Standing
from caseapp.commitments.rules import Average
from caseapp.core import reference
from caseapp.core.i18n import _, language


def country(code: str) -> str:
    return _("Región") if code == rules.REGION else reference.country_label(code)


def pillar(number: int) -> str:
    """«1. Recepción y admisión»."""
    return f"{number}. {reference.label('mirps_pillar', f'P{number}')}"


def step(score: int) -> str:
    """The word of a score."""
    return reference.codes("commitment_scale")[score].label()


def light(score: int | None) -> dict[str, Any] | None:
    """A commitment's light: number, percent and word."""
    if score is None:
        return None
    return {"level": score, "percent": f"{rules.percent_of(score)}\u00a0%", "word": step(score)}


def average(one: Average) -> dict[str, Any] | None:
    """An average's light: the step reached, its whole percent and the step's word."""
    if one.percent is None:
        return None
    level = rules.level_of(one.percent)
    return {
        "level": level,
        "percent": f"{one.printed}\u00a0%",
        "word": step(level),
        "of": one.scored,
        "unscored": one.unscored,
    }


def text(row: Any) -> str:
    """A commitment's words in the reader's language, or in Spanish where they are not written in it."""
    return str((row.text_en if language() == "en" else None) or row.text_es)


def money(value: Decimal) -> str:
    return str(format_decimal(value, "#,##0"))


def share(value: Decimal | None) -> str:
    return "—" if value is None else f"{rules.rounded(value)} %"


def scale() -> list[dict[str, Any]]:
    return [found for score in rules.SCORES if (found := light(score)) is not None]


def row_of(one: Standing, today: Any) -> dict[str, Any]:
    """A line of a list of commitments."""
    return {
        "id": one.id, "code": one.code, "country": country(one.country), "pillar": one.pillar, "text": text(one),
        "owner": one.owner or "—", "due_on": one.due_on, "scored_on": one.scored_on, "light": light(one.score),
        "is_stalled": one.is_stalled(today), "is_old": one.is_old(today), "is_waiting": one.is_waiting,
        "is_withdrawn": one.is_withdrawn,
    }  # fmt: skip
