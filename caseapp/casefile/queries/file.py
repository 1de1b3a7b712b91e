"""What the case file shows. Everything that is only codes and dates comes in one statement (`CodeRow`); what is
sealed comes by table, because each value is bound to its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from caseapp.accounts.models import Team, User
from caseapp.assistance.models import Delivery
from caseapp.casefile.models import CaseAlert, CasePlan, CaseTask, ClosureRequest
from caseapp.core import clock, crypto
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.journal import CaseEvent
from caseapp.custody.models import Custody, CustodySafeguard
from caseapp.deadline.models import Deadline
from caseapp.deadline.rules import OPEN
from caseapp.people import keys
from caseapp.people import queries as people
from caseapp.people.models import (
    Case,
    CaseAccess,
    Consent,
    Contact,
    ContactAttempt,
    DuplicateCandidate,
    Guardian,
    HealthDate,
    Household,
    HouseholdMember,
    IdentityDocument,
    MovementLimit,
    Need,
    Person,
    PersonLanguage,
    PersonNationality,
    PersonPopulation,
    PlacementRequirement,
    Relation,
)
from caseapp.places.models import Site
from caseapp.procedure.models import Claim, ClaimApplicant
from caseapp.protection.models import Screening, ScreeningOutcome
from caseapp.referral import kinds
from caseapp.referral.models import USUAL, Referral, ReferralMember
from caseapp.referral.queries import visible_to as referrals_visible_to
from caseapp.referral.rules import NOT_ENDED
from caseapp.shelter.models import Stay
from caseapp.shelter.night.models import Presence
from caseapp.shelter.queries import for_case as stays_of
from caseapp.solutions.models import Employment, SolutionPlan, SolutionStep, Training, WorkPermit

#: Events that say something about the state of a file and have no table of their own yet.
MARKING = ("intake.opened", "case.handed_over")


@dataclass(frozen=True)
class Glance:
    """A file as it is opened: what every page about it begins with."""

    case: Case
    person: Person
    site: Site
    team: str
    assigned_to: str | None

    @property
    def on(self) -> date:
        """The site's date."""
        return clock.today(self.site.timezone)


def open_file(number: str, principal: Principal) -> Glance:
    """The file with this number (two statements, with its key); NotYours if there is none or it is not theirs."""
    asked = (
        people.visible_to(principal)
        .where(Case.number == number.strip().upper())
        .join(Person, Person.case_id == Case.id)
        .join(Site, Site.id == Case.site_id)
        .join(Team, Team.id == Case.team_id)
        .outerjoin(User, User.id == Case.assigned_to_id)
        .add_columns(Person, Site, Team.name, User.name)
    )
    row = session.execute(asked).one_or_none()
    if row is None:
        raise NotYours
    return Glance(*row)


@dataclass(frozen=True)
class Member:
    """Somebody of the household, as they are now."""

    case: Case
    person: Person
    head: bool
    household: Household


def _members(case_id: UUID) -> list[Member]:
    mine = aliased(HouseholdMember)
    rows = session.execute(
        sa.select(Case, Person, HouseholdMember.is_head, Household)
        .join(HouseholdMember, HouseholdMember.case_id == Case.id)
        .join(mine, mine.household_id == HouseholdMember.household_id)
        .join(Household, Household.id == HouseholdMember.household_id)
        .join(Person, Person.case_id == Case.id)
        .where(mine.case_id == case_id, mine.left_on.is_(None), HouseholdMember.left_on.is_(None))
        .where(Case.erased_at.is_(None))
        .order_by(HouseholdMember.is_head.desc(), HouseholdMember.id)
    ).all()
    return [Member(*row) for row in rows]


@dataclass(frozen=True)
class CodeRow:
    """A line of codes and dates; what `a` to `d` mean stands with each part of the statement below."""

    what: str
    id: UUID
    other: UUID | None
    a: str | None
    b: str | None
    c: str | None
    d: str | None
    day: date | None
    ended: date | None
    at: datetime | None
    n: int | None


def _part(what: str, table: Any, where: Any, **columns: Any) -> sa.Select[Any]:
    def column(name: str, kind: Any) -> Any:
        return sa.cast(columns.get(name, sa.null()), kind).label(name)

    return (
        sa.select(
            sa.literal(what).label("what"), table.id.label("id"), column("other", sa.Uuid()),
            *(column(letter, sa.Text()) for letter in "abcd"), column("day", sa.Date()), column("ended", sa.Date()),
            column("at", sa.DateTime(timezone=True)), column("n", sa.Integer()),
        )
        .where(where)
    )  # fmt: skip


