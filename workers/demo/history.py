"""A family's life as dated acts, from arrival to the end of its cases or to today.

Pure: a family, a site, a day of arrival and a stream of random numbers in; acts in order of time out. What has
not happened by the end of yesterday is left out, so that clocks run and people are expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from workers.demo import calibration, claiming, referring
from workers.demo.acts import Act, Days, edge, told
from workers.demo.calibration import drawn
from workers.demo.people import Family

MODES = {
    "ON_FOOT": 0.34, "BUS": 0.36, "PRIVATE_VEHICLE": 0.07, "TRUCK": 0.05, "TRAIN": 0.03, "BOAT": 0.04, "PLANE": 0.03,
    "BROUGHT_BY_AUTHORITY": 0.05, "BROUGHT_BY_SERVICE": 0.03,
}  # fmt: skip
CLAIM_CLOSED = {
    "IMPLICIT_WITHDRAWAL": 0.66, "EXPLICIT_WITHDRAWAL": 0.18, "DEPARTED": 0.08, "OTHER_STATUS": 0.05, "INADMISSIBLE": 0.03,
}  # fmt: skip
PATHWAYS = {
    "LOCAL_INTEGRATION": 0.66, "RELOCATION": 0.14, "NATURALISATION": 0.08, "FAMILY_REUNIFICATION": 0.04,
    "RESETTLEMENT": 0.04, "HUMANITARIAN_VISA": 0.02, "LABOUR_MOBILITY": 0.02,
}  # fmt: skip
#: The reason with which a case closes when its pathway has held.
CLOSES_AS = {
    "LOCAL_INTEGRATION": "SOLUTION_LOCAL", "RELOCATION": "SOLUTION_LOCAL", "NATURALISATION": "SOLUTION_NATURALISED",
    "FAMILY_REUNIFICATION": "SOLUTION_REUNIFIED", "RESETTLEMENT": "SOLUTION_RESETTLED",
    "HUMANITARIAN_VISA": "SOLUTION_PATHWAY", "LABOUR_MOBILITY": "SOLUTION_PATHWAY",
}  # fmt: skip
FURTHER = ("SHARE_UNHCR", "CONTACT_BY_PHONE", "CONTACT_BY_MESSAGE", "PHOTO")


@dataclass(frozen=True)
class Setting:
    """Where a family arrives and whom it can be sent to. `receivers` are team codes by kind of service."""

    country: str
    timezone: str
    place: str
    shelters: tuple[str, ...]
    receivers: dict[str, str]
    today: date
    also_served: bool = False  # one of the families that fill the services' inboxes


class Life:
    """Tells one family's life. Each method adds acts and gives the moment at which it ends."""

    def __init__(self, family: Family, setting: Setting, arrived: date, random: Random) -> None:
        self.family, self.setting, self.arrived, self.random = family, setting, arrived, random
        self.days = Days(setting.timezone, random)
        self.acts: list[Act] = []
        self.everyone = tuple(range(len(family.members)))
        self.adults = tuple(family.adults(arrived))
        self.children = tuple(family.children(arrived))
        self.asylum = "ASYLUM_SEEKER" in family.new.members[0].populations  # type: ignore[union-attr]
        self.consented: dict[str, bool] = {}
        self.homeless = False
        self.willing = False  # nobody refuses: for lives that are about something else

    def add(
        self,
        at: datetime,
        verb: str,
        who: tuple[int, ...] = (),
        *,
        ref: str = "",
        on: date | None = None,
        **args: Any,
    ) -> None:
        self.acts.append(Act(at, verb, who, ref, on, args))

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def refuses(self, share: float) -> bool:
        return not self.willing and self.chance(share)

    def told(self) -> list[Act]:
        return told(self.acts, edge(self.setting.today))

    # -- at the desk -------------------------------------------------------------------------------------
    def registered(self, at: datetime) -> datetime:
        """The family is registered and each adult is asked for consent, alone."""
        on = self.arrived if self.days.day_of(at) - self.arrived > timedelta(days=10) else None
        self.add(
            at, "register", self.everyone, on=on,
            arrived=self.arrived, place=self.setting.place, mode=drawn(self.random, MODES),
        )  # fmt: skip
        moment = at
        for i in self.adults:
            moment = self.days.after(moment, 6)
            self._consents(moment, i, "SELF", None)
        carer = self.adults[0] if self.adults else None
        for i in self.children:
            moment = self.days.after(moment, 2)
            given_by = (
                "PARENT"
                if self.family.members[i].role == "CHILD" and carer is not None
                else "CHILD_AUTHORITY"
            )
            self._consents(moment, i, given_by, carer if given_by == "PARENT" else None)
        return self.days.after(moment, 10)

    def _consents(self, at: datetime, i: int, given_by: str, carer: int | None) -> None:
        """Registration, shelter where it is wanted, and a few other things; the rest is asked when it is needed."""
        form = drawn(self.random, {"SIGNED": 0.72, "THUMBPRINT": 0.1, "SPOKEN_WITNESSED": 0.18})
        alone = self.chance(0.96)
        wanted = ["REGISTER", *(["REFER_SHELTER"] if self.homeless else [])]
        if given_by == "SELF":
            wanted += [p for p in FURTHER if self.chance(0.12)]
        for purpose in wanted:
            refused = purpose != "REGISTER" and self.refuses(0.2 if purpose == "PHOTO" else 0.025)
            self.consented[f"{i} {purpose}"] = not refused
            self.add(
                at, "consent", (i,), purpose=purpose, state="REFUSED" if refused else "GIVEN", given_by=given_by,
                carer=carer, form=form, alone=alone, language=self.family.language,
            )  # fmt: skip

    def allowed(self, purpose: str, who: tuple[int, ...]) -> tuple[int, ...]:
        """Those of `who` who said yes to a purpose."""
        return tuple(i for i in who if self.consented.get(f"{i} {purpose}"))

    def asked(self, at: datetime, purpose: str, who: tuple[int, ...]) -> datetime:
        """Ask those who have not been asked for a purpose yet."""
        for i in who:
            if f"{i} {purpose}" in self.consented:
                continue
            child = i in self.children
            parent = child and self.family.members[i].role == "CHILD" and bool(self.adults)
            refused = not child and self.refuses(0.03)
            self.consented[f"{i} {purpose}"] = not refused
            self.add(
                at, "consent", (i,), purpose=purpose, state="REFUSED" if refused else "GIVEN",
                given_by="SELF" if not child else "PARENT" if parent else "CHILD_AUTHORITY",
                carer=self.adults[0] if parent else None, form="SIGNED", alone=not child, language=self.family.language,
            )  # fmt: skip
        return self.days.after(at, 4)

    # -- screening ---------------------------------------------------------------------------------------
    def screened(self, at: datetime, share: float = 0.8) -> datetime:
        """Adults are asked alone, children with somebody they trust; some talks are not finished that day."""
        moment = at
        for i in self.everyone:
            age = self.family.members[i].age(self.arrived)
            child = i in self.children
            alone_child = child and not self.adults
            if age < 5 or not self.chance(share if not child or alone_child else share * 0.3):
                continue
            moment = self.days.after(moment, 25)
            unfinished = drawn(
                self.random, {"": 0.94, "DISTRESS": 0.02, "TIME": 0.02, "LEFT": 0.01, "REFUSED": 0.01}
            )
            args: dict[str, Any] = {
                "unfinished": unfinished,
                "child": child,
                "homeless": self.homeless,
                "draw": self.random.getrandbits(48),
            }
            self.add(moment, "screen", (i,), **args)
            if unfinished in ("DISTRESS", "TIME"):
                again = self.days.later_day(moment, self.random.randint(1, 4))
                self.add(
                    again, "screen", (i,), **{**args, "unfinished": "", "draw": self.random.getrandbits(48)}
                )
        return self.days.after(moment, 15)

    # -- referrals ---------------------------------------------------------------------------------------
    def sheltered(self, at: datetime) -> datetime:
        """A referral of the whole family to a shelter, if everybody agreed."""
        if self.allowed("REFER_SHELTER", self.everyone) != self.everyone:
            return at
        shelters = list(self.setting.shelters)
        if not self.adults:
            shelters = [*self.setting.shelters[-1:], *self.setting.shelters[:-1]]
        else:
            self.random.shuffle(shelters)
        party = referring.Party(self.everyone, bool(self.children))
        acts, ended = referring.shelter(self.days, self.random, party, at, shelters)
        self.acts += acts
        return ended

    def served(
        self,
        at: datetime,
        kind: str,
        purpose: str,
        who: tuple[int, ...],
        priorities: dict[str, float],
        ref: str,
    ) -> datetime:
        """A referral to a service, of those who agreed."""
        receiver = self.setting.receivers.get(kind)
        if receiver is None or not who:
            return at
        at = self.asked(at, purpose, who)
        agreed = self.allowed(purpose, who)
        if not agreed:
            return at
        party = referring.Party(agreed, any(i in self.children for i in agreed))
        acts, ended = referring.service(
            self.days, self.random, party, at, kind, receiver, drawn(self.random, priorities), ref
        )
        self.acts += acts
        return ended

    # -- the claim ---------------------------------------------------------------------------------------
    def claimed(self, at: datetime) -> tuple[datetime, str]:
        """The family lodges its claims; they end some day. Gives that moment and the outcome, or the moment at
        which they were lodged and OPEN."""
        lodged = self.days.later_day(at, self.random.randint(1, 32))
        self.add(lodged, "lodge", self.everyone)
        ends = self.days.later_day(lodged, round(20 + self.random.gammavariate(2.2, 75)))
        if ends >= edge(self.setting.today):
            self.acts += claiming.acts_between(self.setting, self.everyone, lodged, ends, decided=False)
            return lodged, "OPEN"
        outcome = drawn(self.random, calibration.outcomes(self.setting.country, ends.year))
        if outcome == "closed":
            reason = drawn(self.random, CLAIM_CLOSED)
            self.acts += claiming.acts_between(self.setting, self.everyone, lodged, ends, decided=False)
            self.add(ends, "close_claim", self.everyone, reason=reason)
            return ends, reason
        self.acts += claiming.acts_between(self.setting, self.everyone, lodged, ends, decided=True)
        self.add(ends, "decide", self.everyone, outcome=outcome.upper())
        self.acts += claiming.acts_after(self.setting, self.everyone, ends, outcome.upper())
        return ends, outcome.upper()

    # -- the end -----------------------------------------------------------------------------------------
    def solved(self, at: datetime) -> None:
        """A plan, its steps and, when it has held, the end of the case."""
        pathway = drawn(self.random, PATHWAYS)
        moment = self.days.later_day(at, self.random.randint(5, 40))
        self.add(moment, "plan", self.everyone, ref="plan", pathway=pathway)
        steps = ["INFORMED", "CHOSEN", "APPLIED", "ACCEPTED", "PREPARED", "HAPPENED"]
        if pathway in ("LOCAL_INTEGRATION", "RELOCATION"):
            steps = ["INFORMED", "CHOSEN", "PREPARED", "HAPPENED"]
        for step in steps:
            moment = self.days.later_day(moment, self.random.randint(4, 30))
            if self.chance(0.03):
                self.add(moment, "step", self.everyone, ref="plan", step="STOPPED_BY_PERSON")
                return
            self.add(moment, "step", self.everyone, ref="plan", step=step)
        held = moment
        for step, days in (("HELD_3M", 95), ("HELD_6M", 95)):
            held = self.days.later_day(held, days + self.random.randint(0, 12))
            if self.chance(0.05):
                self.add(held, "step", self.everyone, ref="plan", step="FAILED")
                return
            self.add(held, "step", self.everyone, ref="plan", step=step)
        self.closed(self.days.later_day(held, self.random.randint(1, 20)), CLOSES_AS[pathway])

    def lost(self, at: datetime) -> None:
        """Nobody can be reached: attempts on two channels over a month, then the case closes."""
        moment = self.days.later_day(at, self.random.randint(2, 15))
        for channel, days in (("CALL", 0), ("TEXT", 9), ("CALL", 14), ("VIA_CONTACT", 12)):
            moment = self.days.later_day(moment, days) if days else moment
            result = "MESSAGE_LEFT_NEUTRAL" if channel == "TEXT" and self.chance(0.4) else "NO_ANSWER"
            self.add(moment, "attempt", self.everyone, channel=channel, result=result)
        self.closed(self.days.later_day(moment, self.random.randint(1, 12)), "CONTACT_LOST")

    def closed(self, at: datetime, reason: str) -> None:
        """Every member's case closes; what is still open is put in order first."""
        self.acts = [a for a in self.acts if a.verb not in claiming.VERBS or a.at < at]
        self.add(at, "close_case", self.everyone, reason=reason)
