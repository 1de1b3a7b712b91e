"""The one-time page: what a bot, a guess, a stale link and a withdrawn consent get (nothing), and what a parish gets."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.audit import AuditRow
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.journal import CaseEvent
from caseapp.people import queries as people
from caseapp.people import service as people_service
from caseapp.people.models import Case, CaseAccess, Need, Person
from caseapp.referral import errors, queries, service
from caseapp.referral.models import Referral, ReferralLink, ReferralLook, ReferralMember, ReferralNotice
from caseapp.referral.rules import linking
from caseapp.referral.service import linking as links
from tests.conftest import NOW
from tests.factories import make_site, make_team
from tests.factories.referral import offer
from tests.referral.conftest import restart
from tests.statements import count_statements

#: What no page of these may say, and no message.
UNSAID = ("asil", "asyl", "refug", "acogida", "migra", "albergue", "Lucha", "Servicio")


def text(answer):
    return answer.get_data(as_text=True)


def token_of(page):
    return re.search(r"/r/([\w-]{43})", page).group(1)


def code_of(page):
    return re.search(r"<strong>(\d{3} \d{3})</strong>", page).group(1)


def ticket_of(page):
    return re.search(r'name="ticket" value="([^"]+)"', page).group(1)


@pytest.fixture
def parish(world):
    """A place that takes people and has no account."""
    with world.db.as_owner():
        site = make_site(kind="SHELTER")
        team = make_team(site, "SHELTER")
        offer(team, "SHELTER")
    return team


@pytest.fixture
def sent(world, parish):
    """A referral of the family to the parish; returns its number."""
    return send(world, parish)


def send(world, team, *cases, **values):
    with access.acting_as(world.caseworker):
        restart()
        found = service.refer(
            list(cases) or world.family, from_team=session.merge(world.desk), to_team=session.merge(team), kind="SHELTER",
            priority=values.pop("priority", "IMMEDIATE"), **world.nights(), **values,
        )  # fmt: skip
        number = found.number
        restart()
    return number


def make(world, number):
    """A link and its code, made by the caseworker."""
    with access.acting_as(world.caseworker):
        restart()
        made = links.make_link(world.open(world.caseworker, number))
        restart()
    return made


def reread(world, number):
    with access.acting_as(world.caseworker):
        restart()
        return world.open(world.caseworker, number)


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


# -- the sender ---------------------------------------------------------------------------------------
def test_the_sender_gets_a_message_that_names_nothing_and_a_code_to_read_out_once(client, world, sent):
    client.sign_in(world.caseworker)
    assert f"/referrals/{sent}/link" in text(client.get(f"/referrals/{sent}"))
    page = text(client.post(f"/referrals/{sent}/link"))
    message = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S).group(1)
    code = code_of(page)
    assert token_of(message) and code not in message and code.replace(" ", "") not in message
    assert not [w for w in UNSAID if w.lower() in message.lower()]
    again = text(client.get(f"/referrals/{sent}/link"))
    assert code not in again and token_of(page) not in again and "Abre con el código" in again
    renewed = text(client.post(f"/referrals/{sent}/link"))
    assert token_of(renewed) != token_of(page)
    client.sign_out()
    assert client.post(f"/r/{token_of(page)}", data={"code": code}).status_code == 422
    assert client.post(f"/r/{token_of(renewed)}", data={"code": code_of(renewed)}).status_code == 200


def test_what_the_database_keeps_opens_nothing(world, sent):
    made = make(world, sent)
    with world.db.as_owner():
        row = session.scalars(sa.select(ReferralLink)).one()
        whole = " ".join(map(str, session.execute(sa.select(ReferralLink.__table__)).one()))
        assert made.token not in whole and made.code not in whole
        assert row.token_hash == linking.token_hash(made.token) and len(row.code_mac) == 32


@pytest.mark.parametrize(
    ("priority", "hours"), [("IMMEDIATE", 24), ("EMERGENCY", 48), ("URGENT", 144), ("NORMAL", 168)]
)
def test_how_long_it_opens_by_priority(world, parish, priority, hours):
    made = make(world, send(world, parish, priority=priority))
    assert made.expires_at == NOW + timedelta(hours=hours)


def test_who_may_make_one(world, sent):
    other = world.refer(world.mother.case_id, priority="URGENT")
    with access.acting_as(world.caseworker):
        restart()
        with pytest.raises(errors.ReceiverAnswersHere):
            links.make_link(world.open(world.caseworker, other))
        service.withdraw(world.open(world.caseworker, sent), "NEED_ENDED")
        with pytest.raises(errors.LinkNotNow):
            links.make_link(world.open(world.caseworker, sent))
    with access.acting_as(world.coordinator):
        restart()
        with pytest.raises(NotYours):
            links.make_link(queries.referral(world.coordinator, other))
        assert session.scalars(sa.select(ReferralLink)).all() == []


# -- what is told to nobody ---------------------------------------------------------------------------
def test_a_get_tells_and_uses_nothing_whatever_the_address(client, world, sent, parish):
    made = make(world, sent)
    states = {"live": made.token, "unknown": "x" * 43}
    for name, spoil in (
        ("revoked", {"revoked_at": NOW}), ("locked", {"wrong": 5, "locked_at": NOW}),
        ("expired", {"made_at": NOW - timedelta(days=2), "expires_at": NOW - timedelta(days=1)}),
    ):  # fmt: skip
        with world.db.as_owner():
            session.execute(
                sa.update(ReferralLink).where(ReferralLink.revoked_at.is_(None)).values(revoked_at=NOW)
            )
        spoiled = make(world, sent)
        states[name] = spoiled.token
        with world.db.as_owner():
            session.execute(
                sa.update(ReferralLink)
                .where(ReferralLink.token_hash == linking.token_hash(spoiled.token))
                .values(**spoil)
            )
    agents = (
        {},
        {"User-Agent": "WhatsApp/2.23 A"},
        {"Purpose": "prefetch", "Sec-Purpose": "prefetch"},
        {"User-Agent": "curl/8"},
    )
    seen = set()
    for token in states.values():
        for headers in agents:
            with count_statements() as statements:
                answer = client.get(f"/r/{token}", headers=headers)
            assert answer.status_code == 200 and not [s for s in statements if "SAVEPOINT" not in s]
            seen.add(
                (
                    answer.data,
                    tuple(sorted((k, v) for k, v in answer.headers if k not in ("Date", "X-Request-Id"))),
                )
            )
        head = client.head(f"/r/{token}")
        assert head.data == b"" and head.status_code == 200
    assert len(seen) == 1
    (body, headers), *_ = seen
    page, told = body.decode(), dict(headers)
    assert not [w for w in UNSAID if w.lower() in page.lower()] and "<script" not in page and sent not in page
    assert told["Referrer-Policy"] == "no-referrer" and told["Cache-Control"] == "no-store"
    assert "noindex" in told["X-Robots-Tag"] and "Set-Cookie" not in told
    with world.db.as_owner():
        assert session.scalars(sa.select(ReferralLook)).all() == []
        assert session.scalar(sa.select(sa.func.sum(ReferralLink.wrong))) == 5  # the one that was spoiled


def test_unknown_wrong_expired_revoked_and_locked_answer_the_same_bytes(client, world, sent):
    made = make(world, sent)
    answers = {
        "unknown": client.post(f"/r/{'x' * 43}", data={"code": made.code}),
        "wrong": client.post(f"/r/{made.token}", data={"code": wrong(made.code)}),
        "short": client.post(f"/r/{made.token}", data={"code": "12"}),
        "empty": client.post(f"/r/{made.token}", data={}),
        "forged": client.post(f"/r/{made.token}", data={"ticket": "eyJtIjoiMDAifQ.x.y"}),
    }
    with clock.held_at(NOW + timedelta(hours=24)):
        answers["expired"] = client.post(f"/r/{made.token}", data={"code": made.code})
    for _ in range(4):
        client.post(f"/r/{made.token}", data={"code": wrong(made.code)})
    answers["locked"] = client.post(f"/r/{made.token}", data={"code": made.code})
    second = make(world, sent)
    with access.acting_as(world.caseworker):
        restart()
        links.revoke_link(world.open(world.caseworker, sent))
        restart()
    answers["revoked"] = client.post(f"/r/{second.token}", data={"code": second.code})
    assert {a.status_code for a in answers.values()} == {422}
    assert len({a.data for a in answers.values()}) == 1, sorted(answers)
    assert not any("Set-Cookie" in a.headers for a in answers.values())


def test_the_page_after_the_code_says_the_minimum(client, world, sent):
    made = make(world, sent)
    page = text(client.post(f"/r/{made.token}", data={"code": f"{made.code[:3]} {made.code[3:]}"}))
    assert (
        "Lucha" in page and "Alergia grave: cacahuate" in page and "Sin gradas" in page and "3 noches" in page
    )
    surnames = [p.surname_1 for p in (world.mother, world.father, world.child) if p.surname_1]
    assert surnames and not any(name in page for name in surnames)
    for word in ("asil", "asyl", "refug", "acogida", "migra", world.desk.name, "<script", "Necesidad"):
        assert word.lower() not in page.lower(), word
    english = text(client.post(f"/r/{made.token}?lang=en", data={"ticket": ticket_of(page)}))
    assert "Yes, we can" in english and "Step-free" in english


def test_each_look_is_written_down_and_shown_to_the_sender(client, world, sent):
    made = make(world, sent)
    client.post(f"/r/{made.token}", data={"code": wrong(made.code)})
    client.post(f"/r/{made.token}", data={"code": made.code})
    client.sign_in(world.caseworker)
    page = text(client.get(f"/referrals/{sent}/link"))
    assert page.count("se abrió") == 1 and page.count("código falso") == 1
    with world.db.as_owner():
        acts = session.execute(
            sa.select(AuditRow.act, AuditRow.actor).where(AuditRow.act.in_(("looked", "link_wrong_code")))
        ).all()
        assert sorted(acts) == [("link_wrong_code", "anonymous"), ("looked", f"link:receiver of {sent}")]


# -- guessing -----------------------------------------------------------------------------------------
def test_the_fifth_wrong_code_locks_it_and_tells_the_sender(client, world, sent):
    made = make(world, sent)
    for _ in range(4):
        client.post(f"/r/{made.token}", data={"code": wrong(made.code)})
    assert client.post(f"/r/{made.token}", data={"code": made.code}).status_code == 200
    client.post(f"/r/{made.token}", data={"code": wrong(made.code)})
    assert client.post(f"/r/{made.token}", data={"code": made.code}).status_code == 422
    with access.acting_as(world.caseworker):
        restart()
        told = session.scalars(
            sa.select(ReferralNotice.kind).where(ReferralNotice.team_id == world.desk.id)
        ).all()
        assert told.count("LINK_LOCKED") == 1
        assert session.scalars(sa.select(ReferralLink.wrong)).one() == 5
    client.sign_in(world.caseworker)
    page = text(client.get(f"/referrals/{sent}/link"))
    assert "Cerrada: cinco códigos falsos" in page and "Hacer la página" in page


def test_the_code_of_one_link_opens_no_other(client, world, parish):
    first = make(world, send(world, parish, world.mother.case_id))
    with world.db.as_owner():
        again = make_team(make_site(kind="SHELTER"), "SHELTER")
        offer(again, "SHELTER")
    second = make(world, send(world, again, world.mother.case_id))
    assert client.post(f"/r/{first.token}", data={"code": second.code}).status_code == 422
    page = text(client.post(f"/r/{second.token}", data={"code": second.code}))
    # a ticket belongs to its link: elsewhere it is no try at all
    assert client.post(f"/r/{first.token}", data={"ticket": ticket_of(page)}).status_code == 422
    with world.db.as_owner():
        assert session.scalar(sa.select(sa.func.sum(ReferralLink.wrong))) == 1


# -- what closes it -----------------------------------------------------------------------------------
def test_a_withdrawal_between_two_taps_closes_it(client, world, sent):
    made = make(world, sent)
    ticket = ticket_of(text(client.post(f"/r/{made.token}", data={"code": made.code})))
    with access.acting_as(world.caseworker):
        restart()
        service.withdraw(world.open(world.caseworker, sent), "BETTER_OPTION_FOUND")
        restart()
    answer = client.post(
        f"/r/{made.token}", data={"ticket": ticket, "verb": "accept", "answered_by_name": "Hna. Inventada"}
    )
    assert answer.status_code == 422 and "Lucha" not in text(answer)
    assert reread(world, sent).state == "WITHDRAWN"


@pytest.mark.parametrize("state", ["WITHDRAWN", "EXPIRED"])
def test_a_consent_taken_back_or_run_out_closes_it_at_once(client, world, parish, state):
    number = send(world, parish, world.mother.case_id)
    made = make(world, number)
    assert client.post(f"/r/{made.token}", data={"code": made.code}).status_code == 200
    with access.acting_as(world.caseworker):
        restart()
        case = session.get_one(Case, world.mother.case_id)
        row = next(c for c in people.consents_of(case.id) if c.purpose == "REFER_SHELTER")
        if state == "WITHDRAWN":
            people_service.withdraw_consent(case, row, on=NOW.date())
        else:
            with world.db.as_owner():
                session.execute(sa.update(CaseAccess).values(ended_at=NOW))
        restart()
    assert client.post(f"/r/{made.token}", data={"code": made.code}).status_code == 422


def test_one_of_two_who_takes_consent_back_is_shown_no_longer(client, world, parish):
    number = send(world, parish, world.mother.case_id, world.father.case_id)
    made = make(world, number)
    with access.acting_as(world.caseworker):
        restart()
        case = session.get_one(Case, world.mother.case_id)
        row = next(c for c in people.consents_of(case.id) if c.purpose == "REFER_SHELTER")
        people_service.withdraw_consent(case, row, on=NOW.date())
        restart()
    page = text(client.post(f"/r/{made.token}", data={"code": made.code}))
    assert "Lucha" not in page and "Sin gradas" not in page and page.count('class="member-name"') == 1


# -- what it may do -----------------------------------------------------------------------------------
def test_the_parish_accepts_and_notes_that_they_came(client, world, sent):
    made = make(world, sent)
    ticket = ticket_of(text(client.post(f"/r/{made.token}", data={"code": made.code})))
    nameless = client.post(
        f"/r/{made.token}", data={"ticket": ticket, "verb": "accept", "answered_by_name": " "}
    )
    assert nameless.status_code == 422 and "Escriba" in text(nameless)
    yes = {"ticket": ticket, "verb": "accept", "answered_by_name": "Hna. Inventada"}
    page = text(client.post(f"/r/{made.token}", data=yes))
    assert "Usted aceptó" in page and "Ya llegaron" in page and "No es posible" not in page
    assert "Usted aceptó" in text(client.post(f"/r/{made.token}", data=yes))  # tapped twice
    no = {"ticket": ticket, "verb": "decline", "reason": "NO_STAFF", "send": "1", "answered_by_name": "X"}
    assert "Usted aceptó" in text(client.post(f"/r/{made.token}", data=no))  # an answer stands
    found = reread(world, sent)
    assert (found.state, found.answer_channel, found.answered_by_name) == (
        "ACCEPTED",
        "ONE_TIME_PAGE",
        "Hna. Inventada",
    )
    assert queries.steps_of(found)[-1].actor == f"link:receiver of {sent}"
    assert (
        "se anotó que llegaron"
        in text(client.post(f"/r/{made.token}", data={"ticket": ticket, "verb": "start"})).lower()
    )
    assert client.post(f"/r/{made.token}", data={"code": made.code}).status_code == 422
    assert reread(world, sent).state == "STARTED"
    client.sign_in(world.caseworker)
    page = text(client.get(f"/referrals/{sent}"))
    assert "Página de un solo uso (Hna. Inventada)" in page
    with world.db.as_owner():
        told = session.execute(
            sa.select(CaseEvent.kind, CaseEvent.code, CaseEvent.actor).where(
                CaseEvent.kind.in_(("referral.accepted", "referral.started"))
            )
        ).all()
        assert len(told) == 6 and {(t.code, t.actor) for t in told} == {
            ("ONE_TIME_PAGE", f"link:receiver of {sent}")
        }


def test_the_parish_says_no_in_two_taps_and_it_is_closed(client, world, sent):
    made = make(world, sent)
    page = text(client.post(f"/r/{made.token}", data={"code": made.code}))
    assert 'value="NO_SUITABLE_UNIT"' in page and "PREVIOUS_INCIDENT" not in page
    tap = {"ticket": ticket_of(page), "verb": "decline", "reason": "NO_SUITABLE_UNIT"}
    second = text(client.post(f"/r/{made.token}", data=tap))
    assert "Qué falta y desde qué fecha lo habrá" in second
    missing = client.post(f"/r/{made.token}", data=tap | {"send": "1", "answered_by_name": "Hna. Inventada"})
    assert missing.status_code == 422 and "Elija una respuesta de la lista." in text(missing)
    whole = tap | {
        "send": "1",
        "answered_by_name": "Hna. Inventada",
        "unlocks_code": "STEP_FREE",
        "unlocks_on": "2025-11-25",
    }
    assert "Puede cerrar esta página" in text(client.post(f"/r/{made.token}", data=whole))
    assert client.post(f"/r/{made.token}", data={"code": made.code}).status_code == 422
    found = reread(world, sent)
    assert (found.state, found.decline_reason, found.unlocks_code) == (
        "DECLINED",
        "NO_SUITABLE_UNIT",
        "STEP_FREE",
    )
    with world.db.as_owner():
        assert session.scalars(sa.select(CaseAccess).where(CaseAccess.ended_at.is_(None))).all() == []


@pytest.mark.parametrize("verb", ["withdraw", "ask_info", "complete", "not_complete", "start", "agree_part"])
def test_it_may_do_nothing_else(client, world, sent, verb):
    made = make(world, sent)
    ticket = ticket_of(text(client.post(f"/r/{made.token}", data={"code": made.code})))
    client.post(f"/r/{made.token}", data={"ticket": ticket, "verb": verb, "reason": "NEED_ENDED"})
    assert reread(world, sent).state == "SENT"


# -- the wall -----------------------------------------------------------------------------------------
def test_a_guest_reaches_one_referral_and_nothing_else_of_anybody(world, sent, parish):
    other = (
        send(world, parish, world.mother.case_id, priority="URGENT")
        if False
        else world.refer(world.mother.case_id, priority="URGENT")
    )
    made = make(world, sent)
    restart()
    attempt = links.try_code(made.token, links.mac_of(made.token, made.code))
    with links.let_in(attempt) as found:
        assert found.number == sent
        assert [r.number for r in session.scalars(sa.select(Referral))] == [sent]
        assert {m.referral_id for m in session.scalars(sa.select(ReferralMember))} == {found.id}
        assert {a.subject_id for a in session.scalars(sa.select(CaseAccess))} == {found.id}
        assert {e.subject_id for e in session.scalars(sa.select(CaseEvent))} == {found.id}
        for table in _of_a_case():
            count = session.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
            assert count == 0, table
        assert len(links.people_for_guest("SHELTER")) == 3
        with pytest.raises(NotYours):
            queries.referral(access.current(), other)
        for statement in (
            "UPDATE referral SET state = 'WITHDRAWN', withdraw_reason = 'NEED_ENDED', ended_at = now()",
            "UPDATE referral SET priority = 'NORMAL'",
            "UPDATE case_access SET ended_at = NULL",
        ):
            with pytest.raises(sa.exc.ProgrammingError, match="row-level security"), session.begin_nested():
                session.execute(sa.text(statement))
    # and after the block the transaction is nobody's again
    assert session.scalars(sa.select(Referral)).all() == []
    assert session.execute(sa.text("SELECT count(*) FROM referral_guest_people()")).scalar_one() == 0


def _of_a_case():
    """Every table with a person's data that a guest must not see a row of, for want of a reason to name fewer."""
    open_to_guest = {"referral", "referral_member", "case_access", "case_event"}
    named = sorted(
        row[0]
        for row in session.execute(
            sa.text(
                "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public' "
                "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'case_id' WHERE c.relkind = 'r' AND c.relrowsecurity"
            )
        )
        if row[0] not in open_to_guest
    )
    return [*named, '"case"', "household", "referral_link", "referral_look", "referral_review"]


