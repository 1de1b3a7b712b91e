"""Legal aid in the demo: the blind check, who represents, and until when a power of attorney holds. Drawn by the
referral's own number."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from caseapp.referral import service as referral
from caseapp.referral.legal import rules
from caseapp.referral.legal import service as legal
from caseapp.referral.models import Referral

LAWYERS = ("Lic. Inventada Demo", "Lic. Imaginado Demo", "Mtra. Supuesta Demo", "Abg. Figurado Demo")


def take_on(found: Referral, on: date) -> None:
    """Check, and accept where nothing stands against it; most get a lawyer's name at once, and half of those sign."""
    if legal.unread(found) and legal.check(found) == rules.CONFLICT:
        referral.decline(found, rules.SHOWN_AS)
        return
    referral.accept(found)
    random = Random(f"{found.number} lawyer")
    if random.random() < 0.7:
        _represent(found, on, random, power=random.random() < 0.5)


def _represent(found: Referral, on: date, random: Random, *, power: bool) -> None:
    taken = {m.case_id for m in legal.mandates_of(found) if m.ended_on is None}
    for member in found.members:
        if member.outcome == "ACCEPTED" and member.case_id not in taken:
            until = on + timedelta(days=random.choice((180, 365, 730)))
            legal.assign(
                found,
                member.case_id,
                random.choice(LAWYERS),
                on,
                on if power else None,
                until if power else None,
            )


def borne_out(found: Referral, came: str, on: date) -> str:
    """What may be told came of it: with a lawyer written down now where it says so, else advice."""
    if came not in (rules.NEEDS_LAWYER, rules.NEEDS_POWER):
        return came
    if found.answer_channel != "SYSTEM":
        return "ADVISED"
    random = Random(f"{found.number} told")
    _represent(found, on, random, power=came == rules.NEEDS_POWER)
    standing = [rules.stands(m.power_until, m.ended_on, on) for m in legal.mandates_of(found)]
    return came if rules.may_tell(came, standing) else rules.NEEDS_LAWYER
