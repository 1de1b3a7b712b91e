"""What may still happen to a file that is closed (VOCABULARY A3; decision 0040)."""

from __future__ import annotations

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

#: Kinds of events that a closed file takes: its own closing and opening, the union and separation of records, what
#: the person may always ask for (withdraw, be erased), what others did about it (asked at a gate, opened it in an
#: emergency) and the alert that follows from that. Everything else is written after it was opened again.
ON_CLOSED = frozenset({
    "case.closed", "case.reopened", "person.merged", "person.unmerged", "person.profiled", "person.erased",
    "event.withdrawn", "consent.withdrawn", "consent.expired", "enquiry.logged", "glass.broken", "alert.raised",
    "alert.resolved",
})  # fmt: skip


class FileClosed(Refused):
    """The file is closed: what is written in it would be read by nobody."""

    sentence = _l("Este expediente está cerrado. Ábralo de nuevo, con su motivo, antes de anotar algo en él.")


def may_happen(kind: str, closed: bool) -> None:
    """Raise FileClosed for a kind of event (`events.yml`) that a closed file does not take."""
    if closed and kind not in ON_CLOSED:
        raise FileClosed
