"""An entry is kept true: confirmed, changed with its history, taken off; by whom, and what the database refuses."""

from __future__ import annotations

from datetime import date, time

import pytest
import sqlalchemy as sa

from caseapp.core import access
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.places import queries
from caseapp.places.models import (
    DirectoryChange,
    OrganisationName,
    ServiceClosure,
    ServiceContact,
    ServiceTerm,
    SiteAddress,
)
from caseapp.places.rules.opening import Closure, Hours
from caseapp.places.service import keeping
from caseapp.places.service.keeping import Capacity, Changed, Contact
from tests.conftest import NOW
from tests.factories import make_site, make_team, make_user, principal_of
from tests.factories.directory import make_organisation, make_service


@pytest.fixture
def clinic(db):
    """A focal point, and the service of the team."""
    with db.as_owner():
        team = make_team(make_site(), "HEALTH")
        service = make_service(team, terms=[("SEX", "F")], languages=["mam"], phone="962 1")
        who = principal_of(make_user("SERVICE_FOCAL_POINT", team), ("SERVICE_FOCAL_POINT", team))
    with access.acting_as(who):
        session.commit()
        session.expunge_all()
        yield queries.entry(who, service.id).service


def written(service, **given):
    base = {
        "values": {"name": "Consulta general"}, "languages": ["mam"], "terms": {"SEX": ["F"]},
        "hours": [Hours(d, time(8), time(16)) for d in range(1, 6)], "closures": [],
        "contacts": [Contact("DUTY", phone="962 1")], "capacity": None,
    }  # fmt: skip
    return keeping.change(service, Changed(**{**base, **given}), version=service.version)


def history(service):
    return session.execute(
        sa.select(DirectoryChange.act, DirectoryChange.parts, DirectoryChange.actor)
        .where(DirectoryChange.service_id == service.id)
        .order_by(DirectoryChange.id)
    ).all()


def test_confirming_is_one_act_with_its_line_of_history(clinic):
    keeping.confirm(clinic)
    assert clinic.confirmed_at == NOW
    assert history(clinic) == [("CONFIRMED", [], access.current().name)]


def test_saving_what_stood_confirms_it_and_changes_nothing(clinic):
    assert written(clinic) == ()
    assert history(clinic)[0][0] == "CONFIRMED" and clinic.confirmed_at == NOW


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"values": {"name": "Consulta"}}, "NAME"),
        ({"values": {"name": "Consulta general", "age_from": 18}}, "WHOM"),
        ({"values": {"name": "Consulta general", "cost": "FREE"}}, "COST"),
        ({"values": {"name": "Consulta general", "referral_method": "PHONE"}}, "METHOD"),
        ({"terms": {"SEX": []}}, "WHOM"),
        ({"terms": {"AREA": ["MX07"]}}, "AREA"),
        ({"terms": {"DOCUMENT": ["ID"]}}, "DOCUMENTS"),
        ({"terms": {"ACCESSIBILITY": ["STEP_FREE"]}}, "ACCESSIBILITY"),
        ({"languages": ["mam", "tzo"]}, "LANGUAGES"),
        ({"hours": [Hours(1, time(8), time(12))]}, "HOURS"),
        ({"closures": [Closure(date(2025, 12, 20), date(2026, 1, 6), "SEASON")]}, "CLOSURES"),
        ({"contacts": [Contact("DUTY", phone="962 2")]}, "CONTACT"),
        ({"contacts": [Contact("DUTY")]}, "CONTACT"),
        ({"capacity": Capacity("APPOINTMENT", 4, 10)}, "CAPACITY"),
    ],
)
def test_the_history_names_the_part_that_changed_and_not_what_was_typed(clinic, given, part):
    assert written(clinic, **given) == (part,)
    assert history(clinic) == [("CHANGED", [part], access.current().name)]


def test_an_older_version_is_not_written_over(clinic):
    with pytest.raises(ChangedMeanwhile):
        keeping.change(clinic, Changed({}, (), {}, (), (), None, None), version=clinic.version - 1)


def test_closures_that_share_a_day_are_refused_twice(clinic):
    shared = [
        Closure(date(2025, 12, 1), date(2025, 12, 9), "WORKS"),
        Closure(date(2025, 12, 9), date(2025, 12, 10), "STAFF"),
    ]
    with pytest.raises(keeping.ClosedTwice):
        written(clinic, closures=shared)
    with pytest.raises(sa.exc.IntegrityError, match="ex_service_closure_once"):
        session.add_all(ServiceClosure(service_id=clinic.id, **c._asdict()) for c in shared)
        session.flush()


