"""Forms of commitments and cooperation: shape only. Each says that nothing of a person belongs here."""

from __future__ import annotations

import re
from typing import Any

from flask_wtf.file import FileField
from wtforms import DateField, DecimalField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from caseapp.commitments import linked, rules
from caseapp.core import reference
from caseapp.core.forms import CheckField, CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _, _l

PERIOD = Regexp(re.compile(f"^{rules.PERIOD.pattern}$"), message=_l("Escriba 2025, 2025-Q3 o 2025-09."))
CURRENCY = Regexp(r"^[A-Z]{3}$", message=_l("La moneda son tres letras, por ejemplo USD."))


def _amount(label: Any) -> DecimalField:
    return DecimalField(
        label,
        places=2,
        validators=[InputRequired(_l("Escriba un monto, o 0.")), NumberRange(0, rules.LARGEST_AMOUNT)],
    )


def _scale() -> list[tuple[str, str]]:
    return [
        (row.extra["score"], f"{row.extra['score']} · {row.extra['percent']} % · {row.label()}")
        for row in reference.codes("commitment_scale")
    ]


def _indicators() -> list[tuple[str, str]]:
    return [("", _("Elija…")), *((code, f"{code} {name}") for code, name in linked.indicators().items())]


def country_choices(codes: Any) -> list[tuple[str, str]]:
    """Countries by name; REG is the region."""
    return [(code, _("Región") if code == rules.REGION else reference.country_label(code)) for code in codes]


class TextForm(VersionedForm):
    """What a commitment says."""

    pillar = CodeField(_l("Pilar"), list_name="mirps_pillar", validators=[required(_l("Elija el pilar."))])
    commitment_class = CodeField(_l("Clase"), list_name="commitment_class", blank=None, default="COUNTRY")
    text_es = TextAreaField(
        _l("Compromiso, en español"),
        validators=[required(_l("Escriba el compromiso.")), Length(max=1000)],
        description=_l("Es público: palabras de la institución, nada de personas."),
    )
    text_en = TextAreaField(_l("Compromiso, en inglés"), validators=[Length(max=1000)])
    owner = StringField(_l("Institución responsable"), validators=[Length(max=200)])
    partners = StringField(
        _l("Socios"), validators=[Length(max=500)], description=_l("Separados por punto y coma.")
    )
    starts_on = DateField(_l("Inicio"), validators=[Optional()])
    due_on = DateField(_l("Fecha límite"), validators=[Optional()])

    @classmethod
    def said(cls, name: str) -> Any:
        """The label of a field, without a form."""
        return getattr(cls, name).args[0]


class NewForm(TextForm):
    """A commitment that is not there yet: whose, and its code."""

    country = SelectField(_l("País"), validators=[required(_l("Elija el país."))])
    code = StringField(
        _l("Código"),
        validators=[
            required(_l("Escriba el código.")),
            Regexp(r"^[A-Za-z0-9][A-Za-z0-9./_-]{0,39}$", message=_l("Escriba un código de letras, cifras, punto o guion.")),
        ],
        description=_l("Como en la matriz del país, por ejemplo P1-03."),
    )  # fmt: skip


class EvidenceForm(Form):
    """Paper of an institution."""

    kind = CodeField(
        _l("Qué es"),
        list_name="commitment_evidence_kind",
        only=("DOCUMENT", "LINK", "RECORD"),
        validators=[required()],
    )
    title = StringField(
        _l("Título o referencia"),
        validators=[required(_l("Escriba el título o la referencia.")), Length(max=300)],
        description=_l("Documento de una institución pública. Nunca de una persona: ni nombres, ni listas, ni expedientes."),
    )  # fmt: skip
    issued_on = DateField(_l("Fecha del documento"), validators=[InputRequired(_l("Escriba la fecha."))])
    url = StringField(_l("Enlace"), validators=[Length(max=1000)], description=_l("Empieza con https://"))
    file = FileField(_l("Archivo"), description=_l("PDF, PNG o JPEG, hasta 5 MB, sin datos de personas."))


class ScoreForm(Form):
    """A score with its reason and evidence."""

    score = RadioField(
        _l("Calificación"), choices=_scale, validators=[InputRequired(_l("Elija la calificación."))]
    )
    scored_on = DateField(_l("Vale desde"), validators=[InputRequired(_l("Escriba la fecha."))])
    evidence = SelectField(_l("Evidencia"), validators=[required(_l("Elija la evidencia."))])
    reason = TextAreaField(
        _l("Por qué"), validators=[required(_l("Escriba el motivo.")), Length(max=1000)],
        description=_l("Es público: nada de personas."),
    )  # fmt: skip


class ReviewForm(Form):
    """Another person's word on a proposal."""

    outcome = RadioField(
        _l("Decisión"),
        choices=lambda: [("CONFIRM", _("Confirmar")), ("RETURN", _("Devolver"))],
        validators=[InputRequired(_l("Elija confirmar o devolver."))],
    )
    note = TextAreaField(
        _l("Nota"), validators=[Length(max=1000)], description=_l("Si devuelve, escriba qué falta.")
    )


class TargetForm(Form):
    """What an indicator is to reach by a period."""

    indicator = SelectField(
        _l("Indicador"), choices=_indicators, validators=[required(_l("Elija el indicador."))],
        description=_l("Al lado de la meta se ve lo que el país publica de él."),
    )  # fmt: skip
    period = StringField(_l("Periodo"), validators=[required(), PERIOD])
    target = DecimalField(
        _l("Meta"), places=2, validators=[InputRequired(), NumberRange(0, rules.LARGEST_AMOUNT)]
    )


