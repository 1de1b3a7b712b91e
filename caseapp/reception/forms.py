"""The form that registers a family: as many members as there are, each with what is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField, FieldList, FormField, StringField
from wtforms.validators import Length

from caseapp.core.errors import Refused
from caseapp.core.forms import Form
from caseapp.core.i18n import _, _l
from caseapp.people import present, rules
from caseapp.people.inputs import (
    NAME,
    BirthPart,
    DatePart,
    ListField,
    NamesPart,
    Part,
    WholeField,
    as_truth,
    codes,
    nationality,
    spoken,
    yes_no,
)
from caseapp.people.rules import UNKNOWN_BIRTH, Birth
from caseapp.people.service import NewContact, NewDocument, NewPerson
from caseapp.reception.rules.tally import CELLS

MOST_MEMBERS = 25
MOST_MEGABYTES = 18
#: Said before others: which of them needs more care is asked alone, on the person's own page.
ASKED_ALONE = frozenset({"LGBTIQ_SITE"})
#: Kept from the member before when another is added: families mostly share these.
SHARED = ("nationality_1", "language_1", "population")


class MemberForm(Part):
    names = FormField(NamesPart)
    birth = FormField(BirthPart)
    sex_in_document = ListField(
        _l("Sexo en el documento"), codes("sex_in_document", blanks=True), blank=None, default="NOT_ASKED"
    )
    nationality_1 = nationality(_l("Nacionalidad"))
    population = ListField(_l("Situación de protección"), codes("population"))
    relation_to_head = ListField(_l("Es … de la primera persona"), codes("relation"))
    evidence = ListField(
        _l("Cómo consta el vínculo"), codes("relation_evidence"), blank=None, default="CLAIMED"
    )
    also_known_as = StringField(_l("Otros nombres que usa"), validators=[NAME])
    # The whole list for each member would make the page heavy; others are added on the person's own page.
    nationality_2 = ListField(_l("Otra nacionalidad"), present.region_choices, blank=_l("Ninguna"))
    language_1 = spoken(_l("Lengua que prefiere"))
    language_2 = spoken(_l("Otra lengua"))
    interpreter_needed = ListField(_l("Necesita intérprete"), yes_no, blank=None, default="NOT_ASKED")
    feels_safe_in = ListField(
        _l("Dónde se siente más segura"), codes("feels_safe_in", blanks=True, without=ASKED_ALONE), blank=None,
        default="NOT_ASKED",
    )  # fmt: skip
    document_type = ListField(_l("Documento"), codes("document_type"), blank=_l("No se preguntó"))
    document_number = StringField(_l("Número"), validators=[Length(max=60)])
    document_seen = BooleanField(_l("Se vio el documento"))
    contact_rule = ListField(_l("Contacto seguro"), codes("contact_rule"), blank=_l("No se preguntó"))
    contact_number = StringField(_l("Teléfono"), validators=[Length(max=40)])
    contact_whose = ListField(_l("De quién es"), codes("contact_phone_owner"))
    contact_via = StringField(_l("Por medio de quién"), validators=[Length(max=120)])

    def more_is_filled(self) -> bool:
        """Whether something that is folded away was typed or is wrong, so that it stays open."""
        typed = (
            "also_known_as", "nationality_2", "language_2", "document_type", "document_number", "contact_rule",
            "contact_number", "contact_via",
        )  # fmt: skip
        folded = (
            *typed,
            "language_1",
            "interpreter_needed",
            "feels_safe_in",
            "document_seen",
            "contact_whose",
        )
        return any(self[name].data for name in typed) or any(self[name].errors for name in folded)

    def person(self, birth: Birth, *, head: bool) -> NewPerson:
        """What was typed as a person to register, with the birth that its parts describe."""
        names = self.names.form
        return NewPerson(
            given_names=names.given_names.data or "", surname_1=names.surname_1.data or "",
            surname_2=names.surname_2.data or "", called_name=names.called_name.data or "",
            also_known_as=self.also_known_as.data or "", birth=birth,
            sex_in_document=self.sex_in_document.data, feels_safe_in=self.feels_safe_in.data,
            interpreter_needed=as_truth(self.interpreter_needed.data),
            nationalities=_filled(self.nationality_1.data, self.nationality_2.data),
            languages=_filled(self.language_1.data, self.language_2.data),
            populations=_filled(self.population.data), documents=self._documents(), contacts=self._contacts(),
            relation_to_head=None if head else self.relation_to_head.data or None, evidence=self.evidence.data,
        )  # fmt: skip

    def _documents(self) -> tuple[NewDocument, ...]:
        if not self.document_type.data:
            return ()
        return (
            NewDocument(
                self.document_type.data, self.document_number.data or "", seen=bool(self.document_seen.data)
            ),
        )

    def _contacts(self) -> tuple[NewContact, ...]:
        if not self.contact_rule.data:
            return ()
        return (
            NewContact(
                self.contact_rule.data, self.contact_number.data or "", self.contact_whose.data or "",
                self.contact_via.data or "", language=self.language_1.data or None,
            ),
        )  # fmt: skip

    def refused(self, error: Refused) -> None:
        """Put a rule's refusal beside its field."""
        names, birth = self.names.form, self.birth.form
        place = {
            "given_names": names.given_names,
            "birth": birth.wrong_part(),
        }
        field = place.get(error.field or "") or self._fields.get(error.field or "") or names.given_names
        field.errors = [*field.errors, str(error)]


