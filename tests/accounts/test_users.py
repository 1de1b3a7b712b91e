"""Administrators manage the users of their own teams, see no case, and keep duties apart; one-time links."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from caseapp.accounts import queries
from caseapp.accounts.models import Membership, PasswordReset, User
from caseapp.accounts.rules import (
    AdministratorAlone,
    LiaisonAlone,
    OwnAccount,
    RoleHeldAlready,
    StewardAndApprover,
)
from caseapp.accounts.service import resets, users
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.errors import explained_constraints, refusal_of
from caseapp.places.models import Service, Site
from tests.accounts.signing import PASSWORD, code, give_password, make_known, post, sign_in
from tests.factories import make_case, make_site, make_team, make_user, principal_of
from tests.statements import count_statements

NEW = "otras palabras igual de largas"


@pytest.fixture
def place(db):
    """An administrator at a site, the site's team, and a colleague."""
    with db.as_owner():
        site = make_site()
        team = make_team(site)
        administrator = make_user("ADMINISTRATOR", team)
        colleague = make_user("CASEWORKER", team)
    return team, colleague, principal_of(administrator, ("ADMINISTRATOR", team))


# -- separation of duties -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("first", "second", "refusal"),
    [
        ("DATA_STEWARD", "RELEASE_APPROVER", StewardAndApprover),
        ("RELEASE_APPROVER", "DATA_STEWARD", StewardAndApprover),
        ("ADMINISTRATOR", "CASEWORKER", AdministratorAlone),
        ("AUDITOR", "ADMINISTRATOR", AdministratorAlone),
        ("CUSTODY_LIAISON", "CASEWORKER", LiaisonAlone),
        ("SUPERVISOR", "CUSTODY_LIAISON", LiaisonAlone),
    ],
)
def test_duties_are_kept_apart_by_the_database_too(db, first, second, refusal):
    """The rule is asked first; the constraint says the same even where the rule was forgotten."""
    with db.as_owner():
        user, other = make_user(first), make_team()
    session.add(Membership(user_id=user.id, team_id=other.id, role=second, valid_from=clock.today()))
    with pytest.raises(sa.exc.IntegrityError) as failure:
        session.flush()
    assert type(refusal_of(failure.value)) is refusal
    session.rollback()


def test_the_page_says_the_sentence_and_keeps_what_was_chosen(db, client, place):
    team, colleague, administrator = place
    client.sign_in(administrator)
    sent = {"team": str(team.id), "role": "ADMINISTRATOR"}
    answer = client.post(f"/users/{colleague.id}/roles", data=sent)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Quien administra cuentas no tiene otra función" in text
    assert '<option selected value="ADMINISTRATOR">' in text


def test_every_constraint_with_a_sentence_exists(db):
    ours = {n for n in explained_constraints() if "membership" in n or "user_account" in n}
    found = set(session.scalars(sa.text("SELECT conname FROM pg_constraint")))
    # Some are the word of a trigger.
    said = session.scalars(sa.text("SELECT prosrc FROM pg_proc WHERE prosrc LIKE '%CONSTRAINT = %'")).all()
    assert ours and {n for n in ours if n not in found and not any(f"'{n}'" in s for s in said)} == set()


def test_a_role_ends_at_once_and_may_be_given_again_the_same_day(db, place):
    team, colleague, administrator = place
    with access.acting_as(administrator):
        held = users.give_role(colleague, "SUPERVISOR", team)
        with pytest.raises(RoleHeldAlready):
            users.give_role(colleague, "SUPERVISOR", team)
        assert colleague in queries.users_of(team.id, "SUPERVISOR")
        users.end_role(held)
        assert colleague not in queries.users_of(team.id, "SUPERVISOR")
        assert users.give_role(colleague, "SUPERVISOR", team).id == held.id
        assert colleague in queries.users_of(team.id, "SUPERVISOR")


