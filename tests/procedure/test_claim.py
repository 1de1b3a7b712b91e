"""The claim: its verbs as the application's role, the people in it, its clocks and events, and its pages."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.journal import CaseEvent
from caseapp.deadline.models import Deadline
from caseapp.people.models import Case, PersonNationality, PersonPopulation
from caseapp.people.rules import FileClosed
from caseapp.procedure import queries, rules, service
from caseapp.procedure.models import Claim, ClaimApplicant, ClaimStep
from tests.conftest import NOW
from tests.factories import make_household, make_person, make_team, make_user, principal_of
from tests.procedure.routes import dated

TODAY = date(2025, 11, 23)
D = {n: date(2025, 11, n) for n in range(1, 24)}


@pytest.mark.parametrize(
    ("nationalities", "has_open", "on", "refusal"),
    [
        (["HND"], False, TODAY, None),
        ([], False, TODAY, None),
        (["XXX"], False, TODAY, None),
        (["MEX"], False, TODAY, rules.NationalAtHome),
        (["HND", "MEX"], False, TODAY, rules.NationalAtHome),
        (["HND"], True, TODAY, rules.ClaimOpen),
        (["HND"], False, date(2025, 11, 24), rules.DateInFuture),
    ],
)
def test_who_may_lodge(nationalities, has_open, on, refusal):
    if refusal is None:
        rules.may_lodge("MEX", nationalities, has_open, on, TODAY)
        return
    with pytest.raises(refusal):
        rules.may_lodge("MEX", nationalities, has_open, on, TODAY)


@pytest.fixture
def desk(db):
    with db.as_owner():
        team = make_team()
        man, woman, national = (make_person(team, nationality=n) for n in ("HND", "HND", "MEX"))
        make_household(team, man, woman, national)
        user = make_user(team=team)
        stranger_team = make_team()
        stranger = make_user(team=stranger_team)
        numbers = [session.get_one(Case, p.case_id).number for p in (man, woman, national)]
    session.expunge_all()
    return {
        "db": db, "ids": [p.case_id for p in (man, woman, national)], "numbers": numbers,
        "who": principal_of(user, ("CASEWORKER", team)),
        "stranger": principal_of(stranger, ("CASEWORKER", stranger_team)),
    }  # fmt: skip


@pytest.fixture
def family(desk):
    with access.acting_as(desk["who"]):
        session.commit()
        yield [session.get_one(Case, i) for i in desk["ids"]]


def told(case):
    return [
        (e.kind, e.outcome or e.reason, e.number)
        for e in session.scalars(
            sa.select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.position)
        )
        if e.kind.startswith(("claim.", "decision.", "appeal.", "interview.", "intention."))
    ]


def populations(case):
    rows = session.scalars(sa.select(PersonPopulation).where(PersonPopulation.case_id == case.id))
    return {(p.population, p.ended_on is None) for p in rows}


def clocks(claim):
    return {c.rule: c.state for c in queries.clocks_of([claim.id])[claim.id]}


def to_decision(case, claim, outcome="REJECTED"):
    service.take(case, claim, "REGISTERED", on=D[4])
    service.take(case, claim, "INTERVIEW", on=D[10])
    service.decide(case, claim, on=D[18], outcome=outcome)


def test_the_whole_way_with_its_clocks_events_and_everybody_in_it(family):
    man, woman, _ = family
    claim = service.intend(man, on=D[1], beside=[woman])
    assert clocks(claim) == {"CLAIM_APPLY": "RUNNING"} and claim.lodged_on is None
    assert service.lodge(man, on=D[3]) is claim
    running = {"CLAIM_TELL_MIGRATION_AUTHORITY": "RUNNING", "CLAIM_DOCUMENT_ISSUE": "RUNNING"}
    assert clocks(claim) == {"CLAIM_APPLY": "MET", **running}
    to_decision(man, claim)
    assert clocks(claim)["CLAIM_DECIDE"] == "MET" and not claim.is_open
    assert clocks(claim)["CLAIM_DOCUMENT_ISSUE"] == "CANCELLED"
    service.take(man, claim, "NOTIFIED", on=D[19])
    assert clocks(claim)["CLAIM_APPEAL"] == "RUNNING"
    service.take(man, claim, "APPEAL", on=D[20])
    assert clocks(claim)["CLAIM_APPEAL"] == "MET" and claim.is_open and claim.outcome is None
    service.decide(man, claim, on=D[22], outcome="RECOGNISED")
    service.take(man, claim, "NOTIFIED", on=D[23])
    expected = [
        ("intention.expressed", None, None), ("claim.lodged", None, None), ("claim.registered", None, 3),
        ("interview.held", None, None), ("decision.made", "REJECTED", 15), ("decision.notified", "REJECTED", 15),
        ("appeal.lodged", None, None), ("decision.made", "RECOGNISED", 19), ("decision.notified", "RECOGNISED", 19),
    ]  # fmt: skip
    for case in (man, woman):
        assert told(case) == expected
        assert populations(case) == {("ASYLUM_SEEKER", False), ("REFUGEE", True)}
        assert case.status == "OPEN"
    decided = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "decision.made")).all()
    assert {(e.code, e.reason_group) for e in decided} == {("N", "IN_TIME"), ("A", "NO_LIMIT")}


def test_a_decision_after_its_limit_was_late(family):
    claim = service.lodge(family[0], on=date(2025, 6, 2))
    for step in ("REGISTERED", "INTERVIEW"):
        service.take(family[0], claim, step, on=date(2025, 6, 3))
    service.decide(family[0], claim, on=D[20], outcome="COMPLEMENTARY")
    event = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "decision.made")).one()
    assert event.reason_group == "LATE" and populations(family[0]) >= {("COMPLEMENTARY", True)}


@pytest.mark.parametrize("reason", rules.CLOSURE_GROUPS)
def test_closed_without_a_decision_leaves_the_file_open_and_may_be_reopened(family, reason):
    case = family[0]
    claim = service.lodge(case, on=D[3])
    with pytest.raises(ChangedMeanwhile):
        service.close(case, claim, on=TODAY, reason=reason, version=99)
    service.close(case, claim, on=TODAY, reason=reason, version=claim.version)
    assert told(case)[-1] == ("claim.closed", "CLOSED", None) and case.status == "OPEN"
    assert set(clocks(claim).values()) == {"CANCELLED"} and queries.open_for(case.id) is None
    for wrong in ("NEW_NEED", None):
        with pytest.raises(rules.ReasonUnknown):
            service.reopen(case, claim, on=TODAY, reason=wrong)
    service.reopen(case, claim, on=TODAY, reason="FOUND")
    assert told(case)[-1][:2] == ("claim.reopened", "FOUND") and queries.open_for(case.id) is claim


def test_a_reopened_claim_has_the_limits_again_that_its_closing_ended(family):
    """From the day of the reopening; nothing that was done is awaited again, and the decision has its limit."""
    case = family[0]
    claim = service.lodge(case, on=D[3])
    service.take(case, claim, "REGISTERED", on=D[4])
    service.close(case, claim, on=D[10], reason="IMPLICIT_WITHDRAWAL")
    assert set(clocks(claim).values()) == {"MET", "CANCELLED"}
    service.reopen(case, claim, on=D[20], reason="FOUND")
    running = [c for c in queries.clocks_of([claim.id])[claim.id] if c.is_open]
    assert {c.rule for c in running} == {"CLAIM_DECIDE", "CLAIM_DOCUMENT_ISSUE"}
    assert {clock.local(c.started_at, "America/Mexico_City").date() for c in running} == {D[20]}
    service.take(case, claim, "INTERVIEW", on=D[21])
    service.decide(case, claim, on=D[22], outcome="REJECTED")
    event = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "decision.made")).one()
    assert event.reason_group == "IN_TIME"


def test_a_closed_file_of_one_holds_up_nobody_elses_claim(desk, family):
    man, woman, _ = family
    claim = service.lodge(man, on=D[3], beside=[woman])
    session.commit()
    with desk["db"].as_owner():
        session.execute(
            sa.text(
                "UPDATE \"case\" SET status = 'CLOSED', closed_on = '2025-11-20', closure_reason = 'PERSON_ASKED' "
                "WHERE id = :c"
            ),
            {"c": woman.id},
        )
    session.expire_all()
    before = populations(woman)
    to_decision(man, claim, "RECOGNISED")
    assert told(man)[-1][:2] == ("decision.made", "RECOGNISED")
    assert told(woman) == [("claim.lodged", None, None)] and populations(woman) == before
    assert queries.duty_of(woman.id) is None  # nothing binds them any more either
    with pytest.raises(FileClosed):
        service.take(woman, claim, "NOTIFIED", on=D[19])
    service.take(man, claim, "NOTIFIED", on=D[19])


def test_no_claim_is_abandoned_by_a_machine(desk, family):
    claim_id = service.lodge(family[0], on=D[3]).id
    with access.acting_as(access.system("clocks")), pytest.raises(rules.AbandonmentByClock):
        service.close(family[0], session.get_one(Claim, claim_id), on=TODAY, reason="IMPLICIT_WITHDRAWAL")
    with pytest.raises(sa.exc.IntegrityError, match="ck_claim_closed_by_person"), session.begin_nested():
        session.execute(
            sa.update(Claim)
            .where(Claim.id == claim_id)
            .values(closed_on=TODAY, closure_reason="IMPLICIT_WITHDRAWAL")
        )
    with clock.held_at(NOW + timedelta(days=400)):
        desk["db"].as_role("work")
        with access.acting_as(access.system("clocks")):
            from caseapp.deadline import service as deadline

            assert deadline.look()["escalated"] > 0
        desk["db"].as_role("app")
    session.commit()  # the identity speaks again
    session.expire_all()
    assert session.get_one(Claim, claim_id).is_open


def test_a_national_is_in_no_claim_at_home_by_rule_and_by_trigger(family):
    man, _, national = family
    for verb in (service.lodge, service.intend):
        with pytest.raises(rules.NationalAtHome):
            verb(national, on=D[3])
        with pytest.raises(rules.NationalAtHome):
            verb(man, on=D[3], beside=[national])
    claim = service.lodge(man, on=D[3])
    with pytest.raises(rules.NationalAtHome):
        service.join(claim, national, on=D[4])
    with pytest.raises(sa.exc.IntegrityError, match="national"), session.begin_nested():
        session.add(
            ClaimApplicant(
                claim_id=claim.id, case_id=national.id, role="DERIVATIVE", since=D[4], pending=True
            )
        )
        session.flush()
    with pytest.raises(sa.exc.IntegrityError, match="national"), session.begin_nested():
        row = session.scalars(sa.select(PersonNationality).where(PersonNationality.case_id == man.id)).one()
        row.country = "MEX"
        session.flush()


def test_people_join_and_leave_and_the_claim_goes_on(family):
    man, woman, _ = family
    claim = service.lodge(man, on=D[3])
    service.join(claim, woman, on=D[5])
    assert told(woman) == [("claim.lodged", None, None)] and populations(woman) == {("ASYLUM_SEEKER", True)}
    with pytest.raises(rules.ClaimOpen):
        service.join(claim, woman, on=D[5])
    with pytest.raises(rules.ClaimOpen):
        service.lodge(woman, on=D[6])
    with pytest.raises(rules.PrincipalStays):
        service.leave(claim, man, on=D[6], reason="SEPARATED")
    with pytest.raises(rules.DateBefore):
        service.leave(claim, woman, on=D[4], reason="SEPARATED")
    service.leave(claim, woman, on=D[6], reason="SEPARATED")
    with pytest.raises(rules.NotInClaim):
        service.leave(claim, woman, on=D[7], reason="SEPARATED")
    service.take(man, claim, "REGISTERED", on=D[7])
    assert told(woman) == [("claim.lodged", None, None)]
    own = service.lodge(woman, on=D[8])
    assert own.case_id == woman.id and queries.open_for(woman.id) is own


@pytest.mark.parametrize(
    "broken",
    [
        {"step": "OTHER"}, {"step": "DECISION", "code": None}, {"step": "REGISTERED", "on": D[1]}, {"step": "LODGED"},
        {"step": "REGISTERED", "instance": 0},
    ],
)  # fmt: skip
def test_the_database_refuses_a_step_that_cannot_be(family, broken):
    claim = service.lodge(family[0], on=D[3])
    whole = {"claim_id": claim.id, "step": "INTERVIEW", "on": D[5], "recorded_at": NOW, "instance": 1}
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.add(ClaimStep(**{**whole, **broken}))
        session.flush()


def test_nothing_is_added_to_a_closed_claim_nor_before_it_was_lodged(family):
    claim = service.intend(family[0], on=D[3])
    with pytest.raises(sa.exc.IntegrityError, match="out of order"), session.begin_nested():
        session.add(ClaimStep(claim_id=claim.id, step="INTERVIEW", on=D[5], recorded_at=NOW))
        session.flush()
    service.close(family[0], claim, on=D[5], reason="EXPLICIT_WITHDRAWAL")
    with pytest.raises(sa.exc.IntegrityError, match="out of order"), session.begin_nested():
        session.add(ClaimStep(claim_id=claim.id, step="LODGED", on=D[6], recorded_at=NOW))
        session.flush()


def test_what_was_written_of_a_step_stays(family):
    claim = service.lodge(family[0], on=D[3])
    for statement in (sa.update(ClaimStep).values(on=D[4]), sa.delete(ClaimStep)):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(statement.where(ClaimStep.claim_id == claim.id))


def test_strangers_see_nothing_of_a_claim(desk, family):
    service.lodge(family[0], on=D[3], beside=[family[1]])
    with access.acting_as(desk["stranger"]):
        session.commit()
        session.expunge_all()
        for table in (Claim, ClaimApplicant, ClaimStep, Deadline):
            assert session.scalars(sa.select(table)).all() == []


# -- a spouse's own claim -----------------------------------------------------------------------------
def test_a_spouses_own_claim_leaves_every_page_of_the_family_as_it_was(desk, client):
    """Byte for byte: the man's pages, her open claim page, today, and his timeline."""
    man_id, woman_id, _ = desk["ids"]
    with access.acting_as(desk["who"]):
        session.commit()
        man, woman = session.get_one(Case, man_id), session.get_one(Case, woman_id)
        service.lodge(man, on=D[3], beside=[woman])
        session.commit()
    client.sign_in(desk["who"])
    man_url, woman_url = (f"/cases/{n}" for n in desk["numbers"][:2])
    pages = (man_url, f"{man_url}/claim", f"{woman_url}/claim", f"{man_url}/claim/private", "/today")

    def look():
        return [without_nonce(client.get(url).get_data(as_text=True)) for url in pages]

    before = look()
    with access.acting_as(desk["who"]):
        session.commit()
        own = service.lodge(session.get_one(Case, woman_id), on=D[5], own=True)
        service.take(session.get_one(Case, woman_id), own, "REGISTERED", on=D[6])
        assert own.sealed and all(c.sealed for c in queries.clocks_of([own.id])[own.id])
        session.commit()
    assert look() == before
    file = client.get(woman_url).get_data(as_text=True)
    assert file.count("Se registró la solicitud") == 0 and "Resolución de la autoridad" not in file
    private = client.get(f"{woman_url}/claim/private").get_data(as_text=True)
    assert "Solicitud propia, aparte de la familia" in private and "Registrada por la autoridad" in private


