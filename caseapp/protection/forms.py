"""Forms of screening: the conditions, one section of a questionnaire, what is decided at the end; and of needs.

A section's form is made from the questionnaire. Each question may also be answered with one of the four blanks,
which stand apart from its answers and from each other; left empty it counts as not asked yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wtforms import (
    DateField,
    DateTimeLocalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, Optional

from caseapp.core import reference
from caseapp.core.errors import Refused
from caseapp.core.forms import CheckField, CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _, _l, language
from caseapp.core.reference import Question
from caseapp.core.reference.questions import BLANKS, Answer
from caseapp.people.inputs import codes
from caseapp.protection.rules import Conditions, Decision, Proposed
from caseapp.protection.service import asking_detail

BLANK = "-blank"
MINUTE = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]


class StartForm(Form):
    alone = RadioField(
        _l("¿Está a solas con la persona?"), choices=lambda: reference.choices("screening_alone"),
        validators=[required(_l("Indique si está a solas con la persona."))],
    )  # fmt: skip
    private_place = RadioField(
        _l("¿Nadie más puede oír ni ver?"), choices=lambda: reference.choices("yes_no"),
        validators=[required(_l("Indique si el lugar es privado."))],
    )  # fmt: skip
    interpreter = RadioField(
        _l("¿Quién interpreta?"), choices=lambda: reference.choices("interpreter_kind"),
        validators=[required(_l("Indique quién interpreta."))],
    )  # fmt: skip
    interviewer_as_wished = RadioField(
        _l("¿Quien entrevista es del sexo que la persona prefiere?"), choices=lambda: _as_wished(("NOT_ASKED",)),
        validators=[required(_l("Indique si se le preguntó."))],
    )  # fmt: skip
    interpreter_as_wished = RadioField(
        _l("¿Quien interpreta es del sexo que la persona prefiere?"),
        choices=lambda: _as_wished(("NOT_ASKED", "NOT_APPLICABLE")),
        validators=[required(_l("Indique si se le preguntó."))],
    )  # fmt: skip

    def conditions(self) -> Conditions:
        return Conditions(
            self.alone.data, self.private_place.data, self.interpreter.data,
            self.interviewer_as_wished.data, self.interpreter_as_wished.data,
        )  # fmt: skip


def _as_wished(blanks: Iterable[str]) -> list[tuple[str, str]]:
    return [*reference.choices("yes_no"), *((b, reference.label("blanks", b)) for b in blanks)]


# -- a section of the questionnaire -------------------------------------------------------------------
def section_form(questions: Sequence[Question], **given: Any) -> Form:
    """The form of these questions; `given` as for any form."""
    fields: dict[str, Any] = {"version": HiddenField(), "read_version": VersionedForm.read_version}
    for question in questions:
        fields |= _fields(question)
    made = type("SectionForm", (Form,), fields)
    return made(**given)


def _fields(question: Question) -> dict[str, Any]:
    lang = language()
    words, hint = question.words(lang), question.hint(lang) if question.hint else ""
    blanks = dict(reference.choices("blanks"))
    options = {o.code: o.words(lang) for o in question.options}
    if question.type in ("yes_no", "choice"):
        field = RadioField(words, choices={**options, **blanks}, description=hint, validators=[Optional()])
        return {question.id: field}
    blank = RadioField(_("Sin respuesta, por qué"), choices=blanks, validators=[Optional()])
    if question.type == "multi":
        return {question.id: CheckField(words, choices=options, description=hint), question.id + BLANK: blank}
    return {
        question.id: StringField(words, description=hint, validators=[Length(max=400)]),
        question.id + BLANK: blank,
    }


def section_data(questions: Sequence[Question], answers: Mapping[str, Answer]) -> dict[str, Any]:
    """What fills a section's form from the answers kept."""
    found: dict[str, Any] = {}
    for question in questions:
        answer = answers.get(question.id)
        if answer is None:
            continue
        single = question.type in ("yes_no", "choice")
        blank = isinstance(answer, str) and answer in BLANKS
        found[question.id if single or not blank else question.id + BLANK] = (
            str(answer) if question.type == "number" and not blank else answer
        )
    return found


class BothGiven(Refused):
    sentence = _l("Deje una sola respuesta: la que dijo la persona, o por qué no hay respuesta.")


class NotANumber(Refused):
    sentence = _l("Escriba solo cifras, por ejemplo 12.")


def answers_given(form: Any, questions: Sequence[Question]) -> dict[str, Answer]:
    """Question id → answer as posted; empty where nothing was chosen. Raises BothGiven, NotANumber."""
    found: dict[str, Answer] = {}
    for question in questions:
        said = form[question.id].data
        if question.type in ("yes_no", "choice"):
            found[question.id] = said or None
            continue
        blank = form[question.id + BLANK].data or None
        said = said.strip() if isinstance(said, str) else said
        if said and blank:
            raise BothGiven(field=question.id)
        if said and question.type == "number":
            if not said.isdecimal() or len(said) > 4:
                raise NotANumber(field=question.id)
            said = int(said)
        found[question.id] = said or blank if said != 0 else 0
    return found


# -- what is decided at the end -----------------------------------------------------------------------


