"""Forms of the directory: shape and format of input, no decisions."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Any

from babel.dates import get_day_names
from flask_babel import get_locale
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    FileField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import Email, Length, NumberRange, Optional, ValidationError

from caseapp.core import reference
from caseapp.core.errors import Refused
from caseapp.core.forms import CheckField, CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _, _l
from caseapp.places.rules.naming import sort_key
from caseapp.places.rules.opening import Hours

TURN = re.compile(r"(\d{1,2})[:.](\d{2})\s*(?:-|–|a)\s*(\d{1,2})[:.](\d{2})")


def languages() -> list[tuple[str, str]]:
    """Languages of the list, by name."""
    found = [(x.iso639_3, reference.language_label(x.iso639_3)) for x in reference.languages()]
    return sorted(found, key=lambda one: sort_key(one[1]))


class SearchForm(Form):
    """The search of the directory, sent with GET."""

    class Meta(Form.Meta):
        csrf = False

    q = StringField(_l("Nombre del servicio, la sede o la organización"), validators=[Length(max=100)])
    kind = CodeField(_l("Servicio"), list_name="service_kind", blank=_l("Cualquiera"))
    country = SelectField(_l("País"), validate_choice=False)
    area = SelectField(_l("Departamento o estado"), validate_choice=False)
    language = SelectField(_l("Atiende en"), choices=lambda: [("", _("Cualquier idioma")), *languages()])
    sex = SelectField(
        _l("Para"), choices=lambda: [("", _("Cualquier persona")), ("F", _("Una mujer o niña")), ("M", _("Un hombre o niño"))]
    )  # fmt: skip
    age = IntegerField(_l("Edad en años"), validators=[Optional(), NumberRange(0, 120)])
    household = CodeField(_l("Hogar"), list_name="household_type", blank=_l("Cualquiera"))
    open_now = BooleanField(_l("Abierto ahora"))
    ended = BooleanField(_l("Mostrar también los que ya terminaron"))


def turns_of(typed: str) -> list[tuple[time, time]]:
    """`08:00-12:00, 14:00-17:00` as turns. Raises ValidationError with what to write."""
    found = []
    for part in filter(None, (p.strip() for p in re.split(r"[,;/]", typed))):
        match = TURN.fullmatch(part)
        try:
            a, b, c, d = (int(x) for x in match.groups()) if match else (99, 0, 0, 0)
            turn = time(a, b), time(0, 0) if (c, d) == (24, 0) else time(c, d)
        except ValueError:
            raise ValidationError(_("Escriba la hora así: 08:00-12:00, 14:00-17:00.")) from None
        if turn[0] == turn[1]:
            raise ValidationError(_("La hora de cierre es igual a la de apertura."))
        found.append(turn)
    if len({opens for opens, _closes in found}) < len(found):
        raise ValidationError(_("Dos turnos empiezan a la misma hora."))
    return found


class TurnsField(StringField):  # type: ignore[misc]
    """The turns of a weekday as one line."""

    turns: list[tuple[time, time]]

    def pre_validate(self, form: Any) -> None:
        self.turns = turns_of(self.data or "")


class EditForm(VersionedForm):
    """An entry. What is not filled in is not told: no restriction, hours not known."""

    name = StringField(
        _l("Nombre del servicio"), validators=[required(_l("Escriba el nombre.")), Length(max=150)]
    )
    description = TextAreaField(_l("Qué ofrece"), validators=[Length(max=2000)])
    sex = CheckField(
        _l("Solo para"), choices=lambda: [("F", _("Mujeres")), ("M", _("Hombres")), ("X", _("Otro sexo"))]
    )
    age_from = IntegerField(_l("Edad desde"), validators=[Optional(), NumberRange(0, 120)])
    age_to = IntegerField(_l("Edad hasta"), validators=[Optional(), NumberRange(0, 120)])
    population = CheckField(_l("Situaciones que atiende"), choices=lambda: reference.choices("population"))
    household = CheckField(_l("Hogares que atiende"), choices=lambda: reference.choices("household_type"))
    area = CheckField(_l("Zonas que cubre"))
    eligibility_note = TextAreaField(_l("Otras condiciones publicadas"), validators=[Length(max=1000)])
    always_open = BooleanField(_l("Abierto día y noche, todos los días"))
    day_1, day_2, day_3, day_4, day_5, day_6, day_7 = (
        TurnsField(validators=[Length(max=80)]) for _n in range(7)
    )
    closed_from = DateField(_l("Cerrado desde"), validators=[Optional()])
    closed_to = DateField(_l("Cerrado hasta"), validators=[Optional()])
    closed_why = CodeField(_l("Por qué"), list_name="service_closure_reason", validators=[Optional()])
    keep_closed = CheckField(_l("Cierres anotados"))
    language = CheckField(_l("Idiomas en que atiende sin intérprete"), choices=languages)
    referral_method = CodeField(_l("Cómo se refiere"), list_name="referral_method", blank=None)
    answer_hours = IntegerField(_l("Horas en que responde"), validators=[Optional(), NumberRange(1, 8760)])
    cost = CodeField(_l("Costo"), list_name="service_cost", blank=_l("No se sabe"), validators=[Optional()])
    cost_note = StringField(_l("Detalle del costo"), validators=[Length(max=200)])
    document = CheckField(_l("Documentos que pide"), choices=lambda: reference.choices("service_document"))
    accessibility = CheckField(
        _l("Accesibilidad"), choices=lambda: reference.choices("service_accessibility")
    )
    unit = CodeField(
        _l("Capacidad en"), list_name="service_unit", blank=_l("No se cuenta"), validators=[Optional()]
    )
    available = IntegerField(_l("Disponibles"), validators=[Optional(), NumberRange(0, 99999)])
    maximum = IntegerField(_l("De un máximo de"), validators=[Optional(), NumberRange(0, 99999)])
    person_name = StringField(_l("Contacto: nombre o función"), validators=[Length(max=120)])
    person_phone = TelField(_l("Contacto: teléfono"), validators=[Length(max=40)])
    person_email = EmailField(
        _l("Contacto: correo"), validators=[Optional(), Email(_l("Escriba el correo completo."))]
    )
    duty_phone = TelField(_l("Teléfono de guardia"), validators=[Length(max=40)])
    next_duty_phone = TelField(_l("Si no contestan, llamar a"), validators=[Length(max=40)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = get_day_names("wide", locale=get_locale())  # by number, Monday is 0
        for number in range(1, 8):
            self[f"day_{number}"].label.text = str(names[number - 1]).capitalize()

    def hours(self) -> list[Hours]:
        """The turns of the week."""
        return [Hours(n, a, b) for n in range(1, 8) for a, b in self[f"day_{n}"].turns]

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields, then those that only make sense together."""
        good = bool(super().validate(extra_validators))
        if (self.closed_from.data is None) != (self.closed_to.data is None):
            good = self._wrong("closed_to", _("Escriba el primero y el último día del cierre."))
        elif self.closed_from.data and self.closed_to.data < self.closed_from.data:
            good = self._wrong("closed_to", _("El último día es anterior al primero."))
        if self.closed_from.data and not self.closed_why.data:
            good = self._wrong("closed_why", _("Elija por qué se cierra."))
        if bool(self.unit.data) != (self.available.data is not None):
            good = self._wrong(
                "available", _("Elija en qué se cuenta y escriba cuántos quedan, o deje ambos vacíos.")
            )
        return good

    def _wrong(self, name: str, sentence: str) -> bool:
        self[name].errors = [*self[name].errors, sentence]
        return False


