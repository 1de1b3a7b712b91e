"""Reasons that a second person looks at (flag R of the lists), and what a reason opens (VOCABULARY A1)."""

from __future__ import annotations

from uuid import UUID

from caseapp.core import reference

OUTCOMES = ("UPHELD", "NOT_UPHELD")
#: Which alert of the file a reason raises for each person, and whether somebody looks after their safety by a task.
ALERT_OF = {"NO_SHOW": "NO_SHOW_HANDOVER", "DETAINED_ON_WAY": "CUSTODY"}
CHECKED = frozenset({"NO_SHOW"})
#: After these the people still need what was asked: the page lists who else may take them.
NEED_STANDS = frozenset({"REFUSED_ON_ARRIVAL", "BED_NOT_READY", "PROVIDER_CANCELLED"})


def is_reviewed(list_name: str, reason: str) -> bool:
    """Whether a second person looks at this reason (R of `decline_reason` or `not_completed_reason`)."""
    return "R" in reference.code(list_name, reason).flags


def may_review(reviewer: UUID | None, recorded_by: UUID | None) -> bool:
    """Somebody, and somebody else than who wrote it down."""
    return reviewer is not None and reviewer != recorded_by


def needs_another(state: str, not_completed_reason: str | None) -> bool:
    """Whether the next options are shown at once: declined, lapsed, or accepted and then not given."""
    return state in ("DECLINED", "LAPSED") or (
        state == "NOT_COMPLETED" and not_completed_reason in NEED_STANDS
    )
