"""After an accepted referral was not carried out: somebody who did not come is looked for, somebody who was detained
is followed (VOCABULARY A1, *not completed*; A5). Done by the worker, whoever noted it."""

from __future__ import annotations

from datetime import timedelta

from caseapp.casefile.queries import work
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.core.i18n import _
from caseapp.people import queries as people
from caseapp.people.models import Case
from caseapp.referral import events as referral_events
from caseapp.referral.models import Referral
from caseapp.referral.rules import reviewing

#: What was noted longer ago is no news: whoever holds the file has met it since.
NEWS = timedelta(days=14)


def look_after(found: Referral) -> None:
    """Raise the alert of the reason in each open file, and set the protection check of whoever did not come for today.
    May run twice without harm."""
    # The verbs stand above this file, which the event kinds know.
    from caseapp.casefile.service.alerting import raise_alert
    from caseapp.casefile.service.tasks import set_task

    code = reviewing.ALERT_OF.get(found.not_completed_reason or "")
    if code is None or found.ended_at is None or clock.now() - found.ended_at > NEWS:
        return
    for member in found.members:
        case = session.get_one(Case, member.case_id)
        if (
            member.outcome != "ACCEPTED"
            or case.status != "OPEN"
            or work.open_alert(case.id, code) is not None
        ):
            continue
        raise_alert(case, code=code)
        if found.not_completed_reason in reviewing.CHECKED:
            words = _("No llegó a donde se le esperaba. Use el contacto seguro y verifique que esté bien.")
            set_task(case, kind="SAFETY_CHECK", words=words, due_on=people.today_of(case))


if look_after not in referral_events.ended_badly:
    referral_events.ended_badly.append(look_after)
