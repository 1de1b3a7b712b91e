"""What a shelter says of somebody at risk becomes an alert in their file."""

from __future__ import annotations

from caseapp.core.db import session
from caseapp.people.models import Case
from caseapp.shelter import events as shelter_events
from caseapp.shelter.models import Stay


def stands(stay: Stay, code: str) -> bool:
    """Raise the alert on the person's file unless it stands already. An alert that follows from the file by itself
    is not raised, and a closed file is not written to: then the journal alone says it (False)."""
    from caseapp.casefile.queries import work
    from caseapp.casefile.rules.alerts import DERIVED
    from caseapp.casefile.service.alerting import raise_alert

    case = session.get(Case, stay.case_id)
    if code in DERIVED or case is None or case.status != "OPEN":
        return False
    if work.open_alert(case.id, code) is None:
        raise_alert(case, code=code)
    return True


if stands not in shelter_events.at_risk:
    shelter_events.at_risk.append(stands)