def test_nobody_is_let_in_without_the_code(world, sent):
    made = make(world, sent)
    restart()
    attempt = links.try_code(made.token, links.mac_of(made.token, wrong(made.code)))
    assert attempt.verdict == "WRONG"
    with pytest.raises(NotYours), links.let_in(attempt):
        pass
    assert session.scalars(sa.select(Referral)).all() == [] and session.scalars(sa.select(Person)).all() == []
    assert session.scalars(sa.select(Need)).all() == []


@pytest.mark.parametrize(
    "state", ["SENT", "INFO_ASKED", "PART_ACCEPTED", "ACCEPTED", "STARTED", "DECLINED", "LAPSED"]
)
def test_in_which_states_it_opens(world, sent, state):
    made = make(world, sent)
    with world.db.as_owner():
        session.execute(sa.text("ALTER TABLE referral DISABLE TRIGGER referral_transition"))
        ended = {"ended_at": NOW} if state in ("DECLINED", "LAPSED") else {}
        answered = (
            {"answered_at": NOW, "answer_channel": "SYSTEM"}
            if state not in ("SENT", "INFO_ASKED", "LAPSED")
            else {}
        )
        reason = {"decline_reason": "NO_STAFF"} if state == "DECLINED" else {}
        session.execute(sa.update(Referral).values(state=state, **ended, **answered, **reason))
    restart()
    attempt = links.try_code(made.token, links.mac_of(made.token, made.code))
    assert attempt.verdict == ("OPENED" if state in linking.MAY else "CLOSED")