def _custody_part(case_id: Any) -> sa.Select[Any]:
    """Custody: how it ended, its state, where, whether of a child; `n` counts the safeguards asked about."""
    asked = sa.select(sa.func.count()).where(
        CustodySafeguard.custody_id == Custody.id, CustodySafeguard.answer != "NOT_ASKED"
    )
    station = sa.select(Team.name).where(Team.id == Custody.station_id)
    return _part(
        "custody", Custody, Custody.case_id == case_id, a=Custody.exit_code, b=Custody.state,
        c=sa.func.coalesce(station.scalar_subquery(), Custody.place),
        d=sa.case((Custody.child, "YES"), else_="NO"), day=Custody.since_on, ended=Custody.exit_on,
        at=Custody.since_at, n=asked.scalar_subquery(),
    )  # fmt: skip


def _clock_part(whose: Any) -> sa.Select[Any]:
    """Clocks that run, stand still or ran out: rule, state, kind, whether sealed, since when and until when."""
    return _part(
        "clock", Deadline, sa.and_(whose, Deadline.state.in_(OPEN)), a=Deadline.rule, b=Deadline.state,
        c=Deadline.kind, d=sa.case((Deadline.sealed, "SEALED")), day=sa.cast(Deadline.started_at, sa.Date()),
        at=Deadline.due_at,
    )  # fmt: skip


def _kept_part(case_id: Any) -> sa.Select[Any]:
    """NOTE (with the day until which it marks the file) and ALERT (`a`) where the supervision keeps one, whoever asks:
    for the neutral mark, and for closing."""
    kept = sa.func.kept_by_supervision(case_id).table_valued("what", "until")
    nothing = (sa.cast(sa.null(), t) for t in (sa.Text, sa.Text, sa.Text, sa.Date))
    return sa.select(
        sa.literal("kept"), case_id, sa.cast(sa.null(), sa.Uuid()), kept.c.what, *nothing, sa.cast(kept.c.until, sa.Date),
        sa.cast(sa.null(), sa.DateTime(timezone=True)), sa.cast(sa.null(), sa.Integer()),
    )  # fmt: skip


def _going_part(case_id: Any) -> sa.Select[Any]:
    """The states of the sites from which a place was asked that is not refused (`a`); none of a sealed service, whose
    state would tell of it."""
    return (
        _part("going", ReferralMember, sa.and_(
            ReferralMember.case_id == case_id, ReferralMember.left_at.is_(None), ReferralMember.outcome != "NOT_ACCEPTED",
            Referral.state.in_(NOT_ENDED), Referral.kind == "SHELTER", Site.kind != "SAFE_HOUSE",
        ), a=Site.admin1)
        .select_from(ReferralMember)
        .join(Referral, Referral.id == ReferralMember.referral_id)
        .join(Team, Team.id == Referral.to_team_id)
        .join(Site, Site.id == Team.site_id)
    )  # fmt: skip


