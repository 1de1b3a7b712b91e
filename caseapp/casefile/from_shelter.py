"""What a shelter says becomes work on the file: somebody at risk, somebody taken in at night without a referral."""

from __future__ import annotations

from collections.abc import Sequence

from caseapp.core.db import session
from caseapp.core.i18n import _
from caseapp.people.models import Case
from caseapp.places.models import Site
from caseapp.shelter import events as shelter_events
from caseapp.shelter.models import Stay
from caseapp.shelter.walk_in import events as walk_in


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


def register_fully(cases: Sequence[Case], site: Site) -> None:
    """A family came in at night with the least that a bed needs: the desk completes it today. One task, on the
    first person's file."""
    from caseapp.casefile.service.tasks import set_task
    from caseapp.people import queries as people

    first = cases[0]
    words = _("Registrar completo: llegó de noche a %(site)s, sin referencia.", site=site.name)
    set_task(first, kind="FOLLOW_UP", words=words, due_on=people.today_of(first))


for _handlers, _handler in ((shelter_events.at_risk, stands), (walk_in.to_register, register_fully)):
    if _handler not in _handlers:  # type: ignore[comparison-overlap]
        _handlers.append(_handler)  # type: ignore[arg-type]
