"""What may stand in a register: every column, every list, what belongs together, and a file's first row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from caseapp.core import reference
from caseapp.programme import rules
from caseapp.programme.forms import FORMS
from caseapp.programme.rules import Known

KNOWN = Known(
    today=date(2025, 11, 23), places={"MX07"}, municipalities={"MX07089"}, services={"HEALTH"},
    projects={"P-1": (date(2025, 1, 1), date(2025, 6, 30)), "P-2": (date(2025, 1, 1), None)}, programmes={"P-1"},
    sites={"MX-NAN", "MX-OWN"}, told_by_themselves={"MX-OWN"},
)  # fmt: skip
GOOD = {
    "trainings": {
        "held_on": "2025-11-20", "place": "mx07", "institution": "POLICE", "topic": "GBV", "trainer": "UN", "women": "12",
        "men": "", "others": "0",
    },
    "projects": {
        "code": "P-1", "kind": "JOINT_PROJECT", "name_es": "Huerto", "name_en": "Garden", "place": "MX07089",
        "starts_on": "01/02/2025", "ends_on": "",
    },
    "participation": {
        "project": "P-1", "held_on": "2025-06-30", "population": "HOST", "sex": "F", "age_band": "18-59", "heads": "7",
    },
    "costs": {
        "service_kind": "HEALTH", "currency": "usd", "amount": "12.5", "valid_from": "2025-01-01", "valid_to": "2025-12-31",
        "source": "Presupuesto 2025",
    },
    "capacity": {"site": "mx-nan", "reported_on": "2025-11-20", "beds": "40", "usable": "38"},
    "enrolments": {
        "project": "P-1", "period": "2025-q1", "sex": "", "age_band": "60+", "enrolled": "12", "source": "Ministerio",
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", rules.KINDS)
def test_a_good_entry_is_read_and_every_column_is_asked(kind):
    values, wrong = rules.read(kind, GOOD[kind], KNOWN)
    assert wrong == [] and set(values) == {c.name for c in rules.COLUMNS[kind]}
    empty = rules.read(kind, {}, KNOWN)[1]
    assert [w.column for w in empty] == [c.name for c in rules.COLUMNS[kind] if not c.optional]


def test_what_was_typed_becomes_values():
    assert rules.read("trainings", GOOD["trainings"], KNOWN)[0] == {
        "held_on": date(2025, 11, 20), "place": "MX07", "institution": "POLICE", "topic": "GBV", "trainer": "UN",
        "women": 12, "men": 0, "others": 0,
    }  # fmt: skip
    costs = rules.read("costs", GOOD["costs"], KNOWN)[0]
    assert costs["amount"] == Decimal("12.50") and costs["currency"] == "USD"
    assert rules.read("projects", GOOD["projects"], KNOWN)[0]["starts_on"] == date(2025, 2, 1)
    reported = rules.read("capacity", GOOD["capacity"] | {"reported_on": "2025-10", "usable": "0"}, KNOWN)[0]
    assert reported == {"site": "MX-NAN", "reported_on": date(2025, 10, 31), "beds": 40, "usable": 0}
    enrolled = rules.read("enrolments", GOOD["enrolments"], KNOWN)[0]
    assert (enrolled["period"], enrolled["sex"], enrolled["enrolled"]) == ("2025-Q1", None, 12)
    for small in ("<5", "< 5"):
        values, wrong = rules.read("enrolments", GOOD["enrolments"] | {"enrolled": small}, KNOWN)
        assert (values["enrolled"], wrong) == (None, [])


@pytest.mark.parametrize(
    ("period", "span"),
    [
        ("2025", (date(2025, 1, 1), date(2025, 12, 31))), ("2025-Q4", (date(2025, 10, 1), date(2025, 12, 31))),
        ("2024-02", (date(2024, 2, 1), date(2024, 2, 29))), ("2025-12", (date(2025, 12, 1), date(2025, 12, 31))),
    ],
)  # fmt: skip
def test_the_days_of_a_period(period, span):
    assert rules.span_of(period) == span


@pytest.mark.parametrize("period", ["0000", "2025-Q5", "2025-13", "2025-1", "25", "2025-Q"])
def test_what_is_no_period(period):
    with pytest.raises(ValueError, match=period):
        rules.span_of(period)


@pytest.mark.parametrize(
    ("kind", "column", "typed"),
    [
        ("trainings", "held_on", "2025-11-24"), ("trainings", "held_on", "2012-12-31"), ("trainings", "held_on", "ayer"),
        ("trainings", "place", "GT01"), ("trainings", "institution", "CLUB"), ("trainings", "topic", "COOKING"),
        ("trainings", "trainer", "ME"), ("trainings", "women", "-1"), ("trainings", "women", "5001"),
        ("trainings", "women", "doce"), ("trainings", "women", "0"), ("trainings", "men", "4999"),
        ("projects", "kind", "PARTY"), ("projects", "place", "MX07"), ("projects", "ends_on", "2025-01-31"),
        ("projects", "name_es", "x" * 121), ("projects", "code", "x" * 41),
        ("participation", "project", "P-9"), ("participation", "held_on", "2025-07-01"),
        ("participation", "held_on", "2024-12-31"), ("participation", "heads", "0"), ("participation", "sex", "X"),
        ("participation", "population", "ALL"), ("participation", "age_band", "18"),
        ("costs", "service_kind", "PIZZA"), ("costs", "currency", "US"), ("costs", "currency", "US1"),
        ("costs", "amount", "0"), ("costs", "amount", "1.005"), ("costs", "amount", "NaN"), ("costs", "amount", "1e20"),
        ("costs", "valid_to", "2024-12-31"), ("costs", "source", "x" * 201),
        ("capacity", "site", "MX-XXX"), ("capacity", "site", "MX-OWN"), ("capacity", "reported_on", "2025-11"),
        ("capacity", "reported_on", "2025-13"), ("capacity", "beds", "0"), ("capacity", "beds", "5001"),
        ("capacity", "usable", "41"), ("capacity", "usable", "-1"), ("enrolments", "project", "P-2"),
        ("enrolments", "period", "2025-Q3"), ("enrolments", "period", "2025-Q4"), ("enrolments", "period", "2012"),
        ("enrolments", "period", "marzo"), ("enrolments", "enrolled", "4"), ("enrolments", "enrolled", "0"),
        ("enrolments", "enrolled", "<4"), ("enrolments", "enrolled", "1000001"), ("enrolments", "sex", "X"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_its_column(kind, column, typed):
    wrong = rules.read(kind, GOOD[kind] | {column: typed}, KNOWN)[1]
    at = "women" if column == "men" else column
    assert [w.column for w in wrong] == [at] and str(wrong[0].sentence)


def test_lists_are_those_of_the_reference_data():
    for codes, name in (
        (rules.INSTITUTIONS, "public_institution"), (rules.TOPICS, "official_training_topic"),
        (rules.TRAINERS, "provider_class"), (rules.PROJECT_KINDS, "project_kind"), (rules.POPULATIONS, "participant"),
        (rules.SEXES, "sex_in_figures"),
    ):  # fmt: skip
        assert set(codes) == {each.code for each in reference.codes(name)}, name
    assert set(rules.BANDS) == {each.code for each in reference.codes("age_band")}


def test_forms_have_the_columns_of_their_register():
    for kind, form in FORMS.items():
        names = [name for name in dir(form) if hasattr(getattr(form, name), "field_class")]
        assert set(names) - {"csrf_token"} == {c.name for c in rules.COLUMNS[kind]}


def test_the_first_row_of_a_file():
    assert rules.heading("trainings", ["Held_On ", "place", "institution", "topic", "trainer"])[1] == []
    _names, wrong = rules.heading("trainings", ["held_on", "held_on", "colour"])
    assert [w.column for w in wrong] == ["colour", "held_on", "place", "institution", "topic", "trainer"]


def test_two_equal_rows_of_a_file_are_two_entries():
    values = rules.read("trainings", GOOD["trainings"], KNOWN)[0]
    assert rules.key_of("trainings", values, 1) != rules.key_of("trainings", values, 2)
    assert rules.key_of("trainings", values, 1) == rules.key_of("trainings", dict(values), 1)
