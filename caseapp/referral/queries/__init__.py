"""What is read of referrals. Every query starts from `visible_to`; PostgreSQL's policies say it again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from caseapp.core import clock, crypto, reference
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.people import queries as people
from caseapp.people import rules as people_rules
from caseapp.people.models import (
    Case,
    CaseAccess,
    Consent,
    ConsentWaiver,
    HouseholdMember,
    Person,
    PersonNationality,
)
from caseapp.people.rules.household import PARENTS
from caseapp.places.models import Site
from caseapp.referral import rules
from caseapp.referral.models import Referral, ReferralMember, ReferralNotice, ReferralStep
from caseapp.shelter.models import Stay


def visible_to(principal: Principal) -> sa.Select[Referral]:
    """Referrals from or to the principal's teams; a receiver does not see drafts. The system sees all."""
    found = sa.select(Referral)
    if principal.kind == "system":
        return found
    if principal.guest_of is not None:
        return found.where(Referral.id == principal.guest_of)
    teams = list(principal.case_teams)
    received = sa.and_(Referral.to_team_id.in_(teams), Referral.sent_at.is_not(None))
    return found.where(sa.or_(Referral.from_team_id.in_(teams), received))


def referral(principal: Principal, number: str, *, lock: bool = False) -> Referral:
    """One referral with its members and teams, or `NotYours`. `lock`: for a verb, read afresh."""
    asked = visible_to(principal).where(Referral.number == number.strip().upper())
    if lock:
        asked = asked.with_for_update(of=Referral).execution_options(populate_existing=True)
    found = session.scalars(asked.options(*WHOLE)).one_or_none()
    if found is None:
        raise NotYours
    return found


TEAMS = (
    joinedload(Referral.from_team, innerjoin=True),
    joinedload(Referral.to_team, innerjoin=True),
)
WHOLE = (*TEAMS, selectinload(Referral.members))


def party_of(found: Referral, principal: Principal) -> tuple[str, ...]:
    """SENDER, RECEIVER or both, as the principal's teams stand; CLOCK for the system."""
    if principal.kind == "system":
        return (rules.CLOCK,)
    if principal.guest_of is not None:
        return (rules.RECEIVER,) if found.id == principal.guest_of else ()
    teams = set(principal.case_teams)
    parties = [(rules.SENDER, found.from_team_id), (rules.RECEIVER, found.to_team_id)]
    return tuple(party for party, team in parties if team in teams)


# -- what other areas ask -----------------------------------------------------------------------------
def for_case(case: Case, *, members: bool = True) -> list[Referral]:
    """The referrals that include a case, newest first, with teams and members (or without)."""
    return list(
        session.scalars(
            sa.select(Referral)
            .join(ReferralMember, ReferralMember.referral_id == Referral.id)
            .where(ReferralMember.case_id == case.id)
            .options(*(WHOLE if members else TEAMS))
            .order_by(Referral.made_at.desc(), Referral.id.desc())
        )
    )


def open_for(case: Case) -> list[Referral]:
    """Referrals that keep a case from being closed: sent or accepted and not ended."""
    return list(
        session.scalars(
            sa.select(Referral)
            .join(ReferralMember, ReferralMember.referral_id == Referral.id)
            .where(
                ReferralMember.case_id == case.id,
                ReferralMember.outcome != "NOT_ACCEPTED",
                ReferralMember.left_at.is_(None),
                Referral.state.in_(rules.NOT_ENDED),
            )
        )
    )


def awaiting(principal: Principal) -> sa.Select[Referral]:
    """Referrals that wait for somebody of the principal's teams: an answer as receiver, a reply as sender."""
    teams = list(principal.case_teams)
    return visible_to(principal).where(
        sa.or_(
            sa.and_(Referral.to_team_id.in_(teams), Referral.state.in_(("SENT", "INFO_ASKED"))),
            sa.and_(Referral.from_team_id.in_(teams), Referral.state.in_(("INFO_ASKED", "PART_ACCEPTED"))),
        )
    )