# -- in parallel --------------------------------------------------------------------------------------
def test_wrong_codes_in_parallel_are_counted_exactly(committed_db):
    """Twelve guesses at once on one link: five are counted, the page is locked, and the sender is told once."""
    from caseapp import create_app
    from tests.factories import make_household, make_person, make_user
    from tests.factories.referral import consent

    engine = sa.create_engine(committed_db.owner)
    with engine.connect() as connection, connection.begin():
        session.remove()
        session(bind=connection, join_transaction_mode="create_savepoint")
        connection.execute(sa.text("SET LOCAL ROLE acogida_migrator"))
        desk, parish = make_team(make_site()), make_team(make_site(kind="SHELTER"), "SHELTER")
        offer(parish, "SHELTER")
        person = make_person(desk)
        make_household(desk, person)
        consent(person)
        user = make_user("CASEWORKER", desk)
        from tests.factories import principal_of

        with access.acting_as(principal_of(user, ("CASEWORKER", desk))):
            from tests.referral.conftest import FIRST, LAST

            found = service.refer(
                [person.case_id], from_team=desk, to_team=parish, kind="SHELTER", priority="URGENT", first_night=FIRST,
                last_night=LAST,
            )  # fmt: skip
            made = links.make_link(found)
        session.commit()
        session.remove()
    engine.dispose()
    app = create_app({"TESTING": True, "RATELIMIT_ENABLED": False})

    def guess(n):
        with clock.held_at(NOW):
            code = f"{(int(made.code) + 1 + n) % 10**6:06d}"
            return app.test_client().post(f"/r/{made.token}", data={"code": code}).status_code

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(guess, range(12))) == {422}
    engine = sa.create_engine(committed_db.owner)
    with engine.connect() as connection:
        assert connection.execute(
            sa.text("SELECT wrong, locked_at IS NOT NULL FROM referral_link")
        ).one() == (5, True)
        assert (
            connection.execute(
                sa.text("SELECT count(*) FROM referral_look WHERE what = 'WRONG'")
            ).scalar_one()
            == 5
        )
        told = "SELECT count(*) FROM referral_notice WHERE kind = 'LINK_LOCKED'"
        assert connection.execute(sa.text(told)).scalar_one() == 1
    engine.dispose()


