"""Forms of a whole file: closing and opening again, plan, tasks, notes, alerts, approvals."""

from __future__ import annotations

from datetime import date

from wtforms import FormField, RadioField, TextAreaField
from wtforms.validators import Length

from caseapp.casefile.rules import REASONS, REOPENING
from caseapp.casefile.rules.alerts import DERIVED
from caseapp.casefile.rules.handing import DECLINING, WITHDRAWING
from caseapp.core import reference
from caseapp.core.errors import Refused
from caseapp.core.forms import CheckField, CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _l
from caseapp.people.inputs import DatePart, ListField, bases_offered


class CloseForm(VersionedForm):
    reason = CodeField(
        _l("Motivo de cierre"), list_name="case_closure_reason", only=REASONS, validators=[required(_l("Elija el motivo de cierre."))]
    )  # fmt: skip


class ReopenForm(VersionedForm):
    reason = CodeField(
        _l("Por qué se abre de nuevo"), list_name="reopen_reason", only=REOPENING, validators=[required(_l("Elija por qué se abre de nuevo."))]
    )  # fmt: skip


class DecideForm(VersionedForm):
    decision = RadioField(
        _l("Decisión"),
        choices=lambda: [("APPROVED", _l("Aprobar y cerrar el expediente")), ("REFUSED", _l("No aprobar; el expediente sigue abierto"))],
        validators=[required(_l("Elija una decisión."))],
    )  # fmt: skip


class DateWrong(Refused):
    sentence = _l("Escriba día, mes y año, por ejemplo 07 03 2025.")


def day_of(form: Form, name: str) -> date | None:
    """The date of a field in three parts, None if it is empty. Raises DateWrong beside it."""
    try:
        found: date | None = form[name].form.value()
    except ValueError:
        raise DateWrong(field=name) from None
    return found


WORDS = [Length(max=4000, message=_l("Son demasiadas palabras: a lo más 4000 letras."))]


class PlanForm(Form):
    agreed_with = CodeField(
        _l("Con quién se acuerda"), list_name="plan_agreed_with", validators=[required(_l("Elija con quién se acuerda."))]
    )  # fmt: skip
    review_on = FormField(DatePart)


class GoalForm(Form):
    words = TextAreaField(_l("Qué quiere lograr, en sus palabras"), validators=WORDS)
    need = ListField(_l("Necesidad a la que responde"), list, blank=None, default="")


class EndGoalForm(VersionedForm):
    state = CodeField(_l("Cómo quedó"), list_name="goal_state", only=("REACHED", "DROPPED"), blank=None)


class ReviewForm(VersionedForm):
    outcome = CodeField(
        _l("Cómo va el plan"), list_name="plan_review_outcome", validators=[required(_l("Elija cómo va el plan."))]
    )  # fmt: skip
    next_on = FormField(DatePart)


class TaskForm(Form):
    kind = CodeField(
        _l("Qué clase de tarea"),
        list_name="task_kind",
        validators=[required(_l("Elija qué clase de tarea es."))],
    )
    words = TextAreaField(_l("Qué hay que hacer"), validators=WORDS)
    doer = CodeField(_l("Quién la hace"), list_name="task_doer", blank=None, default="TEAM")
    assigned_to = ListField(_l("A cargo de"), list, blank=None, default="")
    goal = ListField(_l("Meta del plan"), list, blank=None, default="")
    due_on = FormField(DatePart)


class ReassignForm(VersionedForm):
    assigned_to = ListField(_l("A cargo de"), list, blank=None, default="")


class FinishForm(VersionedForm):
    outcome = CodeField(
        _l("Qué resultó"), list_name="task_outcome", validators=[required(_l("Elija qué resultó."))]
    )  # fmt: skip


class NoteForm(Form):
    words = TextAreaField(_l("Nota"), validators=WORDS)
    level = RadioField(
        _l("Quién puede leerla"), choices=lambda: reference.choices("note_level"), default="TEAM"
    )


class AlertForm(Form):
    code = CodeField(
        _l("Qué alerta"), list_name="alert", only=lambda: raisable(), validators=[required(_l("Elija la alerta."))]
    )  # fmt: skip
    words = TextAreaField(_l("Qué se sabe"), validators=WORDS)


class PauseForm(Form):
    reason = CodeField(
        _l("Por qué se detiene"),
        list_name="clock_pause_reason",
        validators=[required(_l("Elija el motivo."))],
    )


class ResolveForm(VersionedForm):
    outcome = CodeField(
        _l("Cómo se resolvió"), list_name="alert_outcome", validators=[required(_l("Elija cómo se resolvió."))]
    )  # fmt: skip


class ReviewAlertForm(VersionedForm):
    review_on = FormField(DatePart)


class ApprovalForm(VersionedForm):
    decision = RadioField(
        _l("Decisión"),
        choices=lambda: [("APPROVED", _l("Aprobar")), ("REFUSED", _l("No aprobar todavía"))],
        validators=[required(_l("Elija una decisión."))],
    )  # fmt: skip
    remark = TextAreaField(_l("Qué falta"), validators=WORDS)


class OfferForm(Form):
    """An offer of files to a team that was chosen before."""

    who = CheckField(_l("Quiénes"), validators=[required(_l("Elija al menos a una persona."))])
    arrives_on = FormField(DatePart)
    holder = ListField(_l("Quién recibe lo reservado"), list, blank=None, default="")
    words = TextAreaField(_l("Mensaje para quien recibe"), validators=WORDS)
    basis = CodeField(
        _l("Base legal para quien no ha dado su consentimiento"), list_name="no_consent_basis",
        only=bases_offered,
        blank=_l("Ninguna: todas las personas consintieron"),
    )  # fmt: skip
    basis_reason = TextAreaField(_l("En qué consiste"), validators=WORDS)


class WithdrawForm(VersionedForm):
    reason = CodeField(
        _l("Por qué se retira"), list_name="withdraw_reason", only=WITHDRAWING, validators=[required(_l("Elija el motivo."))]
    )  # fmt: skip


class DeclineForm(VersionedForm):
    reason = CodeField(
        _l("Por qué no se acepta"), list_name="decline_reason", only=DECLINING, validators=[required(_l("Elija el motivo."))]
    )  # fmt: skip


class AssignForm(Form):
    cases = CheckField(_l("Expedientes"))
    to = ListField(_l("A cargo de"), list, blank=_l("Elija…"), validators=[required(_l("Elija a quién."))])


def raisable() -> list[str]:
    """Alerts that a person may raise: those that no rule says by itself."""
    return [c.code for c in reference.codes("alert") if c.code not in DERIVED]
