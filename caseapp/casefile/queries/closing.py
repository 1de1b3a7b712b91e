"""The plain values that the rules of closing look at."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.casefile import alerting, rules
from caseapp.casefile.models import ClosureRequest
from caseapp.casefile.queries.file import CodeRow, File
from caseapp.core import clock, reference
from caseapp.core.db import session
from caseapp.custody.rules import FOLLOW_UPS
from caseapp.deadline.rules import due_on
from caseapp.people.models import ContactAttempt
from caseapp.referral.models import Referral, ReferralMember
from caseapp.referral.queries import open_for as open_referrals
from caseapp.shelter.models import HOLDING
from caseapp.solutions.rules import STEPS


def open_request(case_id: UUID, *, lock: bool = False) -> ClosureRequest | None:
    """The request to close that waits for a second person."""
    asked = sa.select(ClosureRequest).where(
        ClosureRequest.case_id == case_id, ClosureRequest.state == "ASKED"
    )
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    return session.scalars(asked).one_or_none()


def closing_facts(file: File, closer: UUID | None, *, approved: bool = False) -> rules.ClosingFacts:
    """Gather what `rules.may_close` asks, from a file and three further statements."""
    case, person, today = file.glance.case, file.glance.person, file.glance.on
    told = alerting.alert_facts(file)
    completed = [s for s in file.of("screening") if s.a == "COMPLETED"]
    timezone = file.glance.site.timezone
    attempts = session.scalars(sa.select(ContactAttempt).where(ContactAttempt.case_id == case.id))
    return rules.ClosingFacts(
        today=today,
        closed=case.status == "CLOSED",
        open_needs=[n.priority for n in file.needs if n.state == "OPEN"],
        stay=any(s.state in HOLDING for s in file.stays),
        referral=bool(open_referrals(case)),
        custody=told.custody,
        follow_up=any(
            c.a in FOLLOW_UPS.values() for sealed in (False, True) for c in file.clocks(sealed=sealed)
        ),
        legal_clocks=_legal_clocks(file),
        legal_paused=any(c.b == "PAUSED" for c in _legal(file)),
        child=told.child,
        carer=told.guardian or told.related_adults_here > 0 or _transferred(case.id, "CHILD_PROTECTION"),
        alerts=alerting.keeping_open(file),
        attempts=[
            rules.Attempt(a.channel, clock.local(a.at, timezone).date(), a.result == "REACHED")
            for a in attempts
        ],
        newest_steps=newest_steps(file),
        populations={p.a for p in file.of("population") if p.ended is None and p.a},
        handed_over=any(e.a == "case.handed_over" for e in file.of("event")) or _transferred(case.id),
        main_outcome=completed[-1].b if completed else None,
        ever_protection=any(o.a in ("IP_WISH", "IP_NEED") for o in file.of("outcome")),
        merged=person.merged_into_id is not None,
        screened_by_closer=closer is not None and any(s.other == closer for s in completed),
        approved=approved,
    )


def _legal(file: File) -> list[CodeRow]:
    """The legal clocks that run, stand still or ran out, sealed ones too."""
    return [c for sealed in (False, True) for c in file.clocks(sealed=sealed) if c.c == "LEGAL"]


def _legal_clocks(file: File) -> list[date]:
    """The last local days of the legal clocks that are awaited. Where a rejection's notice is not written yet, the day
    of the decision stands for it. One that stands still has no last day."""
    timezone, country, today = file.glance.site.timezone, file.glance.case.country, file.glance.on
    open_ = _legal(file)
    days = [(c.a or "", clock.local(c.at, timezone).date()) for c in open_ if c.at and c.b != "PAUSED"]
    if not any(c.a == "CLAIM_APPEAL" for c in open_):
        days += [("CLAIM_APPEAL", day) for c in file.claims() if (day := _appeal_ends(c, country))]
    return [day for rule, day in days if rules.awaited(rule, day, today)]


def _appeal_ends(claim: CodeRow, country: str) -> date | None:
    """The last day on which a rejection may be appealed, where the country's rule says so. The day of the
    decision stands for that of its notice, which is not recorded yet."""
    if claim.b != "REJECTED" or claim.ended is None:
        return None
    try:
        return due_on(reference.clock_rule("CLAIM_APPEAL", claim.ended, country), claim.ended)
    except reference.CodeUnknown:
        return None


def newest_steps(file: File) -> set[tuple[str, str]]:
    """Each plan's pathway with the newest step that it reached."""
    found = set()
    for plan in file.of("plan"):
        reached = [s.a for s in file.of("step") if s.other == plan.id and s.a]
        if reached and plan.a:
            found.add((plan.a, max(reached, key=STEPS.index)))
    return found


def _transferred(case_id: UUID, kind: str | None = None) -> bool:
    """Whether another team accepted responsibility for the person."""
    asked = (
        sa.select(Referral.id)
        .join(ReferralMember, ReferralMember.referral_id == Referral.id)
        .where(
            ReferralMember.case_id == case_id, ReferralMember.outcome == "ACCEPTED", Referral.mode == "TRANSFER",
            Referral.state.in_(("ACCEPTED", "STARTED", "COMPLETED")),
        )
        .limit(1)
    )  # fmt: skip
    if kind is not None:
        asked = asked.where(Referral.kind == kind)
    return session.scalars(asked).first() is not None
