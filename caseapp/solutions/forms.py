"""Forms of solutions: agree on a plan, record the next step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import FormField, SelectField

from caseapp.core import reference
from caseapp.core.forms import CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _, _l
from caseapp.people.inputs import DatePart
from caseapp.solutions.rules import PATHWAYS


class PlanForm(Form):
    pathway = CodeField(
        _l("Vía"), list_name="solution_pathway", only=PATHWAYS, validators=[required(_l("Elija la vía."))]
    )
    on = FormField(DatePart)


class StepForm(VersionedForm):
    """The step is one of those that the rules let follow."""

    step = SelectField(_l("Paso"), choices={}, validators=[required(_l("Elija el paso."))])
    on = FormField(DatePart)


def step_form(steps: Iterable[str], *args: Any, **given: Any) -> StepForm:
    """The form with these steps to choose from."""
    wanted = set(steps)
    made = StepForm(*args, **given)
    made.step.choices = {
        "": _("Elija…"),
        **{c: t for c, t in reference.choices("solution_step") if c in wanted},
    }
    return made
