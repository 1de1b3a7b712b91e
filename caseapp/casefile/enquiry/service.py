"""Verbs on enquiries: write one down, pass it on, link it to a file, wipe old text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.accounts.queries import timezone_of
from caseapp.casefile.enquiry import events, rules
from caseapp.casefile.enquiry.models import Enquiry
from caseapp.casefile.queries.work import open_alert
from caseapp.casefile.service.alerting import raise_alert
from caseapp.core import access, audit, clock, crypto, journal
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotPermitted, says
from caseapp.people import queries as people
from caseapp.people.models import Case

says("ck_enquiry_answered_with_consent", rules.WithoutConsent)


@dataclass(frozen=True)
class NewEnquiry:
    """What is written at the gate or the telephone."""

    asked_by: str
    about: str
    channel: str = "GATE"
    paper: str = "NONE"
    remark: str = ""


def log(new: NewEnquiry, team: Team) -> Enquiry:
    """Write an enquiry down; the answer was that nothing is confirmed. Writes enquiry.logged (of no case) and an
    audit row. Raises NobodyNamed, NotPermitted."""
    who = access.current()
    if who.user_id is None:
        raise NotPermitted
    rules.may_log(new.about)
    row = Enquiry(
        country=team.country, team_id=team.id, site_id=team.site_id, at=clock.now(), asked_by=new.asked_by,
        channel=new.channel, paper=new.paper, logged_by_id=who.user_id,
    )  # fmt: skip
    crypto.new_key(row.id, team.country)
    row.about, row.remark = new.about.strip(), new.remark.strip() or None
    session.add(row)
    journal.append(
        events.LOGGED, country=team.country, on=clock.today(timezone_of(team.id)), site_id=team.site_id,
        team_id=team.id, subject_id=row.id, code=new.asked_by, outcome="DID_NOT_CONFIRM",
    )  # fmt: skip
    audit.record("logged", "enquiry", row.id, new.asked_by)
    session.flush()
    return row


def pass_on(row: Enquiry) -> None:
    """Let the supervisors of the country read it: one of them may hold the file of whom was asked for."""
    if row.passed_at is None:
        row.passed_at = clock.now()
        session.flush()


def link(row: Enquiry, case: Case, *, version: int | None = None, answered: bool = False) -> None:
    """A supervisor who holds the file says that the enquiry was about this person: its alert is raised, unless it stands already. `answered`:
    the enquirer was told, by the person's standing consent. Writes alert.raised. Raises AlreadyLinked,
    NeverAnswered, WithoutConsent, ChangedMeanwhile."""
    if version is not None and version != row.version:
        raise ChangedMeanwhile
    rules.may_link(row.about_case_id is not None)
    on = people.today_of(case)
    if answered:
        standing = {
            purpose: found
            for purpose in rules.CONSENTS.get(row.asked_by, ())
            if (found := people.consent_for(case.id, purpose, on))
        }
        row.consent_id = standing[rules.may_answer(row.asked_by, standing)].id
        row.answer = "CONFIRMED_WITH_CONSENT"
    row.about_case_id, row.linked_at, row.linked_by_id = case.id, clock.now(), access.current().user_id
    session.flush()
    code = rules.alert_for(row.asked_by)
    if open_alert(case.id, code) is None:
        raise_alert(case, code=code)


def wipe(row: Enquiry) -> None:
    """Destroy what was typed; who asked, when and with which paper stays."""
    row.about_sealed = row.remark_sealed = None
    row.wiped_at = clock.now()
    session.flush()
    crypto.destroy_key(row.id)


def wipe_old(limit: int = 500) -> int:
    """Wipe the text of enquiries older than `rules.TEXT_DAYS`; nightly, may run twice. Returns how many."""
    rows = session.scalars(
        sa.select(Enquiry)
        .where(Enquiry.wiped_at.is_(None), Enquiry.at < clock.now() - timedelta(days=rules.TEXT_DAYS))
        .order_by(Enquiry.at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        wipe(row)
    return len(rows)


def wipe_about(case: Case) -> int:
    """The person of this file is erased: so is what was typed about them."""
    rows = session.scalars(
        sa.select(Enquiry).where(Enquiry.about_case_id == case.id, Enquiry.wiped_at.is_(None))
    ).all()
    for row in rows:
        wipe(row)
    return len(rows)
