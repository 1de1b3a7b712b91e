"""After an accepted referral was not carried out: somebody who did not come is looked for, somebody who was detained
is followed (VOCABULARY A1, *not completed*; A5). Done by the worker, whoever noted it."""

from __future__ import annotations

from datetime import date, timedelta

from caseapp.casefile.queries import work
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.core.i18n import _
from caseapp.people import queries as people
from caseapp.people.models import Case
from caseapp.referral import events as referral_events
from caseapp.referral.models import Referral
from caseapp.referral.rules import reviewing
from caseapp.shelter.models import Stay

#: What was noted longer ago is no news: whoever holds the file has met it since.
NEWS = timedelta(days=14)


def look_after(found: Referral) -> None:
    """Raise the alert of the reason in each open file, and set the protection check of whoever did not come for today;
    nobody who came to the shelter before is looked for. May run twice without harm."""
    reason = found.not_completed_reason or ""
    if reason not in reviewing.ALERT_OF or found.ended_at is None or clock.now() - found.ended_at > NEWS:
        return
    came = {s.case_id for s in referral_events.stays_of(found.id) if s.state in ("IN", "ENDED")}
    for member in found.members:
        if member.outcome == "ACCEPTED" and member.case_id not in came:
            _raise(session.get_one(Case, member.case_id), reason)


def look_for(stay: Stay, noted_on: date) -> None:
    """Somebody did not come to the shelter, whatever became of the others: the same alert and the same check. May run
    twice without harm."""
    case = session.get_one(Case, stay.case_id)
    if people.today_of(case) - noted_on <= NEWS:
        _raise(case, "NO_SHOW")


def _raise(case: Case, reason: str) -> None:
    # The verbs stand above this file, which the event kinds know.
    from caseapp.casefile.service.alerting import raise_alert
    from caseapp.casefile.service.tasks import set_task

    code = reviewing.ALERT_OF[reason]
    if case.status != "OPEN" or work.open_alert(case.id, code) is not None:
        return
    raise_alert(case, code=code)
    if reason in reviewing.CHECKED:
        words = _("No llegó a donde se le esperaba. Use el contacto seguro y verifique que esté bien.")
        set_task(case, kind="SAFETY_CHECK", words=words, due_on=people.today_of(case))


if look_after not in referral_events.ended_badly:
    referral_events.ended_badly.append(look_after)
if look_for not in referral_events.person_missing:
    referral_events.person_missing.append(look_for)
