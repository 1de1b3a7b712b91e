"""Forms of the registers: what was typed, as it was typed; `rules.read` decides. Its sentences land beside the fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField, StringField
from wtforms.widgets import DateInput, NumberInput

from caseapp.core import reference
from caseapp.core.forms import Form
from caseapp.core.i18n import _, _l
from caseapp.programme import rules

MOST_MEGABYTES = 5


def _codes(label: Any, name: str) -> Any:
    """A choice from a reference list; what is not in it is refused by the rules."""
    return SelectField(
        label, choices=lambda: [("", str(_l("Elija…"))), *reference.choices(name)], validate_choice=False, default=""
    )  # fmt: skip


def _open(label: Any) -> Any:
    """A choice that the page fills in."""
    return SelectField(label, choices=[], validate_choice=False, default="")


def _day(label: Any) -> Any:
    return StringField(label, widget=DateInput())


def _number(label: Any) -> Any:
    return StringField(label, widget=NumberInput(min=0))


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


FORMS: dict[str, type[EntryForm]] = {
    "trainings": TrainingForm, "projects": ProjectForm, "participation": ParticipationForm, "costs": CostForm,
}  # fmt: skip


def filled(
    form: EntryForm, places: Sequence[tuple[str, str]], projects: Sequence[tuple[str, str]]
) -> EntryForm:
    """The form with the choices that depend on the team."""
    for name, choices in (("place", places), ("project", projects)):
        if name in form and isinstance(form[name], SelectField):
            form[name].choices = [("", _("Elija…")), *choices]
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