class CostForm(Form):
    """What a commitment costs in a year and what of it is there."""

    year = IntegerField(_l("Año"), validators=[InputRequired(_l("Escriba el año.")), NumberRange(2013, 2100)])
    currency = StringField(_l("Moneda"), validators=[required(), CURRENCY], default="USD")
    budgeted = _amount(_l("Presupuesto"))
    funded = _amount(_l("Financiado"))
    source = StringField(
        _l("Fuente"), validators=[required(_l("Escriba de dónde sale el dato.")), Length(max=300)]
    )


class WithdrawForm(Form):
    """Why a commitment no longer stands, and since when."""

    withdrawn_on = DateField(_l("Desde"), validators=[InputRequired(_l("Escriba la fecha."))])
    reason = TextAreaField(_l("Motivo"), validators=[required(_l("Escriba el motivo.")), Length(max=1000)])


class ImportForm(Form):
    """A matrix."""

    file = FileField(
        _l("Matriz"), description=_l("CSV en UTF-8 o XLSX, con los nombres de columna de la plantilla.")
    )
    dry_run = CheckField(
        _l("Antes de guardar"), choices=lambda: [("yes", _("Solo revisar, sin guardar nada"))]
    )


# -- cooperation -----------------------------------------------------------------------------------------
class LineForm(VersionedForm):
    """What every line of a register says."""

    country = SelectField(_l("De quién es el registro"), validators=[required(_l("Elija el país."))])


def _commitment() -> SelectField:
    return SelectField(
        _l("Para qué compromiso"), validators=[Optional()],
        description=_l("Si es para uno; su página lo muestra."),
    )  # fmt: skip


class ActorForm(LineForm):
    name = StringField(
        _l("Nombre"),
        validators=[required(), Length(max=200)],
        description=_l("Una institución, no una persona."),
    )
    kind = CodeField(_l("Tipo"), list_name="cooperation_actor_kind", validators=[required()])
    website = StringField(
        _l("Sitio web"), validators=[Optional(), Regexp(r"^https?://\S+$", message=_l("El enlace empieza con https:// o http://."))]
    )  # fmt: skip
    source = StringField(_l("Fuente"), validators=[Length(max=300)])


class PledgeForm(LineForm):
    actor_id = SelectField(_l("Quién aporta"), validators=[required(_l("Elija el actor."))])
    purpose = StringField(_l("Para qué"), validators=[required(), Length(max=300)])
    pledged_on = DateField(_l("Fecha de la promesa"), validators=[InputRequired()])
    currency = StringField(_l("Moneda"), validators=[required(), CURRENCY], default="USD")
    pledged = _amount(_l("Prometido"))
    received = _amount(_l("Recibido"))
    commitment_id = _commitment()
    source = StringField(_l("Fuente"), validators=[Length(max=300)])


class PlacesForm(LineForm):
    scheme = CodeField(_l("Vía"), list_name="cooperation_scheme", validators=[required()])
    offered_by = SelectField(_l("País que ofrece"), validators=[required()])
    period = StringField(
        _l("Periodo"),
        validators=[required(), Regexp(r"^\d{4}(-Q[1-4])?$", message=_l("Escriba 2025 o 2025-Q3."))],
    )
    offered = IntegerField(
        _l("Plazas ofrecidas"), validators=[InputRequired(), NumberRange(0, 10**6)],
        description=_l("Cifra pública del país que ofrece; nunca un recuento de expedientes."),
    )  # fmt: skip
    used = IntegerField(_l("Plazas usadas"), validators=[InputRequired(), NumberRange(0, 10**6)])
    source = StringField(
        _l("Fuente"), validators=[required(_l("Escriba de dónde sale el dato.")), Length(max=300)]
    )


class ExchangeForm(LineForm):
    topic = StringField(_l("Tema"), validators=[required(), Length(max=300)])
    held_on = DateField(_l("Fecha"), validators=[InputRequired()])
    with_countries = StringField(
        _l("Con qué países"), validators=[required(), Regexp(r"^[A-Z]{3}([ ,;]+[A-Z]{3})*$", message=_l("Escriba códigos de tres letras, por ejemplo COL, CRI."))],
        description=_l("Códigos de tres letras, por ejemplo COL, CRI."),
    )  # fmt: skip
    follow_up = TextAreaField(_l("Qué siguió"), validators=[Length(max=1000)])
    source = StringField(_l("Fuente"), validators=[Length(max=300)])


class MeetingForm(LineForm):
    title = StringField(_l("Reunión"), validators=[required(), Length(max=300)])
    body = StringField(_l("Instancia"), validators=[required(), Length(max=200)])
    held_on = DateField(_l("Fecha"), validators=[InputRequired()])
    source = StringField(_l("Fuente"), validators=[Length(max=300)])


class ActionForm(LineForm):
    meeting_id = SelectField(_l("Reunión"), validators=[required(_l("Elija la reunión."))])
    text = TextAreaField(_l("Qué se acordó"), validators=[required(), Length(max=1000)])
    owner = StringField(_l("Institución responsable"), validators=[required(), Length(max=200)])
    due_on = DateField(_l("Fecha límite"), validators=[InputRequired()])
    done_on = DateField(_l("Hecho el"), validators=[Optional()])
    commitment_id = _commitment()
    source = StringField(_l("Fuente"), validators=[Length(max=300)])


class TrainingForm(LineForm):
    topic = StringField(_l("Tema"), validators=[required(), Length(max=300)])
    held_on = DateField(_l("Fecha"), validators=[InputRequired()])
    institution = StringField(_l("Institución capacitada"), validators=[required(), Length(max=200)])
    participants = IntegerField(_l("Participantes"), validators=[InputRequired(), NumberRange(0, 10**6)])
    source = StringField(_l("Fuente"), validators=[Length(max=300)])
