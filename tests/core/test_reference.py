"""The reference data: every file loads, the critical lists are complete, a bad file is named with its line."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import yaml

from caseapp.core import reference
from caseapp.core.reference import CodeUnknown, ReferenceInvalid, read_list
from caseapp.core.reference.questions import QuestionnaireInvalid, build_questionnaire

TODAY = date(2025, 11, 23)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "reference"
MIRPS = {"BLZ", "CRI", "GTM", "HND", "MEX", "PAN", "SLV"}
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared reference files are not beside the repository"
)

REFERRAL_STATES = (
    "DRAFT SENT INFO_ASKED ACCEPTED PART_ACCEPTED DECLINED WITHDRAWN LAPSED STARTED COMPLETED NOT_COMPLETED"
)
DECLINE_GROUPS = {
    "CAPACITY": "NO_PLACE_TONIGHT NO_PLACE_THIS_SIZE NO_SUITABLE_UNIT SERVICE_SUSPENDED NO_STAFF",
    "ACCESS": "NO_TRANSPORT TOO_FAR TERRITORIAL_LIMIT",
    "MANDATE": "NOT_ELIGIBLE SEX_OR_AGE_LIMIT NO_CHILD_LICENCE MAX_STAY_USED",
    "CARE": "CARE_BEYOND_US NO_LANGUAGE",
    "INFORMATION": "INFO_MISSING CONSENT_MISSING DOCUMENT_MISSING DUPLICATE_REFERRAL",
    "PROTECTED": "CANNOT_OFFER PREVIOUS_INCIDENT",
    "PERSON": "PERSON_DECLINED PERSON_NOT_REACHED",
    "OTHER": "OTHER",
}
CLOSURE_GROUPS = {
    "SOLUTION": "SOLUTION_LOCAL SOLUTION_NATURALISED SOLUTION_RESETTLED SOLUTION_PTA SOLUTION_PATHWAY "
    "SOLUTION_REUNIFIED SOLUTION_RETURN_VOLUNTARY SOLUTION_IDP SOLUTION_REINTEGRATED",
    "SERVED": "NEEDS_MET",
    "HANDED_OVER": "REFERRED_ON",
    "SCREENED_OUT": "NO_NEED_FOUND",
    "PERSON": "PERSON_ASKED",
    "LOST": "CONTACT_LOST LEFT_TOLD LEFT_LEARNT",
    "HARM": "REMOVED",
    "DEATH": "DIED",
    "ADMIN": "DUPLICATE ERROR",
}
ANYWHERE = (
    "OTHER_SHELTER SAFE_HOUSE RENTED FAMILY_FRIENDS HOST_FAMILY STATE_CHILD_CARE HOSPITAL TREATMENT_CENTRE STREET "
    "CUSTODY_MIGRATORY CUSTODY_PENAL OTHER_STATE THIRD_COUNTRY_REGULAR ONWARD_IRREGULAR "
    "COUNTRY_OF_ORIGIN_VOLUNTARY UNKNOWN"
)
STAY_PAIRS = {
    "PLANNED_MOVE": ANYWHERE,
    "OWN_WISH": ANYWHERE,
    "MAX_STAY": ANYWHERE,
    "SITE_CLOSED": ANYWHERE,
    "BETTER_MATCH": ANYWHERE,
    "ASKED_TO_LEAVE": ANYWHERE,
    "AGED_OUT": ANYWHERE,
    "SAFETY_MOVE": "SAFE_HOUSE OTHER_SHELTER OTHER_STATE HOST_FAMILY",
    "FAMILY_JOINED": "FAMILY_FRIENDS RENTED OTHER_STATE THIRD_COUNTRY_REGULAR COUNTRY_OF_ORIGIN_VOLUNTARY",
    "HEALTH": "HOSPITAL TREATMENT_CENTRE",
    "ABSENT": "UNKNOWN ONWARD_IRREGULAR STREET FAMILY_FRIENDS",
    "NEVER_ARRIVED": "NONE",
    "DETAINED": "CUSTODY_MIGRATORY CUSTODY_PENAL",
    "REMOVED": "COUNTRY_OF_ORIGIN_REMOVED THIRD_COUNTRY_REGULAR",
    "DIED": "NONE",
    "DATA_ERROR": "NONE",
}
COMPLETE = {
    "blanks": "NOT_ASKED UNKNOWN DECLINED NOT_APPLICABLE",
    "referral_state": REFERRAL_STATES,
    "referral_mode": "SHARE TRANSFER",
    "referral_priority": "IMMEDIATE EMERGENCY URGENT NORMAL",
    "answer_channel": "SYSTEM ONE_TIME_PAGE PHONE_RECORDED_BY_SENDER PAPER IN_PERSON",
    "withdraw_reason": "PERSON_CHANGED_MIND CONSENT_WITHDRAWN NEED_ENDED BETTER_OPTION_FOUND MOVED_AWAY SENT_IN_ERROR",
    "not_completed_reason": "NO_SHOW REFUSED_ON_ARRIVAL LEFT_BEFORE PROVIDER_CANCELLED BED_NOT_READY "
    "DETAINED_ON_WAY HOSPITALISED DECEASED NEED_CHANGED OTHER",
    "service_result": "DELIVERED_FULL DELIVERED_PART ASSESSED_NOT_ELIGIBLE REFERRED_ON PERSON_STOPPED",
    "no_consent_basis": "VITAL_INTEREST CHILD_BEST_INTERESTS LEGAL_DUTY LACKS_CAPACITY",
    "stay_destination": f"{ANYWHERE} COUNTRY_OF_ORIGIN_REMOVED NONE",
    "place_kind": "BED COT MAT SURGE",
    "reopen_reason": "RETURNED NEW_NEED APPEAL FOUND ERROR_CLOSED",
    "screening_outcome": "IP_NEED IP_WISH CHILD_PROCESS SOCIAL_ASSISTANCE FAMILY_TRACING TRAFFICKING_INDICATORS "
    "GBV_SERVICES HEALTH_NOW OTHER_STATUS IDP_REGISTER RETURN_COUNSELLING NO_FURTHER_NEED INCOMPLETE",
    "screening_incomplete_reason": "NO_PRIVACY NO_INTERPRETER DISTRESS TIME LEFT REFUSED",
    "household_type": "SINGLE_PARENT_FAMILY FAMILY ADULT_ALONE ADULTS_GROUP CHILD_UNACCOMPANIED CHILD_SEPARATED",
    "consent_given_by": "SELF PARENT GUARDIAN CHILD_AUTHORITY CHILD_ASSENT SUPPORTED_DECISION",
    "consent_form": "SIGNED THUMBPRINT SPOKEN_WITNESSED SPOKEN_REMOTE SIGN_LANGUAGE",
    "consent_state": "GIVEN REFUSED WITHDRAWN EXPIRED NOT_ASKED",
    "birth_precision": "DAY MONTH YEAR AGE_ESTIMATED UNKNOWN",
    "age_status": "STATED DOCUMENTED DISPUTED_TREATED_AS_CHILD DECIDED_CHILD DECIDED_ADULT",
    "relation_evidence": "CLAIMED DOCUMENT BOTH_AGREE_ALONE VERIFIED_BY_AUTHORITY DISPROVED",
    "sex_in_document": "F M X",
    "sex_in_figures": "F M O",
    "age_band": "0-4 5-11 12-17 18-59 60+ UNKNOWN",
    "feels_safe_in": "WOMEN MEN SEPARATE LGBTIQ_SITE NO_PREFERENCE",
    "contact_rule": "SAFE_TO_CALL SAFE_TO_TEXT NO_MESSAGES ONLY_VIA",
    "solution_step": "PROPOSED INFORMED CHOSEN APPLIED ACCEPTED REFUSED PREPARED HAPPENED HELD_3M HELD_6M HELD_12M "
    "FAILED STOPPED_BY_PERSON",
    "mirps_pillar": "P1 P2 P3 P4 P5",
    "need_category": "CR SC WR ER SP DS SM FU LP TR SV",
    "alert": "CHILD_ALONE CHILD_NO_GUARDIAN_24H CHILD_AGE_DISPUTED CHILD_IN_CUSTODY CHILD_WITH_UNVERIFIED_ADULT "
    "CHILD_SPOUSE CHILD_TURNS_18 ABSENT_AT_RISK NO_SHOW_HANDOVER MEDICAL_NOW ALLERGY_LIFE MEDICINE_RUNS_OUT "
    "PREGNANCY_TERM PEP_WINDOW EC_WINDOW SAFETY_SEPARATION DO_NOT_CONFIRM_PRESENCE SELF_HARM REFOULEMENT_RISK "
    "REMOVAL_DATE CUSTODY LEGAL_DEADLINE DOCUMENT_EXPIRES WEEKLY_SIGN_IN_MISSED LEAVE_OF_STATE_NEEDED "
    "AUTHORITY_ASKED THIRD_PARTY_ASKED POSSIBLE_DUPLICATE CONSENT_ENDS INTERPRETER_NEEDED DATA_BREACH",
}


def codes_of(name: str) -> set[str]:
    return {each.code for each in reference.codes(name)}


def by_group(name: str) -> dict[str | None, set[str]]:
    groups: dict[str | None, set[str]] = {}
    for each in reference.codes(name):
        groups.setdefault(each.group, set()).add(each.code)
    return groups


@pytest.mark.parametrize("name", reference.lists())
def test_every_list_loads_and_has_a_current_code(name: str) -> None:
    assert reference.codes(name, TODAY)


@pytest.mark.parametrize(("name", "expected"), COMPLETE.items())
def test_the_vocabulary_is_complete(name: str, expected: str) -> None:
    assert codes_of(name) == set(expected.split())


@pytest.mark.parametrize(
    ("name", "groups"), [("decline_reason", DECLINE_GROUPS), ("case_closure_reason", CLOSURE_GROUPS)]
)
def test_every_reason_has_the_group_that_indicators_count(name: str, groups: dict[str, str]) -> None:
    assert by_group(name) == {group: set(members.split()) for group, members in groups.items()}


def test_every_group_of_a_reason_has_a_label() -> None:
    for name in reference.lists():
        # Why two records are alike, or a release is made or made again, is no reason that figures count.
        if name.endswith("_reason") and name not in ("match_reason", "revision_reason", "unconfirmed_reason"):
            assert {each.group for each in reference.codes(name)} <= codes_of("reason_group") | {
                "PLACE",
                "LANGUAGE",
                # Which side of a referral may say it (nights_change_reason).
                "SENDER",
                "RECEIVER",
            }, name


def test_stay_pairs_are_exactly_those_allowed() -> None:
    found: dict[str, set[str]] = {}
    for pair in reference.stay_pairs():
        found.setdefault(pair.reason, set()).add(pair.destination)
    assert found == {reason: set(destinations.split()) for reason, destinations in STAY_PAIRS.items()}
    assert set(found) == codes_of("stay_end_reason")


def test_stay_pairs_that_a_second_person_reviews() -> None:
    reviewed = {(pair.reason, pair.destination) for pair in reference.stay_pairs() if pair.needs_review}
    assert {reason for reason, _ in reviewed} == {
        "ASKED_TO_LEAVE", "DETAINED", "REMOVED", "DIED", "DATA_ERROR", "AGED_OUT",
    }  # fmt: skip
    assert {destination for reason, destination in reviewed if reason == "AGED_OUT"} == {"STREET", "UNKNOWN"}


def test_flags_that_must_not_be_lost() -> None:
    flags = {each.code: each.flags for each in reference.codes("need_code")}
    assert {code for code, held in flags.items() if "X" in held} == {
        "LP-AP", "LP-CR", "LP-AF", "LP-ST",  # and the older codes that stand for them
        "LP-VP", "WR-WF",
    }  # fmt: skip
    assert all("S" in held for code, held in flags.items() if code.startswith("SV"))
    assert reference.code("decline_reason", "PREVIOUS_INCIDENT").flags == {"R", "S", "X"}
    assert all(
        "R" in reference.code("case_closure_reason", code).flags for code in ("REMOVED", "DIED", "ERROR")
    )


def test_a_sealed_word_reads_like_an_ordinary_one_outside_the_matter() -> None:
    outside = reference.outside_label
    assert outside("decline_reason", "PREVIOUS_INCIDENT") == outside("decline_reason", "CANNOT_OFFER")
    assert outside("stay_end_reason", "SAFETY_MOVE") == reference.label("stay_end_reason", "PLANNED_MOVE")
    assert outside("stay_destination", "SAFE_HOUSE") == reference.label("stay_destination", "OTHER_SHELTER")
    assert outside("case_closure_reason", "SOLUTION_PTA", "en") == "Left the country"
    assert outside("screening_outcome", "GBV_SERVICES") is None


def test_old_need_codes_lead_to_current_ones() -> None:
    current = {each.code for each in reference.codes("need_code", TODAY)}
    old = [each for each in reference.codes("need_code") if each.maps_to]
    assert len(current) == 82
    assert len(old) == 31
    assert all(each.maps_to in current and not each.valid_on(TODAY) for each in old)
    assert "SC-UM" not in dict(reference.choices("need_code", TODAY))


def test_relations_have_an_inverse_that_comes_back() -> None:
    for each in reference.codes("relation"):
        assert reference.code("relation", each.extra["inverse"]).extra["inverse"] == each.code


def test_labels_follow_the_language() -> None:
    assert reference.label("referral_state", "SENT") == "Enviada, en espera"
    assert reference.label("referral_state", "SENT", "en") == "Sent, awaiting answer"
    assert reference.text("alert", "MEDICAL_NOW", "what_to_do", "en").startswith("Call the health service")
    assert reference.country_label("MEX") == "México"
    assert reference.country_label("HTI", "en") == "Haiti"
    assert reference.country_label("XXX") == "Apátrida"
    assert reference.language_label("hat") == "criollo haitiano"


def test_blanks_belong_to_every_list_but_are_offered_only_on_request() -> None:
    assert reference.label("sex_in_document", "DECLINED") == "Prefiere no responder"
    assert "DECLINED" not in dict(reference.choices("sex_in_document", TODAY))
    assert (
        list(dict(reference.choices("sex_in_document", TODAY, blanks=True)))[-4:]
        == COMPLETE["blanks"].split()
    )
    # A list with its own UNKNOWN offers it once.
    offered = [code for code, _ in reference.choices("birth_precision", TODAY, blanks=True)]
    assert Counter(offered)["UNKNOWN"] == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda: reference.label("no_such_list", "A"),
        lambda: reference.label("referral_state", "FLYING"),
        lambda: reference.country_label("ZZZ"),
        lambda: reference.language_label("zzz"),
        lambda: reference.questionnaire("../codes/alert"),
        lambda: reference.clock_rule("NO_SUCH", TODAY),
    ],
)
def test_the_unknown_is_refused(ask: object) -> None:
    with pytest.raises(CodeUnknown):
        ask()  # type: ignore[operator]


HEADER = "code,label_en,label_es,group,order,valid_from,valid_to,maps_to,flags,source\n"


@pytest.mark.parametrize(
    ("lines", "line", "word"),
    [
        ("A,A,A,,10,2013-01-01,,,,own\nA,B,B,,20,2013-01-01,,,,own\n", 3, "twice"),
        ("a_b,A,A,,10,2013-01-01,,,,own\n", 2, "spelled"),
        ("A,A,,,10,2013-01-01,,,,own\n", 2, "label_es"),
        ("A,,A,,10,2013-01-01,,,,own\n", 2, "label_en"),
        ("A,A,A,,10,2013-13-01,,,,own\n", 2, "month"),
        ("A,A,A,,10,2013-01-01,2012-01-01,,,own\n", 2, "before it begins"),
        ("A,A,A,,ten,2013-01-01,,,,own\n", 2, "not a number"),
        ("A,A,A,,10,2013-01-01,,,Z,own\n", 2, "flags"),
        ("A,A,A,,10,2013-01-01,,GONE,,own\n", 2, "GONE"),
        ("A,A,A,,10,2013-01-01,,own\n", 2, "cells"),
    ],
)
def test_a_bad_list_is_named_with_its_line(tmp_path: Path, lines: str, line: int, word: str) -> None:
    path = tmp_path / "bad_list.csv"
    path.write_text(HEADER + lines, encoding="utf-8")
    with pytest.raises(ReferenceInvalid, match=rf"^bad_list\.csv:{line}: .*{word}"):
        read_list(path)


def test_a_list_without_its_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad_list.csv"
    path.write_text("code,label_en\nA,A\n", encoding="utf-8")
    with pytest.raises(ReferenceInvalid, match=r"bad_list\.csv:1: columns missing"):
        read_list(path)


def test_database_rows_are_unique_and_complete() -> None:
    rows = list(reference.rows_for_database())
    assert len({(row.list_name, row.code) for row in rows}) == len(rows)
    assert {row.list_name for row in rows} == set(reference.lists())


def test_every_clock_has_words() -> None:
    """A clock without a label breaks the page of every file in which it runs."""
    ruled = {rule.code for rule in reference.clock_rules()}
    assert ruled - codes_of("clock") == set()


def test_priorities_have_a_clock() -> None:
    expected = {
        "IMMEDIATE": (60, "minutes", 60),
        "EMERGENCY": (24, "hours", 48),
        "URGENT": (72, "hours", 144),
    }
    expected["NORMAL"] = (14, "days", 28)
    for priority, (value, unit, lapse) in expected.items():
        rule = reference.clock_rule(f"REFERRAL_{priority}", TODAY)
        assert (rule.value, rule.unit, rule.extra["lapse_after"]) == (value, unit, lapse)
    assert reference.clock_rule("REFERRAL_IMMEDIATE", TODAY).extra["tell_next_after"] == 30


def test_clocks_change_with_the_date_and_do_not_overlap() -> None:
    assert reference.clock_rule("CLAIM_APPLY", date(2022, 12, 31), "CRI").value == 1
    assert reference.clock_rule("CLAIM_APPLY", date(2023, 1, 1), "CRI").value is None
    with pytest.raises(
        CodeUnknown
    ):  # a limit of another country, or of mandate procedures, is never borrowed
        reference.clock_rule("CLAIM_APPEAL", TODAY, "HND")
    rules = reference.clock_rules()
    for rule in rules:
        again = [each for each in rules if (each.code, each.country) == (rule.code, rule.country)]
        assert sum(each.valid_on(rule.valid_from) for each in again) == 1, rule.code


def test_places_stand_on_each_other() -> None:
    assert {each.iso3 for each in reference.countries() if each.group == "MIRPS"} == MIRPS
    for iso3 in MIRPS:
        divisions = reference.admin1(iso3)
        assert divisions
        below = [each for division in divisions for each in reference.admin2(division.pcode)]
        assert bool(below) == (iso3 != "BLZ")
        groups = reference.origin_groups(iso3)
        assert len(groups) <= 8
        assert groups[-1] == "OTHER"
        assert iso3 not in groups
    assert reference.origin_group("MEX", "HTI") == "HTI"
    assert reference.origin_group("MEX", "UNK") == "OTHER"
    assert reference.admin1_named("MX09").name == "Ciudad de México"


# --- the questionnaire ------------------------------------------------------------------------------


def proposals_for(answers: dict[str, object], **facts: object) -> dict[str, object]:
    found = reference.questionnaire("first_contact").proposed(answers, facts)  # type: ignore[arg-type]
    return {proposal.id: proposal for proposal in found}


def test_silence_proposes_nothing() -> None:
    form = reference.questionnaire("first_contact")
    for blank in ("NOT_ASKED", "UNKNOWN", "DECLINED", "NOT_APPLICABLE"):
        assert not form.proposed(
            {question.id: blank for question in form.questions}, {"age": 30, "household_size": 3}
        )
        assert all(question.accepts(blank) for question in form.questions)
    assert not form.proposed({}, {})


def test_the_wish_to_ask_for_asylum_is_firm() -> None:
    found = proposals_for({"asylum_wish": "YES"}, age=30)
    assert found["asylum_wish"].outcomes == ("IP_WISH",)  # type: ignore[attr-defined]
    assert found["asylum_wish"].firm  # type: ignore[attr-defined]


def test_a_child_alone_and_an_adult_alone_differ() -> None:
    answers: dict[str, object] = {"child_with_whom": "NO_ONE"}
    assert [need.code for need in proposals_for(answers, age=17)["child_alone"].needs] == ["SC-UC"]  # type: ignore[attr-defined]
    assert "child_alone" not in proposals_for(answers, age=18)
    assert "child_alone" not in proposals_for(answers)


@pytest.mark.parametrize("domain", ["see", "hear", "walk", "remember", "selfcare", "communicate"])
def test_the_washington_group_cut_off(domain: str) -> None:
    def needs(answer: str) -> list[str]:
        return [
            need.code
            for proposal in reference.questionnaire("first_contact").proposed(
                {f"wg_{domain}": answer}, {"age": 30}
            )
            for need in proposal.needs
        ]

    assert needs("NO_DIFFICULTY") == needs("SOME_DIFFICULTY") == []
    for answer in ("A_LOT_OF_DIFFICULTY", "CANNOT_DO_AT_ALL"):
        assert [code[:2] for code in needs(answer)] == ["DS"]


def test_who_is_asked() -> None:
    questions = {each.id: each for each in reference.questionnaire("first_contact").questions}
    assert not questions["wg_see"].is_for(4, {}, {})
    assert questions["wg_see"].is_for(5, {}, {})
    assert not questions["child_with_whom"].is_for(18, {}, {})
    assert questions["child_with_whom"].is_for(None, {}, {})
    assert not questions["medicine_fridge"].is_for(30, {}, {})
    assert questions["medicine_fridge"].is_for(30, {"daily_medicine": "YES"}, {})
    assert questions["first_needs"].accepts(["CLOTHES"])
    assert not questions["first_needs"].accepts(["GOLD"])
    assert not questions["pregnancy_weeks"].accepts(True)


def test_sensitive_matters_are_asked_alone() -> None:
    questions = {each.id: each for each in reference.questionnaire("first_contact").questions}
    for each in (
        "wants_specialist",
        "someone_controls",
        "work_not_free",
        "sleeps_safest",
        "child_at_ease",
        "pregnant",
    ):
        assert questions[each].alone, each
        assert questions[each].sensitive, each


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"when": [{"question": "nobody", "is": "YES"}]}, "nobody"),
        ({"when": [{"question": "ill", "is": "MAYBE"}]}, "MAYBE"),
        ({"when": [{"question": "ill", "at_least": 3}]}, "not a number"),
        ({"when": [{"fact": "religion", "is": "X"}]}, "religion"),
        ({"outcomes": ["FLYING"]}, "FLYING"),
        ({"reason_en": ""}, "reason_en"),
        ({"outcomes": []}, "nothing"),
    ],
)
def test_a_bad_proposal_is_refused(change: dict[str, object], word: str) -> None:
    held = yaml.safe_load(
        """
        {id: t, version: 1, valid_from: 2025-01-01, source: own, title_es: a, title_en: a, intro_es: a, intro_en: a,
         answer_sets: {yes_no: [{code: "YES", es: Sí, en: "Yes"}]},
         sections: [{id: s, title_es: a, title_en: a,
           questions: [{id: ill, type: yes_no, source: own, text_es: a, text_en: a}]}],
         proposals: [{id: p, when: [{question: ill, is: "YES"}], outcomes: [HEALTH_NOW], reason_es: a, reason_en: a}]}
        """
    )
    build_questionnaire(held, reference.known)
    held["proposals"][0] |= change
    with pytest.raises(QuestionnaireInvalid, match=word):
        build_questionnaire(held, reference.known)


# --- the demo's calibration -------------------------------------------------------------------------


def demo_rows(name: str) -> list[dict[str, str]]:
    with (reference.ROOT / "demo" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_shares_add_up() -> None:
    for row in demo_rows("age_sex.csv"):
        assert sum(float(value) for key, value in row.items() if key[:2] in ("F_", "M_")) == pytest.approx(
            1, abs=1e-6
        )
    for row in demo_rows("outcomes.csv"):
        parts = ("recognised", "complementary", "rejected", "closed")
        assert sum(float(row[part]) for part in parts) == pytest.approx(1, abs=1e-6)
    by_origin: Counter[str] = Counter()
    for row in demo_rows("languages_by_origin.csv"):
        by_origin[row["origin"]] += float(row["share"])  # type: ignore[assignment]
        assert reference.language_label(row["language"])
    assert all(total == pytest.approx(1) for total in by_origin.values())
    for name in ("given_names.csv", "surnames.csv"):
        assert all(int(row["weight"]) > 0 for row in demo_rows(name))


def test_demo_sites_stand_on_the_lists() -> None:
    held = yaml.safe_load((reference.ROOT / "demo" / "sites.yml").read_text(encoding="utf-8"))
    sites = {site["code"]: site for site in held["sites"]}
    assert len(sites) == len(held["sites"])
    assert {"MX-TAP", "GT-TEC"} <= set(sites)
    organisations = {each["code"] for each in held["organisations"]}
    iso2 = {each.iso3: each.iso2 for each in reference.countries()}
    for code, site in sites.items():
        assert code[:2] == iso2[site["country"]]
        assert site["organisation"] in organisations
        assert site["kind"] != "SAFE_HOUSE"
        assert reference.admin1_named(site["admin1"]).iso3 == site["country"]
        if "admin2" in site:
            assert site["admin2"] in {each.pcode for each in reference.admin2(site["admin1"])}
        assert set(site["teams"]) <= codes_of("team_type")
        assert ("units" in site) == ("SHELTER" in site["teams"])
        for unit in site.get("units", ()):
            assert set(unit["traits"]) <= codes_of("placement_requirement")
            assert set(unit["places"]) <= codes_of("place_kind")
            assert unit["for"] in {"FAMILIES", "WOMEN", "MEN", "ANYONE", "CHILDREN"}
    for iso3 in MIRPS:
        teams = {team for site in sites.values() if site["country"] == iso3 for team in site["teams"]}
        assert {
            "RECEPTION_DESK",
            "SHELTER",
            "ASYLUM_AUTHORITY",
            "HEALTH",
            "LEGAL_AID",
            "CHILD_AUTHORITY",
        } <= teams


@needs_shared
@pytest.mark.parametrize(("mine", "theirs"), [("admin1.csv", "admin1.csv"), ("admin2.csv", "admin2.csv")])
def test_places_are_as_many_as_in_the_source(mine: str, theirs: str) -> None:
    count = len((reference.ROOT / mine).read_text(encoding="utf-8").splitlines())
    assert count == len((SHARED / theirs).read_text(encoding="utf-8").splitlines())


@needs_shared
def test_claims_add_up_to_the_source() -> None:
    with (SHARED / "asylum_by_origin.csv").open(encoding="utf-8", newline="") as stream:
        source = [
            row
            for row in csv.DictReader(stream)
            if row["app_type"] == "N"
            and row["dec_level"] in ("FI", "FA")
            and 2013 <= int(row["year"]) <= 2025
        ]
    assert sum(int(row["claims"]) for row in demo_rows("claims.csv")) == sum(
        int(row["applied"]) for row in source
    )


@needs_shared
def test_need_codes_are_those_of_the_source() -> None:
    with (SHARED / "specific_needs.csv").open(encoding="utf-8", newline="") as stream:
        source = {row["code"]: row["map_to"] or None for row in csv.DictReader(stream)}
    assert {each.code: each.maps_to for each in reference.codes("need_code")} == source
