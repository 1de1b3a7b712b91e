"""Clocks: thin tasks that call the verbs of the areas whose deadlines have come."""

from __future__ import annotations

from collections.abc import Callable

from caseapp.casefile import service as casefile
from caseapp.core.sweeping import alone, counted
from caseapp.custody import service as custody
from caseapp.deadline import service as deadline
from caseapp.people import service as people
from caseapp.procedure import service as procedure
from caseapp.referral import service as referral
from workers.app import app


@app.task(name="workers.deadline.look", principal="clocks")
def look() -> dict[str, int]:
    """Tell, escalate and lapse the referrals that wait for an answer; end offers to waiting lists; warn of every other clock, and tell a second
    person of those that ran out; write down documents that expired and signatures that were missed; let offers of files
    lapse, and note who did not arrive; let consents end whose last day has passed; see who turned 18. What fails with one row, or in one of
    these parts, stops none of the others: `failed` says how often that was."""
    done: dict[str, int] = {}
    with counted() as failed:
        for part, verb in PARTS.items():
            with alone(part):
                told = verb()
                done |= _named(part, told) if isinstance(told, dict) else {part: told}
    return done | {"failed": failed.total()}


#: What a sweep looks at, in this order.
PARTS: dict[str, Callable[[], dict[str, int] | int]] = {
    "referrals": referral.look_at_clocks,
    "waiting_offers_lapsed": referral.lapse_offers,
    "clocks": deadline.look,
    "consents_ended": people.expire_consents,
    "came_of_age": referral.look_at_birthdays,
    "documents_expired": procedure.look_at_documents,
    "signatures_missed": procedure.look_at_signatures,
    "custody_ages": custody.follow_birthdays,
    "handovers": casefile.look_at_handovers,
}


def _named(of: str, done: dict[str, int]) -> dict[str, int]:
    return {f"{of}_{what}": count for what, count in done.items()}
