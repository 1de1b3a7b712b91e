"""How a referral ends for somebody whose booking was given up, and for all of them together (VOCABULARY A1, *not
completed*)."""

from __future__ import annotations

from collections.abc import Collection

#: By why the shelter cancelled a booking; anything else was the shelter's doing.
ENDED_AS = {
    "PLACE_NOT_READY": "BED_NOT_READY", "PERSON_DECLINED": "NEED_CHANGED", "BETTER_OPTION_FOUND": "NEED_CHANGED",
}  # fmt: skip
#: Of several reasons the first of these is the referral's: somebody who did not come is looked for, whatever became of
#: the others; then what the receiver answers for; what the people themselves wished comes last.
STRONGEST = ("NO_SHOW", "BED_NOT_READY", "PROVIDER_CANCELLED", "NEED_CHANGED")
#: While a referral stands so, a booking that is given up ends it for that person.
UNDER_WAY = frozenset({"ACCEPTED", "STARTED"})


def ending_of(stay_state: str, cancel_reason: str | None) -> str:
    """Why it was not completed for the person of a stay that was not taken up (list `not_completed_reason`)."""
    if stay_state == "NO_SHOW":
        return "NO_SHOW"
    return ENDED_AS.get(cancel_reason or "", "PROVIDER_CANCELLED")


def reason_of(endings: Collection[str]) -> str:
    """The reason of a whole referral of which nobody came, from how it ended for each."""
    return min(endings, key=STRONGEST.index)
