"""Sessions end when they must: by hand, by time, by a new password; and a hidden screen shows nothing."""

from __future__ import annotations

import sqlalchemy as sa

from caseapp.accounts.models import UserSession
from caseapp.accounts.service import resets, sessions, users
from caseapp.core.db import session
from tests.accounts.signing import PASSWORD, csrf_of, give_password, make_known, post, sign_in

NEW = "otras palabras igual de largas"


def is_in(client):
    return client.get("/account").status_code == 200


def away(answer):
    return answer.status_code == 302 and "/sign-in" in answer.headers["Location"]


def living():
    return session.scalars(
        sa.select(UserSession).where(UserSession.revoked_at.is_(None), UserSession.stage == "SIGNED_IN")
    ).all()


def test_a_revoked_session_is_sent_to_sign_in(db, strict_app, time):
    user = make_known(db)
    here, there = strict_app.test_client(), strict_app.test_client()
    sign_in(here, user)
    time.passes(seconds=31)
    sign_in(there, user)
    page = here.get("/account")
    other = next(s for s in living() if f"/account/sessions/{s.id}/end" in page.get_data(as_text=True))
    url = f"/account/sessions/{other.id}/end"
    assert here.post(url, data={"csrf_token": csrf_of(page)}).status_code == 302
    assert is_in(here) and away(there.get("/account"))
    assert here.post(url, data={"csrf_token": csrf_of(page)}).status_code == 404


def test_the_idle_limit(db, browser, time):
    sign_in(browser, make_known(db))
    for _ in range(3):
        time.passes(minutes=29)
        assert is_in(browser)
    time.passes(minutes=31)
    assert away(browser.get("/account"))


def test_the_absolute_limit(db, browser, time):
    sign_in(browser, make_known(db))
    for _ in range(29):
        time.passes(minutes=25)
        assert is_in(browser) is (time.ahead < sessions.timedelta(hours=12))


def test_half_way_lasts_ten_minutes(db, browser, time):
    first = give_password(browser, make_known(db))
    time.passes(minutes=11)
    assert away(browser.get(first.headers["Location"]))


def test_signing_out_ends_it_on_the_server_too(db, browser):
    sign_in(browser, make_known(db))
    token = browser.get_cookie("acogida").value
    post(browser, "/sign-out", page="/account")
    assert browser.get_cookie("acogida") is None
    browser.set_cookie("acogida", token)
    assert away(browser.get("/account"))


def test_a_made_up_cookie_is_nobody(db, browser):
    browser.set_cookie("acogida", "x" * 43)
    assert away(browser.get("/account"))
    browser.set_cookie("remember_token", "1|abc")
    assert away(browser.get("/account"))


def test_disabling_ends_sessions_now(db, browser):
    user = make_known(db)
    sign_in(browser, user)
    users.disable(user)
    assert living() == [] and away(browser.get("/account"))


def test_a_role_that_ended_opens_nothing(db, browser):
    user = make_known(db)
    sign_in(browser, user)
    session.execute(sa.text("UPDATE membership SET valid_to = valid_from WHERE user_id = :u"), {"u": user.id})
    assert away(browser.get("/account"))


def test_a_new_password_ends_every_other_session_and_changes_the_token(db, strict_app, time):
    user = make_known(db)
    here, there = strict_app.test_client(), strict_app.test_client()
    sign_in(there, user)
    time.passes(seconds=31)
    sign_in(here, user)
    before = here.get_cookie("acogida").value
    assert post(here, "/account/password", current="no es esta", password=NEW, repeat=NEW).status_code == 422
    assert (
        post(here, "/account/password", current=PASSWORD, password="corta", repeat="corta").status_code == 422
    )
    answer = post(here, "/account/password", current=PASSWORD, password=NEW, repeat=NEW)
    assert answer.status_code == 302 and here.get_cookie("acogida").value != before
    assert is_in(here) and away(there.get("/account")) and len(living()) == 1
    assert give_password(there, user, NEW).status_code == 302


def test_a_hidden_screen_answers_nothing_but_the_password(db, browser):
    sign_in(browser, make_known(db))
    token = csrf_of(browser.get("/account"))
    json = {"Accept": "application/json"}

    def lock(**fields):
        return browser.post("/lock", data={"csrf_token": token, **fields}, headers=json)

    assert lock().status_code == 204
    assert browser.get("/account").headers["Location"] == "/lock"
    page = browser.get("/lock").get_data(as_text=True)
    assert "Acogida</title>" in page and 'name="password"' in page
    assert lock(password="no es").status_code == 422
    assert lock(password="").status_code == 422
    assert browser.get("/account").status_code == 302
    assert lock(password=PASSWORD).status_code == 204
    assert is_in(browser)


def test_hiding_works_by_plain_forms_too(db, browser):
    sign_in(browser, make_known(db))
    page = post(browser, "/lock", page="/account")
    assert page.status_code == 200
    wrong = browser.post("/lock", data={"csrf_token": csrf_of(page), "password": "no es"})
    assert wrong.status_code == 422 and "no coincide" in wrong.get_data(as_text=True)
    assert browser.post("/lock", data={"csrf_token": csrf_of(page), "password": PASSWORD}).status_code == 302
    assert is_in(browser)


def test_guessing_at_a_hidden_screen_ends_the_session(db, browser):
    sign_in(browser, make_known(db))
    page = post(browser, "/lock", page="/account")
    for _ in range(5):
        last = browser.post("/lock", data={"csrf_token": csrf_of(page), "password": "no es"})
    assert away(last) and away(browser.get("/lock")) and living() == []


def test_language_is_remembered_here_and_at_the_next_sign_in(db, strict_app, time):
    user = make_known(db)
    here, there = strict_app.test_client(), strict_app.test_client()
    sign_in(here, user)
    assert post(here, "/account/language", page="/account", language="en").status_code == 302
    assert '<html lang="en"' in here.get("/account").get_data(as_text=True)
    here.get("/account?lang=es")
    assert '<html lang="es"' in here.get("/account").get_data(as_text=True)
    time.passes(seconds=31)
    sign_in(there, user)
    assert '<html lang="en"' in there.get("/account").get_data(as_text=True)


def test_only_the_network_and_a_short_name_are_kept():
    assert sessions.network_of("189.203.14.77") == "189.203.14.0/24"
    assert sessions.network_of("2806:2f0:1234:5678::9") == "2806:2f0:1234::/48"
    assert sessions.network_of(None) is None
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0"
    assert sessions.short_agent(firefox) == "Firefox · Windows"
    assert sessions.short_agent("") is None


def test_what_ended_a_month_ago_is_swept(db, browser, time):
    user = make_known(db)
    sign_in(browser, user)
    resets.make_reset(user)
    session.commit()
    db.as_role("work")
    assert sessions.sweep() == 0
    time.passes(days=31)
    assert sessions.sweep() == 3
    db.as_role("app")
