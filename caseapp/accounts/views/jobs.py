"""Queues, last runs and failures for administrators, and the audit for auditors: ids and codes only."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts import queries
from caseapp.accounts.access import READ_AUDIT, SEE_JOBS
from caseapp.accounts.forms import ACT_WORDS, AuditForm
from caseapp.accounts.rules import ACT_KINDS
from caseapp.accounts.views import blueprint
from caseapp.accounts.views.own import timezone
from caseapp.core import access, audit, clock, outbox, pages
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _, _l
from caseapp.core.jobs import JobRun

pages.nav(40, _l("Trabajos"), "account.jobs", SEE_JOBS)
pages.nav(10, _l("Auditoría"), "account.audit", READ_AUDIT)

#: A run that said nothing for so long is shown as silent.
SILENT_AFTER = timedelta(minutes=5)
AUDIT_PAGE = 50


def _state(run: JobRun) -> tuple[str, str]:
    if run.state == "DONE":
        return _("Terminó"), "good"
    if run.state == "FAILED":
        return _("Falló"), "urgent"
    if clock.real_now() - run.beat_at > SILENT_AFTER:
        return _("Sin señales"), "warning"
    return _("En curso"), "info"


@blueprint.get("/jobs")
@needs(SEE_JOBS)
def jobs() -> ResponseReturnValue:
    """What waits, what ran last, what was given up: four statements whatever the rows."""
    moment = clock.real_now()
    waits = [
        {"queue": q, "late": None if q.oldest_due_at is None else moment - q.oldest_due_at}
        for q in queries.queues()
    ]
    return render_template(
        "accounts/jobs.html", page_title=_("Trabajos"), queues=waits, failed=queries.failed_messages(),
        runs=[{"run": run, "state": _state(run)} for run in queries.last_runs()],
        failures=queries.failed_runs(), timezone=timezone(),
    )  # fmt: skip


@blueprint.post("/jobs/<uuid:row_id>/retry")
@needs(SEE_JOBS)
@commits
def retry(row_id: UUID) -> ResponseReturnValue:
    """Put a message that was given up back into its queue, due now."""
    row = session.get(outbox.OutboxRow, row_id)
    if row is None:
        raise NotYours
    if row.failed_at is None:
        flash(_("Este mensaje ya está de nuevo en su cola."), "info")
    else:
        outbox.retry(row_id)
        audit.record("retried", "outbox", row_id, row.topic)
        flash(_("El mensaje volvió a su cola."), "good")
    return redirect(url_for("account.jobs"))


@blueprint.get("/audit", endpoint="audit")
@needs(READ_AUDIT)
@records_view
def audit_page() -> ResponseReturnValue:
    """Who looked at what and who did what, newest first; looking is recorded as well."""
    form = AuditForm(request.args)
    actor = (form.actor.data or "").strip().lower() or None
    subject, before = _id(form.subject_id.data), _id(request.args.get("before"))
    kind = form.kind.data if form.kind.data in ACT_KINDS else None
    wanted = queries.audit_rows(access.current(), actor=actor, subject_id=subject, kind=kind, before=before)
    found = session.scalars(wanted.limit(AUDIT_PAGE + 1)).all()
    shown, more = found[:AUDIT_PAGE], len(found) > AUDIT_PAGE
    audit.record("viewed", "audit", subject, actor and "actor")
    asked = {k: v for k, v in (("actor", actor), ("subject_id", subject), ("kind", kind)) if v}

    def without(name: str) -> str:
        return f"{request.path}?{urlencode({k: v for k, v in asked.items() if k != name})}"

    return render_template(
        "accounts/audit.html", page_title=_("Auditoría"), rows=shown, form=form, timezone=timezone(),
        active=[
            {"label": kind_label(str(value)) if name == "kind" else str(value), "remove_href": without(name)}
            for name, value in asked.items()
        ],
        first_href=f"{request.path}?{urlencode(asked)}" if before else None,
        next_href=f"{request.path}?{urlencode({**asked, 'before': shown[-1].id})}" if more else None,
    )  # fmt: skip


def kind_label(kind: str) -> str:
    """What a group of acts is called."""
    return str(ACT_WORDS.get(kind) or _("Otro acto"))


def _id(text: str | None) -> UUID | None:
    try:
        return UUID((text or "").strip())
    except ValueError:
        return None