def test_nobody_changes_their_own_account(db, place):
    team, _, administrator = place
    me = session.get_one(User, administrator.user_id)
    with access.acting_as(administrator):
        for act in (
            lambda: users.give_role(me, "AUDITOR", team), lambda: users.disable(me), lambda: resets.make_reset(me)
        ):  # fmt: skip
            with pytest.raises(OwnAccount):
                act()


# -- who is seen ------------------------------------------------------------------------------------------
def test_an_administrator_sees_their_site_and_in_a_national_team_the_country(db, place):
    team, colleague, at_site = place
    with db.as_owner():
        elsewhere = make_user("CASEWORKER", make_team(make_site()))
        abroad = make_user("CASEWORKER", make_team(make_site(country="HND", code="HN-XYZ")))
        national = make_team(country="MEX", type="COMMISSION_STATISTICS")
        chief = principal_of(make_user("ADMINISTRATOR", national), ("ADMINISTRATOR", national))

    def seen(who):
        return {u.id for u in session.scalars(queries.visible_to(who))}

    assert colleague.id in seen(at_site) and elsewhere.id not in seen(at_site)
    assert {colleague.id, elsewhere.id} <= seen(chief) and abroad.id not in seen(chief)
    offered = {t.id for t in session.scalars(queries.teams_of(at_site))}
    assert offered == {team.id}


def test_an_administrator_sees_no_case(db, client, place):
    team, _, administrator = place
    with db.as_owner():
        make_case(team)
    assert administrator.case_teams == () and administrator.site_teams == ()
    with access.acting_as(administrator):
        session.commit()
        assert session.scalar(sa.text('SELECT count(*) FROM "case"')) == 0


def test_lists_cost_the_same_whatever_the_rows(db, client, place):
    team, _, administrator = place
    client.sign_in(administrator)

    def cost(url):
        with count_statements(db.connection) as statements:
            assert client.get(url).status_code == 200
        return len(statements)

    pages = ["/users", "/users?q=prueba", "/teams", "/sites", "/jobs"]
    cost(pages[0])  # what is asked once a session has been asked
    few = [cost(url) for url in pages]
    with db.as_owner():
        for _ in range(20):
            make_user("SUPERVISOR", make_team(session.get_one(Site, team.site_id)))
    assert [cost(url) for url in pages] == few
    assert max(few) <= 15


# -- adding, disabling ------------------------------------------------------------------------------------
def test_from_adding_a_user_to_their_first_page(db, browser, strict_app):
    with db.as_owner():
        team = make_team(make_site())
    sign_in(browser, make_known(db, "ADMINISTRATOR", team=team))
    page = post(
        browser, "/users/new", name="Inés Robles", email="Ines.Robles@Prueba.example", team=str(team.id),
        role="CASEWORKER", language="es",
    )  # fmt: skip
    link = re.search(r'value="http://localhost(/reset/[^"]+)"', page.get_data(as_text=True))[1]
    hers = strict_app.test_client()
    assert post(hers, link, password=PASSWORD, repeat=PASSWORD).headers["Location"] == "/sign-in"
    user = queries.user_of_email("ines.robles@prueba.example")
    assert give_password(hers, user).headers["Location"].startswith("/sign-in/enrol")


def test_an_address_is_taken_once_and_nothing_is_left_behind(db, client, place):
    team, colleague, administrator = place
    client.sign_in(administrator)
    form = {"name": "Otra", "team": str(team.id), "role": "CASEWORKER", "language": "es"}
    taken = client.post("/users/new", data={**form, "email": colleague.email.upper()})
    assert taken.status_code == 422 and "Ya hay una cuenta con este correo" in taken.get_data(as_text=True)
    form["team"] = "00000000-0000-7000-8000-000000000000"
    assert client.post("/users/new", data={**form, "email": "x@prueba.example"}).status_code == 422
    assert queries.user_of_email("x@prueba.example") is None


def test_disabling_asks_first(db, client, place):
    _, colleague, administrator = place
    client.sign_in(administrator)
    page = client.get(f"/users/{colleague.id}/disable")
    assert "Qué va a pasar" in page.get_data(as_text=True)
    assert session.get_one(User, colleague.id).active
    client.post(f"/users/{colleague.id}/disable")
    assert not session.get_one(User, colleague.id).active
    client.post(f"/users/{colleague.id}/enable")
    assert session.get_one(User, colleague.id).active


