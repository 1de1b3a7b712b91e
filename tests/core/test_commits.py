"""What a rule of the database says late, at the commit, is a sentence at the form with everything typed kept."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import flash, redirect, render_template_string
from wtforms import StringField

from caseapp import create_app
from caseapp.core import access
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import AlreadyThere, Refused, explained_constraints, refusal_of
from caseapp.core.forms import Form
from caseapp.people.access import SEARCH
from caseapp.people.models import PersonNationality, PersonPopulation
from caseapp.people.rules import NationalNotAsylumSeeker
from tests.client import CheckedClient
from tests.factories import make_person, make_team, make_user, principal_of
from tests.reception.families import TODAY

PAGE = """{% extends 'layout/base.html' %}{% from 'components/field.html' import field %}
{% from 'components/error_summary.html' import error_summary %}{% block errors %}{{ error_summary(form) }}{% endblock %}
{% block content %}<form method="post">{{ form.csrf_token }}{{ field(form.population) }}</form>{% endblock %}"""


class Asking(Form):
    population = StringField("Población")


class SaidLate(Refused):
    sentence = "No ahora."
    field = "population"


@pytest.fixture
def probe(db):
    """An application with two pages of its own, and a national whose file they write to."""
    with db.as_owner():
        team = make_team()
        person = make_person(team, nationality=team.country)
        user = make_user(team=team)
    ids = person.id, person.case_id
    app = create_app(
        {"TESTING": True, "KEEP_SESSION": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False}
    )
    app.test_client_class = CheckedClient

    @app.post("/probe/<kind>")
    @access.needs(SEARCH)
    @commits
    def page(kind):
        form = Asking()
        if not form.validate():
            return render_template_string(PAGE, form=form, page_title="Prueba"), 422
        flash("Guardado.", "good")
        if kind == "rule":
            raise SaidLate
        if kind == "unformed":
            raise SaidLate(field="elsewhere", sentence="<No> ahora.")
        session.add(
            PersonPopulation(person_id=ids[0], case_id=ids[1], population=form.population.data, since=TODAY)
        )
        return redirect("/today")

    client = app.test_client()
    client.sign_in(principal_of(user, ("CASEWORKER", team)))
    yield client
    client.sign_out()


def _typed(page: str) -> str:
    return re.search(r'<input[^>]*name="population"[^>]*>', page)[0]


def test_a_constraint_that_speaks_at_the_commit_stands_in_the_form(probe):
    answer = probe.post("/probe/constraint", data={"population": "ASYLUM_SEEKER"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="ASYLUM_SEEKER"' in _typed(page)
    assert str(NationalNotAsylumSeeker()) in page
    with probe.session_transaction() as cookie:
        assert not cookie.get("_flashes")  # nobody is told that it was saved


def test_what_is_right_is_saved_once(db, probe):
    assert probe.post("/probe/constraint", data={"population": "IDP"}).status_code == 302
    with db.as_owner():
        assert session.scalars(sa.select(PersonPopulation.population)).all() == ["IDP"]


@pytest.mark.parametrize("kind", ["rule", "unformed"])
def test_a_rule_that_no_view_caught_stands_in_the_form_as_well(db, probe, kind):
    answer = probe.post(f"/probe/{kind}", data={"population": "IDP"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="IDP"' in _typed(page)
    assert ("No ahora." if kind == "rule" else "&lt;No&gt; ahora.") in page
    with db.as_owner():
        assert session.scalars(sa.select(PersonPopulation.population)).all() == []


def test_a_row_that_two_wrote_at_once_is_said(db):
    with db.as_owner():
        person = make_person(make_team())
        session.add(PersonNationality(case_id=person.case_id, person_id=person.id, position=1, country="SLV"))
        with pytest.raises(sa.exc.IntegrityError) as raised, session.begin_nested():
            session.flush()
    assert isinstance(refusal_of(raised.value), AlreadyThere)


def test_every_rule_that_postgresql_says_by_name_has_a_sentence(db, app):
    """Triggers, deferrable or not, that raise under a constraint's name, and every deferrable constraint."""
    named = session.scalars(
        sa.text(
            "SELECT DISTINCT said[1] FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, "
            r"LATERAL regexp_matches(prosrc, 'CONSTRAINT\s*=\s*''([a-z0-9_]+)''', 'g') said "
            "WHERE n.nspname = 'public'"
        )
    ).all()
    deferrable = session.execute(
        sa.text(
            "SELECT conname, contype::text, p.prosrc FROM pg_constraint c LEFT JOIN pg_trigger t ON t.tgconstraint = c.oid "
            "AND c.contype = 't' LEFT JOIN pg_proc p ON p.oid = t.tgfoid WHERE condeferrable"
        )
    ).all()
    assert len(named) > 30 and len(deferrable) >= 5
    assert sorted(set(named) - explained_constraints()) == []
    for name, kind, source in deferrable:
        says = set(re.findall(r"CONSTRAINT = '(\w+)'", source)) if kind == "t" else {name}
        assert says and says <= explained_constraints(), name
