"""Forms of the claim: begin it, record a step, change who is in it."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, FormField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput, ListWidget

from caseapp.core import reference
from caseapp.core.forms import CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _l
from caseapp.people.inputs import DatePart, ListField, WholeField
from caseapp.people.rules import GROUNDS
from caseapp.procedure.rules import (
    APPLICATION_TYPES,
    CLOSURE_GROUPS,
    LEAVE_OUTCOMES,
    LEFT_REASONS,
    OUTCOMES,
    REOPENING,
)


class PeopleField(SelectMultipleField):  # type: ignore[misc]
    """Who of the household: a box for each."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class BeginForm(Form):
    """An intention or a lodged claim; `first` are the steps with which the country lets a claim begin."""

    step = RadioField(_l("Qué pasó"), validators=[required(_l("Elija qué pasó."))])
    application_type = CodeField(
        _l("Tipo de solicitud"), list_name="claim_application_type", only=APPLICATION_TYPES, blank=None
    )
    on = FormField(DatePart)
    beside = PeopleField(_l("Quién más va en esta solicitud"), choices=())

    def offer(self, first: tuple[str, ...], people: list[tuple[str, str]]) -> BeginForm:
        self.step.choices = [(step, reference.label("claim_step", step)) for step in first]
        if self.step.data is None and len(first) == 1:
            self.step.data = first[0]
        self.beside.choices = people
        return self


class StepForm(VersionedForm):
    """A step that is only its date."""

    on = FormField(DatePart)


class DecisionForm(StepForm):
    code = CodeField(
        _l("Resolución"),
        list_name="decision_outcome",
        only=OUTCOMES,
        validators=[required(_l("Elija la resolución."))],
    )


class CloseForm(StepForm):
    code = CodeField(
        _l("Por qué se cierra la solicitud"), list_name="claim_closure_reason", only=tuple(CLOSURE_GROUPS),
        validators=[required(_l("Elija por qué se cierra."))],
    )  # fmt: skip


class ReopenForm(StepForm):
    code = CodeField(
        _l("Por qué se reabre la solicitud"), list_name="reopen_reason", only=REOPENING,
        validators=[required(_l("Elija el motivo."))],
    )  # fmt: skip


class JoinForm(VersionedForm):
    """Somebody of the household joins."""

    person = RadioField(_l("Quién se une"), validators=[required(_l("Elija a la persona."))])
    on = FormField(DatePart)

    def offer(self, people: list[tuple[str, str]]) -> JoinForm:
        self.person.choices = people
        return self


class LeaveClaimForm(VersionedForm):
    """Somebody leaves; the claim goes on."""

    person = RadioField(_l("Quién sale"), validators=[required(_l("Elija a la persona."))])
    reason = CodeField(
        _l("Motivo"), list_name="claim_left_reason", only=LEFT_REASONS,
        validators=[required(_l("Elija el motivo."))],
    )  # fmt: skip
    on = FormField(DatePart)

    def offer(self, people: list[tuple[str, str]]) -> LeaveClaimForm:
        self.person.choices = people
        return self


FORMS: dict[str, type[StepForm]] = {"DECISION": DecisionForm, "CLOSED": CloseForm, "REOPENED": ReopenForm}


def form_of(step: str, *args: Any, **kwargs: Any) -> StepForm:
    """The form that a step asks for."""
    return FORMS.get(step, StepForm)(*args, **kwargs)


class IssueForm(Form):
    """A document that the person was given."""

    document_type = SelectField(_l("Documento"), validators=[required(_l("Elija el documento."))])
    number = StringField(_l("Número"), validators=[Length(max=60)])
    on = FormField(DatePart)
    valid_to = FormField(DatePart)

    def offer(self, types: tuple[str, ...]) -> IssueForm:
        self.document_type.choices = [
            ("", str(_l("Elija…"))), *((code, reference.label("document_type", code)) for code in types)
        ]  # fmt: skip
        return self


