"""What every verb does: check the state machine, write the step, the event of each person and the notice,
and open or end the reading of the cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.accounts.queries import timezone_of
from caseapp.core import access, clock, journal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.journal import EventKind
from caseapp.people.models import AccessScope, CaseAccess
from caseapp.referral import errors, queries, rules
from caseapp.referral.models import Referral, ReferralMember, ReferralNotice, ReferralStep
from caseapp.shelter import service as shelter

#: Called when a verb has moved a referral to another state, in the same transaction, with the referral (a waiting list
#: follows it; it lists itself in `events.py`).
MOVED: list[Callable[[Referral], None]] = []


def moved(found: Referral) -> None:
    """The verb is done: write it, and let follow whoever follows."""
    session.flush()
    for follows in MOVED:
        follows(found)


def step(found: Referral, verb: str, *, channel: str = "SYSTEM", code: str | None = None) -> str:
    """Do `verb` on the state machine: who acts must be a party (`NotYours`), and the party may do it now
    (`NotNow`). Writes the step and returns the party."""
    parties = queries.party_of(found, access.current())
    if not parties:
        raise NotYours
    able = [party for party in parties if rules.may(verb, found.state, party, channel)]
    if not able:
        raise errors.NotNow
    write_step(found, verb, able[0], rules.TRANSITIONS[verb].after, code)
    return able[0]


def write_step(found: Referral, verb: str, party: str, after: str, code: str | None = None) -> None:
    """Change the state and write it down."""
    session.add(
        ReferralStep(
            referral_id=found.id, at=clock.now(), verb=verb, from_state=found.state, to_state=after, party=party,
            actor=access.current().name, code=code,
        )
    )  # fmt: skip
    found.state = after
    if after in rules.ENDED:
        found.ended_at = clock.now()
        shelter.release_holds(found.id)


def team_acting(found: Referral, party: str) -> Team:
    """The team in whose name a party acts; the clock speaks in the name of the receiver who did not answer."""
    return found.from_team if party == rules.SENDER else found.to_team


def tell_journal(
    event_kind: EventKind,
    found: Referral,
    party: str,
    members: Iterable[ReferralMember] | None = None,
    **codes: Any,
) -> None:
    """One event for each person of the referral (or these), in the name of the party's team and on its
    date. The database fills the person's profile (see `caseapp.shelter.events.happened`)."""
    team = team_acting(found, party)
    on = clock.today(timezone_of(team.id))
    for member in found.members if members is None else members:
        journal.append(
            event_kind, country=found.country, on=on, site_id=team.site_id, team_id=team.id, case_id=member.case_id,
            household_id=found.household_id, subject_id=found.id, sector=found.sector, **codes,
        )  # fmt: skip


def notice(found: Referral, kind: str, *team_ids: UUID) -> None:
    """Leave a word for teams."""
    for team_id in team_ids:
        session.add(ReferralNotice(referral_id=found.id, team_id=team_id, kind=kind, made_at=clock.now()))


def open_reading(found: Referral, members: Iterable[ReferralMember] | None = None) -> None:
    """From now on the receiver reads the cases of the members (or of these). A reading that rests on the person's
    own consent names its purpose, so that it ends with the key."""
    for member in found.members if members is None else members:
        session.add(
            CaseAccess(
                case_id=member.case_id, team_id=found.to_team_id, scope=AccessScope.REFERRAL, subject_id=found.id,
                purpose=purpose_of_reading(found, member), items=found.items,
                since=clock.now(),
            )
        )  # fmt: skip


def purpose_of_reading(found: Referral, member: ReferralMember) -> str | None:
    """The purpose that a member's reading rests on; None where a carer's consent or a legal basis carries it."""
    return rules.purpose_of(found.kind) if member.consent_id is not None else None


def end_reading(found: Referral, members: Iterable[ReferralMember] | None = None) -> None:
    """The receiver reads the cases no longer (of these members, or of all)."""
    ended = sa.update(CaseAccess).where(CaseAccess.subject_id == found.id, CaseAccess.ended_at.is_(None))
    if members is not None:
        ended = ended.where(CaseAccess.case_id.in_([m.case_id for m in members]))
    session.flush()
    session.execute(ended.values(ended_at=clock.now()).execution_options(synchronize_session=False))


def read_notices(found: Referral) -> None:
    """The principal's teams have read what was said to them of this referral."""
    session.execute(
        sa.update(ReferralNotice)
        .where(
            ReferralNotice.referral_id == found.id, ReferralNotice.seen_at.is_(None),
            ReferralNotice.team_id.in_(access.current().case_teams),
        )
        .values(seen_at=clock.now())
        .execution_options(synchronize_session=False)
    )  # fmt: skip
