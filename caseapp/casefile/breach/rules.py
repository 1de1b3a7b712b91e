"""What is recorded of a data breach and when it may be closed."""

from __future__ import annotations

from datetime import date

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

#: List `breach_kind`.
KINDS = (
    "LOST_DEVICE",
    "WRONG_RECIPIENT",
    "SEEN_BY_OTHERS",
    "ACCOUNT_MISUSED",
    "PAPER_LOST",
    "ATTACK",
    "OTHER",
)


class NoticedInFuture(Refused):
    sentence = _l("Esta fecha aún no llega.")
    field = "on"


class WordsMissing(Refused):
    sentence = _l("Escriba qué pasó, sin nombres.")
    field = "what"


class AuthorityNotTold(Refused):
    sentence = _l("Antes de cerrarla avise a la autoridad de protección de datos.")


class BreachClosed(Refused):
    sentence = _l("Esta vulneración ya está cerrada.")


def may_record(on: date, today: date, what: str) -> None:
    """Raises NoticedInFuture, WordsMissing."""
    if on > today:
        raise NoticedInFuture
    if not what.strip():
        raise WordsMissing


def may_close(closed: bool, authority_told: bool) -> None:
    """Raises BreachClosed, AuthorityNotTold."""
    if closed:
        raise BreachClosed
    if not authority_told:
        raise AuthorityNotTold