# -- the one-time link ------------------------------------------------------------------------------------
def test_a_link_works_once_and_looking_spends_nothing(db, browser):
    user = make_known(db)
    sign_in(browser, user)
    with access.acting_as(access.system("command")):
        link = f"/reset/{resets.make_reset(user)}"
        session.commit()
    for _ in range(3):
        assert browser.get(link).status_code == 200
    assert post(browser, link, password="corta", repeat="corta").status_code == 422
    assert post(browser, link, password=NEW, repeat="otra cosa distinta").status_code == 422
    assert browser.get("/account").status_code == 200
    assert post(browser, link, password=NEW, repeat=NEW).status_code == 302
    assert browser.get("/account").status_code == 302, "its sessions have ended"
    assert browser.get(link).status_code == 404
    assert give_password(browser, user, PASSWORD).status_code == 422
    assert give_password(browser, user, NEW).status_code == 302


def test_a_link_dies_after_half_an_hour_and_with_the_next_one(db, browser, time):
    user = make_known(db)
    first, second = resets.make_reset(user), resets.make_reset(user)
    session.commit()
    assert browser.get(f"/reset/{first}").status_code == 404
    assert browser.get(f"/reset/{second}").status_code == 200
    time.passes(minutes=31)
    assert browser.get(f"/reset/{second}").status_code == 404
    assert browser.get("/reset/inventado").status_code == 404


def test_only_a_digest_of_the_link_is_kept(db):
    user = make_known(db)
    token = resets.make_reset(user)
    kept = session.scalars(sa.select(PasswordReset.token_hash)).one()
    assert token.encode() not in kept and len(kept) == 32


def test_a_lost_telephone_is_replaced_through_the_link(db, browser):
    user = make_known(db)
    token = resets.make_reset(user, clears_second_factor=True)
    session.commit()
    assert give_password(browser, user).headers["Location"].startswith("/sign-in/code")
    post(browser, f"/reset/{token}", password=NEW, repeat=NEW)
    assert give_password(browser, user, NEW).headers["Location"].startswith("/sign-in/enrol")


def test_a_link_opens_a_closed_account(db, browser):
    user = make_known(db)
    for _ in range(6):
        give_password(browser, user, "equivocada del todo")
    token = resets.make_reset(user)
    session.commit()
    post(browser, f"/reset/{token}", password=NEW, repeat=NEW)
    first = give_password(browser, user, NEW)
    assert post(browser, first.headers["Location"], code=code()).status_code == 302


# -- questions of other areas -----------------------------------------------------------------------------
def test_questions_about_teams_and_sites(db):
    with db.as_owner():
        site = make_site(timezone="America/Tijuana")
        team = make_team(site, "HEALTH")
        national = make_team(country="CRI", type="COMMISSION_STATISTICS")
        abroad = make_team(make_site(country="GTM", code="GT-QQQ"), "HEALTH")
        for t in (team, abroad):
            session.add(
                Service(site_id=t.site_id, team_id=t.id, kind="HEALTH", name="Consulta", sort_key="consulta")
            )
        user = make_user("SERVICE_FOCAL_POINT", team)
    assert queries.team_of_code(team.code).id == team.id and queries.team_of_code("MX-NO") is None
    assert [o.team.id for o in queries.teams_offering("HEALTH", "MEX")] == [team.id]
    assert queries.site_of(team.id).id == site.id and queries.site_of(national.id) is None
    assert queries.timezone_of(team.id) == "America/Tijuana"
    assert queries.timezone_of(national.id) == "America/Costa_Rica"
    assert [u.id for u in queries.users_of(team.id)] == [user.id]
    assert queries.users_of(team.id, "CASEWORKER") == []
    assert site in queries.sites("MEX") and site not in queries.sites("GTM")
