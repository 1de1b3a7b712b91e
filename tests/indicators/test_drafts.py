"""Drafts of a definition: the same check as the files', everything wrong told at once, nothing lost on the way through
the form; verbs and constraints on PostgreSQL as role `app`."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from werkzeug.datastructures import MultiDict

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours
from caseapp.indicators import catalogue, cubes, versions, words
from caseapp.indicators.drafts import entry as entries
from caseapp.indicators.drafts import forms, rules, service
from caseapp.indicators.models import Definition
from tests.factories import make_team, make_user, principal_of

EVERY = catalogue.all()


def changed(code: str, **words_of: object) -> dict:
    return entries.entry_of(catalogue.get(code)) | words_of


# -- the check --------------------------------------------------------------------------------------
@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.code)
def test_every_indicator_of_the_files_is_a_sound_draft(each):
    assert rules.problems(each.code, entries.entry_of(each)) == []
    assert entries.checked(each.code, entries.entry_of(each), each.version, each.valid_from) == each


@pytest.mark.parametrize(
    ("code", "wrong", "words_named"),
    [
        ("P1-00", {"name": {"es": "", "en": "Persons"}}, ["name"]),
        ("P1-00", {"name": {"es": "", "en": ""}, "source": ""}, ["source", "name"]),
        ("P1-00", {"unit": "NIGHTS"}, ["unit"]),
        ("P1-00", {"unit": "NIGHTS", "basis": "EVENTS", "name": {"es": "", "en": ""}}, ["basis", "unit", "name"]),
        ("P1-00", {"basis": "EVENTS"}, ["basis"]),
        ("P1-00", {"measure": "RATE", "unit": "PERCENT"}, ["part", "of", "denominator"]),
        ("P1-00", {"measure": "MEDIAN", "unit": "DAYS"}, ["measure"]),
        ("P1-00", {"part": {"screened": ["WITHIN_24H"]}}, ["part"]),
        ("P1-00", {"direction": "sideways"}, ["direction"]),
        ("P1-00", {"smallest_cell": 3}, ["smallest_cell"]),
        ("P1-00", {"domain": "shoes"}, ["domain"]),
        ("P1-00", {"select": {"screened": ["SOON"]}}, ["select"]),
        # What no table has together would stop a release while it is made.
        ("P1-00", {"select": {"screened": ["INTAKE"], "household_type": ["FAMILY"]}}, ["select"]),
        ("P1-00", {"select": {"age_band": ["0-4"]}}, ["select"]),
        ("P1-03", {"disaggregations": ["origin"]}, ["disaggregations"]),
        ("P1-03", {"part": {"screened": ["NO_INTAKE"]}}, ["part"]),
        ("P1-03", {"part": {}}, ["part"]),
        ("P1-05", {"bands": {"registration_wait": {}}}, ["bands"]),
        ("P1-22", {"public": "SHOES"}, ["public"]),
    ],
)  # fmt: skip
def test_everything_wrong_is_told_and_nothing_else(code, wrong, words_named):
    found = rules.problems(code, changed(code, **wrong))
    assert [one.word for one in found] == words_named
    assert all(str(one.sentence) for one in found)


def test_each_word_of_the_form_has_its_sentence():
    said = set(catalogue.KNOWN) - {"pillar", "version", "valid_from", "valid_to", "smallest_cell"}
    assert set(rules.SENTENCES) == said


def test_what_changes_and_whether_a_figure_can():
    old = catalogue.get("P2-04")
    named = entries.checked("P2-04", changed("P2-04", name={"es": "Otra", "en": "Other"}), 2)
    assert rules.changed(old, named) == ["name"] and not rules.changes_figures(old, named)
    counted = entries.checked("P2-04", changed("P2-04", part={"ending": ["COMPLETED_ON_TIME"]}), 2)
    assert rules.changed(old, counted) == ["part"] and rules.changes_figures(old, counted)


# -- the form ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.code)
def test_the_form_gives_back_what_stands_in_the_files(app, each):
    entry = entries.entry_of(each)
    pairs = [
        (name, one)
        for name, value in forms.typed_of(entry).items()
        for one in (value if isinstance(value, list) else [value] if value is not None else [])
    ]
    with app.test_request_context("/", method="POST"):
        form = forms.of_domain(each.domain)(MultiDict(pairs))
        assert form.validate(), form.errors
        assert form.entry(each.pillar) == entry


def test_bands_are_read_from_the_labels():
    axis = cubes.domains()["claim_registrations"].part("wait").axis
    assert entries.bands_of(axis) == {
        "0-7": [0, 8], "8-30": [8, 31], "31-90": [31, 91], "91-180": [91, 181], "181+": [181, None],
    }  # fmt: skip
    assert entries.bands_of(cubes.domains()["referrals"].part("ending").axis) == {}


def test_every_word_of_what_is_chosen_from_is_known():
    for domain in cubes.domains().values():
        for axis in forms.axes_of(domain):
            for code in (*axis.labels, *(axis.groups or {})):
                assert words.has_words(axis.name, code), (
                    f"{axis.name} {code}: config/reference/cube_words.yml"
                )
            assert words.dimension(axis.name) != axis.name, f"{axis.name}: config/reference/cube_words.yml"


# -- versions in turn -------------------------------------------------------------------------------
def version(number: int, since: date) -> versions.Version:
    return versions.Version(
        entries.checked("P1-00", changed("P1-00"), number, since), "Se aclara.", clock.now()
    )


def test_a_version_ends_on_the_day_before_the_next():
    shipped = versions.Version(catalogue.get("P1-00"))
    known = versions.Catalogue(
        {"P1-00": [shipped, version(3, date(2026, 1, 1)), version(2, date(2025, 10, 1))]}
    )
    assert [each.indicator.version for each in known.history("P1-00")] == [1, 2, 3]
    assert [each.indicator.valid_to for each in known.history("P1-00")] == [
        date(2025, 9, 30), date(2025, 12, 31), None,
    ]  # fmt: skip
    for day, number in (
        (date(2025, 9, 30), 1),
        (date(2025, 10, 1), 2),
        (date(2025, 12, 31), 2),
        (date(2026, 1, 1), 3),
    ):
        assert known.get("P1-00", day).version == number == known.all(day)[0].version
    assert known.get("P1-00").version == 3
    with pytest.raises(LookupError):
        known.get("P1-00", date(2000, 1, 1))


def test_the_last_day_of_a_month():
    assert versions.last_day("2024-02") == date(2024, 2, 29)
    assert versions.last_day("2025-12") == date(2025, 12, 31)


# -- verbs and constraints --------------------------------------------------------------------------
@pytest.fixture
def people(db):
    """Two stewards, one of whom approves too, an approver, and a steward of another country."""
    with db.as_owner():
        team, other = (
            make_team(type="COMMISSION_STATISTICS"),
            make_team(country="GTM", type="COMMISSION_STATISTICS"),
        )
        found = {
            "steward": principal_of(make_user("DATA_STEWARD", team), ("DATA_STEWARD", team)),
            "both": principal_of(
                make_user("DATA_STEWARD", team), ("DATA_STEWARD", team), ("RELEASE_APPROVER", team)
            ),
            "approver": principal_of(make_user("RELEASE_APPROVER", team), ("RELEASE_APPROVER", team)),
            "stranger": principal_of(make_user("DATA_STEWARD", other), ("DATA_STEWARD", other)),
        }
    return found


@contextmanager
def acting(who):
    """Who acts is told to the database when a transaction begins."""
    session.commit()
    with access.acting_as(who):
        yield who
        session.commit()


def begun(people, code="P1-00", who="steward"):
    with acting(people[who]):
        return service.begin(code, "MEX", by=people[who]).id


def test_a_draft_is_begun_written_and_thrown_away(db, people):
    with acting(people["steward"]) as me:
        row = service.begin("P1-00", "MEX", by=me)
        assert row.entry == changed("P1-00") and (row.base, row.number) == (1, None)
        with pytest.raises(rules.DraftOpen):
            service.begin("P1-00", "MEX", by=me)
        with pytest.raises(NotYours):
            service.begin("P9-99", "MEX", by=me)
        with pytest.raises(rules.NotSteward):
            service.begin("P1-00", "GTM", by=me)
        read = row.version
        service.save(row.id, changed("P1-00", direction="up"), version=read, by=me)
        assert row.entry["direction"] == "up"
        with pytest.raises(ChangedMeanwhile):
            service.save(row.id, changed("P1-00", direction="down"), version=read, by=me)
        with pytest.raises(versions.EntryRefused):
            service.save(row.id, changed("P1-00", unit="NIGHTS"), version=row.version, by=me)
        assert service.discard(row.id, by=me) == "P1-00"
        assert session.get(Definition, row.id) is None


def test_a_draft_of_another_country_is_not_there(db, people):
    draft = begun(people)
    with acting(people["stranger"]):
        session.expire_all()
        with pytest.raises(NotYours):
            service.save(draft, changed("P1-00"), version=None, by=people["stranger"])


#: Rules of triggers, by what these say.
TRIGGERS = {"as_proposed": "is what was proposed", "writers_grow": "stays among its writers"}
WRONG = [
    ("two_people", "state = 'PUBLISHED', number = 2, decided_by_id = author_id, decided_at = now()"),
    ("from_first_of_month", "valid_from = '2099-01-02'"),
    ("valid_span", "state = 'PUBLISHED', number = 2, decided_by_id = :other, decided_at = now(), valid_to = '2098-01-01'"),
    ("numbered", "state = 'PUBLISHED', decided_by_id = :other, decided_at = now()"),
    ("numbered", "number = 2"),
    ("number_rises", "state = 'PUBLISHED', number = 1, decided_by_id = :other, decided_at = now()"),
    ("ends_once_published", "valid_to = '2100-01-01'"),
    ("reason_given", "reason = '  '"),
    ("reason_given", "reason = NULL"),
    ("decided", "state = 'PUBLISHED', number = 2"),
    ("state_known", "state = 'MAYBE'"),
    ("author_wrote", "author_id = :other"),
    ("as_proposed", "state = 'PUBLISHED', number = 2, decided_by_id = :other, decided_at = now(), reason = 'Otra.'"),
    ("writers_grow", "writers = '{}'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change"), WRONG, ids=[f"{name} {n}" for n, (name, _) in enumerate(WRONG)])
def test_each_rule_is_a_constraint_too(db, people, name, change):
    draft = begun(people)
    with db.as_owner():
        session.execute(
            sa.text(
                "UPDATE released.definition SET state = 'AWAITING_APPROVAL', reason = 'Se aclara.', "
                "valid_from = '2099-01-01', submitted_at = now() WHERE id = :id"
            ),
            {"id": draft},
        )
        other = {"other": people["approver"].user_id} if ":other" in change else {}
        with (
            pytest.raises((IntegrityError, DBAPIError), match=TRIGGERS.get(name) or f"ck_definition_{name}"),
            session.begin_nested(),
        ):
            session.execute(
                sa.text(f"UPDATE released.definition SET {change} WHERE id = :id"), {"id": draft, **other}
            )
