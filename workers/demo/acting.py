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
    """Act as `principal`, for Python and for the policies, until the block ends."""
    before = access.current()
    with access.acting_as(principal):
        _tell(before, principal)
        yield principal
    _tell(principal, before)


def _tell(before: access.Principal, now: access.Principal) -> None:
    """What `before` wrote goes out under their name; then the database learns who acts now."""
    if before is now and session().in_transaction():
        return
    session.flush()
    current = session()
    access.tell_database(current, None, current.connection())
