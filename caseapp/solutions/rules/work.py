"""Work permit, training and employment (VOCABULARY A8): what follows what, and what each step must say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.solutions.rules.plans import StepTooEarly, months_later

PERMIT_NEXT: dict[str, frozenset[str]] = {
    "NOT_ELIGIBLE_YET": frozenset({"DOCUMENTS_MISSING", "FILE_COMPLETE"}),
    "DOCUMENTS_MISSING": frozenset({"FILE_COMPLETE", "NOT_ELIGIBLE_YET"}),
    "FILE_COMPLETE": frozenset({"SUBMITTED", "ISSUED", "REFUSED"}),
    "SUBMITTED": frozenset({"ISSUED", "REFUSED"}),
    "ISSUED": frozenset({"EXPIRED", "RENEWED", "LOST"}),
    "RENEWED": frozenset({"EXPIRED", "RENEWED", "LOST"}),
    "EXPIRED": frozenset({"RENEWED"}),
    "LOST": frozenset({"RENEWED"}),
    "REFUSED": frozenset(),
}
PERMIT_STATES = tuple(PERMIT_NEXT)
PERMIT_BEFORE = ("NOT_ELIGIBLE_YET", "DOCUMENTS_MISSING")
PERMIT_FIRST = (*PERMIT_BEFORE, "FILE_COMPLETE")
PERMIT_DOCUMENTS = (
    "STATUS_DOCUMENT",
    "IDENTITY",
    "PHOTOGRAPH",
    "JOB_OFFER",
    "TAX_NUMBER",
    "FEE_PAID",
    "FORM_SIGNED",
)
PERMIT_REFUSALS = (
    "STATUS_NOT_ACCEPTED",
    "DOCUMENT_NOT_ACCEPTED",
    "UNDER_AGE",
    "NO_ANSWER_TO_REQUEST",
    "OTHER",
)

TRAINING_NEXT: dict[str, frozenset[str]] = {
    "ENROLLED": frozenset({"ATTENDING", "COMPLETED", "DROPPED"}),
    "ATTENDING": frozenset({"COMPLETED", "DROPPED"}),
    "COMPLETED": frozenset({"CERTIFIED"}),
    "CERTIFIED": frozenset(),
    "DROPPED": frozenset(),
}
TRAINING_STATES = tuple(TRAINING_NEXT)
TRAINING_KINDS = ("LANGUAGE", "TRADE", "DIGITAL", "BUSINESS", "CERTIFICATION", "ORIENTATION", "OTHER")
DROP_REASONS = ("WORK", "CHILDCARE", "TRANSPORT", "MOVED", "HEALTH", "LEVEL", "OTHER")
CEFR = ("A0", "A1", "A2", "B1", "B2", "C1", "C2")

JOB_NEXT: dict[str, frozenset[str]] = {
    "OFFERED": frozenset({"STARTED", "ENDED"}),
    "STARTED": frozenset({"STILL_1M", "ENDED"}),
    "STILL_1M": frozenset({"STILL_3M", "ENDED"}),
    "STILL_3M": frozenset({"STILL_6M", "ENDED"}),
    "STILL_6M": frozenset({"ENDED"}),
    "ENDED": frozenset(),
}
JOB_STATES = tuple(JOB_NEXT)
JOB_FORMS = ("FORMAL_INSURED", "FORMAL", "INFORMAL", "SELF")
JOB_ENDS = ("TERM", "RESIGNED", "DISMISSED", "EXPLOITATION")
STILL_MONTHS = {"STILL_1M": 1, "STILL_3M": 3, "STILL_6M": 6}


class StateNotNext(Refused):
    sentence = _l("Este paso no sigue al anterior.")
    field = "state"


class WorkDateWrong(Refused):
    sentence = _l("La fecha debe ser de hoy o anterior, y no antes del paso previo.")
    field = "on"


class ReasonMissing(Refused):
    sentence = _l("Elija el motivo.")
    field = "reason"


class MissingNotListed(Refused):
    sentence = _l("Marque qué documentos faltan.")
    field = "missing"


class ValidityMissing(Refused):
    sentence = _l("Anote hasta cuándo es válido, después de la fecha de emisión.")
    field = "valid_to"


class PermitRuns(Refused):
    sentence = _l("Ya hay un permiso de trabajo en trámite o vigente. Anote ahí el paso siguiente.")


class TooYoungToWork(Refused):
    sentence = _l("La ley de este país no permite trabajar a esta edad. No se anota como empleo.")


class LevelMissing(Refused):
    sentence = _l("En un curso de idioma anote el nivel.")
    field = "level"


def may_move(
    following: Mapping[str, frozenset[str]], now: str, to: str, last: date, on: date, today: date
) -> None:
    """Whether a record may go from a state to another on a day; `last` is the day of the step before. Raises
    StateNotNext, WorkDateWrong."""
    if to not in following[now]:
        raise StateNotNext
    if on > today or on < last:
        raise WorkDateWrong


def check_permit(to: str, *, missing: int, reason: str | None, valid_to: date | None, on: date) -> None:
    """What a step of a permit must say. Raises MissingNotListed, ReasonMissing, ValidityMissing."""
    if to == "DOCUMENTS_MISSING" and not missing:
        raise MissingNotListed
    if to == "REFUSED" and reason not in PERMIT_REFUSALS:
        raise ReasonMissing
    if to in ("ISSUED", "RENEWED") and (valid_to is None or valid_to <= on):
        raise ValidityMissing


def check_training(kind: str, to: str, *, level: str | None, reason: str | None) -> None:
    """What a step of a training must say. Raises LevelMissing (a language course begins and ends with a level) and
    ReasonMissing."""
    if kind == "LANGUAGE" and to in ("ENROLLED", "COMPLETED") and level not in CEFR:
        raise LevelMissing
    if to == "DROPPED" and reason not in DROP_REASONS:
        raise ReasonMissing


def check_job(to: str, started: date | None, on: date, *, reason: str | None) -> None:
    """What a step of a job must say: a check at one month is not said before it. Raises StepTooEarly, ReasonMissing."""
    if to in STILL_MONTHS and (started is None or on < months_later(started, STILL_MONTHS[to])):
        raise StepTooEarly
    if to == "ENDED" and reason not in JOB_ENDS:
        raise ReasonMissing


def may_work(youngest: int | None, legal_age: int) -> None:
    """Raises TooYoungToWork where the person may be younger than the legal age. An age of which nothing is known is
    no bar: nobody is kept from work by a missing paper."""
    if youngest is not None and youngest < legal_age:
        raise TooYoungToWork
