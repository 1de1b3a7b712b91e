"""What is asked about consents as keys beside the rule itself: who sees by one, what a reading shows, to whom one may
be given by name, and where somebody acted without. Queries like those of `queries.py`, which they stand beside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import reference
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.people.models import Case, CaseAccess, Consent, ConsentWaiver
from caseapp.people.rules import GRAVE
from caseapp.people.rules.consent import GRAVE_WARN_DAYS, WARN_DAYS

#: Types of team to whom nobody's data go by a consent named for them.
NOT_BY_NAME = frozenset({
    "CONSULAR", "MIGRATION_CUSTODY", "COMMISSION_STATISTICS", "REGIONAL_SECRETARIAT", "OVERSIGHT", "ELIGIBILITY_COMMISSION",
    "DIRECTORY",  # nobody is in it
})  # fmt: skip


def items_shown(case_ids: Iterable[UUID], principal: Principal) -> dict[UUID, frozenset[str] | None]:
    """For files of other teams what their readings let the principal's teams see of the person (`NAME`, `AGE` …);
    None where nothing was chosen, so that the usual is shown (one statement)."""
    found: dict[UUID, frozenset[str] | None] = {}
    rows = session.execute(
        sa.select(CaseAccess.case_id, CaseAccess.items).where(
            CaseAccess.case_id.in_(list(case_ids)), CaseAccess.team_id.in_(principal.case_teams),
            CaseAccess.ended_at.is_(None),
        )
    )  # fmt: skip
    for case_id, items in rows:
        known = found.get(case_id, frozenset())
        found[case_id] = None if items is None or known is None else known | frozenset(items)
    return found


def readers_by(case_id: UUID, purpose: str) -> list[str]:
    """The names of the teams that see this person by a purpose now."""
    return list(
        session.scalars(
            sa.select(Team.name)
            .join(CaseAccess, CaseAccess.team_id == Team.id)
            .where(
                CaseAccess.case_id == case_id, CaseAccess.purpose == purpose, CaseAccess.ended_at.is_(None)
            )
            .distinct()
            .order_by(Team.name)
        )
    )


def recipients(case: Case) -> list[tuple[UUID, str]]:
    """The teams of the country to whom a consent may be given by name: those that work with people, without the
    holder itself, protected teams, custody and consulates."""
    never = {c.code for c in reference.codes("team_type") if "S" in c.flags} | NOT_BY_NAME
    rows = session.execute(
        sa.select(Team.id, Team.name)
        .where(Team.country == case.country, Team.id != case.team_id, Team.type.not_in(never))
        .order_by(Team.sort_key, Team.id)
    )
    return [(row[0], row[1]) for row in rows]


def waivers_of(case_id: UUID) -> list[ConsentWaiver]:
    """Each time somebody acted without this person's consent, the newest first."""
    asked = sa.select(ConsentWaiver).where(ConsentWaiver.case_id == case_id)
    return list(session.scalars(asked.order_by(ConsentWaiver.id.desc())))


def waiver_of(case: Case, waiver_id: UUID, *, lock: bool = False) -> ConsentWaiver:
    """One of this case; NotYours if it is another's."""
    asked = sa.select(ConsentWaiver).where(ConsentWaiver.id == waiver_id, ConsentWaiver.case_id == case.id)
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(asked).one_or_none()
    if found is None:
        raise NotYours
    return found


def to_review(principal: Principal) -> sa.Select[ConsentWaiver]:
    """Acting without consent that waits for this supervisor's eyes: never their own, the oldest first."""
    return (
        sa.select(ConsentWaiver)
        .join(Case, Case.id == ConsentWaiver.case_id)
        .where(
            Case.team_id.in_(principal.teams_as("SUPERVISOR")), Case.erased_at.is_(None),
            ConsentWaiver.reviewed_at.is_(None), ConsentWaiver.made_by_id.is_distinct_from(principal.user_id),
        )
        .order_by(ConsentWaiver.made_at, ConsentWaiver.id)
    )  # fmt: skip


def to_tell(cases: sa.Select[Case]) -> sa.Select[ConsentWaiver]:
    """Acting without consent of which these people have not been told, the oldest first."""
    return (
        sa.select(ConsentWaiver)
        .where(ConsentWaiver.case_id.in_(cases.with_only_columns(Case.id)), ConsentWaiver.told_on.is_(None))
        .order_by(ConsentWaiver.made_at, ConsentWaiver.id)
    )


def ending(cases: sa.Select[Case], on: date) -> sa.Select[Consent]:
    """Consents of these people that are announced to end (alert CONSENT_ENDS), the next first."""
    days = sa.case((Consent.purpose.in_(sorted(GRAVE)), GRAVE_WARN_DAYS), else_=WARN_DAYS)
    return (
        sa.select(Consent)
        .where(
            Consent.case_id.in_(cases.with_only_columns(Case.id)), Consent.state == "GIVEN",
            Consent.given_by != "CHILD_ASSENT", Consent.expires_on >= on, Consent.expires_on - on <= days,
        )
        .order_by(Consent.expires_on, Consent.id)
    )  # fmt: skip
