"""`/cases/<number>/assistance`: what was asked for this person, and asking for each adult of the family by their own
choice. Whoever reads the file for a providing team sees here only what their team was asked."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.assistance import queries as log
from caseapp.assistance.access import ASK
from caseapp.assistance.paying import queries, rules, service
from caseapp.assistance.paying.forms import AskForm, StepForm
from caseapp.assistance.paying.models import Assistance
from caseapp.assistance.present import request_facts, request_state, request_title
from caseapp.assistance.views import blueprint
from caseapp.core import access, audit
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.errors import NotPermitted
from caseapp.core.i18n import _
from caseapp.core.trying import tried
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.people.models import Case, Person


@blueprint.get("/cases/<number>/assistance")
@needs(ASK)
@records_view
def asked(number: str) -> ResponseReturnValue:
    """What was asked for, and the form."""
    case, team_id = _case(number)
    audit.record("viewed", "case", case.id, *([] if team_id is None else ["ASSISTANCE"]))
    return _page(case, team_id)


@blueprint.post("/cases/<number>/assistance")
@needs(ASK)
@commits
def ask(number: str) -> ResponseReturnValue:
    """Ask for each adult who is ticked."""
    case, team_id = _case(number)
    adults = _adults(case)
    form = _offering(AskForm(), adults, case, team_id)

    def verb() -> list[Assistance]:
        return [
            service.ask(
                one, item=form.item.data, team_id=UUID(form.team.data), until=_until(form), amount=form.amount.number,
                mechanism=form.mechanism.data or None,
            )
            for one, _name in sorted(adults, key=lambda a: a[0].id)
            if one.number in form.who.data
        ]  # fmt: skip

    return tried(
        form, verb, again=lambda: _page(case, team_id, form), to=url_for("assistance.asked", number=case.number),
        done=lambda made: _("Asistencia pedida.") if len(made) == 1 else _("Asistencias pedidas."),
    )  # fmt: skip


@blueprint.post("/cases/<number>/assistance/<uuid:request_id>/appeal")
@needs(ASK)
@commits
def appeal(number: str, request_id: UUID) -> ResponseReturnValue:
    """The person asks for a second look at a refusal."""
    case, team_id = _case(number)
    row = queries.request(access.current(), request_id, lock=True)
    form = StepForm()
    return tried(
        form, lambda: service.appeal(row, version=form.read_version()), again=lambda: _page(case, team_id, wrong=form),
        done=_("Se pidió la revisión."), to=url_for("assistance.asked", number=case.number),
    )  # fmt: skip


def _case(number: str) -> tuple[Case, UUID | None]:
    """The case, and the providing team for which its reader asks; None where the principal's team holds the file."""
    who = access.current()
    case = people.case_by_number(number, who)
    if case.team_id in who.teams_as("CASEWORKER", "SUPERVISOR"):
        return case, None
    teams = who.teams_as("ASSISTANCE_OFFICER")
    if not teams:
        raise NotPermitted
    return case, teams[0]


def _adults(case: Case) -> list[tuple[Case, str]]:
    """The adults of the family whose file the acting team may open, this person first."""
    who, on = access.current(), people.today_of(case)
    known = log.named(log.together_with(case.id), who)
    own = case.team_id in who.case_teams
    found = []
    for case_id in log.together_with(case.id):
        one = known.get(case_id)
        if one is None or (own and one.case.team_id != case.team_id):
            continue
        person: Person = people.person_of(one.case)
        if not present.is_child(person, on):
            found.append((one.case, f"{one.name} · {one.number}" if one.name else one.number))
    return found


def _until(form: AskForm) -> date:
    try:
        found: date | None = form.until.form.value()
    except ValueError:
        found = None
    if found is None:
        raise rules.UntilWrong(_("Escriba día, mes y año, por ejemplo 07 03 2025."))
    return found


def _offering(form: AskForm, adults: list[tuple[Case, str]], case: Case, team_id: UUID | None) -> AskForm:
    form.who.choices = [(one.number, name) for one, name in adults]
    providers = [p for p in queries.approved_providers(case.country) if team_id in (None, p[0])]
    form.team.choices = {"": _("Elija…"), **{str(one): name for one, name in providers}}
    return form


def _page(
    case: Case, team_id: UUID | None, form: AskForm | None = None, *, wrong: StepForm | None = None
) -> str:
    who = access.current()
    if form is None:
        data = {"until": date_data(people.today_of(case))}
        form = _offering(AskForm(None, data=data), _adults(case), case, team_id)
    rows = [
        row
        for row in queries.of_case(case.id)
        if team_id is None or row.team_id in who.teams_as("ASSISTANCE_OFFICER")
    ]
    payments = queries.payments_of(row.id for row in rows)
    _users, teams = queries.people_and_teams(rows)
    return render_template(
        "assistance/asked.html", page_title=_("Asistencia y pagos"), number=case.number, form=form, holder=team_id is None,
        wrong=[f for f in (form, wrong) if f is not None and (f.errors or f.form_errors)],
        rows=[_row(row, teams, payments.get(row.id, []), holder=team_id is None) for row in rows],
    )  # fmt: skip


def _row(row: Assistance, teams: dict[UUID, str], payments: list[Any], *, holder: bool) -> dict[str, Any]:
    words, kind = request_state(row)
    return {
        "id": row.id, "number": row.number, "title": request_title(row), "state": words, "kind": kind,
        "facts": request_facts(row, teams=teams, payments=payments), "version": row.version,
        "appealable": row.decision == "REFUSED" and row.appealed_on is None,
        "href": None if holder else url_for("assistance.request_shown", request_id=row.id),
    }  # fmt: skip