def test_a_hurry_from_one_address_is_slowed_in_the_same_words(committed_db, monkeypatch):
    from caseapp import create_app
    from caseapp.core.pages import limiter

    monkeypatch.setattr(limiter, "enabled", limiter.enabled)
    app = create_app({"TESTING": True, "RATELIMIT_ENABLED": True, "RATELIMIT_STORAGE_URI": "memory://"})
    client = app.test_client()
    tries = [client.post(f"/r/{'x' * 43}", data={"code": "12"}) for _ in range(21)]
    assert tries[-1].status_code == 429 and {t.status_code for t in tries[:20]} == {422}
    assert not [w for w in UNSAID if w.lower() in text(tries[-1]).lower()]


# -- some of them, and office hours -------------------------------------------------------------------
def test_some_of_the_family_with_the_senders_yes_and_then_they_come(client, world, sent):
    made = make(world, sent)
    page = text(client.post(f"/r/{made.token}", data={"code": made.code}))
    assert page.count('name="member"') == 3 and page.count(" checked") == 3
    answer = {
        "ticket": ticket_of(page), "verb": "accept", "answered_by_name": "Hna. Inventada",
        "member": [str(world.mother.case_id), str(world.child.case_id)],
    }  # fmt: skip
    refused = client.post(f"/r/{made.token}", data=answer)
    assert refused.status_code == 422 and "por qué no a las demás" in text(refused)
    assert text(refused).count(" checked") == 2
    done = text(client.post(f"/r/{made.token}", data={**answer, "reason": "NO_PLACE_THIS_SIZE"}))
    assert "decide si la familia se separa" in done
    # While the sender decides, the page is closed; the father's record shows nobody what was said of him.
    assert client.post(f"/r/{made.token}", data={"code": made.code}).status_code == 422
    client.sign_in(world.caseworker)
    assert "Aceptada en parte" in text(client.get(f"/referrals/{sent}"))
    assert client.post(f"/referrals/{sent}/agree-part").status_code == 302
    client.sign_out()
    page = text(client.post(f"/r/{made.token}", data={"code": made.code}))
    assert "Usted aceptó" in page and page.count("member-name") == 2
    client.post(f"/r/{made.token}", data={"ticket": ticket_of(page), "verb": "start"})
    assert reread(world, sent).state == "STARTED"


