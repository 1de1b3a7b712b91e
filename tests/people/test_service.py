"""The verbs of people on PostgreSQL, as role app."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, crypto
from caseapp.core.audit import AuditRow
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotPermitted, NotYours, refusal_of
from caseapp.core.journal import CaseEvent
from caseapp.people import queries, refusals, rules, service
from caseapp.people.access import EDIT
from caseapp.people.models import Case, Consent, DuplicateCandidate, Household, NameToken, PersonPopulation
from caseapp.people.service import NewConsent, NewContact, NewDocument, NewFamily
from tests.people.conftest import restart
from tests.reception.families import TODAY, adult, born


def kinds(case) -> list[str]:
    return [e.kind for e in events_of(case)]


def events_of(case) -> list[CaseEvent]:
    return list(
        session.scalars(sa.select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.position))
    )


@pytest.fixture
def family(desk):
    made = desk.register()
    return [session.get_one(Case, c.id) for c in made.cases]


@pytest.fixture
def case(family):
    return family[0]


def locked(case):
    return queries.person_of(case, lock=True)


# -- who sees ------------------------------------------------------------------------------------------
def test_a_stranger_does_not_know_of_the_file(family, stranger):
    with access.acting_as(stranger.principal):
        restart()
        with pytest.raises(NotYours):
            queries.case_by_number(family[0].number, stranger.principal)
        assert queries.summary_of([c.id for c in family]) == {}


def test_a_reading_team_may_not_change(db, desk, family, stranger):
    with db.as_owner():
        session.execute(
            sa.text('UPDATE "case" SET readers = ARRAY[:t]::uuid[] WHERE id = :i'),
            {"t": str(stranger.team.id), "i": family[0].id},
        )
    with access.acting_as(stranger.principal):
        restart()
        assert queries.case_by_number(family[0].number.lower(), stranger.principal).id == family[0].id
        with pytest.raises(NotPermitted):
            queries.owned_case(family[0].number, stranger.principal, EDIT)


def test_summaries_take_three_statements(desk, family):
    from tests.people.statements import counted

    ids = [c.id for c in family]
    restart()
    seen: list[str] = []
    session.execute(sa.text("SELECT 1"))
    with counted(seen):
        lines = queries.summary_of(ids)
    assert lines[ids[0]].name == "Rosa Elena Quispeluna Xitumul" and lines[ids[0]].household is not None
    assert len(seen) == 2


# -- correct -------------------------------------------------------------------------------------------
def test_a_corrected_name_is_found_and_the_old_one_is_not(desk, case):
    person = locked(case)
    details = replace(service.details_of(person), surname_1="Tzunuxnay")
    service.correct_person(case, person, details, version=person.version, on=TODAY)
    restart()
    assert [h.summary.case_id for h in service.search("Rosa Tzunuxnay", desk.principal, on=TODAY).hits][
        :1
    ] == [case.id]
    assert kinds(case)[-1] == "person.corrected" and events_of(case)[-1].code == "NAME"


def test_nothing_changed_writes_nothing(case):
    person = locked(case)
    before = kinds(case)
    service.correct_person(case, person, service.details_of(person), version=person.version, on=TODAY)
    assert kinds(case) == before and person.version == 1


def test_the_second_editor_is_told(case):
    person = locked(case)
    details = service.details_of(person)
    service.correct_person(case, person, replace(details, languages=("hat",)), version=1, on=TODAY)
    assert person.version == 2
    with pytest.raises(ChangedMeanwhile):
        service.correct_person(case, person, replace(details, called_name="Nena"), version=1, on=TODAY)


def test_a_corrected_birth_restates_the_band_for_each_run_of_days(desk, family):
    child = family[2]
    need = service.record_need(child, queries.person_of(child), "CR", "HIGH", "Viaja sola.", on=TODAY)
    service.change_need(
        child, need, priority="LOW", reason="Con su familia.", version=1, on=TODAY + timedelta(days=400)
    )
    service.meet_need(child, need, on=TODAY + timedelta(days=800))
    person = locked(child)
    details = replace(service.details_of(person), birth=born(TODAY.replace(year=2007) + timedelta(days=300)))
    service.correct_person(child, person, details, version=person.version, on=TODAY + timedelta(days=801))
    stated = [e for e in events_of(child) if e.kind == "person.profiled"][1:]
    assert [(e.effective_on, e.age_band) for e in stated] == [
        (TODAY, "12-17"), (TODAY + timedelta(days=400), "18-59")
    ]  # fmt: skip
    assert events_of(child)[-3].code == "BIRTH"


def test_a_decision_about_age_does_not_rewrite_the_past(case):
    person = locked(case)
    details = replace(service.details_of(person), age_status="DECIDED_ADULT")
    service.correct_person(case, person, details, version=None, on=TODAY)
    assert kinds(case)[-1] == "person.corrected"


def test_a_correction_may_not_make_a_national_an_asylum_seeker(case):
    person = locked(case)
    with pytest.raises(rules.NationalNotAsylumSeeker):
        service.correct_person(
            case, person, replace(service.details_of(person), nationalities=("MEX",)), version=None, on=TODAY
        )


def test_the_database_says_it_again(db, case):
    person = queries.person_of(case)
    session.execute(sa.update(PersonPopulation).values(ended_on=TODAY))
    service.correct_person(
        case,
        locked(case),
        replace(service.details_of(person), nationalities=("MEX",)),
        version=None,
        on=TODAY,
    )
    nested = session.begin_nested()
    session.add(
        PersonPopulation(case_id=case.id, person_id=person.id, population="ASYLUM_SEEKER", since=TODAY)
    )
    with pytest.raises(sa.exc.IntegrityError) as error:
        session.flush()
    assert isinstance(refusal_of(error.value), rules.NationalNotAsylumSeeker)
    nested.rollback()


def test_documents_and_languages_are_replaced_and_found(desk, case):
    person = locked(case)
    details = replace(
        service.details_of(person),
        documents=(NewDocument("NATIONAL_ID", "0801-1990-12345", "HND"),),
        languages=("hat", "spa"),
    )
    service.correct_person(case, person, details, version=None, on=TODAY)
    restart()
    assert queries.languages_of(case.id) == ["hat", "spa"]
    assert service.search("0801199012345", desk.principal, on=TODAY).hits[0].summary.case_id == case.id
    assert not service.search("F1234567", desk.principal, on=TODAY).hits


# -- consent -------------------------------------------------------------------------------------------
def test_consent_is_given_withdrawn_and_refused(case):
    person = queries.person_of(case)
    given = service.record_consent(
        case, person, NewConsent("REFER_SHELTER", form="SIGNED", alone=True), on=TODAY
    )
    assert given.expires_on == TODAY + timedelta(days=365) and given.adult
    assert queries.consent_for(case.id, "REFER_SHELTER", TODAY).id == given.id
    assert queries.consent_for(case.id, "REFER_SHELTER", TODAY + timedelta(days=366)) is None
    service.withdraw_consent(case, given, on=TODAY)
    assert queries.consent_for(case.id, "REFER_SHELTER", TODAY) is None
    with pytest.raises(rules.NotYetAsked):
        service.withdraw_consent(case, given, on=TODAY)
    service.record_consent(case, person, NewConsent("PHOTO", state="REFUSED"), on=TODAY)
    assert kinds(case)[-3:] == ["consent.given", "consent.withdrawn", "consent.refused"]


def test_a_refusal_after_a_yes_is_a_no(case):
    person = queries.person_of(case)
    service.record_consent(case, person, NewConsent("CASH", form="SIGNED"), on=TODAY)
    service.record_consent(case, person, NewConsent("CASH", state="REFUSED"), on=TODAY)
    assert queries.consent_for(case.id, "CASH", TODAY) is None


def test_a_parent_answers_for_a_child_and_never_for_an_adult(family):
    mother, father, child = family[0], family[1], family[3]
    ask = NewConsent("REFER_HEALTH", given_by="PARENT", given_by_case_id=mother.id, form="SIGNED")
    assert not service.record_consent(child, queries.person_of(child), ask, on=TODAY).adult
    with pytest.raises(rules.AdultDecidesAlone):
        service.record_consent(father, queries.person_of(father), ask, on=TODAY)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"given_by": "PARENT"}, rules.AdultDecidesAlone),
        ({"given_by_case_id": "other"}, rules.AdultDecidesAlone),
        ({"adult": False}, rules.ChildNeedsCarer),
        ({"form": None}, rules.FormMissing),
        ({"purpose": "MEDIA"}, rules.NotCollectedHere),
        ({"purpose": "CROSS_BORDER"}, rules.CountryMissing),
        ({"purpose": "CONSULAR", "recipient_country": "HND", "expires_on": TODAY}, rules.AloneMissing),
        (
            {
                "purpose": "CONSULAR",
                "recipient_country": "HND",
                "alone": True,
                "legal_advice_on": None,
            },
            rules.AloneMissing,
        ),
        ({"purpose": "COUNTRY_OF_ORIGIN", "recipient_country": "HND"}, rules.AloneMissing),
        ({"expires_on": None}, rules.Until),
        ({"adult": False, "given_by": "PARENT", "age_asked": 12}, rules.AssentMissing),
        (
            {
                "purpose": "RETURN_ASSISTANCE",
                "alone": True,
                "legal_advice_on": TODAY,
                "expires_on": TODAY + timedelta(days=31),
            },
            rules.AloneMissing,
        ),
    ],
)
def test_the_database_refuses_the_same_consents(family, values, refusal):
    case = family[0]
    held = {
        "case_id": case.id, "person_id": queries.person_of(case).id, "purpose": "CASH", "state": "GIVEN", "adult": True,
        "given_by": "SELF", "form": "SIGNED", "text_version": "1", "asked_on": TODAY,
        "expires_on": TODAY + timedelta(days=30), **values,
    }  # fmt: skip
    if held.get("given_by_case_id") == "other":
        held["given_by_case_id"] = family[1].id
    nested = session.begin_nested()
    session.add(Consent(**held))
    with pytest.raises(sa.exc.IntegrityError) as error:
        session.flush()
    nested.rollback()
    assert isinstance(refusal_of(error.value), refusal)


def test_consents_end_by_themselves(db, case):
    person = queries.person_of(case)
    row = service.record_consent(case, person, NewConsent("CASH", form="SIGNED", expires_on=TODAY), on=TODAY)
    with pytest.raises(rules.Overdue):
        service.expire_consent(case, row, on=TODAY)
    assert service.expire_consents(TODAY + timedelta(days=1)) == 1
    assert row.state == "EXPIRED" and kinds(case)[-1] == "consent.expired"
    assert service.expire_consents(TODAY + timedelta(days=1)) == 0


@pytest.fixture
def almost(family):
    """The child turns 18 in ten days, and the mother has answered for them."""
    mother, child = family[0], family[3]
    person = locked(child)
    birthday = TODAY + timedelta(days=10)
    day = birthday.replace(year=birthday.year - 18)
    service.correct_person(
        child, person, replace(service.details_of(person), birth=born(day)), version=None, on=TODAY
    )
    ask = NewConsent(
        "REFER_HEALTH", given_by="PARENT", given_by_case_id=mother.id, form="SIGNED", assent="GIVEN"
    )
    return child, service.record_consent(child, person, ask, on=TODAY), birthday


def test_what_a_parent_answered_ends_with_childhood_and_the_adult_is_asked(almost):
    child, row, birthday = almost
    assert row.expires_on == birthday - timedelta(days=1)
    assert queries.consent_for(child.id, "REFER_HEALTH", row.expires_on) is row
    assert queries.consent_for(child.id, "REFER_HEALTH", birthday) is None
    assert service.expire_consents(birthday) == 1 and row.state == "EXPIRED"
    person = queries.person_of(child)
    with pytest.raises(rules.AdultDecidesAlone):
        service.record_consent(
            child, person, NewConsent("REFER_HEALTH", given_by="PARENT", form="SIGNED"), on=birthday
        )
    own = service.record_consent(child, person, NewConsent("REFER_HEALTH", form="SIGNED"), on=birthday)
    assert queries.consent_for(child.id, "REFER_HEALTH", birthday) is own


@pytest.mark.parametrize(
    "known", [{"birth": born(date(2001, 5, 6))}, {"age_status": "DECIDED_ADULT"}], ids=["birth", "decision"]
)
def test_who_is_known_to_be_an_adult_is_answered_for_by_nobody_from_then_on(almost, known):
    child, row, _ = almost
    person = locked(child)
    service.correct_person(
        child, person, replace(service.details_of(person), **known), version=None, on=TODAY
    )
    assert row.state == "EXPIRED" and queries.consent_for(child.id, "REFER_HEALTH", TODAY) is None
    assert "consent.expired" in kinds(child)


def test_a_disputed_age_is_a_childs_until_it_is_decided(almost):
    child, row, _ = almost
    person = locked(child)
    service.correct_person(
        child, person, replace(service.details_of(person), age_status="DISPUTED_TREATED_AS_CHILD"), version=None, on=TODAY
    )  # fmt: skip
    assert row.state == "GIVEN"


def test_the_database_ends_a_carers_answer_with_childhood_too(almost):
    _child, row, birthday = almost
    with pytest.raises(sa.exc.IntegrityError) as error, session.begin_nested():
        row.expires_on = birthday
        session.flush()
    assert isinstance(refusal_of(error.value), rules.AdultDecidesAlone)


# -- contact, needs ------------------------------------------------------------------------------------
def test_a_wrong_number_is_not_used_again(desk, case):
    [contact] = queries.contacts_of(case.id)
    assert service.search("9988 7766", desk.principal, on=TODAY).hits
    service.record_attempt(
        case, channel="CALL", result="WRONG_PERSON_DO_NOT_REUSE", on=TODAY, contact=contact
    )
    assert queries.contacts_of(case.id) == []
    assert not service.search("9988 7766", desk.principal, on=TODAY).hits
    service.set_contact(case, NewContact("ONLY_VIA", via="Hermana Lucía"), on=TODAY)
    assert queries.contacts_of(case.id)[0].via == "Hermana Lucía"
    assert kinds(case)[-3:] == ["contact.attempted", "contact.changed", "contact.changed"]


def test_needs_open_change_and_end_once(case):
    person = queries.person_of(case)
    need = service.record_need(case, person, "CR", "HIGH", "Lo dijo ella.", on=TODAY)
    with pytest.raises(refusals.NeedOpen):
        service.record_need(case, person, "CR", "LOW", "", on=TODAY)
    with pytest.raises(refusals.UnknownCode):
        service.record_need(case, person, "ZZ-ZZ", "LOW", "", on=TODAY)
    service.change_need(case, need, priority="MEDIUM", reason="Ya come.", version=need.version, on=TODAY)
    with pytest.raises(ChangedMeanwhile):
        service.change_need(case, need, priority="LOW", reason="x", version=1, on=TODAY)
    service.end_need(case, need, reason="NOT_PRESENT", on=TODAY)
    with pytest.raises(refusals.NeedClosed):
        service.meet_need(case, need, on=TODAY)
    told = events_of(case)[-3:]
    assert [e.kind for e in told] == ["need.recorded", "need.changed", "need.ended"]
    assert (told[0].code, told[0].need_category, told[0].priority) == ("CR", "CR", "HIGH")
    restart()
    assert queries.needs_of(case.id)[0].reason == "Ya come."


def test_requirements_are_set_and_ended(case):
    row = service.set_requirement(case, "ALLERGY_LIFE", on=TODAY, detail="Maní")
    assert row.life_critical
    with pytest.raises(refusals.RequirementSet):
        service.set_requirement(case, "ALLERGY_LIFE", on=TODAY)
    service.end_requirement(case, row, on=TODAY)
    assert queries.requirements_of([case.id]) == [] and kinds(case)[-1] == "requirement.ended"


# -- household -----------------------------------------------------------------------------------------
def test_a_family_is_split_and_joined_again(family):
    household = queries.household_of(family[0].id)
    with pytest.raises(refusals.HeadStays):
        service.leave_household(family[0], on=TODAY, reason="SPLIT")
    made = service.split_household([family[4], family[3]], on=TODAY)
    assert {p.case.id for p in queries.members_of(made)} == {family[4].id, family[3].id}
    assert len(queries.members_of(household)) == 3
    service.join_household(family[3], household, on=TODAY, version=household.version)
    assert kinds(family[3])[-2:] == ["household.left", "household.joined"]


def test_two_cannot_change_a_household_unseen(family):
    household = queries.household_of(family[0].id)
    first = household.version
    service.name_head(family[1], version=first)
    assert queries.members_of(household)[0].case.id == family[1].id
    restart()
    with pytest.raises(ChangedMeanwhile):
        service.leave_household(family[4], on=TODAY, reason="SPLIT", version=first)


def test_the_last_to_leave_closes_the_household(desk):
    made = desk.register(NewFamily((adult(),)))
    case = session.get_one(Case, made.cases[0].id)
    old = queries.household_of(case.id)
    service.leave_household(case, on=TODAY, reason="SPLIT")
    assert (
        session.get_one(Household, old.id).closed_on == TODAY and queries.household_of(case.id).id != old.id
    )


def test_a_relation_is_one_whichever_side_it_is_said_from(family):
    service.record_relation(
        family[0], family[2], relation="PARENT", evidence="VERIFIED_BY_AUTHORITY", on=TODAY
    )
    [row] = queries.relations_among([family[0].id, family[2].id])
    assert (row.relation, row.evidence, row.case_id) == ("CHILD", "VERIFIED_BY_AUTHORITY", family[2].id)


def test_protection_situations_follow_one_another(case):
    service.change_population(case, "ASYLUM_SEEKER", "REFUGEE", on=TODAY)
    with pytest.raises(refusals.AlreadyIn):
        service.begin_population(case, "REFUGEE", on=TODAY)
    held = {(p.population, p.ended_on) for p in queries.populations_of(case.id)}
    assert held == {("ASYLUM_SEEKER", TODAY), ("REFUGEE", None)}
    told = [(e.population, e.code) for e in events_of(case) if e.kind == "population.changed"]
    assert told == [("ASYLUM_SEEKER", "ENDED"), ("REFUGEE", "BEGAN")]


# -- merge, erase --------------------------------------------------------------------------------------
def test_merge_is_a_pointer_and_undo_is_exact(desk):
    one = desk.register(NewFamily((adult(),))).cases[0]
    two = desk.register(NewFamily((adult(surname_1="Kispeluna"),))).cases[0]
    three = desk.register(NewFamily((adult(surname_1="Quispelunas"),))).cases[0]
    one, two, three = (session.get_one(Case, c.id) for c in (one, two, three))
    service.merge(two, one, on=TODAY)
    service.merge(one, three, on=TODAY)
    with pytest.raises(rules.NotMergeable):
        service.merge(three, two, on=TODAY)
    persons = {c.id: queries.person_of(c) for c in (one, two, three)}
    leads = queries.target_of([p.id for p in persons.values()])
    assert set(leads.values()) == {persons[three.id].id}
    event = events_of(two)[-1]
    assert event.kind == "person.merged" and event.other_key == crypto.pseudonym("MEX", "person", one.id)
    service.record_need(two, persons[two.id], "CR", "LOW", "Después.", on=TODAY)
    assert service.unmerge(two, on=TODAY).id == persons[one.id].id
    assert queries.target_of([persons[two.id].id]) == {persons[two.id].id: persons[two.id].id}
    assert queries.target_of([persons[one.id].id]) == {persons[one.id].id: persons[three.id].id}
    assert queries.needs_of(two.id) and kinds(two)[-1] == "person.unmerged"
    with pytest.raises(refusals.NotUnited):
        service.unmerge(two, on=TODAY)


def test_a_pair_is_decided_once(desk):
    one = desk.register(NewFamily((adult(),))).cases[0]
    two = desk.register(NewFamily((adult(),))).cases[0]
    service.note_candidate(two.id, one.id, 91)
    service.note_candidate(one.id, two.id, 95)
    [row] = session.scalars(queries.open_duplicates(desk.principal)).all()
    assert (row.case_id, row.other_case_id, row.score) == (one.id, two.id, 95)
    service.decide_candidate(row, "SAME", on=TODAY)
    assert queries.person_of(two.id).merged_into_id == queries.person_of(one.id).id
    assert session.scalars(queries.open_duplicates(desk.principal)).all() == []
    with pytest.raises(refusals.AlreadyDecided):
        service.decide_candidate(row, "NOT_SAME", on=TODAY)
    service.note_candidate(one.id, two.id, 99)
    assert session.scalars(sa.select(DuplicateCandidate.decision)).all() == ["SAME"]


def test_an_erased_person_is_nowhere(db, desk, case):
    person = queries.person_of(case)
    service.record_need(case, person, "CR", "LOW", "Muy íntimo.", on=TODAY)
    service.erase(case, "PERSON_ASKED", on=TODAY)
    with pytest.raises(refusals.AlreadyErased):
        service.erase(case, "PERSON_ASKED", on=TODAY)
    restart()
    assert not service.search("Rosa Quispeluna", desk.principal, on=TODAY).hits or all(
        h.summary.case_id != case.id for h in service.search("Rosa Quispeluna", desk.principal, on=TODAY).hits
    )
    with pytest.raises(NotYours):
        queries.case_by_number(case.number, desk.principal)
    person = queries.person_of(case)
    assert person.full_name == "" and person.birth_from is None and person.given_names_sealed is None
    assert kinds(case)[-1] == "person.erased"
    assert (
        session.scalar(sa.select(sa.func.count()).select_from(AuditRow).where(AuditRow.act == "erased")) == 1
    )
    with db.as_owner():
        left = session.scalar(
            sa.select(sa.func.count()).select_from(NameToken).where(NameToken.person_id == person.id)
        )
        keys = session.scalar(
            sa.text("SELECT count(*) FROM keyring.case_key WHERE case_id = :i"), {"i": case.id}
        )
    assert (left, keys) == (0, 0)


def test_what_erasing_wipes_is_every_encrypted_column_of_a_person():
    from caseapp.people.models import Person
    from caseapp.people.service.erase import WIPED

    sealed = {c.name for c in Person.__table__.columns if c.name.endswith("_sealed")}
    assert sealed <= set(WIPED)


def test_an_open_case_of_one_person(desk):
    case = service.open_case(adult(), team=desk.team, on=date(2025, 1, 2))
    assert case.status == "OPEN" and case.opened_on == date(2025, 1, 2) and queries.household_of(case.id)