class NewForm(Form):
    """A new entry at a site that one keeps."""

    site = SelectField(_l("Sede"), validators=[required(_l("Elija la sede."))])
    kind = CodeField(
        _l("Servicio"), list_name="service_kind", validators=[required(_l("Elija el servicio."))]
    )
    name = StringField(
        _l("Nombre del servicio"), validators=[required(_l("Escriba el nombre.")), Length(max=150)]
    )
    referral_method = CodeField(
        _l("Cómo se refiere"),
        list_name="referral_method",
        validators=[required(_l("Elija cómo se refiere."))],
    )


class SafeHouseForm(VersionedForm):
    """Where a safe house is."""

    address = TextAreaField(
        _l("Dirección"), validators=[required(_l("Escriba la dirección.")), Length(max=500)]
    )
    directions = TextAreaField(_l("Cómo se llega"), validators=[Length(max=500)])
    phone = TelField(_l("Teléfono"), validators=[Length(max=40)])
    duty_phone = TelField(_l("Teléfono de guardia"), validators=[Length(max=40)])


class AccessForm(Form):
    """Another team is given the right to a safe house's address."""

    team = StringField(
        _l("Código del equipo"), validators=[required(_l("Escriba el código del equipo.")), Length(max=60)]
    )
    until = DateField(_l("Hasta el día"), validators=[required(_l("Escriba hasta qué día."))])


#: How a table that the page hands out is read.
TEMPLATE = "TEMPLATE"


class ImportForm(Form):
    """A file for the directory, and how it is read."""

    file = FileField(_l("Archivo: paquete HSDS (ZIP) o tabla CSV"))
    map_name = RadioField(_l("Cómo se lee"), default=TEMPLATE)
    own_map = FileField(_l("Mapa (YAML), si es otro"))
    country = SelectField(_l("País"))

    def content(self, megabytes: int) -> bytes:
        """The file. Raises FileMissing, FileTooLarge."""
        stored = self.file.data
        content = stored.read(megabytes * 1024 * 1024 + 1) if stored is not None else b""
        if not content:
            raise FileMissing
        if len(content) > megabytes * 1024 * 1024:
            raise FileTooLarge
        return bytes(content)

    def map_text(self, maps: Path) -> str | None:
        """The chosen map's text; None for a package. Raises FileMissing."""
        if not self.map_name.data:
            return None
        if self.map_name.data != "OWN":
            return (maps / f"{self.map_name.data}.yml").read_text("utf-8")
        stored = self.own_map.data
        text = stored.read(200_000).decode("utf-8", "replace") if stored is not None else ""
        if not text:
            raise FileMissing(field="own_map")
        return str(text)


class FileMissing(Refused):
    sentence = _l("Elija un archivo.")
    field = "file"


class FileTooLarge(Refused):
    sentence = _l("El archivo es demasiado grande. Pártalo en varios.")
    field = "file"
