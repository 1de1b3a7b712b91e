"""Days on which care must not come late (VOCABULARY A5): a medicine runs out, a pregnancy comes to its term, the hours
in which a treatment still helps. They are offered and never pressed; what happened is written nowhere here."""

from __future__ import annotations

from datetime import datetime, timedelta

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

KINDS = ("MEDICINE", "PREGNANCY", "INCIDENT")
#: From which week on a pregnancy is at its term, and the last that is written down.
TERM_WEEKS, MOST_WEEKS = 36, 43
MOST_DAYS = 366


class WeeksWrong(Refused):
    sentence = _l("Las semanas van de 1 a 43.")
    field = "weeks"


class InPast(Refused):
    sentence = _l("Escriba hasta qué día alcanza, hoy o después.")
    field = "until"


class NotYetHappened(Refused):
    sentence = _l("Este momento aún no llega. Escriba cuándo fue.")
    field = "at"


def term_at(weeks: int | None, now: datetime) -> datetime:
    """When a pregnancy of so many weeks comes (or came) to its term. Raises WeeksWrong."""
    if weeks is None or not 1 <= weeks <= MOST_WEEKS:
        raise WeeksWrong
    return now + timedelta(weeks=TERM_WEEKS - weeks)


def may_run_out(at: datetime, now: datetime) -> None:
    """When a medicine runs out: from now on, within a year. Raises InPast."""
    if not now <= at <= now + timedelta(days=MOST_DAYS):
        raise InPast


def may_have_happened(at: datetime, now: datetime) -> None:
    """Raises NotYetHappened."""
    if at > now:
        raise NotYetHappened