def resting_on(case_id: UUID, purpose: str) -> list[Referral]:
    """The referrals of a person that rest on a purpose and show somebody something: sent, and either not ended or
    still read (a stay goes on, whose reading may just have ended with the consent); locked, with teams and members."""
    kinds = [c.code for c in reference.codes("service_kind") if c.extra["consent_purpose"] == purpose]
    if not kinds:
        return []
    read = sa.select(CaseAccess.id).where(
        CaseAccess.subject_id == Referral.id, CaseAccess.case_id == case_id, CaseAccess.ended_at.is_(None)
    )
    inside = sa.select(Stay.id).where(
        Stay.referral_id == Referral.id, Stay.case_id == case_id, Stay.state == "IN", ~Stay.minimum
    )
    asked = (
        sa.select(Referral)
        .join(ReferralMember, ReferralMember.referral_id == Referral.id)
        .where(
            ReferralMember.case_id == case_id, ReferralMember.left_at.is_(None), Referral.kind.in_(kinds),
            Referral.sent_at.is_not(None),
            sa.or_(Referral.ended_at.is_(None), read.exists(), inside.exists()),
        )
        .order_by(Referral.id)
        .with_for_update(of=Referral)
        .execution_options(populate_existing=True)
        .options(*WHOLE)
    )  # fmt: skip
    return list(session.scalars(asked))


def carried_as_children(today: date, limit: int) -> Sequence[tuple[str, UUID, str]]:
    """The referral's number, the file and its site's time zone of adults who are still read though only a carer's consent carried them as
    children."""
    read = sa.select(CaseAccess.id).where(
        CaseAccess.subject_id == ReferralMember.referral_id, CaseAccess.case_id == ReferralMember.case_id,
        CaseAccess.ended_at.is_(None),
    )  # fmt: skip
    adult = sa.or_(
        Person.age_status == "DECIDED_ADULT",
        sa.and_(
            Person.age_status != "DISPUTED_TREATED_AS_CHILD",
            Person.birth_to <= people_rules.adult_if_born_by(today),
        ),
    )
    rows = session.execute(
        sa.select(Referral.number, ReferralMember.case_id, Site.timezone)
        .join(ReferralMember, ReferralMember.referral_id == Referral.id)
        .join(Person, Person.case_id == ReferralMember.case_id)
        .join(Case, Case.id == ReferralMember.case_id)
        .join(Site, Site.id == Case.site_id)
        .where(
            ReferralMember.consent_id.is_(None), ReferralMember.basis.is_(None), ReferralMember.left_at.is_(None),
            ReferralMember.outcome != "NOT_ACCEPTED", read.exists(), adult,
        )
        .order_by(ReferralMember.id)
        .limit(limit)
    )  # fmt: skip
    return [(number, case_id, zone) for number, case_id, zone in rows]


def waived_in_vain(referral_id: UUID) -> frozenset[UUID]:
    """The cases of a referral for which a review did not uphold that somebody acted without consent."""
    return frozenset(
        session.scalars(
            sa.select(ConsentWaiver.case_id).where(
                ConsentWaiver.subject_id == referral_id, ConsentWaiver.outcome == "NOT_UPHELD"
            )
        )
    )


def read_now(referral_id: UUID) -> frozenset[UUID]:
    """The cases that the receiver of a referral reads now, as far as the acting team may know."""
    return frozenset(
        session.scalars(
            sa.select(CaseAccess.case_id).where(
                CaseAccess.subject_id == referral_id, CaseAccess.ended_at.is_(None)
            )
        )
    )


def was_read(referral_id: UUID) -> bool:
    """Whether the receiver of a referral was ever let read anybody of it, as far as the acting team may know."""
    return bool(
        session.scalar(
            sa.select(sa.select(CaseAccess.id).where(CaseAccess.subject_id == referral_id).exists())
        )
    )


def all_open(case_ids: Iterable[UUID]) -> bool:
    """Whether the acting team may open every one of these cases now."""
    ids = set(case_ids)
    return session.scalar(sa.select(sa.func.count()).select_from(Case).where(Case.id.in_(ids))) == len(ids)


def everyone_of(referral_id: UUID) -> list[ReferralMember]:
    """All who were ever of a referral, those who left it too (its sender's record)."""
    return list(
        session.scalars(
            sa.select(ReferralMember)
            .where(ReferralMember.referral_id == referral_id)
            .order_by(ReferralMember.position)
        )
    )


def inbox_for(principal: Principal, limit: int = 10, first: int = 0) -> list[Referral]:
    """What waits for the principal's teams, the nearest deadline first, with teams and members."""
    asked = awaiting(principal).options(*WHOLE).order_by(Referral.due_at.nulls_last(), Referral.id)
    return list(session.scalars(asked.limit(limit).offset(first)))


