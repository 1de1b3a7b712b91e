"""The event kinds of a whole file."""

from __future__ import annotations

from datetime import date

from caseapp.core.journal import kind
from caseapp.people import events as people_events
from caseapp.people.models import Case, Consent

CLOSED = kind("case.closed")
REOPENED = kind("case.reopened")
APPROVAL_ASKED = kind("approval.asked")
APPROVAL_GIVEN = kind("approval.given")
PLAN_MADE = kind("plan.made")
PLAN_REVIEWED = kind("plan.reviewed")
TASK_SET = kind("task.set")
TASK_DONE = kind("task.done")
NOTE_ADDED = kind("note.added")
ALERT_RAISED = kind("alert.raised")
ALERT_RESOLVED = kind("alert.resolved")
ASSIGNED = kind("case.assigned")
HANDOVER_OFFERED = kind("case.handover_offered")
HANDOVER_DECLINED = kind("case.handover_declined")
HANDED_OVER = kind("case.handed_over")
NO_SHOW = kind("case.no_show")
SEEN = kind("presence.seen")
CONSENT_WAIVED = kind("consent.waived")
TRANSFER_RESPONDED = kind("transfer.responded")

# The topics of the file's own packages are handled there; they are known once this module is.
from caseapp.casefile import from_assessment as _from_assessment  # noqa: E402, F401
from caseapp.casefile import from_shelter as _from_shelter  # noqa: E402, F401
from caseapp.casefile import not_completed as _not_completed  # noqa: E402, F401
from caseapp.casefile import offering as _offering  # noqa: E402, F401
from caseapp.casefile.enquiry import events as _enquiry  # noqa: E402, F401
from caseapp.casefile.glass import events as _glass  # noqa: E402, F401
from caseapp.casefile.month import models as _month  # noqa: E402, F401  (its table is known with the events)
from caseapp.casefile.retention import events as _retention  # noqa: E402, F401
from caseapp.casefile.subject import events as _subject  # noqa: E402, F401


def consent_turned(case: Case, consent: Consent, on: date) -> None:
    """A key was given, refused, taken back or ran out: an offer of a file stands or ends with it."""
    from caseapp.casefile.service import handing

    handing.consent_turned(case, consent, on)


if consent_turned not in people_events.consent_turned:
    people_events.consent_turned.append(consent_turned)
