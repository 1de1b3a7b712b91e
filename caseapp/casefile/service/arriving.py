"""After an offer was accepted: who came, who did not, and offers that nobody answered."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa

from caseapp.accounts.queries import timezone_of
from caseapp.casefile import events
from caseapp.casefile.models import Handover, HandoverMember
from caseapp.casefile.queries import work
from caseapp.casefile.rules import handing as rules
from caseapp.casefile.service.alerting import raise_alert, resolve_alert
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.core.sweeping import alone
from caseapp.people import queries as people
from caseapp.people.events import happened
from caseapp.people.models import Case, CaseAccess
from caseapp.places.models import Site

ALERT = "NO_SHOW_HANDOVER"


def arrived(made: Handover, member: HandoverMember, *, on: date | None = None) -> None:
    """Somebody came, in time or late: the sending team reads along no longer, and a no-show alert ends. Writes
    presence.seen. Raises NotExpected."""
    rules.may_arrive(made.state, member.arrived_on is not None)
    case = session.get_one(Case, member.case_id)
    on = on or people.today_of(case)
    member.arrived_on = on
    happened(events.SEEN, case, on=on, subject_id=made.id, code="HANDOVER")
    session.execute(
        sa.update(CaseAccess)
        .where(CaseAccess.case_id == case.id, CaseAccess.subject_id == made.id, CaseAccess.ended_at.is_(None))
        .values(ended_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
    alert = work.open_alert(case.id, ALERT)
    if alert is not None:
        resolve_alert(case, alert, outcome="NO_LONGER", on=max(on, alert.raised_on))
    session.flush()
    session.refresh(case, ["readers"])


def look_at_handovers(limit: int = 200) -> dict[str, int]:
    """Let offers lapse that nobody answered, and note who did not arrive: not before the receiving site's own hour on
    the morning after. May run twice without harm. Returns how many of each."""
    return {"lapsed": _lapse(limit), "no_show": _no_show(limit)}


def _lapse(limit: int) -> int:
    rows = session.scalars(
        sa.select(Handover)
        .where(Handover.state == "OFFERED", Handover.lapse_at <= clock.now())
        .order_by(Handover.lapse_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    done = 0
    for made in rows:
        with alone("handovers", made.id):
            made.state = rules.after("lapse", made.state)
            session.flush()
            done += 1
    return done


def _no_show(limit: int) -> int:
    yesterday = clock.today() - timedelta(days=1)
    rows = session.execute(
        sa.select(Handover, HandoverMember, Case, Site)
        .join(HandoverMember, HandoverMember.handover_id == Handover.id)
        .join(Case, Case.id == HandoverMember.case_id)
        .join(Site, Site.id == Case.site_id)
        .where(
            Handover.state == "ACCEPTED", HandoverMember.arrived_on.is_(None), HandoverMember.no_show_on.is_(None),
            Handover.arrives_on <= yesterday, Case.status == "OPEN",
        )
        .order_by(HandoverMember.id)
        .limit(limit)
        .with_for_update(of=HandoverMember, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()  # fmt: skip
    late = [row for row in rows if clock.now() >= _hour(row.Handover, row.Site)]
    done = 0
    for made, member, case, _site in late:
        with alone("handovers_no_show", member.id):
            _missing(made, member, case)
            done += 1
    return done


def _hour(made: Handover, site: Site) -> datetime:
    return clock.at(
        made.arrives_on + timedelta(days=1), site.no_show_after_hour, 0, timezone_of(made.to_team_id)
    )


def _missing(made: Handover, member: HandoverMember, case: Case) -> None:
    """Somebody did not come: the alert stands in the file, and the sending team finds it among today's."""
    on = people.today_of(case)
    member.no_show_on = on
    happened(events.NO_SHOW, case, on=on, subject_id=made.id, code=made.kind)
    if work.open_alert(case.id, ALERT) is None:
        raise_alert(case, code=ALERT, on=on)
    session.flush()
