"""Services, consents and referrals (made up). Written as owner unless said otherwise."""

from __future__ import annotations

from datetime import date
from typing import Any

from caseapp.accounts.models import Team
from caseapp.core.db import session
from caseapp.people.models import Consent, Person
from caseapp.places.models import Service


def offer(team: Team, kind: str) -> Service:
    """The team offers a service."""
    service = Service(
        site_id=team.site_id, team_id=team.id, kind=kind, name=f"Servicio {kind}", sort_key=kind.lower()
    )
    session.add(service)
    session.flush()
    return service


def consent(person: Person, purpose: str = "REFER_SHELTER", **values: Any) -> Consent:
    """The person's own yes."""
    row = Consent(
        **{
            "case_id": person.case_id, "person_id": person.id, "purpose": purpose, "state": "GIVEN", "adult": True,
            "given_by": "SELF", "form": "SIGNED", "text_version": "1", "asked_on": date(2025, 11, 20),
            "expires_on": date(2026, 11, 20), **values,
        }
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row
