"""What the journal asks of a person again and again inside one transaction, asked of the database once.

A verb that writes five events about one person would otherwise ask twenty times for the same codes.
What is remembered is dropped with the transaction, with a savepoint that is rolled back, and with any flush that touches
what it came from.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any, TypeVar, cast

from sqlalchemy import event

from caseapp.core.db import CaseworkSession, session
from caseapp.people.models import HouseholdMember, Person, PersonNationality, Relation

Found = TypeVar("Found")
SOURCES = (Person, PersonNationality, HouseholdMember, Relation)
_KEY = "people.profiles"


def once(key: Any, ask: Callable[[], Found]) -> Found:
    """The answer of `ask`, remembered under `key` for as long as nothing it may rest on changes."""
    current = session()
    if _touched(current):
        current.flush()  # and `_forget_changed` hears of it
    kept = current.info.setdefault(_KEY, {})
    if key not in kept:
        answer = ask()
        # Asking may flush, and so forget: the answer is put where it is looked for next time.
        current.info.setdefault(_KEY, {})[key] = answer
        return answer
    return cast(Found, kept[key])


def _touched(current: Any) -> bool:
    return any(isinstance(row, SOURCES) for row in chain(current.new, current.dirty, current.deleted))


@event.listens_for(CaseworkSession, "after_flush")
def _forget_changed(changed: Any, context: Any) -> None:
    if _touched(changed):
        changed.info.pop(_KEY, None)


@event.listens_for(CaseworkSession, "after_soft_rollback")
def _forget_undone(undone: Any, transaction: Any) -> None:
    undone.info.pop(_KEY, None)


@event.listens_for(CaseworkSession, "after_transaction_end")
def _forget_all(ended: Any, transaction: Any) -> None:
    # A flush and a savepoint are transactions of the session's own kind, inside the real one.
    if transaction.parent is None:
        ended.info.pop(_KEY, None)
