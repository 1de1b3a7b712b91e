"""The steps of a solution and their order (VOCABULARY A8). Deportation is not a pathway and never a
solution; a pathway holds only when its follow-ups say so."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

PATHWAYS = (
    "LOCAL_INTEGRATION", "NATURALISATION", "RESETTLEMENT", "PTA", "FAMILY_REUNIFICATION", "HUMANITARIAN_VISA",
    "LABOUR_MOBILITY", "EDUCATION_PATHWAY", "SPONSORSHIP", "OTHER_PATHWAY", "RELOCATION", "VOLUNTARY_RETURN",
)  # fmt: skip
#: Pathways by which a person leaves the country for good (indicator P4-09); return is not among them.
DEPARTURES = frozenset(PATHWAYS) - {"LOCAL_INTEGRATION", "NATURALISATION", "RELOCATION", "VOLUNTARY_RETURN"}
#: Each step and the steps that may come next.
NEXT: dict[str, frozenset[str]] = {
    "PROPOSED": frozenset({"INFORMED", "STOPPED_BY_PERSON"}),
    "INFORMED": frozenset({"CHOSEN", "STOPPED_BY_PERSON"}),
    "CHOSEN": frozenset({"APPLIED", "PREPARED", "STOPPED_BY_PERSON"}),
    "APPLIED": frozenset({"ACCEPTED", "REFUSED", "STOPPED_BY_PERSON"}),
    "ACCEPTED": frozenset({"PREPARED", "HAPPENED", "STOPPED_BY_PERSON"}),
    "PREPARED": frozenset({"HAPPENED", "FAILED", "STOPPED_BY_PERSON"}),
    "HAPPENED": frozenset({"HELD_3M", "FAILED"}),
    "HELD_3M": frozenset({"HELD_6M", "FAILED"}),
    "HELD_6M": frozenset({"HELD_12M", "FAILED"}),
    "HELD_12M": frozenset(),
    "REFUSED": frozenset(),
    "FAILED": frozenset(),
    "STOPPED_BY_PERSON": frozenset(),
}
STEPS = tuple(NEXT)
ENDS = frozenset(step for step, following in NEXT.items() if not following)
HELD_AFTER_MONTHS = {"HELD_3M": 3, "HELD_6M": 6, "HELD_12M": 12}


CATEGORIES = (
    "LEGAL_PHYSICAL", "VIOLENCE_TORTURE", "MEDICAL", "WOMEN_GIRLS_AT_RISK", "FAMILY", "CHILDREN_AT_RISK",
    "NO_ALTERNATIVE",
)  # fmt: skip
RESETTLEMENT_PRIORITIES = ("EMERGENCY", "URGENT", "NORMAL")
FAIL_REASONS = (
    "INCOME_LOST", "HOUSING_LOST", "UNSAFE", "STATUS_LOST", "SEPARATED", "HEALTH", "RETURNED_TO_ROUTE", "OFFER_WITHDRAWN",
    "OTHER",
)  # fmt: skip


class CategoryMissing(Refused):
    sentence = _l("Un reasentamiento lleva categoría principal y prioridad; la segunda categoría es otra.")
    field = "category"


class FailReasonMissing(Refused):
    sentence = _l("Elija por qué no se sostuvo.")
    field = "reason"


class ReturnHasItsSteps(Refused):
    """The plan follows the steps of the return."""

    sentence = _l("Este paso lo dan los pasos del retorno, más abajo.")
    field = "step"


class StepNotNext(Refused):
    sentence = _l("Este paso no sigue al anterior.")
    field = "step"


class StepTooEarly(Refused):
    sentence = _l("Aún no pasan los meses que este seguimiento comprueba.")
    field = "on"


class StepDateWrong(Refused):
    sentence = _l("La fecha debe ser de hoy o anterior, y no antes del paso previo.")
    field = "on"


class PlanExists(Refused):
    sentence = _l("Ya hay un plan para esta vía.")
    field = "pathway"


def next_steps(reached: Collection[str]) -> frozenset[str]:
    """Steps that may follow what was reached (the newest step is the last in the order of `STEPS`)."""
    if not reached:
        return frozenset({"PROPOSED"})
    newest = max(reached, key=STEPS.index)
    return NEXT[newest]


def months_later(day: date, months: int) -> date:
    """The same day some months on, or the last day of that month."""
    year, month = divmod(day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(day.year + year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def check_category(pathway: str, category: str | None, second: str | None, priority: str | None) -> None:
    """A resettlement names its category and its priority, and a second category only if it is another; no other
    pathway has them. Raises CategoryMissing."""
    if pathway != "RESETTLEMENT":
        if category or second or priority:
            raise CategoryMissing
        return
    if category not in CATEGORIES or priority not in RESETTLEMENT_PRIORITIES or second == category:
        raise CategoryMissing


def may_step(step: str, reached: dict[str, date], on: date, today: date) -> None:
    """Whether a plan may reach a step on a day. `reached` maps steps to their days. Raises StepNotNext,
    StepDateWrong or StepTooEarly (a solution is held at 3 months no sooner than 3 months after it happened)."""
    if step not in next_steps(reached):
        raise StepNotNext
    if on > today or any(on < day for day in reached.values()):
        raise StepDateWrong
    if step in HELD_AFTER_MONTHS and on < months_later(reached["HAPPENED"], HELD_AFTER_MONTHS[step]):
        raise StepTooEarly
