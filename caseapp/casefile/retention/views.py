"""`/data-protection`: the officer's page, the log of breaches, and retention: what would be erased and why not,
proposed by one person and approved by another."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.casefile.access import PROTECT_DATA
from caseapp.casefile.breach import service as breaches
from caseapp.casefile.breach.forms import BreachForm
from caseapp.casefile.retention import queries, rules, service
from caseapp.casefile.retention.models import RetentionRun
from caseapp.casefile.subject.queries import for_officer, officer_of
from caseapp.casefile.views import blueprint
from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _, _l
from caseapp.core.pages import day, nav, paged

nav(10, _l("Protección de datos"), "casefile.data_protection", PROTECT_DATA, whole_area=False)
nav(20, _l("Solicitudes sobre datos"), "casefile.data_requests", PROTECT_DATA, whole_area=False)
nav(30, _l("Conservación y borrado"), "casefile.retention", PROTECT_DATA, whole_area=False)
nav(40, _l("Vulneraciones de datos"), "casefile.breaches", PROTECT_DATA, whole_area=False)
DAYS = 90


def _country() -> str:
    return officer_of(access.current())[0]


def _today() -> date:
    return clock.today(timezone_of(access.current().grants[0].team_id))


@blueprint.get("/data-protection")
@needs(PROTECT_DATA)
@records_view
def data_protection() -> ResponseReturnValue:
    """Counts of consents, what waits, and the way to each list. No file is opened, no name shown."""
    who, today = access.current(), _today()
    audit.record("viewed", "data_protection")
    consents = session.execute(
        sa.text("SELECT kind, purpose, counted FROM consent_counts(:country, :since)"),
        {"country": _country(), "since": today - timedelta(days=DAYS)},
    ).all()
    waiting = for_officer(who).order_by(None).subquery()
    requests: Any = session.execute(sa.select(sa.func.count(), sa.func.min(waiting.c.due_on))).one()
    return render_template(
        "casefile/protection/show.html",
        page_title=_("Protección de datos"),
        consents=_by_purpose([(r.kind, r.purpose, r.counted) for r in consents]),
        waived=sum(r.counted for r in consents if r.kind == "consent.waived"),
        requests={"count": requests[0], "first": day(requests[1])},
        run=queries.open_run(_country()),
        breaches=sum(b.closed_on is None for b in breaches.of_countries(officer_of(who))),
        days=DAYS,
    )


def _by_purpose(rows: list[tuple[str, str, int]]) -> list[dict[str, Any]]:
    """Consents by purpose; what is sealed speaks with its neutral words or is counted with the others."""
    found: dict[str, dict[str, Any]] = {}
    for kind, purpose, count in rows:
        label = reference.outside_label("consent_purpose", purpose) or _("Otros")
        line = found.setdefault(label, {"purpose": label, "given": 0, "refused": 0, "withdrawn": 0})
        verb = kind.removeprefix("consent.")
        if verb in line:
            line[verb] += count
    return sorted(found.values(), key=lambda line: line["purpose"])


# -- retention ----------------------------------------------------------------------------------------
@blueprint.get("/data-protection/retention")
@needs(PROTECT_DATA)
@records_view
def retention() -> ResponseReturnValue:
    """How long files are kept, what would be erased today and why not, and the runs so far. Nothing is erased."""
    audit.record("viewed", "retention_run")
    return _retention_page()


def _retention_page(refusal: str = "") -> str:
    country, today = _country(), _today()
    due = queries.due(country, today)
    page = paged(queries.runs_of(access.current()))
    counts = queries.counts_of([r.id for r in page.rows])
    return render_template(
        "casefile/retention/show.html",
        page_title=_("Conservación y borrado"),
        today=day(today),
        refusal=refusal,
        periods=[_period(group, today, country) for group in rules.GROUPS],
        to_erase=[_due(d) for d in due if d.outcome == "TO_ERASE"][: rules.MOST],
        held=[_due(d) for d in due if d.outcome == "HELD"][: rules.MOST],
        open_run=queries.open_run(country),
        page=page,
        runs=[_run(r, counts[r.id]) for r in page.rows],
    )


def _period(group: str, on: date, country: str) -> dict[str, Any]:
    rule = queries.period(group, on, country)
    return {
        "group": reference.label("reason_group", group), "value": rule.value, "source": rule.source,
        "since": day(rule.valid_from), "until": day(rule.valid_to) if rule.valid_to else "",
        "confidence": {"high": _("alta"), "medium": _("media"), "low": _("baja")}[rule.confidence],
    }  # fmt: skip


def _due(found: queries.Due) -> dict[str, Any]:
    return {
        "number": found.number, "group": reference.label("reason_group", found.group),
        "closed": day(found.closed_on), "due": day(found.due_on),
        "why": ", ".join(reference.label("kept_why", code) for code in found.held),
    }  # fmt: skip


def _run(row: RetentionRun, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "id": row.id, "as_of": day(row.as_of), "state": reference.label("retention_state", row.state),
        "kind": {"PROPOSED": "warning", "APPROVED": "info", "DONE": "good"}.get(row.state, "neutral"),
        "erased": counts.get("ERASED", 0), "waiting": counts.get("TO_ERASE", 0), "held": counts.get("HELD", 0),
    }  # fmt: skip


@blueprint.post("/data-protection/retention")
@needs(PROTECT_DATA)
@commits
def propose_retention() -> ResponseReturnValue:
    """Propose a run; somebody else approves it."""
    try:
        with session.begin_nested():
            row = service.propose(_country(), _today())
    except Refused as error:
        return _retention_page(str(error)), error.status
    flash(_("Propuesta. Otra persona la aprueba."), "good")
    return redirect(url_for("casefile.retention_run", run_id=row.id))


@blueprint.get("/data-protection/retention/<uuid:run_id>")
@needs(PROTECT_DATA)
@records_view
def retention_run(run_id: UUID) -> ResponseReturnValue:
    """One run: every file of it by number, and what became of it."""
    row = queries.run(run_id, access.current())
    audit.record("viewed", "retention_run", row.id)
    return _run_page(row)


def _run_page(row: RetentionRun, refusal: str = "") -> str:
    page = paged(queries.items_of(row.id), size=100)
    names = queries.names_of([row.proposed_by_id, row.approved_by_id])
    own = row.proposed_by_id == access.current().user_id
    outcomes = {"TO_ERASE": _("Por borrar"), "ERASED": _("Borrado"), "HELD": _("Se conserva")}
    return render_template(
        "casefile/retention/run.html",
        page_title=_("Corrida del %(day)s", day=day(row.as_of)),
        run=_run(row, queries.counts_of([row.id])[row.id]),
        version=row.version,
        proposed=names.get(row.proposed_by_id, ""),
        approved=names.get(row.approved_by_id, "") if row.approved_by_id else "",
        page=page,
        items=[
            {"number": i.number, "group": reference.label("reason_group", i.closure_group), "due": day(i.due_on),
             "outcome": outcomes[i.outcome], "why": reference.label("kept_why", i.held) if i.held else ""}
            for i in page.rows
        ],
        waits=row.state == "PROPOSED", own=own, doing=row.state == "APPROVED", refusal=refusal,
    )  # fmt: skip


@blueprint.post("/data-protection/retention/<uuid:run_id>/approve")
@needs(PROTECT_DATA)
@commits
def approve_retention(run_id: UUID) -> ResponseReturnValue:
    """The second person agrees; the worker begins."""
    return _decided(run_id, service.approve, _("Aprobada. El borrado empezó."))


@blueprint.post("/data-protection/retention/<uuid:run_id>/cancel")
@needs(PROTECT_DATA)
@commits
def cancel_retention(run_id: UUID) -> ResponseReturnValue:
    """Nothing is erased."""
    return _decided(run_id, service.cancel, _("Cancelada. No se borró nada."))


def _decided(run_id: UUID, verb: Any, said: str) -> ResponseReturnValue:
    row = queries.run(run_id, access.current(), lock=True)
    try:
        with session.begin_nested():
            verb(row)
    except Refused as error:
        session.expire(row)
        return _run_page(row, str(error)), error.status
    flash(said, "good")
    return redirect(url_for("casefile.retention_run", run_id=run_id))


# -- breaches -----------------------------------------------------------------------------------------
@blueprint.get("/data-protection/breaches", endpoint="breaches")
@needs(PROTECT_DATA)
@records_view
def breaches_log() -> ResponseReturnValue:
    """The log of breaches and the form."""
    audit.record("viewed", "data_breach")
    return _breach_page(BreachForm())


def _breach_page(form: BreachForm) -> str:
    rows = breaches.of_countries(officer_of(access.current()))
    return render_template(
        "casefile/protection/breaches.html",
        page_title=_("Vulneraciones de datos"),
        form=form,
        rows=[
            {"id": b.id, "kind": reference.label("breach_kind", b.kind), "on": day(b.noticed_on), "persons": b.persons,
             "what": b.what or "", "authority": day(b.told_authority_on) if b.told_authority_on else "",
             "told": day(b.told_persons_on) if b.told_persons_on else "", "closed": day(b.closed_on) if b.closed_on else ""}
            for b in rows
        ],
    )  # fmt: skip


@blueprint.post("/data-protection/breaches")
@needs(PROTECT_DATA)
@commits
def record_breach() -> ResponseReturnValue:
    """Write a breach down."""
    form = BreachForm()
    if not form.validate():
        return _breach_page(form), 422
    try:
        on = form.on.form.value()
        if on is None:
            raise ValueError
        with session.begin_nested():
            breaches.record(
                _country(), kind=form.kind.data, on=on, today=_today(), persons=form.persons.number or 0,
                what=form.what.data or "",
            )  # fmt: skip
    except ValueError:
        form.on.form.day.errors = [_("Escriba día, mes y año, por ejemplo 07 03 2025.")]
        return _breach_page(form), 422
    except Refused as error:
        if error.field == "on":
            form.on.form.day.errors = [str(error)]
        else:
            form.refused(error)
        return _breach_page(form), error.status
    flash(_("Vulneración anotada."), "good")
    return redirect(url_for("casefile.breaches"))


@blueprint.post("/data-protection/breaches/<uuid:breach_id>/<any(authority, persons, close):verb>")
@needs(PROTECT_DATA)
@commits
def change_breach(breach_id: UUID, verb: str) -> ResponseReturnValue:
    """The authority was told today, the persons were told today, or it is closed."""
    row = breaches.one(breach_id, officer_of(access.current()))
    try:
        with session.begin_nested():
            if verb == "close":
                breaches.close(row, _today())
            else:
                breaches.told(row, verb.upper(), _today())
    except Refused as error:
        flash(str(error), "warning")
    else:
        flash(_("Anotado."), "good")
    return redirect(url_for("casefile.breaches"))
