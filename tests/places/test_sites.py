"""Sites of a country: sorted, without the closed ones unless asked."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from caseapp.core import access
from caseapp.core.db import session
from caseapp.places import queries
from caseapp.places.models import ServiceLanguage
from tests.factories import make_site, make_team, make_user, principal_of
from tests.factories.referral import offer


def test_sites_of_a_country_by_sort_key(db):
    with db.as_owner():
        last = make_site(country="CRI", code="CR-ZZZ", sort_key="zz")
        first = make_site(country="CRI", code="CR-AAA", sort_key="aa")
        closed = make_site(country="CRI", code="CR-CCC", closed_on=date(2025, 11, 23))
        closing = make_site(country="CRI", code="CR-DDD", sort_key="mm", closed_on=date(2025, 11, 24))
        make_site(country="PAN", code="PA-AAA")
    assert [s.id for s in queries.sites("CRI")] == [first.id, closing.id, last.id]
    assert closed in queries.sites("CRI", closed=True)
    assert {s.country for s in queries.sites()} >= {"CRI", "PAN"}
    assert queries.site(first.id) is first
    assert queries.site_of_code("CR-AAA") is first and queries.site_of_code("CR-QQQ") is None


@pytest.mark.parametrize("values", [{"code": "TAPACHULA"}, {"kind": "PALACE"}, {"rollover_hour": 24}])
def test_a_site_that_makes_no_sense_is_refused(db, values):
    with pytest.raises(sa.exc.IntegrityError), db.as_owner():
        make_site(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "SAFE_HOUSE", "latitude": 14.9, "longitude": -92.3},
        {"kind": "SAFE_HOUSE", "admin2": "MX07089"},
        {"latitude": 14.9},
        {"latitude": 94.9, "longitude": 0},
        {"latitude": 0, "longitude": 181},
    ],
)
def test_a_safe_house_is_never_located_and_a_site_stands_on_the_earth(db, values):
    with pytest.raises(sa.exc.IntegrityError), db.as_owner():
        make_site(**values)


@pytest.mark.parametrize(
    ("role", "country", "may"),
    [
        ("SERVICE_FOCAL_POINT", None, True),  # of the team that offers it
        ("SERVICE_FOCAL_POINT", "MEX", False),  # of another team
        ("DATA_STEWARD", "MEX", True),
        ("ADMINISTRATOR", "MEX", True),
        ("ADMINISTRATOR", "GTM", False),
    ],
)
def test_languages_are_written_by_the_team_or_who_keeps_the_countrys_directory(db, role, country, may):
    with db.as_owner():
        own = make_team(make_site(), "HEALTH")
        service = offer(own, "HEALTH")
        team = own if country is None else make_team(country=country)
        who = principal_of(make_user(role, team), (role, team))
    with access.acting_as(who):
        session.commit()
        session.add(ServiceLanguage(service_id=service.id, language="mam"))
        if may:
            session.flush()
        else:
            with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
                session.flush()
