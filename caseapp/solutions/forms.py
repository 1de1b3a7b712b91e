"""Forms of solutions: agree on a plan, record the next step; permit, training and job."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import FormField, SelectField, StringField
from wtforms.validators import Length

from caseapp.core import reference
from caseapp.core.forms import CheckField, CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _, _l
from caseapp.people.inputs import DatePart
from caseapp.solutions import rules


class PlanForm(Form):
    """A pathway that is not sealed; category and priority are a resettlement's."""

    pathway = CodeField(
        _l("Vía"), list_name="solution_pathway", only=[p for p in rules.PATHWAYS if p != "PTA"],
        validators=[required(_l("Elija la vía."))],
    )  # fmt: skip
    category = CodeField(_l("Categoría principal"), list_name="resettlement_category")
    second_category = CodeField(_l("Segunda categoría"), list_name="resettlement_category")
    priority = CodeField(_l("Prioridad del reasentamiento"), list_name="resettlement_priority")
    on = FormField(DatePart)


class SealedPlanForm(PlanForm):
    """The sealed pathways."""

    pathway = CodeField(
        _l("Vía"), list_name="solution_pathway", only=("PTA",), validators=[required(_l("Elija la vía."))]
    )


class StepForm(VersionedForm):
    """The step is one of those that the rules let follow."""

    step = SelectField(_l("Paso"), choices={}, validators=[required(_l("Elija el paso."))])
    reason = CodeField(_l("Si no se sostuvo, por qué"), list_name="solution_fail_reason")
    on = FormField(DatePart)


class ReturnStepForm(VersionedForm):
    """A step of the return itself."""

    step = SelectField(_l("Paso del retorno"), choices={}, validators=[required(_l("Elija el paso."))])
    on = FormField(DatePart)


class PermitForm(VersionedForm):
    """The permit's first state, or its next."""

    state = SelectField(_l("Permiso"), choices={}, validators=[required(_l("Elija el paso."))])
    missing = CheckField(
        _l("Documentos que faltan"), choices=lambda: reference.choices("work_permit_document")
    )
    reason = CodeField(_l("Si se denegó, por qué"), list_name="work_permit_refusal")
    valid_to = FormField(DatePart)
    on = FormField(DatePart)


class EnrolForm(Form):
    kind = CodeField(
        _l("Formación"), list_name="training_kind", validators=[required(_l("Elija la formación."))]
    )
    level = CodeField(_l("Nivel de entrada"), list_name="cefr_level")
    on = FormField(DatePart)


class TrainingStepForm(VersionedForm):
    state = SelectField(_l("Paso"), choices={}, validators=[required(_l("Elija el paso."))])
    level = CodeField(_l("Nivel de salida"), list_name="cefr_level")
    reason = CodeField(_l("Si la dejó, por qué"), list_name="training_drop_reason")
    on = FormField(DatePart)


class JobForm(Form):
    form = CodeField(
        _l("Forma de empleo"), list_name="employment_form", validators=[required(_l("Elija la forma de empleo."))]
    )  # fmt: skip
    employer = StringField(_l("Quién emplea"), validators=[Length(max=200)])
    checked = FormField(DatePart)
    on = FormField(DatePart)


class JobStepForm(VersionedForm):
    state = SelectField(_l("Paso"), choices={}, validators=[required(_l("Elija el paso."))])
    reason = CodeField(_l("Si terminó, por qué"), list_name="employment_end_reason")
    on = FormField(DatePart)


def offering(made: Any, list_name: str, codes: Iterable[str], field: str = "step") -> Any:
    """The form with these codes to choose from."""
    wanted = set(codes)
    made[field].choices = {
        "": _("Elija…"),
        **{c: t for c, t in reference.choices(list_name) if c in wanted},
    }
    return made


def step_form(steps: Iterable[str], *args: Any, **given: Any) -> StepForm:
    """The form with these steps to choose from; a reason only where a failure is among them."""
    steps = set(steps)
    made: StepForm = offering(StepForm(*args, **given), "solution_step", steps)
    if "FAILED" not in steps:
        del made.reason
    return made
