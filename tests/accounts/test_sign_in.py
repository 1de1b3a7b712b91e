"""Signing in as a browser does it: password, code, session; and everything that must not work."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pyotp
import pytest
import sqlalchemy as sa

from caseapp.accounts.models import User, UserSession
from caseapp.accounts.service import second_factor, sessions
from caseapp.core.audit import AuditRow
from caseapp.core.db import session
from config.settings import reset_settings
from tests.accounts.signing import PASSWORD, SECRET, code, give_password, make_known, post, sign_in
from tests.statements import count_statements

SENTENCE = "El correo, la contraseña o el código no coinciden"


def acts(user):
    rows = (
        sa.select(AuditRow.act, AuditRow.detail).where(AuditRow.subject_id == user.id).order_by(AuditRow.id)
    )
    return [(row.act, row.detail) for row in session.execute(rows)]


def test_password_then_code_opens_the_page_that_was_asked_for(db, browser):
    user = make_known(db)
    away = browser.get("/account?x=1")
    assert away.status_code == 302 and away.headers["Location"] == "/sign-in?next=/account?x%3D1"
    first = give_password(browser, user, next="/account?x=1")
    assert first.headers["Location"] == "/sign-in/code?next=/account?x%3D1"
    assert browser.get("/account").status_code == 302, "a password alone opens nothing"
    last = post(browser, first.headers["Location"], code=code(), next="/account?x=1")
    assert last.headers["Location"] == "/account?x=1"
    assert browser.get("/account").status_code == 200
    assert acts(user) == [("signed_in", None)]


def test_the_cookie_is_closed_to_scripts_and_other_sites_and_changes_at_each_step(db, browser):
    user = make_known(db)
    first = give_password(browser, user)
    last = post(browser, first.headers["Location"], code=code())
    cookies = [h for a in (first, last) for h in a.headers.getlist("Set-Cookie") if h.startswith("acogida=")]
    assert len({c.split(";")[0] for c in cookies}) == 2
    assert all("HttpOnly" in c and "SameSite=Lax" in c and "Path=/" in c for c in cookies)
    token = cookies[1].split(";")[0].removeprefix("acogida=")
    assert len(token) >= 43, "256 bits"
    kept = session.scalars(sa.select(UserSession.token_hash).where(UserSession.revoked_at.is_(None))).all()
    assert kept == [sessions.hashed(token)]


def test_over_https_the_cookie_is_secure_and_kept_to_the_host(db, browser, monkeypatch):
    from config.settings import reset_settings

    user = make_known(db)
    monkeypatch.setenv("ACOGIDA_BASE_URL", "https://casos.example")
    reset_settings()
    answer = give_password(browser, user)
    cookie = next(h for h in answer.headers.getlist("Set-Cookie") if h.startswith("__Host-acogida="))
    assert "Secure" in cookie and "Domain" not in cookie and "Path=/" in cookie


def test_a_post_without_token_is_refused(db, browser):
    user = make_known(db)
    answer = browser.post("/sign-in", data={"email": user.email, "password": PASSWORD})
    assert answer.status_code == 400
    assert session.scalar(sa.select(sa.func.count()).select_from(UserSession)) == 0


def test_unknown_wrong_disabled_and_closed_get_the_same_page(db, browser):
    wrong, disabled, closed = make_known(db), make_known(db, active=False), make_known(db)
    with db.as_owner():
        closed.locked_until = sessions.clock.real_now() + sessions.timedelta(hours=1)

    def page(email, password):
        answer = post(browser, "/sign-in", email=email, password=password)
        text = answer.get_data(as_text=True).replace(email, "…")
        return answer.status_code, re.sub(r'(nonce|value)="[^"]{16,}"', r'\1=""', text)

    answers = {
        page("nadie@prueba.example", PASSWORD),
        page(wrong.email, "otra cosa del todo"),
        page(disabled.email, PASSWORD),
        page(closed.email, PASSWORD),
    }
    assert len(answers) == 1
    status, text = answers.pop()
    assert status == 422 and SENTENCE in text


def test_an_unknown_address_costs_a_hash_as_a_known_one_does(db, browser, monkeypatch):
    from caseapp.accounts.service import passwords

    asked = []
    real = passwords.matches
    monkeypatch.setattr(
        passwords, "matches", lambda stored, given: asked.append(stored) or real(stored, given)
    )
    post(browser, "/sign-in", email="nadie@prueba.example", password="x")
    assert asked == [None]


def test_five_failures_close_the_account_and_it_stays_closed_longer_each_time(db, browser, time):
    user = make_known(db)
    for _ in range(5):
        give_password(browser, user, "equivocada del todo")
    assert give_password(browser, user).status_code == 422, "closed even for the right password"
    time.passes(seconds=61)
    give_password(browser, user, "equivocada del todo")
    time.passes(seconds=61)
    assert give_password(browser, user).status_code == 422, "two minutes this time"
    time.passes(seconds=61)
    assert sign_in(browser, user).status_code == 302
    session.expire_all()
    assert session.get_one(User, user.id).failed_count == 0
    assert ("sign_in_failed", "locked") in acts(user)


def test_wrong_codes_count_too_and_end_the_half_way_session(db, browser):
    user = make_known(db)
    first = give_password(browser, user)
    for _ in range(4):
        answer = post(browser, first.headers["Location"], code="000000")
        assert answer.status_code == 422 and "El código no coincide" in answer.get_data(as_text=True)
    answer = post(browser, first.headers["Location"], code="000000")
    assert answer.status_code == 302 and "/sign-in" in answer.headers["Location"]
    assert give_password(browser, user).status_code == 422


def test_a_code_works_once(db, strict_app):
    user = make_known(db)
    one, two = strict_app.test_client(), strict_app.test_client()
    used = code()
    first = give_password(one, user)
    assert post(one, first.headers["Location"], code=used).status_code == 302
    second = give_password(two, user)
    assert post(two, second.headers["Location"], code=used).status_code == 422
    assert two.get("/account").status_code == 302


@pytest.mark.parametrize(("seconds", "good"), [(-30, True), (0, True), (30, True), (-90, False), (90, False)])
def test_a_step_early_or_late_is_forgiven(db, browser, time, seconds, good):
    user = make_known(db)
    first = give_password(browser, user)
    moment = sessions.clock.real_now() + sessions.timedelta(seconds=seconds)
    answer = post(browser, first.headers["Location"], code=code(moment))
    assert (answer.status_code == 302) is good


def test_the_first_sign_in_sets_the_second_factor(db, browser):
    user = make_known(db, totp=False)
    first = give_password(browser, user)
    assert first.headers["Location"].startswith("/sign-in/enrol")
    page = browser.get(first.headers["Location"])
    text = page.get_data(as_text=True)
    assert "<svg" in text
    secret = re.search(r'<code class="number">([A-Z2-7 ]+)</code>', text)[1].replace(" ", "")
    assert post(browser, first.headers["Location"], code="000000").status_code == 422
    last = post(browser, first.headers["Location"], code=pyotp.TOTP(secret).at(sessions.clock.real_now()))
    assert last.status_code == 302 and browser.get("/account").status_code == 200
    session.expire_all()
    kept = session.get_one(User, user.id).totp_secret_sealed
    assert kept and secret.encode() not in kept
    post(browser, "/sign-out", page="/account")
    assert give_password(browser, user).headers["Location"].startswith("/sign-in/code")


def test_who_has_a_second_factor_is_never_offered_another(db, browser):
    user = make_known(db)
    give_password(browser, user)
    assert browser.get("/sign-in/enrol").headers["Location"].startswith("/sign-in")
    assert "<svg" not in browser.get("/sign-in/enrol").get_data(as_text=True)


def test_without_an_active_role_nobody_enters(db, browser):
    user = make_known(db)
    with db.as_owner():
        session.execute(
            sa.text("UPDATE membership SET valid_to = '2020-01-01' WHERE user_id = :u"), {"u": user.id}
        )
    first = give_password(browser, user)
    answer = post(browser, first.headers["Location"], code=code())
    assert "/sign-in" in answer.headers["Location"]
    assert "ninguna función vigente" in browser.get("/sign-in").get_data(as_text=True)


@pytest.mark.parametrize(
    "wanted", ["https://otro.example/", "//otro.example", "/\\otro.example", "javascript:alert(1)", "/a\nb"]
)
def test_sign_in_leads_to_no_other_site(db, browser, wanted):
    user = make_known(db)
    first = give_password(browser, user, next=wanted)
    last = post(browser, "/sign-in/code", code=code(), next=wanted)
    assert first.headers["Location"] == "/sign-in/code?next=/today"
    assert last.headers["Location"] == "/today"


def test_an_old_hash_is_made_anew(db, browser):
    from argon2 import PasswordHasher

    user = make_known(db)
    with db.as_owner():
        user.password_hash = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    give_password(browser, user)
    session.expire_all()
    assert "m=19456,t=2" in session.get_one(User, user.id).password_hash


def test_who_asks_costs_one_select(db, browser):
    user = make_known(db)
    sign_in(browser, user)
    with count_statements(db.connection) as statements:
        browser.get("/lock")
    assert len([s for s in statements if s.startswith("SELECT") and "set_config" not in s]) == 1


def test_only_the_demo_shows_a_code(db, browser, monkeypatch):
    user = make_known(db)
    shown = give_password(browser, user).headers["Location"]
    assert code() not in browser.get(shown).get_data(as_text=True)
    monkeypatch.setenv("ACOGIDA_ENV", "demo")
    reset_settings()
    assert code() in browser.get(shown).get_data(as_text=True)


def test_the_code_shown_is_one_that_is_accepted():
    at = datetime(2025, 11, 23, 12, tzinfo=UTC)
    step = int(at.timestamp()) // 30
    for last in (None, step - 5, step - 1, step):
        shown = second_factor.next_code(SECRET, at, last)
        assert shown and second_factor.accepted_step(SECRET, shown, at, last) is not None
    assert second_factor.next_code(SECRET, at, step + 1) is None