def without_nonce(page: str) -> str:
    """A page without what is new each time it is made."""
    return re.sub(r'nonce="[^"]*"|value="[A-Za-z0-9_.-]{60,}"', "", page)


def test_an_own_claim_stands_beside_the_familys_and_only_one_of_each(family):
    man, woman, _ = family
    shared = service.lodge(man, on=D[3], beside=[woman])
    own = service.lodge(woman, on=D[3], own=True)
    with pytest.raises(rules.ClaimOpen):
        service.lodge(woman, on=D[6], own=True)
    assert queries.for_case(woman.id) == [shared] and queries.for_case(woman.id, sealed=True) == [own]
    assert queries.for_case(man.id, sealed=True) == []
    to_decision(woman, own, "RECOGNISED")
    assert populations(woman) == {("ASYLUM_SEEKER", True)}
    with pytest.raises(sa.exc.IntegrityError, match="own_claim_is_sealed"), session.begin_nested():
        session.execute(
            sa.update(ClaimApplicant).where(ClaimApplicant.claim_id == own.id).values(sealed=False)
        )


# -- pages --------------------------------------------------------------------------------------------
def test_the_pages_begin_a_claim_take_its_steps_and_say_what_is_wrong(client, desk):
    url = f"/cases/{desk['numbers'][0]}/claim"
    client.sign_in(desk["who"])
    assert "No hay una solicitud anotada." in client.get(url).get_data(as_text=True)
    fields = {"step": "LODGED", "application_type": "N", "beside": str(desk["ids"][1])}
    new = client.get(f"{url}/new").get_data(as_text=True)
    assert str(desk["ids"][1]) in new and str(desk["ids"][2]) not in new
    future = client.post(f"{url}/new", data={**dated(**fields), "on-day": "30"})
    assert future.status_code == 422 and "Esta fecha aún no llega." in future.get_data(as_text=True)
    empty = client.post(f"{url}/new", data={**dated(**fields), "on-day": ""})
    assert empty.status_code == 422 and "Escriba día, mes y año" in empty.get_data(as_text=True)
    assert client.post(f"{url}/new", data=dated(**fields)).status_code == 302
    page = client.get(url).get_data(as_text=True)
    assert "Integrante de la solicitud familiar" in page and "Aviso a la autoridad migratoria" in page
    step = url + "/" + page.split("/registered")[0].rsplit("/", 1)[1]
    assert "/decision" not in page and "/closed" in page
    early = client.post(f"{step}/decision", data=dated(code="REJECTED", version="2"))
    assert early.status_code == 422 and "todavía no corresponde" in early.get_data(as_text=True)
    stale = client.post(f"{step}/registered", data=dated(version="77"))
    assert stale.status_code == 409 and "Otra persona guardó cambios" in stale.get_data(as_text=True)
    for name in ("registered", "interview"):
        assert client.get(f"{step}/{name}").status_code == 200
        assert (
            client.post(f"{step}/{name}", data=dated(version=version(client, step, name))).status_code == 302
        )
    missing = client.post(f"{step}/decision", data=dated(code="", version=version(client, step, "decision")))
    assert missing.status_code == 422 and "Elija la resolución." in missing.get_data(as_text=True)
    done = client.post(
        f"{step}/decision", data=dated(code="REJECTED", version=version(client, step, "decision"))
    )
    assert done.status_code == 302
    after = client.get(url).get_data(as_text=True)
    assert "Resolución: Denegada" in after and "no cierra el expediente" in after and "/notified" in after
    assert client.get(f"{step}/nothing").status_code == 404


