"""Referrals and stays of a family's history: how soon teams answer, and how stays end.

The mix is the demo's own: most referrals are answered in time, some late, some declined with a reason, a few
lapse. Whether a place is free is not planned: the receiver looks at the moment of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from workers.demo.acts import Act, Days
from workers.demo.calibration import drawn

#: Minutes to the deadline, and to the lapse, of each priority (`clocks.yml`).
LIMITS = {"IMMEDIATE": (60, 60), "EMERGENCY": (1440, 2880), "URGENT": (4320, 8640), "NORMAL": (20160, 40320)}
ANSWERS = {"ON_TIME": 0.7, "LATE": 0.08, "DECLINED": 0.14, "LAPSED": 0.06, "WITHDRAWN": 0.02}
DECLINES = {
    "SHELTER": {
        "NO_PLACE_TONIGHT": 0.36, "NO_PLACE_THIS_SIZE": 0.16, "NO_SUITABLE_UNIT": 0.12, "NO_STAFF": 0.08,
        "CANNOT_OFFER": 0.12, "TERRITORIAL_LIMIT": 0.05, "PERSON_DECLINED": 0.07, "PERSON_NOT_REACHED": 0.04,
    },
    "": {
        "NO_STAFF": 0.3, "INFO_MISSING": 0.22, "NOT_ELIGIBLE": 0.16, "PERSON_NOT_REACHED": 0.14, "NO_LANGUAGE": 0.1,
        "DUPLICATE_REFERRAL": 0.08,
    },
}  # fmt: skip
WITHDRAWALS = {
    "BETTER_OPTION_FOUND": 0.4,
    "PERSON_CHANGED_MIND": 0.35,
    "MOVED_AWAY": 0.15,
    "SENT_IN_ERROR": 0.1,
}
ENDINGS = {
    ("PLANNED_MOVE", "RENTED"): 0.3, ("OWN_WISH", "FAMILY_FRIENDS"): 0.16, ("OWN_WISH", "RENTED"): 0.08,
    ("PLANNED_MOVE", "OTHER_SHELTER"): 0.07, ("BETTER_MATCH", "OTHER_SHELTER"): 0.04, ("MAX_STAY", "RENTED"): 0.06,
    ("FAMILY_JOINED", "FAMILY_FRIENDS"): 0.06, ("OWN_WISH", "ONWARD_IRREGULAR"): 0.07, ("PLANNED_MOVE", "OTHER_STATE"): 0.06,
    ("HEALTH", "HOSPITAL"): 0.02, ("ABSENT", "UNKNOWN"): 0.05, ("ABSENT", "ONWARD_IRREGULAR"): 0.03,
}  # fmt: skip
#: Ends that open an alert where there are children: not in the far past, where nobody answered it.
WITH_CHILD = {pair: share for pair, share in ENDINGS.items() if pair[1] != "UNKNOWN"}
RESULTS = {"DELIVERED_FULL": 0.74, "DELIVERED_PART": 0.14, "REFERRED_ON": 0.06, "PERSON_STOPPED": 0.06}


@dataclass(frozen=True)
class Party:
    """Who is referred: members by number, and whether there is a child among them."""

    who: tuple[int, ...]
    child: bool


def shelter(
    days: Days,
    random: Random,
    party: Party,
    sent: datetime,
    receivers: Sequence[str],
    *,
    name: str = "shelter",
) -> tuple[list[Act], datetime]:
    """A referral to a shelter, the answer, the stay and its end; after a no, once more to another one.
    Gives the acts and the moment after which nothing of it is open."""
    acts: list[Act] = []
    for attempt, receiver in enumerate(receivers[:2], 1):
        ref = f"{name}{attempt}"
        priority = drawn(random, {"IMMEDIATE": 0.3, "EMERGENCY": 0.34, "URGENT": 0.26, "NORMAL": 0.1})
        nights = max(1, min(120, round(random.lognormvariate(2.7, 0.8))))
        how = drawn(random, ANSWERS) if attempt == 1 else "ON_TIME"
        due, lapse = LIMITS[priority]
        args = {"kind": "SHELTER", "priority": priority, "receivers": [receiver, *(r for r in receivers if r != receiver)],
                "nights": nights}  # fmt: skip
        acts.append(Act(sent, "refer", party.who, ref, args=args))
        if how in ("ON_TIME", "LATE"):
            wait = (
                due * random.uniform(0.1, 0.8)
                if how == "ON_TIME"
                else due + (lapse - due) * random.uniform(0.05, 0.8)
            )
            if how == "LATE" and due == lapse:
                wait = due * random.uniform(0.6, 0.95)
            answered = sent + timedelta(minutes=wait)
            if how == "ON_TIME" and due > 240 and random.random() < 0.06:
                asked = sent + timedelta(minutes=wait * 0.3)
                acts.append(Act(asked, "ask_info", party.who, ref))
                acts.append(Act(sent + timedelta(minutes=wait * 0.7), "give_info", party.who, ref))
            acts.append(Act(answered, "accept", party.who, ref, args={"nights": nights}))
            more, done = _stay(days, random, party, answered, nights, ref)
            return acts + more, done
        if how == "WITHDRAWN":
            gone = sent + timedelta(minutes=due * random.uniform(0.2, 0.6))
            acts.append(Act(gone, "withdraw", party.who, ref, args={"reason": drawn(random, WITHDRAWALS)}))
            return acts, gone
        ended = sent + timedelta(minutes=lapse if how == "LAPSED" else due * random.uniform(0.1, 0.7))
        if how == "LAPSED":
            acts.append(Act(ended + timedelta(minutes=1), "lapse", party.who, ref))
        else:
            acts.append(
                Act(ended, "decline", party.who, ref, args={"reason": drawn(random, DECLINES["SHELTER"])})
            )
        if attempt == 1 and random.random() > 0.75:
            return acts, ended + timedelta(minutes=2)
        sent = days.after(ended, 20)
    return acts, sent


def _stay(
    days: Days, random: Random, party: Party, answered: datetime, nights: int, ref: str
) -> tuple[list[Act], datetime]:
    """From the first evening to the door. The first night is the evening of the answer."""
    first = days.day_of(answered - timedelta(hours=4))
    if random.random() < 0.05:
        missed = days.at(first + timedelta(days=1), 11, 14)
        return [Act(missed, "no_show", party.who, ref)], missed
    arrived = max(days.at(first, 17, 22), days.after(answered, 25))
    acts = [Act(arrived, "check_in", party.who, ref)]
    last = first + timedelta(days=nights - 1)
    if nights > 3 and random.random() < 0.12:
        more = random.randint(2, 14)
        acts.append(Act(days.at(last, 9, 15), "extend", party.who, ref, args={"nights": more}))
        last += timedelta(days=more)
    leaving = max(days.at(last + timedelta(days=1), 7, 11), days.after(arrived, 60))
    reason, destination = drawn(random, WITH_CHILD if party.child else ENDINGS)
    args = {"reason": reason, "destination": destination, "confirmed": random.random() < 0.35}
    acts.append(Act(leaving, "depart", party.who, ref, args=args))
    return acts, days.after(leaving, 5)


def service(
    days: Days,
    random: Random,
    party: Party,
    sent: datetime,
    kind: str,
    receiver: str,
    priority: str,
    ref: str,
) -> tuple[list[Act], datetime]:
    """A referral to a service: answered, begun, concluded with its result, or not."""
    due, lapse = LIMITS[priority]
    args: Mapping[str, Any] = {"kind": kind, "priority": priority, "receivers": [receiver]}
    acts = [Act(sent, "refer", party.who, ref, args=args)]
    how = drawn(random, ANSWERS)
    if how == "WITHDRAWN":
        gone = sent + timedelta(minutes=due * random.uniform(0.2, 0.6))
        return [
            *acts,
            Act(gone, "withdraw", party.who, ref, args={"reason": drawn(random, WITHDRAWALS)}),
        ], gone
    if how == "LAPSED":
        ended = sent + timedelta(minutes=lapse + 1)
        return [*acts, Act(ended, "lapse", party.who, ref)], ended
    if how == "DECLINED":
        ended = sent + timedelta(minutes=due * random.uniform(0.1, 0.7))
        return [
            *acts,
            Act(ended, "decline", party.who, ref, args={"reason": drawn(random, DECLINES[""])}),
        ], ended
    wait = (
        due * random.uniform(0.08, 0.7)
        if how == "ON_TIME" or due == lapse
        else due + (lapse - due) * random.uniform(0.05, 0.6)
    )
    answered = sent + timedelta(minutes=wait)
    started = days.later_day(answered, random.randint(0, 4))
    done = days.later_day(started, random.randint(1, 40))
    return [
        *acts, Act(answered, "accept", party.who, ref), Act(started, "start", party.who, ref),
        Act(done, "complete", party.who, ref, args={"result": drawn(random, RESULTS)}),
    ], done  # fmt: skip
