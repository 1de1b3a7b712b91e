"""Clocks: thin tasks that call the verbs of the areas whose deadlines have come."""

from __future__ import annotations

from caseapp.referral import service as referral
from workers.app import app


@app.task(name="workers.deadline.look", principal="clocks")
def look() -> dict[str, int]:
    """Tell, escalate and lapse the referrals that wait for an answer."""
    return referral.look_at_clocks()