def _filled(*values: str | None) -> tuple[str, ...]:
    return tuple(v for v in values if v)


class TallyForm(Form):
    """Numbers by age band and sex, typed on a telephone beside a bus."""

    arrived_on = FormField(DatePart)
    hour = WholeField(_l("Hora"), example="14")
    place = ListField(_l("Por dónde entró al país"), list, blank=_l("No se preguntó"))
    origin = ListField(
        _l("País de origen, si es uno solo"), present.country_choices, blank=_l("Varios o no se sabe")
    )
    team = ListField(_l("Equipo"), list, blank=None)

    def numbers(self, typed: Mapping[str, str]) -> dict[str, int]:
        """What was typed in the cells; one that is no number is said on top, and nothing is lost."""
        found: dict[str, int] = {}
        for cell in CELLS:
            text = (typed.get(f"n-{cell}") or "").strip()
            if text and not (text.isdecimal() and len(text) <= 3):
                self.form_errors.append(_("Escriba solo cifras, por ejemplo %(example)s.", example="12"))
            elif text:
                found[cell] = int(text)
        return found

    def day(self) -> date | None:
        """The day of arrival; a sentence beside it if it is none."""
        try:
            found = self.arrived_on.form.value()
        except ValueError:
            found = None
        if found is None:
            self.arrived_on.form.day.errors = [
                _("Escriba día, mes y año de llegada, por ejemplo 07 03 2025.")
            ]
        return found

    def wrong(self) -> list[dict[str, str]]:
        """Every sentence with the id of its field."""
        fields = [*self.arrived_on.form, self.hour, self.place, self.origin]
        found = [{"text": str(e), "field_id": f.id} for f in fields for e in f.errors]
        return found + [
            {"text": str(e), "field_id": f"n-{CELLS[0]}"} for e in dict.fromkeys(self.form_errors)
        ]


class ImportForm(Form):
    """A file to put in, and the desk that registers its people (`timezone`: the first desk's)."""

    timezone = "UTC"

    file = FileField(_l("Archivo CSV (UTF-8) o Excel (.xlsx), de hasta %(most)s MB", most=MOST_MEGABYTES))
    team = ListField(_l("Equipo que lleva los expedientes"), list, blank=None)

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


class GoOnForm(Form):
    skip_bad = BooleanField(_l("Importar las filas correctas y dejar fuera las demás, con su familia"))


class FamilyForm(Form):
    members = FieldList(FormField(MemberForm), min_entries=1, max_entries=MOST_MEMBERS)
    arrived_on = FormField(DatePart)
    place = ListField(_l("Por dónde entró al país"), list, blank=_l("No se preguntó"))
    mode = ListField(_l("Cómo llegó"), codes("arrival_mode", blanks=True), blank=None, default="NOT_ASKED")
    tally = ListField(_l("¿Llegó en un grupo que ya se contó?"), list, blank=_l("No, o no se sabe"))
    team = ListField(_l("Equipo que lleva el expediente"), list, blank=None)
    q = StringField()

    def check(self, on: date, country: str) -> list[NewPerson]:
        """The people typed; whatever the rules refuse gets its sentence beside its field, all at once."""
        people = []
        for position, entry in enumerate(self.members):
            member, birth = entry.form, UNKNOWN_BIRTH
            # What is not even a number has its own sentence already.
            if not any(part.errors for part in member.birth.form):
                try:
                    birth = member.birth.form.birth(on)
                except Refused as error:
                    member.refused(error)
            person = member.person(birth, head=position == 0)
            try:
                rules.may_register(
                    names=(person.given_names, person.surname_1, person.called_name),
                    nationalities=person.nationalities,
                    populations=person.populations,
                    country=country,
                )
            except Refused as error:
                member.refused(error)
            if not member.population.data:
                member.population.errors = [_("Elija la situación de protección.")]
            if position and not member.relation_to_head.data:
                member.relation_to_head.errors = [
                    _("Elija qué es de la primera persona, o «Sin parentesco».")
                ]
            people.append(person)
        return people

    def arrival_day(self) -> date | None:
        """The day of arrival; a sentence beside it if it is none."""
        try:
            found = self.arrived_on.form.value()
        except ValueError:
            found = None
        if found is None:
            self.arrived_on.form.day.errors = [
                _("Escriba día, mes y año de llegada, por ejemplo 07 03 2025.")
            ]
        return found

    def wrong(self) -> list[dict[str, str]]:
        """Every sentence with the id of its field and whom it is about, for the summary on top."""
        found = [
            {"text": f"{member_title(i, entry.form)}: {text}", "field_id": field_id}
            for i, entry in enumerate(self.members)
            for field_id, text in _sentences(entry.form)
        ]
        for part in (self.arrived_on.form, self):
            for field in part:
                if field not in (self.members, self.arrived_on):
                    found += [{"text": str(e), "field_id": field.id} for e in field.errors]
        return found + [{"text": str(e), "field_id": ""} for e in self.form_errors]


def member_title(position: int, form: Any) -> str:
    """«Persona 2, Luis»."""
    name = (form.names.form.given_names.data or form.names.form.called_name.data or "").strip()
    words = _("Persona %(n)s", n=position + 1)
    return f"{words}, {name}" if name else words


def _sentences(form: Any) -> Iterator[tuple[str, str]]:
    for field in form:
        if isinstance(field, FormField):
            yield from _sentences(field.form)
        else:
            yield from ((field.id, str(e)) for e in field.errors)
