"""Verbs on a whole file: close it and open it again; plan, task, note, alert, approval. Each changes rows, appends
its events and flushes; none commits."""

from caseapp.casefile.service.alerting import raise_alert, resolve_alert, review_alert
from caseapp.casefile.service.approving import ask_approval, decide_approval, withdraw_approval
from caseapp.casefile.service.closing import (
    ask_to_close,
    close,
    decide_closing,
    may_close,
    reopen,
    withdraw_request,
)
from caseapp.casefile.service.noting import add_note
from caseapp.casefile.service.planning import add_goal, end_goal, make_plan, review_plan
from caseapp.casefile.service.tasks import finish_task, reassign_task, set_task

__all__ = [
    "add_goal", "add_note", "ask_approval", "ask_to_close", "close", "decide_approval", "decide_closing", "end_goal",
    "finish_task", "make_plan", "may_close", "raise_alert", "reassign_task", "reopen", "resolve_alert", "review_alert",
    "review_plan", "set_task", "withdraw_approval", "withdraw_request",
]  # fmt: skip
