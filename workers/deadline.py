"""Clocks: thin tasks that call the verbs of the areas whose deadlines have come."""

from __future__ import annotations

from caseapp.deadline import service as deadline
from caseapp.people import service as people
from caseapp.procedure import service as procedure
from caseapp.referral import service as referral
from workers.app import app


@app.task(name="workers.deadline.look", principal="clocks")
def look() -> dict[str, int]:
    """Tell, escalate and lapse the referrals that wait for an answer; warn of every other clock, and tell a second
    person of those that ran out; write down documents that expired and signatures that were missed; let consents
    end whose last day has passed."""
    done = {**referral.look_at_clocks(), **_named(deadline.look())}
    return {
        **done,
        "consents_ended": people.expire_consents(),
        "documents_expired": procedure.look_at_documents(),
        "signatures_missed": procedure.look_at_signatures(),
    }


def _named(done: dict[str, int]) -> dict[str, int]:
    return {f"clocks_{what}": count for what, count in done.items()}
