"""A second person's decision on a plan or on an offer to hand a file over, the same for both."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask.typing import ResponseReturnValue

from caseapp.casefile import service
from caseapp.casefile.access import APPROVE
from caseapp.casefile.forms import ApprovalForm
from caseapp.casefile.models import Approval
from caseapp.casefile.views.rows import row_of
from caseapp.core import access
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _
from caseapp.core.trying import tried
from caseapp.people import queries as people
from caseapp.people.models import Case

DECIDE = "decide-"


def decided(
    number: str,
    approval_id: UUID,
    subject: str,
    *,
    again: Callable[[Case, ApprovalForm], str],
    to: Callable[[Case], str],
) -> ResponseReturnValue:
    """Decide what is asked about `subject` in a file; NotYours if the request is about something else."""
    case = people.owned_case(number, access.current(), APPROVE)
    row: Approval = row_of(Approval, approval_id, case.id)
    if row.subject != subject:
        raise NotYours
    form = ApprovalForm(prefix=DECIDE)

    def verb() -> None:
        service.decide_approval(
            case, row, approve=form.decision.data == "APPROVED", remark=form.remark.data or "", version=form.read_version()
        )  # fmt: skip

    return tried(form, verb, again=lambda: again(case, form), done=_("Decisión guardada."), to=to(case))