def test_all_ticked_is_a_whole_yes_and_nobody_is_none(client, world, sent):
    made = make(world, sent)
    page = text(client.post(f"/r/{made.token}", data={"code": made.code}))
    stranger = ["01920000-0000-7000-8000-000000000000"]
    answer = {
        "ticket": ticket_of(page),
        "verb": "accept",
        "answered_by_name": "Hna. Inventada",
        "chooses": "1",
    }
    for nobody in ([], stranger):
        refused = client.post(f"/r/{made.token}", data={**answer, "member": nobody})
        assert refused.status_code == 422 and "Elija al menos a una persona" in text(refused)
    members = [*map(str, world.family), *stranger]
    assert "Usted aceptó" in text(client.post(f"/r/{made.token}", data={**answer, "member": members}))
    assert reread(world, sent).state == "ACCEPTED"


@pytest.mark.parametrize(
    ("priority", "days"), [("IMMEDIATE", 3), ("EMERGENCY", 4), ("URGENT", 6), ("NORMAL", 7)]
)
def test_a_link_made_on_a_friday_is_read_on_monday_where_there_are_office_hours(priority, days):
    friday = datetime(2025, 11, 21, 18, tzinfo=UTC)  # noon in Tapachula
    until = linking.expires_at(priority, friday, office=True, timezone="America/Mexico_City")
    assert until >= linking.expires_at(priority, friday) and (until.date() - friday.date()).days in (
        days,
        days + 1,
    )


def test_no_link_opens_for_more_than_two_weeks(world, sent):
    closed = linking.expires_at("NORMAL", NOW, office=True, works=lambda day: day.month > 11 and day.day > 20)
    assert closed == NOW + linking.LONGEST
    make(world, sent)
    with world.db.as_owner(), pytest.raises(sa.exc.IntegrityError, match="two_weeks"), session.begin_nested():
        session.execute(sa.update(ReferralLink).values(expires_at=ReferralLink.made_at + timedelta(days=15)))