def overdue_for(principal: Principal, limit: int = 10, first: int = 0) -> list[Referral]:
    """What was not answered in time, of the teams that the principal supervises, for them to call: the oldest first."""
    teams = principal.teams_as("SUPERVISOR")
    asked = visible_to(principal).where(
        sa.or_(Referral.from_team_id.in_(teams), Referral.to_team_id.in_(teams)),
        Referral.state.in_(rules.AWAITING_RECEIVER), Referral.escalated_at.is_not(None),
    )  # fmt: skip
    asked = asked.options(*WHOLE).order_by(Referral.due_at, Referral.id)
    return list(session.scalars(asked.limit(limit).offset(first)))


def listed(
    principal: Principal,
    *,
    side: str,
    states: Sequence[str] = (),
    priority: str | None = None,
    kind: str | None = None,
) -> sa.Select[Referral]:
    """The list page: `side` is `in` or `out`; filters by state, priority and kind; what is due first."""
    teams = list(principal.case_teams)
    asked = visible_to(principal)
    asked = (
        asked.where(Referral.to_team_id.in_(teams), Referral.sent_at.is_not(None))
        if side == "in"
        else asked.where(Referral.from_team_id.in_(teams))
    )
    if states:
        asked = asked.where(Referral.state.in_(states))
    if priority:
        asked = asked.where(Referral.priority == priority)
    if kind:
        asked = asked.where(Referral.kind == kind)
    ended = Referral.ended_at.is_not(None)
    return asked.options(*WHOLE).order_by(
        ended,
        sa.case((ended, None), else_=Referral.due_at).nulls_last(),
        Referral.made_at.desc(),
        Referral.id.desc(),
    )


def notices_for(principal: Principal, limit: int = 20) -> list[tuple[ReferralNotice, Referral]]:
    """Words to the principal's teams that nobody has read yet, the newest first."""
    rows = session.execute(
        sa.select(ReferralNotice, Referral)
        .join(Referral, Referral.id == ReferralNotice.referral_id)
        .where(ReferralNotice.team_id.in_(principal.case_teams), ReferralNotice.seen_at.is_(None))
        .order_by(ReferralNotice.made_at.desc(), ReferralNotice.id.desc())
        .limit(limit)
    )
    return [(notice, found) for notice, found in rows]


def notices_of(referral_ids: Collection[UUID], principal: Principal) -> dict[UUID, list[str]]:
    """The kinds of unread words of these referrals to the principal's teams."""
    rows = session.execute(
        sa.select(ReferralNotice.referral_id, ReferralNotice.kind)
        .where(
            ReferralNotice.referral_id.in_(referral_ids), ReferralNotice.team_id.in_(principal.case_teams),
            ReferralNotice.seen_at.is_(None),
        )
        .order_by(ReferralNotice.made_at, ReferralNotice.id)
    )  # fmt: skip
    found: dict[UUID, list[str]] = {}
    for referral_id, kind in rows:
        found.setdefault(referral_id, []).append(kind)
    return found


def steps_of(found: Referral) -> list[ReferralStep]:
    return list(
        session.scalars(
            sa.select(ReferralStep)
            .where(ReferralStep.referral_id == found.id)
            .order_by(ReferralStep.at, ReferralStep.id)
        )
    )


def has_child(found: Referral) -> bool:
    """Whether a child, or somebody treated as one, is among the people that the acting team sees."""
    return any(_children(found))


def only_children(found: Referral) -> bool:
    """Whether all of them are, as far as the acting team sees them."""
    told = _children(found)
    return bool(told) and all(told)


def _children(found: Referral) -> list[bool]:
    """Of each person whether they are a child (one statement)."""
    rows = session.execute(
        sa.select(Person.birth_precision, Person.birth_from, Person.birth_to, Person.age_status).where(
            Person.case_id.in_([m.case_id for m in found.members])
        )
    )
    on = clock.today()
    return [
        people_rules.is_child(
            people_rules.Birth(r.birth_precision, r.birth_from, r.birth_to), r.age_status, on
        )
        for r in rows
    ]


# -- before it is sent --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Subject:
    """A person about to be referred, as the rules and the preview need them."""

    case: Case
    person: Person
    household_id: UUID | None
    child: bool
    nationalities: frozenset[str]
    requirements: tuple[str, ...]
    life_critical: str
    answers: tuple[Consent, ...]  # to the purpose, oldest first
    guardians: frozenset[UUID]


