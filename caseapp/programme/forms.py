"""Forms of the registers: what was typed, as it was typed; `rules.read` decides. Its sentences land beside the fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField, StringField
from wtforms.widgets import DateInput, NumberInput

from caseapp.core import reference
from caseapp.core.forms import Form
from caseapp.core.i18n import _, _l
from caseapp.programme import rules

MOST_MEGABYTES = 5


def _codes(label: Any, name: str, none: Any = _l("Elija…")) -> Any:
    """A choice from a reference list (`none`: what no choice says); what is not in it is refused by the rules."""
    return SelectField(
        label, choices=lambda: [("", str(none)), *reference.choices(name)], validate_choice=False, default=""
    )  # fmt: skip


def _open(label: Any, hint: Any = "") -> Any:
    """A choice that the page fills in."""
    return SelectField(label, choices=[], validate_choice=False, default="", description=hint)


def _day(label: Any) -> Any:
    return StringField(label, widget=DateInput())


def _number(label: Any, hint: Any = "") -> Any:
    return StringField(label, widget=NumberInput(min=0), description=hint)


class EntryForm(Form):
    """A form whose fields are called as the columns of its register."""

    def typed(self) -> dict[str, str]:
        """What stands in the fields."""
        return {name: str(field.data or "") for name, field in self._fields.items()}

    def tell(self, wrong: Iterable[rules.Wrong]) -> None:
        """Put each sentence beside its field."""
        for each in wrong:
            self[each.column].errors = [*self[each.column].errors, str(each.sentence)]


class TrainingForm(EntryForm):
    held_on = _day(_l("Fecha"))
    place = _open(_l("Estado o departamento"))
    institution = _codes(_l("Institución de quienes asistieron"), "public_institution")
    topic = _codes(_l("Tema"), "official_training_topic")
    trainer = _codes(_l("Quién capacitó"), "provider_class")
    women = _number(_l("Mujeres"))
    men = _number(_l("Hombres"))
    others = _number(_l("Otro o no se sabe"))


class ProjectForm(EntryForm):
    code = StringField(_l("Clave del proyecto"))
    kind = _codes(_l("Qué es"), "project_kind")
    name_es = StringField(_l("Nombre en español"))
    name_en = StringField(_l("Nombre en inglés"))
    place = StringField(_l("Municipio (clave P)"))
    starts_on = _day(_l("Empieza"))
    ends_on = _day(_l("Termina"))


class ParticipationForm(EntryForm):
    project = _open(_l("Proyecto"))
    held_on = _day(_l("Fecha"))
    population = _codes(_l("Población"), "participant")
    sex = _codes(_l("Sexo"), "sex_in_figures")
    age_band = _codes(_l("Edad"), "age_band")
    heads = _number(_l("Personas"))


class CostForm(EntryForm):
    service_kind = _codes(_l("Servicio"), "service_kind")
    currency = StringField(_l("Moneda"))
    amount = StringField(_l("Costo de una entrega"))
    valid_from = _day(_l("Vale desde"))
    valid_to = _day(_l("Vale hasta"))
    source = StringField(_l("Fuente pública"))


class CapacityForm(EntryForm):
    site = _open(_l("Albergue"))
    reported_on = StringField(
        _l("Día o mes del que informa"), description=_l("Como 2025-10-31, o 2025-10: el último día del mes.")
    )
    beds = _number(_l("Plazas registradas"))
    usable = _number(_l("Plazas utilizables"), _l("Las que se podían ocupar ese día."))


class EnrolmentForm(EntryForm):
    project = _open(_l("Programa"), _l("Los que están en «Proyectos y programas» como programa."))
    period = StringField(_l("Periodo"), description=_l("Un año, trimestre o mes: 2025, 2025-Q3, 2025-10."))
    sex = _codes(_l("Sexo"), "sex_in_figures", _l("Todas las personas"))
    age_band = _codes(_l("Edad"), "age_band", _l("Todas las edades"))
    enrolled = StringField(
        _l("Personas que se inscribieron"), description=_l("Si son menos de cinco, escriba <5.")
    )
    source = StringField(_l("Quién lo informa, y dónde"))


FORMS: dict[str, type[EntryForm]] = {
    "trainings": TrainingForm, "projects": ProjectForm, "participation": ParticipationForm, "costs": CostForm,
    "capacity": CapacityForm, "enrolments": EnrolmentForm,
}  # fmt: skip


def filled(form: EntryForm, choices: Mapping[str, Sequence[tuple[str, str]]]) -> EntryForm:
    """The form with the choices that depend on the team, by field."""
    for name, of_team in choices.items():
        if name in form and isinstance(form[name], SelectField):
            form[name].choices = [("", _("Elija…")), *of_team]
    return form


class ImportForm(Form):
    file = FileField(_l("Archivo CSV (UTF-8) o Excel (.xlsx), de hasta %(most)s MB", most=MOST_MEGABYTES))
    dry_run = BooleanField(_l("Solo revisar, sin anotar nada"))

    def content(self) -> bytes | None:
        """What was put in; a sentence beside the field if it is nothing or too much."""
        stored = self.file.data
        content = stored.read(MOST_MEGABYTES * 1024 * 1024 + 1) if stored is not None else b""
        if not content:
            self.file.errors = [_("Elija un archivo.")]
        elif len(content) > MOST_MEGABYTES * 1024 * 1024:
            self.file.errors = [_("El archivo pasa de %(most)s MB. Pártalo en varios.", most=MOST_MEGABYTES)]
        else:
            return bytes(content)
        return None