def test_ages_the_wrong_way_and_more_than_there_is_are_refused(clinic):
    with pytest.raises(keeping.AgesSwapped):
        written(clinic, values={"name": "Consulta general", "age_from": 18, "age_to": 12})
    with pytest.raises(keeping.MoreThanThereIs):
        written(clinic, capacity=Capacity("KIT", 5, 4))


@pytest.mark.parametrize(
    "values",
    [
        {"age_from": 18, "age_to": 12}, {"age_from": -1}, {"age_to": 121}, {"answer_hours": 0}, {"cost": "CHEAP"},
        {"referral_method": "PIGEON"}, {"source": "list"}, {"offered_from": date(2025, 2, 1), "offered_to": date(2025, 1, 1)},
    ],
)  # fmt: skip
def test_an_entry_that_makes_no_sense_is_refused_by_the_database(db, values):
    with pytest.raises(sa.exc.IntegrityError), db.as_owner():
        make_service(**values)


def test_taken_off_it_is_found_no_longer(clinic):
    keeping.close(clinic, version=clinic.version)
    assert history(clinic)[-1][0] == "CLOSED"
    assert queries.search(access.current(), queries.Wanted(country="MEX", kind="HEALTH")) == []


def test_another_team_changes_nothing_even_where_a_check_was_forgotten(db, clinic):
    with db.as_owner():
        other = make_team(make_site(), "HEALTH")
        who = principal_of(make_user("SERVICE_FOCAL_POINT", other), ("SERVICE_FOCAL_POINT", other))
    with access.acting_as(who):
        session.commit()
        assert not queries.may_edit(who, clinic, session.get_one(queries.Site, clinic.site_id))
        assert (
            session.execute(sa.delete(ServiceTerm).where(ServiceTerm.service_id == clinic.id)).rowcount == 0
        )
        assert session.execute(sa.delete(ServiceContact)).rowcount == 0
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            session.add(ServiceTerm(service_id=clinic.id, kind="SEX", code="M"))
            session.flush()


@pytest.mark.parametrize(
    ("role", "where", "may"),
    [
        ("DATA_STEWARD", "country", True), ("DATA_STEWARD", "site", True), ("DATA_STEWARD", "other site", False),
        ("ADMINISTRATOR", "country", True), ("ADMINISTRATOR", "other country", False), ("CASEWORKER", "site", False),
    ],
)  # fmt: skip
def test_who_keeps_the_directory_of_a_site_or_a_country(db, clinic, role, where, may):
    with db.as_owner():
        site = session.get_one(queries.Site, clinic.site_id)
        team = {
            "country": lambda: make_team(country="MEX"), "site": lambda: make_team(site),
            "other site": lambda: make_team(make_site()), "other country": lambda: make_team(country="GTM"),
        }[where]()  # fmt: skip
        who = principal_of(make_user(role, team), (role, team))
    with access.acting_as(who):
        session.commit()
        assert queries.may_edit(who, clinic, site) is may
        session.add(SiteAddress(site_id=site.id, address="Calle 1"))
        if may:
            session.flush()
        else:
            with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
                session.flush()


def test_a_name_means_one_organisation_in_a_country_and_may_mean_another_elsewhere(db):
    with db.as_owner():
        here = make_organisation("INM", "MEX", "Instituto de Prueba")
        other = make_organisation("OTRA", "MEX", "Otra Red")
        abroad = make_organisation("INM", "HND", "Instituto de Prueba")
        for one in (here, abroad):
            session.add(
                OrganisationName(organisation_id=one.id, country=one.country, name="INM", sort_key="inm")
            )
    for sort_key in ("inm", "instituto de prueba"):
        with pytest.raises(sa.exc.IntegrityError), db.as_owner(), session.begin_nested():
            session.add(
                OrganisationName(organisation_id=other.id, country="MEX", name="X", sort_key=sort_key)
            )
            session.flush()
    with pytest.raises(sa.exc.IntegrityError), db.as_owner(), session.begin_nested():
        session.add(OrganisationName(organisation_id=other.id, country="HND", name="X", sort_key="x"))
        session.flush()