def subjects(
    case_ids: Iterable[UUID], purpose: str, on: date, principal: Principal, *, strict: bool = True
) -> list[Subject]:
    """The people of these cases that the principal's teams own, in the order given; a strange one among them
    is `NotYours`, or left out where that is not `strict` (five statements, whatever the number)."""
    ids = list(dict.fromkeys(case_ids))
    asked = (
        sa.select(Case, Person, _household_of(), _nationalities_of())
        .join(Person, Person.case_id == Case.id)
        .where(Case.id.in_(ids), Case.erased_at.is_(None))
    )
    if principal.kind != "system":
        asked = asked.where(Case.team_id.in_(principal.case_teams))
    found_rows = session.execute(asked).all()
    rows = {row[0].id: (row[0], row[1]) for row in found_rows}
    households = {row[0].id: row[2] for row in found_rows}
    nationalities = {row[0].id: row[3] for row in found_rows}
    if strict and (len(rows) != len(ids) or not ids):
        raise NotYours
    ids = [i for i in ids if i in rows]
    crypto.load_keys(ids)
    needed = people.requirements_of(ids)
    consents: dict[UUID, list[Consent]] = {}
    answered = sa.select(Consent).where(Consent.case_id.in_(ids), Consent.purpose == purpose)
    for row in session.scalars(answered.order_by(Consent.id)):
        consents.setdefault(row.case_id, []).append(row)
    guardians = _guardians(ids)
    found = []
    for case_id in ids:
        case, person = rows[case_id]
        own = [r for r in needed if r.case_id == case_id]
        found.append(
            Subject(
                case, person, households[case_id], people_rules.is_child(people.birth_of(person), person.age_status, on),
                frozenset(nationalities[case_id] or ()), tuple(sorted(r.requirement for r in own)),
                "\n".join(f"{r.requirement}|{r.detail or ''}" for r in own if r.life_critical),
                tuple(consents.get(case_id, ())), guardians.get(case_id, frozenset()),
            )
        )  # fmt: skip
    return found


def _household_of() -> sa.ScalarSelect[UUID]:
    """The household of a case, beside the case in one statement."""
    here = sa.and_(HouseholdMember.case_id == Case.id, HouseholdMember.left_on.is_(None))
    return sa.select(HouseholdMember.household_id).where(here).correlate(Case).scalar_subquery()


def _nationalities_of() -> sa.ScalarSelect[list[str]]:
    """The nationalities of a case, or None."""
    own = sa.select(sa.func.array_agg(PersonNationality.country)).where(PersonNationality.case_id == Case.id)
    return own.correlate(Case).scalar_subquery()


def _guardians(ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """By child: who among these is recorded as parent or legal guardian and not disproved."""
    found: dict[UUID, set[UUID]] = {}
    for row in people.relations_among(ids):
        if row.evidence == "DISPROVED":
            continue
        for what, elder, younger in (
            (row.relation, row.case_id, row.other_case_id),
            (people_rules.inverse(row.relation), row.other_case_id, row.case_id),
        ):
            if what in PARENTS:
                found.setdefault(younger, set()).add(elder)
    return {child: frozenset(elders) for child, elders in found.items()}


def standings(
    found: Sequence[Subject], bases: Mapping[UUID, tuple[str, str]], purpose: str, to_team_id: UUID, on: date
) -> dict[UUID, rules.Standing]:
    """How each person stands towards the purpose for a receiver (`rules.may_share`)."""
    to = people.recipient(to_team_id, purpose)
    own = {s.case.id: people_rules.consent_state(s.answers, purpose, to, on) for s in found}
    adults = {s.case.id for s in found if not s.child}
    return {
        s.case.id: rules.Standing(
            s.child, own[s.case.id],
            any(own.get(g) == "GIVEN" for g in s.guardians & adults),
            *bases.get(s.case.id, (None, "")),
        )
        for s in found
    }  # fmt: skip


def open_to_the_same(case_ids: Collection[UUID], to_team_id: UUID, kind: str) -> bool:
    """Whether one of these is already asked of this team for this service."""
    asked = (
        sa.select(Referral.id)
        .join(ReferralMember, ReferralMember.referral_id == Referral.id)
        .where(
            ReferralMember.case_id.in_(case_ids), ReferralMember.outcome != "NOT_ACCEPTED", ReferralMember.left_at.is_(None),
            Referral.to_team_id == to_team_id, Referral.kind == kind, Referral.state.in_(rules.NOT_ENDED),
            Referral.state != "DRAFT",
        )
        .limit(1)
    )  # fmt: skip
    return session.scalars(asked).first() is not None


def kinds_to_refer() -> list[str]:
    """Service kinds offered in the form: protected ones belong to their matter."""
    return [c.code for c in reference.codes("service_kind") if "S" not in c.flags and c.code != "OTHER"]