class RenewForm(StepForm):
    """Another validity."""

    valid_to = FormField(DatePart)


class SignForm(Form):
    """A periodic signature."""

    excused = BooleanField(_l("Fue dispensada por la autoridad"))
    on = FormField(DatePart)


class IntervalForm(Form):
    """How often people sign at an office."""

    days = WholeField(_l("Cada cuántos días se firma"), validators=[required()], example="15")
    on = FormField(DatePart)


class AskLeaveForm(Form):
    """Leave to go to another state."""

    to_admin1 = ListField(_l("A qué estado"), list, validators=[required(_l("Elija el estado."))])
    on = FormField(DatePart)

    def offer(self, country: str) -> AskLeaveForm:
        self.to_admin1.options = lambda: [(a.pcode, a.name) for a in reference.admin1(country)]
        return self


class MoveAtOnceForm(Form):
    """A move to another state without leave."""

    to_admin1 = ListField(_l("A qué estado"), list, validators=[required(_l("Elija el estado."))])
    ground = CodeField(
        _l("Quién corre riesgo"), list_name="movement_ground", only=GROUNDS,
        validators=[required(_l("Elija quién corre riesgo."))],
    )  # fmt: skip
    authority = StringField(
        _l("Qué autoridad responde: nombre, cargo e institución"),
        validators=[
            required(_l("Escriba qué autoridad responde: nombre, cargo e institución.")),
            Length(max=200),
        ],
    )
    beside = PeopleField(_l("Quién más de la familia va"), choices=())
    on = FormField(DatePart)

    def offer(self, country: str, people: list[tuple[str, str]]) -> MoveAtOnceForm:
        self.to_admin1.options = lambda: [(a.pcode, a.name) for a in reference.admin1(country)]
        self.beside.choices = people
        return self


class DecideLeaveForm(StepForm):
    """What the authority decided."""

    outcome = CodeField(
        _l("Qué se decidió"), list_name="leave_outcome", only=LEAVE_OUTCOMES,
        validators=[required(_l("Elija qué se decidió."))],
    )  # fmt: skip


class PlaceField(ListField):
    """A municipality of a state that was chosen before, or the state where it has none."""

    def of(self, admin1: str) -> PlaceField:
        found = [(a.pcode, a.name) for a in reference.admin2(admin1)]
        self.options = lambda: found or [(admin1, reference.admin1_named(admin1).name)]
        return self


class DisplacementForm(Form):
    place = PlaceField(_l("Municipio que dejó"), list, validators=[required(_l("Elija el municipio."))])
    on = FormField(DatePart)


class PropertyForm(Form):
    kind = CodeField(
        _l("Qué bien"), list_name="property_kind", validators=[required(_l("Elija qué bien es."))]
    )
    tenure = CodeField(
        _l("Con qué título lo tenía"),
        list_name="property_tenure",
        validators=[required(_l("Elija el título."))],
    )
    happened = CodeField(
        _l("Qué pasó con él"), list_name="property_state", validators=[required(_l("Elija qué pasó."))]
    )
    place = PlaceField(_l("Municipio"), list, validators=[required(_l("Elija el municipio."))])
    whereabouts = StringField(
        _l("Dónde está exactamente y qué papeles hay"),
        description=_l("Queda cifrado y solo se lee en la página de este bien."), validators=[Length(max=500)],
    )  # fmt: skip
    on = FormField(DatePart)


class MeasureForm(StepForm):
    measure = CodeField(
        _l("Medida de protección"), list_name="property_measure", blank=None,
        validators=[required(_l("Elija la medida."))],
    )  # fmt: skip


class ReceptionForm(Form):
    from_country = ListField(_l("De qué país volvió"), list, validators=[required(_l("Elija el país."))])
    how = CodeField(
        _l("Cómo volvió"), list_name="returned_how", validators=[required(_l("Elija cómo volvió."))]
    )
    on = FormField(DatePart)
