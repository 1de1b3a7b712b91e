"""Refusals. A rule that says no raises an error whose name is the reason; a database constraint that
says no is turned into the same error. Each carries a sentence in the user's language and, where it
has one, the form field it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from caseapp.core.i18n import _l


class Refused(Exception):
    """A verb was refused. Subclasses set `sentence` (lazy, Spanish source) and perhaps `field`."""

    sentence: Any = _l("No es posible hacer esto ahora.")
    field: str | None = None
    status = 422

    def __init__(self, sentence: Any = None, *, field: str | None = None, **facts: Any) -> None:
        super().__init__(type(self).__name__)
        if sentence is not None:
            self.sentence = sentence
        if field is not None:
            self.field = field
        self.facts = facts

    def __str__(self) -> str:
        return str(self.sentence) % self.facts if self.facts else str(self.sentence)


class NotYours(Refused):
    """A record that this person may not know of: the same answer as one that does not exist."""

    sentence = _l("No se encontró.")
    status = 404


class NotPermitted(Refused):
    """The role does not have this permission."""

    sentence = _l("Su función no permite hacer esto.")
    status = 403


class ChangedMeanwhile(Refused):
    """Somebody else saved the record first; both versions are shown."""

    sentence = _l("Otra persona guardó cambios mientras usted escribía. Compare y guarde de nuevo.")
    status = 409


class AlreadyThere(Refused):
    """A row that may be there once was written by two at the same time, and no rule has a sentence of its own for it."""

    sentence = _l("Esto ya está anotado; quizá otra persona lo guardó a la vez. Compruébelo antes de seguir.")
    status = 409


#: SQLSTATEs of a row that may be there once (unique, exclusion).
_ONCE = frozenset(("23505", "23P01"))

_constraints: dict[str, Callable[[], Refused]] = {}


def says(constraint: str, refusal: Callable[[], Refused]) -> None:
    """Declare which refusal a database constraint (by name) means."""
    _constraints[constraint] = refusal


def refusal_of(error: Exception) -> Refused | None:
    """The refusal that a database error means, or None if it is a fault of ours."""
    if isinstance(error, StaleDataError):
        return ChangedMeanwhile()
    if isinstance(error, (IntegrityError, DBAPIError)):
        diag = getattr(error.orig, "diag", None)
        made = _constraints.get(getattr(diag, "constraint_name", None) or "")
        if made is not None:
            return made()
        if getattr(error.orig, "sqlstate", None) in _ONCE:
            return AlreadyThere()
    return None


def explained_constraints() -> frozenset[str]:
    """Names of all constraints that have a sentence (for the test that each one exists)."""
    return frozenset(_constraints)
