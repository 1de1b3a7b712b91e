"""Tables of the whole file: requests to close it, the plan, tasks, notes, alerts that a person raised, hand-overs."""

from caseapp.casefile.models.closing import ClosureRequest
from caseapp.casefile.models.handing import Handover, HandoverMember, HeldApart
from caseapp.casefile.models.work import Approval, CaseAlert, CaseNote, CasePlan, CaseTask, PlanGoal

__all__ = [
    "Approval", "CaseAlert", "CaseNote", "CasePlan", "CaseTask", "ClosureRequest", "Handover", "HandoverMember",
    "HeldApart", "PlanGoal",
]  # fmt: skip
