"""Verbs on a whole file: close it and open it again; plan, task, note, alert, approval; assign, hand over. Each changes rows, appends
its events and flushes; none commits."""

from caseapp.casefile.service.alerting import raise_alert, resolve_alert, review_alert
from caseapp.casefile.service.approving import ask_approval, decide_approval, withdraw_approval
from caseapp.casefile.service.arriving import arrived, look_at_handovers
from caseapp.casefile.service.assigning import assign
from caseapp.casefile.service.closing import (
    ask_to_close,
    close,
    decide_closing,
    may_close,
    reopen,
    withdraw_request,
)
from caseapp.casefile.service.handing import (
    Offer,
    accept_handover,
    decline_handover,
    offer_handover,
    withdraw_handover,
)
from caseapp.casefile.service.noting import add_note, review_mark
from caseapp.casefile.service.planning import add_goal, end_goal, make_plan, review_plan
from caseapp.casefile.service.tasks import finish_task, reassign_task, set_task

__all__ = [
    "Offer", "accept_handover", "add_goal", "add_note", "arrived", "ask_approval", "ask_to_close", "assign", "close",
    "decide_approval", "decide_closing", "decline_handover", "end_goal", "finish_task", "look_at_handovers",
    "make_plan", "may_close", "offer_handover", "raise_alert", "reassign_task", "reopen", "resolve_alert",
    "review_alert", "review_mark", "review_plan", "set_task", "withdraw_approval", "withdraw_handover", "withdraw_request",
]  # fmt: skip