def version(client, step, name):
    page = client.get(f"{step}/{name}").get_data(as_text=True)
    return page.split('name="version"')[1].split('value="')[1].split('"')[0]


def test_the_page_says_of_a_national_what_their_way_is(client, desk):
    client.sign_in(desk["who"])
    url = f"/cases/{desk['numbers'][2]}/claim"
    page = client.get(url).get_data(as_text=True)
    assert "Es nacional de este país" in page and "/claim/new" not in page
    refused = client.post(f"{url}/new", data=dated(step="LODGED", application_type="N"))
    assert refused.status_code == 422 and "regístrela como desplazada" in refused.get_data(as_text=True)


def test_the_people_of_a_claim_change_on_their_page(client, desk):
    client.sign_in(desk["who"])
    url = f"/cases/{desk['numbers'][0]}/claim"
    client.post(f"{url}/new", data=dated(step="LODGED", application_type="N"))
    page = client.get(url).get_data(as_text=True)
    people = re.search(r'href="([^"]*/claim/[^"]*/people)"', page)[1]
    shown = client.get(people).get_data(as_text=True)
    read = shown.split('name="join-version"')[1].split('value="')[1].split('"')[0]
    woman = str(desk["ids"][1])
    nobody = client.post(people, data={"verb": "join", **dated("join-", version=read)})
    assert nobody.status_code == 422 and "Elija a la persona." in nobody.get_data(as_text=True)
    assert (
        client.post(people, data={"verb": "join", **dated("join-", person=woman, version=read)}).status_code
        == 302
    )
    left = {"verb": "leave", **dated("leave-", person=woman, reason="SEPARATED", version=read)}
    assert client.post(people, data=left).status_code == 302
    assert "salió el 20 nov 2025: la familia se separó" in client.get(url).get_data(as_text=True)