@cache
def _asked_codes() -> sa.CompoundSelect[Any]:
    """The statement of `_code_rows`, with the case as parameter `case`. Its six hundred parts are put together
    once for the process: that took a third of the page's time."""
    case_id = sa.bindparam("case", type_=sa.Uuid())

    def of(table: Any) -> Any:
        return table.case_id == case_id

    pair = DuplicateCandidate
    in_claims = sa.select(ClaimApplicant.claim_id).where(
        ClaimApplicant.case_id == case_id, ClaimApplicant.left_on.is_(None)
    )
    parts = [
        _part("language", PersonLanguage, of(PersonLanguage), a=PersonLanguage.language, n=PersonLanguage.position),
        _part("nationality", PersonNationality, of(PersonNationality), a=PersonNationality.country, n=PersonNationality.position),
        _part("population", PersonPopulation, of(PersonPopulation), a=PersonPopulation.population, day=PersonPopulation.since, ended=PersonPopulation.ended_on),
        _part("document", IdentityDocument, of(IdentityDocument), a=IdentityDocument.document_type, b=IdentityDocument.issued_by, c=sa.case((IdentityDocument.seen, "YES"), else_="NO"), ended=IdentityDocument.valid_to),
        _part("is_of", Relation, of(Relation), other=Relation.other_case_id, a=Relation.relation, b=Relation.evidence),
        _part("has", Relation, Relation.other_case_id == case_id, other=Relation.case_id, a=Relation.relation, b=Relation.evidence),
        _part("claim", Claim, Claim.id.in_(in_claims), a=Claim.application_type, b=Claim.outcome, c=Claim.closure_reason, d=sa.case((Claim.sealed, "SEALED")), day=Claim.lodged_on, ended=sa.func.coalesce(Claim.decided_on, Claim.closed_on)),
        _custody_part(case_id),
        _part("plan", SolutionPlan, of(SolutionPlan), a=SolutionPlan.pathway, day=SolutionPlan.agreed_on, ended=SolutionPlan.ended_on),
        _part("step", SolutionStep, of(SolutionStep), other=SolutionStep.plan_id, a=SolutionStep.step, day=SolutionStep.reached_on),
        _part("permit", WorkPermit, of(WorkPermit), a=WorkPermit.state, day=WorkPermit.changed_on, ended=WorkPermit.valid_to),
        _part("training", Training, of(Training), a=Training.kind, b=Training.state, day=Training.changed_on),
        _part("job", Employment, of(Employment), a=Employment.form, b=Employment.state, day=Employment.changed_on),
        _part("delivery", Delivery, sa.and_(of(Delivery), Delivery.withdrawn_on.is_(None), ~Delivery.sealed), a=Delivery.item, b=Delivery.sector, c=Delivery.result, day=Delivery.delivered_on)
        .order_by(Delivery.delivered_on.desc(), Delivery.id.desc()).limit(5),
        _part("screening", Screening, of(Screening), other=Screening.interviewer_id, a=Screening.state, b=Screening.main_outcome, c=Screening.incomplete_reason, d=Screening.interpreter, at=Screening.started_at),
        _part("outcome", ScreeningOutcome, of(ScreeningOutcome), other=ScreeningOutcome.screening_id, a=ScreeningOutcome.outcome),
        _part("duplicate", pair, sa.and_(sa.or_(pair.case_id == case_id, pair.other_case_id == case_id), pair.decision == "OPEN"), n=pair.score),
        _part("request", ClosureRequest, sa.and_(of(ClosureRequest), ClosureRequest.state == "ASKED"), other=ClosureRequest.asked_by_id, a=ClosureRequest.reason, day=ClosureRequest.asked_on),
        _part("event", CaseEvent, sa.and_(of(CaseEvent), CaseEvent.kind.in_(MARKING)), a=CaseEvent.kind, day=CaseEvent.effective_on, at=CaseEvent.recorded_at),
        _clock_part(of(Deadline)),
        # Apart: with OR, PostgreSQL would go through every open clock.
        _clock_part(sa.and_(Deadline.subject_id.in_(in_claims), Deadline.case_id != case_id)),
        _part("consent", Consent, of(Consent), other=Consent.given_by_case_id, a=Consent.purpose, b=Consent.state, c=Consent.given_by, d=Team.name, day=Consent.asked_on, ended=Consent.expires_on)
        .select_from(Consent).outerjoin(Team, Team.id == Consent.recipient_team_id),
        _part("task", CaseTask, sa.and_(of(CaseTask), CaseTask.done_on.is_(None), ~CaseTask.sealed), other=CaseTask.assigned_to_id, a=CaseTask.kind, b=CaseTask.doer, day=CaseTask.due_on),
        _part("case_plan", CasePlan, sa.and_(of(CasePlan), CasePlan.state != "ENDED"), a=CasePlan.state, day=CasePlan.agreed_on, ended=CasePlan.review_on),
        _part("alert", CaseAlert, sa.and_(of(CaseAlert), CaseAlert.resolved_on.is_(None)), a=CaseAlert.code, b=CaseAlert.seen_by, day=CaseAlert.raised_on, ended=CaseAlert.review_on),
        _kept_part(case_id),
        _part("limit", MovementLimit, sa.and_(of(MovementLimit), MovementLimit.ended_on.is_(None)), a=MovementLimit.admin1, day=MovementLimit.since),
        _going_part(case_id),
        _part("guardian", Guardian, sa.and_(of(Guardian), Guardian.ended_at.is_(None)), at=Guardian.named_at),
        _part("health", HealthDate, sa.and_(of(HealthDate), HealthDate.ended_at.is_(None)), a=HealthDate.kind, at=HealthDate.at),
        _part("presence", Presence, of(Presence), other=Presence.stay_id, a=Presence.state, day=Presence.night),
        _part("reached", ContactAttempt, sa.and_(of(ContactAttempt), ContactAttempt.result == "REACHED"), day=sa.cast(ContactAttempt.at, sa.Date()))
        .order_by(ContactAttempt.at.desc()).limit(1),
    ]  # fmt: skip
    return sa.union_all(*parts)


def _code_rows(case_id: UUID) -> list[CodeRow]:
    """Languages, nationalities, situations, documents, relations, consents, claims, plans, screenings, possible
    duplicates, an open closure request and the events that mark the file, in one statement."""
    rows = session.execute(_asked_codes(), {"case": case_id}).all()
    return sorted((CodeRow(*row) for row in rows), key=lambda r: (r.what, r.n or 0, r.id))


