"""What a receiver says with a no: what would make it possible, as the reason asks. Drawn by the referral's own number,
so that nothing else that is drawn depends on it."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from caseapp.referral import service as referral
from caseapp.referral.models import Referral
from caseapp.referral.rules import unlocking

if TYPE_CHECKING:
    from workers.demo.perform import Scene

TRAITS = ("STEP_FREE", "FAMILY_ROOM", "LOWER_BUNK", "ACCESSIBLE_BATH", "WOMEN_ONLY", "COT")
WORDS = {
    "TOO_FAR": "Solo el municipio.", "NOT_ELIGIBLE": "", "OTHER": "Hable con nosotros mañana por la mañana.",
}  # fmt: skip


def unlocks_of(random: Random, reason: str, on: date) -> dict[str, Any]:
    """A plausible answer to what the reason asks; a day or a code that may be left out sometimes is."""
    asked = unlocking.ASKED[reason]
    said: dict[str, Any] = {}
    codes = TRAITS if asked.group == "TRAIT" else unlocking.codes_of(reason)
    if codes and ("code" in asked.must or random.random() < 0.8):
        said["unlocks_code"] = random.choice(codes)
    if "on" in asked.fields and random.random() < 0.75:
        said["unlocks_on"] = on + timedelta(days=random.choice((1, 1, 2, 3, 5, 7)))
        if "hour" in asked.fields:
            said["unlocks_hour"] = random.choice((6, 7, 8, 19, 20))
    if "words" in asked.fields:
        said["unlocks"] = WORDS[reason]
    return said


def say_no(scene: Scene, found: Referral, reason: str, on: date) -> None:
    """Decline, with what would make it possible."""
    referral.decline(found, reason, **unlocks_of(Random(f"{found.number} unlocks"), reason, on))
