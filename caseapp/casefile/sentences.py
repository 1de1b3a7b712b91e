"""Events in words: the kind's sentence from the printed list, and the labels of its codes. Never free text;
a sealed code speaks with its neutral label or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from caseapp.core import journal, reference
from caseapp.core.i18n import language
from caseapp.core.journal import CaseEvent

_REFERRAL = (("sector", "service_kind"), ("priority", "referral_priority"))
_NEED = (("code", "need_code"), ("priority", "need_priority"))
_SOLUTION = (("code", "solution_pathway"), ("outcome", "solution_step"))

#: For each kind the columns that are shown, with the list that each takes its codes from.
CODES_OF: Mapping[str, tuple[tuple[str, str], ...]] = {
    "intake.opened": (("code", "arrival_mode"),),
    "person.registered": (("population", "population"),),
    "population.changed": (("population", "population"),),
    "relation.recorded": (("code", "relation"), ("outcome", "relation_evidence")),
    "household.formed": (("code", "household_type"),),
    "contact.attempted": (("code", "contact_attempt_channel"), ("outcome", "contact_attempt_result")),
    "case.closed": (("reason", "case_closure_reason"),),
    "case.reopened": (("reason", "reopen_reason"),),
    "approval.asked": (("code", "case_closure_reason"), ("code", "approval_subject")),
    "approval.given": (("code", "case_closure_reason"), ("code", "approval_subject"), ("outcome", "assistance_decision")),
    "case.handover_offered": (("code", "handover_kind"),),
    "case.handed_over": (("code", "handover_kind"),),
    "case.handover_declined": (("reason", "decline_reason"),),
    "plan.made": (("code", "plan_agreed_with"),),
    "plan.reviewed": (("outcome", "plan_review_outcome"),),
    "task.set": (("code", "task_kind"),),
    "task.done": (("code", "task_kind"), ("outcome", "task_outcome")),
    "note.added": (("code", "note_level"),),
    "alert.raised": (("code", "alert"),),
    "alert.resolved": (("code", "alert"), ("outcome", "alert_outcome")),
    "glass.broken": (("reason", "glass_reason"),),
    **{f"consent.{verb}": (("code", "consent_purpose"),) for verb in ("given", "refused", "withdrawn", "expired", "waived")},
    "screening.unfinished": (("reason", "screening_incomplete_reason"),),
    "screening.outcome": (("outcome", "screening_outcome"),),
    **{f"need.{verb}": _NEED for verb in ("recorded", "changed")},
    "need.met": (("code", "need_code"),),
    "need.ended": (("code", "need_code"), ("reason", "need_refused_reason")),
    "requirement.set": (("code", "placement_requirement"),),
    "requirement.ended": (("code", "placement_requirement"),),
    "custody.opened": (("code", "custody_authority"),),
    "custody.safeguard": (("code", "custody_safeguard"), ("outcome", "yes_no")),
    "custody.released": (("code", "custody_exit"),),
    "custody.followed_up": (("outcome", "custody_follow_up"),),
    "claim.lodged": (("code", "claim_application_type"),),
    "decision.made": (("outcome", "decision_outcome"),),
    "decision.notified": (("outcome", "decision_outcome"),),
    "claim.closed": (("reason", "claim_closure_reason"),),
    "claim.reopened": (("reason", "reopen_reason"),),
    "leave.decided": (("outcome", "leave_outcome"),),
    **{f"document.{verb}": (("code", "document_type"),) for verb in ("issued", "renewed", "expired")},
    **{f"referral.{verb}": _REFERRAL for verb in (
        "drafted", "sent", "accepted", "part_accepted", "lapsed", "escalated", "started",
    )},
    "referral.info_asked": (("sector", "service_kind"),),
    "referral.info_given": (("sector", "service_kind"),),
    "referral.declined": (("sector", "service_kind"), ("reason", "decline_reason")),
    "referral.withdrawn": (("sector", "service_kind"), ("reason", "withdraw_reason")),
    "referral.completed": (("sector", "service_kind"), ("outcome", "service_result")),
    "referral.not_completed": (("sector", "service_kind"), ("reason", "not_completed_reason")),
    "service.delivered": (("sector", "service_kind"), ("code", "assistance_kind"), ("outcome", "service_result")),
    "cash.delivered": (("code", "cash_mechanism"),),
    "stay.ended": (("reason", "stay_end_reason"), ("outcome", "stay_destination")),
    "stay.moved": (("reason", "stay_move_reason"),),
    "stay.cancelled": (("reason", "stay_cancel_reason"),),
    "solution.planned": (("code", "solution_pathway"),),
    "solution.step": _SOLUTION,
    "solution.held": (("code", "solution_pathway"),),
    "solution.failed": (("code", "solution_pathway"), ("reason", "solution_fail_reason")),
    "departure.confirmed": (("code", "solution_pathway"),),
    "return.step": (("code", "return_step"),),
    "work_permit.filed": (("code", "population"),),
    "work_permit.issued": (("code", "population"),),
    "work_permit.refused": (("reason", "work_permit_refusal"),),
    "followup.recorded": (("outcome", "work_permit"), ("outcome", "training_step")),
    "employment.referred": (("code", "employment_form"),),
    "employment.started": (("code", "employment_form"),),
    "employment.held": (("code", "employment_form"),),
    "employment.ended": (("reason", "employment_end_reason"),),
    "training.enrolled": (("code", "training_kind"),),
    "training.completed": (("code", "training_kind"), ("outcome", "training_step")),
    "training.dropped": (("code", "training_kind"), ("reason", "training_drop_reason")),
}  # fmt: skip


@cache
def sealed_codes(list_name: str) -> tuple[str, ...]:
    """The codes of a list that outside their matter have no words at all; of the alerts every sealed one, whose
    words outside are for whoever places the person, not for the timeline."""
    return tuple(
        c.code
        for c in reference.codes(list_name)
        if reference.outside_label(list_name, c.code, "es") is None
        or (list_name == "alert" and "S" in c.flags)
    )


@cache
def supervision_codes() -> tuple[str, ...]:
    """Alerts that only the supervision sees."""
    return tuple(c.code for c in reference.codes("alert") if c.extra["who_sees"] == "SUPERVISION")


def sentence(event: CaseEvent, *, inside: bool = False) -> tuple[str, str]:
    """The sentence and what it is about: «Se confirmó una necesidad», «Sin documentos legales · Media».
    `inside`: for those who may read sealed codes in full."""
    kind = journal.kind(event.kind)
    words = kind.label_en if language() == "en" else kind.label_es
    labels = [
        label
        for column, list_name in CODES_OF.get(event.kind, ())
        if (label := _label(list_name, getattr(event, column), inside))
    ]
    return words, " · ".join(labels)


def _label(list_name: str, code: str | None, inside: bool) -> str | None:
    if code is None or not reference.known(list_name, code):
        return None
    return reference.label(list_name, code) if inside else reference.outside_label(list_name, code)