@dataclass(frozen=True)
class Asked:
    """A referral as the file shows it."""

    referral: Referral
    to: str
    by: str
    outcome: str
    left: bool = False  # this person took their consent back; the others may still be of it


@dataclass(frozen=True)
class File:
    """A file, whole. `codes` come by `of(what)`, oldest first."""

    glance: Glance
    members: Sequence[Member]
    codes: Sequence[CodeRow]
    needs: Sequence[Need]
    requirements: Sequence[PlacementRequirement]
    contacts: Sequence[Contact]
    referrals: Sequence[Asked]
    stays: Sequence[Stay]

    def of(self, what: str) -> list[CodeRow]:
        return [row for row in self.codes if row.what == what]

    def claims(self, *, sealed: bool = False) -> list[CodeRow]:
        """Claims that the person is in; with `sealed` only their own that nobody else is shown."""
        return [row for row in self.of("claim") if (row.d == "SEALED") is sealed]

    def clocks(self, *, sealed: bool = False) -> list[CodeRow]:
        """Clocks that run, stand still or ran out, the soonest first: a rule, b state, c kind, at the end."""
        rows = [row for row in self.of("clock") if (row.d == "SEALED") is sealed]
        return sorted(rows, key=lambda row: (str(row.at), row.id))

    @property
    def intake_event(self) -> CodeRow | None:
        return next((r for r in self.of("event") if r.a == "intake.opened"), None)


def file_of(glance: Glance, principal: Principal) -> File:
    """Everything of a file that its holders see: eight statements, whatever the rows."""
    case = glance.case
    members = _members(case.id)
    crypto.load_keys({case.id, *(m.case.id for m in members)})
    return File(
        glance, members, _code_rows(case.id), people.needs_of(case.id), people.requirements_of([case.id]),
        people.contacts_of(case.id), referrals_of(case.id, principal), stays_of(case),
    )  # fmt: skip


def referrals_of(case_id: UUID, principal: Principal) -> list[Asked]:
    """The referrals of a case that the principal sees, newest first (one statement)."""
    to, by = aliased(Team), aliased(Team)
    rows = session.execute(
        referrals_visible_to(principal)
        .join(ReferralMember, ReferralMember.referral_id == Referral.id)
        .join(to, to.id == Referral.to_team_id)
        .join(by, by.id == Referral.from_team_id)
        .where(ReferralMember.case_id == case_id)
        .add_columns(to.name, by.name, ReferralMember.outcome, ReferralMember.left_at.is_not(None))
        .order_by(Referral.made_at.desc(), Referral.id.desc())
    ).all()
    return [Asked(*row) for row in rows]


def site_alerts(case_id: UUID) -> Sequence[str]:
    """Alerts that concern whoever houses the person: the policy shows them where the person sleeps, and nowhere else."""
    return session.scalars(
        sa.select(CaseAlert.code)
        .where(CaseAlert.case_id == case_id, CaseAlert.seen_by == "SITE", CaseAlert.resolved_on.is_(None))
        .order_by(CaseAlert.id)
    ).all()


def _requirements_read(case_id: UUID, principal: Principal) -> list[PlacementRequirement]:
    """The requirements that the principal's teams read: those that the kinds of service carry for which they were asked;
    all of them where they read for another reason."""
    asked = session.scalars(
        sa.select(Referral.kind)
        .select_from(CaseAccess)
        .outerjoin(Referral, Referral.id == CaseAccess.subject_id)
        .where(
            CaseAccess.case_id == case_id, CaseAccess.team_id.in_(principal.case_teams), CaseAccess.ended_at.is_(None)
        )
    ).all()  # fmt: skip
    found = people.requirements_of([case_id])
    if not asked or None in asked:
        return found
    carried = frozenset().union(*(kinds.of(kind).carries for kind in asked))
    return [r for r in found if r.requirement in carried]


def glance_at(glance: Glance, principal: Principal) -> dict[str, Any]:
    """What a team that reads the case without holding it may see: of the person what its reading shows (`items`),
    and its own referrals and stays."""
    case = glance.case
    items = keys.items_shown([case.id], principal).get(case.id)
    items = frozenset(USUAL) if items is None else items
    teams = set(principal.case_teams) | set(principal.site_teams)
    return {
        "items": items,
        "languages": people.languages_of(case.id) if "LANGUAGES" in items else [],
        "requirements": _requirements_read(case.id, principal) if "REQUIREMENTS" in items else [],
        "alerts": site_alerts(case.id) if "REQUIREMENTS" in items else [],
        "referrals": [a for a in referrals_of(case.id, principal) if a.referral.to_team_id in teams],
        "stays": [s for s in stays_of(case) if s.team_id in teams],
    }