def result_form(proposed: Sequence[Proposed], **given: Any) -> Any:
    """The form in which each proposal is decided, outcomes are added and the main one is named."""
    fields: dict[str, Any] = {"version": HiddenField(), "read_version": VersionedForm.read_version}
    for each in proposed:
        if each.firm:
            continue
        name = f"{each.kind}-{each.code}"
        fields[name] = RadioField(
            _("Decisión"),
            choices={"CONFIRMED": _("Confirmar"), "NOT_NOW": _("Ahora no")},
            validators=[Optional()],
        )
        fields[f"{name}-reason"] = CodeField(
            _("Por qué no"), list_name="need_refused_reason", validators=[Optional()]
        )
        if each.code in asking_detail():
            fields[f"{name}-detail"] = StringField(
                _("Detalle"), description=_("Por ejemplo, a qué es la alergia."), validators=[Length(max=200)]
            )
        if each.kind == "NEED":
            fields[f"{name}-priority"] = SelectField(
                _("Prioridad"), choices=dict(codes("need_priority")()), default=each.priority
            )
    known = {p.code for p in proposed if p.kind == "OUTCOME"}
    outcomes = {c: t for c, t in reference.choices("screening_outcome") if c != "INCOMPLETE"}
    others = {c: t for c, t in outcomes.items() if c not in known}
    fields["added"] = CheckField(_("Otros resultados que se cumplen"), choices=others)
    fields["main"] = SelectField(
        _("Resultado principal"), choices={"": _("Elija…"), **{c: outcomes[c] for c in outcomes if c in known}, **others},
        validators=[Optional()],
    )  # fmt: skip
    fields["incomplete_reason"] = RadioField(
        _("Por qué no se concluye"),
        choices=dict(codes("screening_incomplete_reason")()),
        validators=[Optional()],
    )
    return type("ResultForm", (Form,), fields)(**given)


def decisions_given(form: Any, proposed: Sequence[Proposed]) -> list[Decision]:
    """The decisions that were made; a proposal without one is left out."""
    found = []
    for each in proposed:
        name = f"{each.kind}-{each.code}"
        if each.firm or not form[name].data:
            continue
        confirmed = form[name].data == "CONFIRMED"
        priority = form[f"{name}-priority"].data if each.kind == "NEED" else None
        detail = form[f"{name}-detail"].data or "" if f"{name}-detail" in form else ""
        reason = form[f"{name}-reason"].data or None
        found.append(Decision(each.kind, each.code, confirmed, priority, reason, detail))
    return found


# -- needs and requirements ---------------------------------------------------------------------------
class NewNeedForm(Form):
    code = CodeField(_l("Necesidad"), list_name="need_code", validators=[required(_l("Elija la necesidad."))])
    priority = CodeField(
        _l("Prioridad"), list_name="need_priority", validators=[required(_l("Elija la prioridad."))]
    )
    reason = TextAreaField(
        _l("Por qué"), description=_l("Escriba lo que la persona dijo o lo que usted vio. Queda cifrado en el expediente."),
        validators=[required(_l("Escriba por qué.")), Length(max=1000)],
    )  # fmt: skip


class NeedForm(VersionedForm):
    priority = CodeField(_l("Prioridad"), list_name="need_priority", blank=None)
    reason = TextAreaField(_l("Por qué"), validators=[required(_l("Escriba por qué.")), Length(max=1000)])


class EndNeedForm(VersionedForm):
    how = RadioField(
        _l("Cómo termina"), choices=lambda: [("MET", _l("Se atendió")), ("ENDED", _l("Ya no existe, o no era así"))],
        validators=[required(_l("Indique cómo termina."))],
    )  # fmt: skip
    end_reason = CodeField(
        _l("Por qué ya no existe"), list_name="need_refused_reason", validators=[Optional()]
    )


class RequirementForm(Form):
    requirement = CodeField(
        _l("Requisito"), list_name="placement_requirement", validators=[required(_l("Elija el requisito."))]
    )
    detail = StringField(
        _l("Detalle"), description=_l("Solo lo que el lugar debe saber, sin diagnóstico; por ejemplo, a qué es la alergia."),
        validators=[Length(max=200)],
    )  # fmt: skip


# -- health dates and guardians -----------------------------------------------------------------------
class MedicineForm(Form):
    until = DateField(
        _l("Hasta qué día alcanza"), validators=[required(_l("Escriba hasta qué día alcanza."))]
    )


class PregnancyForm(Form):
    weeks = IntegerField(_l("Semanas de embarazo hoy"), validators=[required(_l("Escriba cuántas semanas."))])


class IncidentForm(Form):
    at = DateTimeLocalField(
        _l("Cuándo ocurrió"), format=MINUTE, validators=[required(_l("Escriba el día y la hora, aunque sea aproximada."))]
    )  # fmt: skip


class GuardianForm(Form):
    name = StringField(
        _l("Quién ejerce la tutela: nombre, cargo y teléfono"),
        validators=[required(_l("Escriba quién ejerce la tutela y cómo se le localiza.")), Length(max=200)],
    )
    authority = StringField(
        _l("Autoridad que la asignó"),
        validators=[required(_l("Escriba qué autoridad la asignó.")), Length(max=200)],
    )
    at = DateTimeLocalField(
        _l("Cuándo se asignó"), format=MINUTE, validators=[required(_l("Escriba el día y la hora."))]
    )
