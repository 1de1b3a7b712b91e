"""Verbs on solutions: plans, voluntary return, work."""

from caseapp.solutions.service.plans import plan, reached, step
from caseapp.solutions.service.returning import return_facts, return_step
from caseapp.solutions.service.work import (
    ask_permit,
    enrol,
    move_job,
    move_permit,
    move_training,
    offer_job,
)

__all__ = [
    "ask_permit", "enrol", "move_job", "move_permit", "move_training", "offer_job", "plan", "reached", "return_facts",
    "return_step", "step",
]  # fmt: skip
