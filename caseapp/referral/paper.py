"""The inter-agency referral form on paper: three copies in Spanish and English from the same data (PDF/UA).

The sender's is the record; the receiver's carries requirements and the chosen items only; the client's says when and
under which number, and nothing that endangers whoever is found with it. Needs, and with them every code of protection,
are on none of them. Nothing that is sealed is printed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typst
from flask_babel import force_locale

from caseapp.accounts.queries import timezone_of
from caseapp.core import clock, reference
from caseapp.core.i18n import _
from caseapp.core.pages import day, moment
from caseapp.people import queries as people_queries
from caseapp.referral import errors, present
from caseapp.referral.models import Referral

COPIES = ("sender", "receiver", "client")
TEMPLATE = Path(__file__).resolve().parents[2] / "templates" / "print" / "referral.typ"


@dataclass
class Section:
    """A part of a copy: sentences, lines of label and value, people."""

    title: str
    words: list[str] = field(default_factory=list)
    rows: list[tuple[str, str]] = field(default_factory=list)
    people: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Paper:
    """What a copy says, in one language."""

    title: str
    lead: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    foot: str = ""


def may_print(found: Referral) -> bool:
    """Sent, and neither a protected service nor a protected receiver: what is sealed never lies on a table."""
    sealed = "S" in reference.code("service_kind", found.kind).flags
    sealed_team = "S" in reference.code("team_type", found.to_team.type).flags
    return found.sent_at is not None and not sealed and not sealed_team


def pdf(found: Referral, copy: str, language: str) -> bytes:
    """A copy (`sender`, `receiver`, `client`) as PDF/UA in `es` or `en`. Raises `NotOnPaper`."""
    if not may_print(found):
        raise errors.NotOnPaper
    with force_locale(language):
        paper = {"sender": _of_sender, "receiver": _of_receiver, "client": _of_client}[copy](found)
    told = {**vars(paper), "lang": language, "sections": [vars(s) for s in paper.sections]}
    return bytes(
        typst.compile(
            TEMPLATE.read_bytes(), format="pdf", pdf_standards=["ua-1"], ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(told)},
        )
    )  # fmt: skip


def _facts(found: Referral, timezone: str) -> list[tuple[str, str]]:
    rows = [
        (_("Folio"), found.number),
        (_("Prioridad"), reference.label("referral_priority", found.priority)),
        (_("Enviada"), moment(found.sent_at, timezone)),
        (_("Respuesta antes de"), moment(found.due_at, timezone)),
        (_("Servicio"), reference.label("service_kind", found.sector)),
        (_("Noches"), present.nights_of(found)),
        (_("De"), found.from_team.name),
        (_("Para"), found.to_team.name),
    ]
    return [row for row in rows if row[1]]


def _people(found: Referral, *, numbers: bool) -> list[dict[str, Any]]:
    """The people as the receiver reads them; for the sender with the file's number and on what they were referred."""
    on = clock.today(timezone_of(found.from_team_id))
    # What was sent is frozen; a draft never comes here.
    seen = present.seen_by_receiver(found.kind, found.items, found.members, on)
    summaries = people_queries.summary_of([m.case_id for m in found.members]) if numbers else {}
    grounds = {m.case_id: _ground(m) for m in found.members}
    shown = []
    for one in seen:
        lines = [one.facts, *one.life, one.requirements, *one.contact, *one.documents]
        if numbers and one.case_id in summaries:
            lines += [_("Expediente %(number)s", number=summaries[one.case_id].number), grounds[one.case_id]]
        shown.append({"name": one.name, "lines": [line for line in lines if line]})
    return shown


def _ground(member: Any) -> str:
    if member.basis:
        return _("Base legal: %(basis)s", basis=reference.label("no_consent_basis", member.basis))
    if member.consent_id:
        return _("Dio su consentimiento")
    return _("Va con el consentimiento de su madre, padre o tutora")


def _of_sender(found: Referral) -> Paper:
    timezone = timezone_of(found.from_team_id)
    items = [present.item_texts()[i] for i in found.items]
    answer = [
        (_("Respuesta"), reference.label("referral_state", found.state)),
        (_("Respondida"), moment(found.answered_at, timezone)),
        (_("Cómo"), reference.label("answer_channel", found.answer_channel) if found.answer_channel else ""),
        (_("Quién respondió"), found.answered_by_name or ""),
        (_("Motivo"), present.reason_text(found, own=False)),
        (_("Qué lo haría posible"), present.unlocks_text(found)),
    ]
    return Paper(
        _("Referencia entre entidades: copia de quien envía"),
        facts=_facts(found, timezone),
        sections=[
            Section(_("Personas"), people=_people(found, numbers=True)),
            Section(_("Qué se comparte"), words=[", ".join(items)], rows=[(_("Mensaje"), found.message)] if found.message else []),
            Section(_("Respuesta"), rows=[row for row in answer if row[1]]),
        ],
        signatures=[_("Quien envía (cargo y firma)"), _("Quien autoriza compartir (firma o huella)")],
        foot=_("Guárdese en el expediente. No se entrega."),
    )  # fmt: skip


def _of_receiver(found: Referral) -> Paper:
    return Paper(
        _("Referencia entre entidades: copia de quien recibe"),
        facts=_facts(found, timezone_of(found.from_team_id)),
        sections=[
            Section(_("Personas"), people=_people(found, numbers=False)),
            Section(
                _("Respuesta"),
                words=[
                    _("Marque: se acepta · se acepta a una parte (a quiénes) · no se acepta (motivo y qué lo haría posible)."),
                    _("Nacionalidad, religión, embarazo, VIH, género, falta de papeles o de pago no son motivos."),
                ],
            ),
        ],
        signatures=[_("Quien recibe (cargo, hora y firma)")],
        foot=_("Contiene datos personales. Destruir cuando termine el servicio."),
    )  # fmt: skip


def _of_client(found: Referral) -> Paper:
    """When, and under which number; never who, where, why or by whom."""
    when = day(found.first_night) if found.first_night else ""
    return Paper(
        _("Su comprobante"),
        lead=_("Guárdelo solo si le sirve y si es seguro para usted. Puede decir que no y no llevarlo."),
        facts=[row for row in ((_("Folio"), found.number), (_("Le esperan desde el"), when)) if row[1]],
        sections=[
            Section(
                _("Lo que puede hacer"),
                words=[
                    _("Puede cambiar de opinión en cualquier momento. Decir que no, no le quita nada."),
                    _("Si necesita algo, pregunte con este folio a la persona que le atendió."),
                ],
            )
        ],
        foot=_("Entregado el %(day)s", day=day(clock.today(timezone_of(found.from_team_id)))),
    )  # fmt: skip
