"""What hangs on people who came without a referral: the desk's work, and the minimum after a no."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import sqlalchemy as sa

from caseapp.core.db import session
from caseapp.people import events as people_events
from caseapp.people import queries as people
from caseapp.people import rules as people_rules
from caseapp.people.models import Case, Consent
from caseapp.places.models import Site
from caseapp.shelter.models import HOLDING, Stay

#: Handlers of higher areas: files that the desk has to complete, and the site where these people are.
to_register: list[Callable[[Sequence[Case], Site], None]] = []

PURPOSE = "REGISTER"


def key_turned(case: Case, consent: Consent, on: date) -> None:
    """The person no longer agrees to be registered: until departure the house keeps name, bed, nights and what is
    life-critical."""
    from caseapp.shelter.service.booking import keep_minimum

    if consent.purpose != PURPOSE or consent.state == "GIVEN":
        return
    if people_rules.consent_opens(people.answers_of(case.id), PURPOSE, people_rules.ANYBODY, on):
        return
    here = session.scalars(
        sa.select(Stay).where(
            Stay.case_id == case.id, Stay.referral_id.is_(None), Stay.state.in_(HOLDING), ~Stay.minimum
        )
    ).all()
    if here:
        keep_minimum(here)


if key_turned not in people_events.consent_turned:
    people_events.consent_turned.append(key_turned)
