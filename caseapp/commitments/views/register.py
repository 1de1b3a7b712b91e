"""A commitment's page and what can be written on it: text, evidence, scores and their review, targets, costs."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.commitments import forms, present, queries
from caseapp.commitments.access import EDIT, READ, REVIEW, written_by
from caseapp.commitments.models import Commitment
from caseapp.commitments.rules import ScoreState, is_old
from caseapp.commitments.service import keeping, scoring
from caseapp.commitments.views import blueprint, means, past
from caseapp.commitments.views.answering import answered, form_page, kept, url_of
from caseapp.core import access, audit, clock, pages, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.i18n import _

TAGS = {"PROPOSED": "warning", "CONFIRMED": "good", "RETURNED": "urgent"}


@blueprint.get("/commitments/<uuid:commitment_id>")
@needs(READ)
def show(commitment_id: UUID) -> ResponseReturnValue:
    """One commitment: what it says, where it stands, its evidence, its scores, targets and costs."""
    who = access.current()
    row = queries.commitment(who, commitment_id)
    lines, proofs = queries.history(row.id), queries.evidence(row.id)
    now = next((line.row for line in lines if line.row.state == ScoreState.CONFIRMED), None)
    keeps = row.country in written_by(who) and row.withdrawn_on is None
    newest = max((p.issued_on for p in proofs if p.kind != "MATRIX"), default=None)
    return render_template(
        "commitments/show.html", page_title=f"{row.code} · {present.country(row.country)}", row=row, text=present.text(row),
        summary=_summary(row), standing=present.light(now.score) if now else None, since=now.scored_on if now else None,
        history=[_score(line, who) for line in lines], evidence=[_proof(p) for p in proofs], is_old=is_old(newest, clock.today()),
        targets=means.targets(row), costs=means.costs(row), past=past.changes(row.id), helped=past.cooperation(row.id),
        may_edit=keeps and who.may(EDIT), may_review=keeps and who.may(REVIEW),
    )  # fmt: skip


def _summary(row: Commitment) -> list[dict[str, Any]]:
    found = [
        (_("Pilar"), present.pillar(row.pillar)),
        (_("Clase"), reference.label("commitment_class", row.commitment_class)),
        (_("Institución responsable"), row.owner or "—"),
        (_("Socios"), "; ".join(row.partners) or "—"),
        (_("Inicio"), pages.day(row.starts_on) or "—"),
        (_("Fecha límite"), pages.day(row.due_on) or "—"),
        (_("Procede de"), row.source or "—"),
    ]
    if row.withdrawn_on:
        found.append((_("Retirado"), f"{pages.day(row.withdrawn_on)}: {row.withdrawn_reason}"))
    return [{"label": label, "value": value} for label, value in found]


def _score(line: queries.ScoreLine, who: access.Principal) -> dict[str, Any]:
    row = line.row
    return {
        "id": row.id, "light": present.light(row.score), "day": pages.day(row.scored_on), "reason": row.reason,
        "author": line.author or _("Lectura de archivo"), "reviewer": line.reviewer or "—", "note": row.review_note or "",
        "state": reference.label("commitment_score_state", row.state), "kind": TAGS[row.state], "evidence": line.evidence,
        "is_waiting": row.state == ScoreState.PROPOSED, "own": row.author_id is not None and row.author_id == who.user_id,
    }  # fmt: skip


def _proof(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "title": row.title, "kind": reference.label("commitment_evidence_kind", row.kind),
        "day": pages.day(row.issued_on), "url": row.url, "file": row.file_name,
    }  # fmt: skip


# -- forms -----------------------------------------------------------------------------------------------
def _texts(form: forms.TextForm) -> dict[str, Any]:
    return {
        "pillar": int(form.pillar.data.removeprefix("P")), "commitment_class": form.commitment_class.data,
        "text_es": form.text_es.data.strip(), "text_en": (form.text_en.data or "").strip() or None,
        "owner": (form.owner.data or "").strip() or None,
        "partners": [p for p in (p.strip() for p in re.split(r"[;|]", form.partners.data or "")) if p],
        "starts_on": form.starts_on.data, "due_on": form.due_on.data,
    }  # fmt: skip


@blueprint.route("/commitments/new", methods=["GET", "POST"])
@needs(EDIT)
@commits
def new() -> ResponseReturnValue:
    """Write a commitment."""
    form, who = forms.NewForm(), access.current()
    form.country.choices = forms.country_choices(written_by(who))

    def page(status: int = 200) -> ResponseReturnValue:
        return form_page(
            _("Escribir un compromiso"),
            form,
            url_for("commitments.listing"),
            action=_("Guardar"),
            status=status,
        )

    if request.method == "GET":
        return page()
    return answered(
        form,
        lambda: keeping.create(
            {**_texts(form), "country": form.country.data, "code": form.code.data}, by=who
        ),
        page,
        url_of,
    )


@blueprint.route("/commitments/<uuid:commitment_id>/edit", methods=["GET", "POST"])
@needs(EDIT)
@commits
def edit(commitment_id: UUID) -> ResponseReturnValue:
    """Change what a commitment says; what another person saved meanwhile is shown beside what was typed."""
    row = kept(commitment_id)
    form = forms.TextForm(
        data={
            **{n: getattr(row, n) for n in keeping.EDITABLE}, "pillar": f"P{row.pillar}", "partners": "; ".join(row.partners),
            "version": row.version,
        }
    )  # fmt: skip

    def page(status: int = 200, compare: Any = ()) -> ResponseReturnValue:
        return form_page(
            _("Cambiar %(code)s", code=row.code),
            form,
            url_of(row),
            action=_("Guardar"),
            status=status,
            compare=compare,
        )

    if request.method == "GET":
        return page()
    if form.validate_on_submit() and form.read_version() != row.version:
        form.form_errors.append(str(ChangedMeanwhile()))
        typed = _texts(form)
        form.version.raw_data, form.version.data = None, row.version
        return page(409, [_beside(name, typed[name], getattr(row, name), form) for name in keeping.EDITABLE])
    return answered(
        form,
        lambda: keeping.change(row.id, _texts(form), version=form.read_version(), by=access.current()),
        page,
        url_of,
    )


def _beside(name: str, yours: Any, saved: Any, form: Any) -> dict[str, str]:
    def said(value: Any) -> str:
        return "; ".join(value) if isinstance(value, list) else str(value or "—")

    return {"label": form[name].label.text, "yours": said(yours), "saved": said(saved)}


@blueprint.route("/commitments/<uuid:commitment_id>/evidence", methods=["GET", "POST"])
@needs(EDIT)
@commits
def add_evidence(commitment_id: UUID) -> ResponseReturnValue:
    """Add evidence."""
    row, form = kept(commitment_id), forms.EvidenceForm()

    def page(status: int = 200) -> ResponseReturnValue:
        return form_page(
            _("Agregar evidencia a %(code)s", code=row.code), form, url_of(row), action=_("Agregar"), status=status,
            lead=_("Solo documentos de instituciones públicas. Nunca nada sobre una persona: quedan a la vista de otras instituciones."),
        )  # fmt: skip

    if request.method == "GET":
        return page()
    sent = request.files.get("file")
    return answered(
        form,
        lambda: scoring.add_evidence(
            row.id, kind=form.kind.data, title=form.title.data, issued_on=form.issued_on.data, url=form.url.data or "",
            file_name=(sent.filename or "") if sent else "", content=sent.read() if sent else b"", by=access.current(),
        ),
        page, lambda _made: url_of(row),
    )  # fmt: skip


@blueprint.get("/commitments/evidence/<uuid:evidence_id>")
@needs(READ)
@records_view
def evidence_file(evidence_id: UUID) -> ResponseReturnValue:
    """The file of a piece of evidence: always saved, never opened in the page's place."""
    row = queries.file_of(access.current(), evidence_id)
    audit.record("downloaded", "commitment_evidence", row.id)
    answer = Response(row.content, mimetype=row.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=row.file_name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@blueprint.route("/commitments/<uuid:commitment_id>/score", methods=["GET", "POST"])
@needs(EDIT)
@commits
def score(commitment_id: UUID) -> ResponseReturnValue:
    """Propose a score; another person reviews it."""
    row, form = kept(commitment_id), forms.ScoreForm()
    form.evidence.choices = [("", _("Elija…"))] + [
        (str(p.id), f"{p.title} ({pages.day(p.issued_on)})") for p in queries.evidence(row.id)
    ]
    if request.method == "GET":
        form.scored_on.data = clock.today()

    def page(status: int = 200) -> ResponseReturnValue:
        return form_page(
            _("Calificar %(code)s", code=row.code), form, url_of(row), action=_("Proponer"), status=status,
            lead=_("La calificación cuenta cuando otra persona la confirma. Si falta la evidencia, agréguela antes."),
        )  # fmt: skip

    if request.method == "GET":
        return page()

    def done(_made: Any) -> str:
        flash(_("La calificación espera la revisión de otra persona."), "info")
        return url_of(row)

    return answered(
        form,
        lambda: scoring.propose(
            row.id, score=int(form.score.data), reason=form.reason.data, evidence_id=UUID(form.evidence.data),
            scored_on=form.scored_on.data, by=access.current(),
        ),
        page, done,
    )  # fmt: skip


@blueprint.route("/commitments/<uuid:commitment_id>/review", methods=["GET", "POST"])
@needs(REVIEW)
@commits
def review(commitment_id: UUID) -> ResponseReturnValue:
    """Confirm or return the score that waits."""
    row, form, who = kept(commitment_id), forms.ReviewForm(), access.current()
    waiting = next((x for x in queries.history(row.id) if x.row.state == ScoreState.PROPOSED), None)
    if waiting is None:
        flash(_("No hay calificación en espera."), "info")
        return redirect(url_of(row))
    light = present.light(waiting.row.score) or {}

    def page(status: int = 200) -> ResponseReturnValue:
        return form_page(
            _("Revisar la calificación de %(code)s", code=row.code), form, url_of(row), action=_("Guardar"), status=status,
            lead=_(
                "%(author)s propone %(score)s (%(word)s) desde el %(day)s: %(reason)s. Evidencia: %(evidence)s.",
                author=waiting.author or _("Lectura de archivo"), score=waiting.row.score, word=light["word"],
                day=pages.day(waiting.row.scored_on), reason=waiting.row.reason, evidence=waiting.evidence,
            ),
        )  # fmt: skip

    if request.method == "GET":
        return page()
    return answered(
        form,
        lambda: scoring.review(
            waiting.row.id, confirm=form.outcome.data == "CONFIRM", note=form.note.data or "", by=who
        ),
        page,
        lambda _made: url_of(row),
    )


@blueprint.route("/commitments/<uuid:commitment_id>/withdraw", methods=["GET", "POST"])
@needs(EDIT)
@commits
def withdraw(commitment_id: UUID) -> ResponseReturnValue:
    """Withdraw a commitment with a reason."""
    row, form = kept(commitment_id), forms.WithdrawForm()

    def page(status: int = 200) -> ResponseReturnValue:
        return form_page(
            _("Retirar %(code)s", code=row.code), form, url_of(row), action=_("Retirar el compromiso"), status=status, danger=True,
            lead=_("Sale de la matriz y de los promedios desde ese día, y ya no cambia. Sigue a la vista con su motivo."),
        )  # fmt: skip

    if request.method == "GET":
        return page()
    return answered(
        form,
        lambda: keeping.withdraw(row.id, form.reason.data, on=form.withdrawn_on.data, by=access.current()),
        page, lambda _made: url_of(row),
    )  # fmt: skip
