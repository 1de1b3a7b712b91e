"""When a file of another team may be opened by its number, for how long, and who reviews it (issue 3, DO_NO_HARM).

Whose file, of which country and by whom is decided in PostgreSQL (`break_glass`): the application never learns
whether a number that was refused exists, so no page of it can tell.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

#: List `glass_reason`. There is no "other": what is not among these can wait for the team that holds the file.
REASONS = ("LIFE_AT_RISK", "MEDICAL_EMERGENCY", "CHILD_AT_RISK", "PERSON_HERE_TEAM_AWAY", "SITE_EMERGENCY")
#: List `glass_outcome`.
OUTCOMES = ("JUSTIFIED", "NOT_JUSTIFIED", "TAKEN_FURTHER")
LASTS = timedelta(hours=3)
#: Attempts in an hour (whether they opened anything or not), and files opened in a day, of one person.
MOST_TRIES, MOST_OPENED = 5, 5
SHORTEST_NOTE = 15


class NothingOpened(Refused):
    """The same sentence whether there is no such file, it may not be opened so, or it was erased."""

    sentence = _l(
        "No se abrió ningún expediente con ese número. Revise el número o llame al equipo que lo lleva."
    )
    field = "number"


class TooManyTries(Refused):
    sentence = _l("Hizo demasiados intentos. Espere una hora o llame a supervisión.")
    field = "number"


class NoteTooShort(Refused):
    sentence = _l("Escriba en una frase qué pasa y por qué no puede esperar.")
    field = "note"


class AlreadyReviewed(Refused):
    sentence = _l("Este acceso ya fue revisado.")


class OwnAccess(Refused):
    sentence = _l("Usted abrió este expediente. Lo revisa otra persona.")


def may_try(note: str, tries: int) -> None:
    """Before the number is even looked at. Raises TooManyTries, NoteTooShort."""
    if tries >= MOST_TRIES:
        raise TooManyTries
    if len(note.strip()) < SHORTEST_NOTE:
        raise NoteTooShort


def is_open(since: datetime, ends_at: datetime, ended_at: datetime | None, now: datetime) -> bool:
    """Whether the file can still be read (the definer function `glass_case` says it again)."""
    return ended_at is None and since <= now < ends_at


def may_review(reviewed: bool, own: bool) -> None:
    """Raises AlreadyReviewed, OwnAccess."""
    if reviewed:
        raise AlreadyReviewed
    if own:
        raise OwnAccess
