"""Acting as somebody for a block inside one transaction.

The casework session tells PostgreSQL who acts when a transaction begins. A family's story is one transaction in
which a caseworker, a coordinator and others act in turn, so the database is told anew at each change.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from caseapp.core import access
from caseapp.core.db import session


@contextmanager
def acting(principal: access.Principal) -> Iterator[access.Principal]:
    """Act as `principal`, for Python and for the policies. What is written in the block goes out under their name.

    After the block the database still has them, until somebody else acts or the transaction ends: whoever does
    something acts as somebody."""
    with access.acting_as(principal):
        _tell(principal)
        yield principal
        session.flush()


def _tell(principal: access.Principal) -> None:
    current = session()
    connection = current.connection()
    told = (current.get_transaction(), principal)
    if current.info.get("told") == told:
        return
    current.flush()
    access.tell_database(current, None, connection)
    current.info["told"] = told
