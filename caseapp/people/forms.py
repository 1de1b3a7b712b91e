"""Forms on a person's file: shape and format, no decisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from wtforms import BooleanField, FieldList, FormField, RadioField, StringField, TextAreaField
from wtforms.validators import Length

from caseapp.core import reference
from caseapp.core.forms import Form, VersionedForm, required
from caseapp.core.i18n import _, _l
from caseapp.people import present
from caseapp.people.inputs import (
    NAME,
    BirthPart,
    DatePart,
    ListField,
    NamesPart,
    Part,
    as_truth,
    birth_data,
    codes,
    nationality,
    spoken,
    truth_code,
    yes_no,
)
from caseapp.people.service import NewConsent, NewContact, NewDocument, PersonDetails


class DocumentPart(Part):
    document_type = ListField(_l("Documento"), codes("document_type"), blank=_l("Ninguno"))
    number = StringField(_l("Número"), validators=[Length(max=60)])
    issued_by = nationality(_l("Lo emitió"), blank=_l("No se preguntó"))
    seen = BooleanField(_l("Se vio"))


class PersonForm(VersionedForm):
    """What is known of one person."""

    names = FormField(NamesPart)
    also_known_as = StringField(_l("Otros nombres que usa"), validators=[NAME])
    birth = FormField(BirthPart)
    age_status = ListField(_l("Cómo consta la edad"), codes("age_status"), blank=None)
    sex_in_document = ListField(_l("Sexo en el documento"), codes("sex_in_document", blanks=True), blank=None)
    feels_safe_in = ListField(
        _l("Dónde se siente más segura"), codes("feels_safe_in", blanks=True), blank=None
    )
    nationality_1 = nationality(_l("Nacionalidad"))
    nationality_2 = nationality(_l("Otra nacionalidad"), blank=_l("Ninguna"))
    language_1 = spoken(_l("Lengua que prefiere"))
    language_2 = spoken(_l("Otra lengua"))
    language_3 = spoken(_l("Una más"))
    interpreter_needed = ListField(_l("Necesita intérprete"), yes_no, blank=None)
    documents = FieldList(FormField(DocumentPart), max_entries=12)

    @staticmethod
    def filled_from(details: PersonDetails, version: int, on: date) -> dict[str, Any]:
        """What fills the form with what is saved, and one empty document more."""
        nationalities = [*details.nationalities, "", ""]
        languages = [*details.languages, "", "", ""]
        return {
            "version": version,
            "names": {n: getattr(details, n) for n in ("given_names", "surname_1", "surname_2", "called_name")},
            "also_known_as": details.also_known_as, "birth": birth_data(details.birth, on),
            "age_status": details.age_status, "sex_in_document": details.sex_in_document,
            "feels_safe_in": details.feels_safe_in, "nationality_1": nationalities[0], "nationality_2": nationalities[1],
            "language_1": languages[0], "language_2": languages[1], "language_3": languages[2],
            "interpreter_needed": truth_code(details.interpreter_needed),
            "documents": [
                *({"document_type": d.document_type, "number": d.number, "issued_by": d.issued_by or "", "seen": d.seen}
                  for d in details.documents),
                {},
            ],
        }  # fmt: skip

    def details(self, on: date, saved: PersonDetails) -> PersonDetails:
        """What was typed; nationalities, languages and an estimated birth that the form does not change stay as
        they are saved. Raises what the birth's parts refuse."""
        names = self.names.form
        birth = self.birth.form.birth(on)
        if birth_data(birth, on) == birth_data(saved.birth, on):
            birth = saved.birth
        return PersonDetails(
            names.given_names.data or "", names.surname_1.data or "", names.surname_2.data or "",
            names.called_name.data or "", self.also_known_as.data or "", birth, self.age_status.data,
            self.sex_in_document.data, self.feels_safe_in.data, as_truth(self.interpreter_needed.data),
            (*_filled(self.nationality_1.data, self.nationality_2.data), *saved.nationalities[2:]),
            (*dict.fromkeys(_filled(self.language_1.data, self.language_2.data, self.language_3.data)),
             *saved.languages[3:]),
            tuple(self._document(e.form, saved) for e in self.documents if e.form.document_type.data),
        )  # fmt: skip

    @staticmethod
    def _document(form: Any, saved: PersonDetails) -> NewDocument:
        typed = (form.document_type.data, form.number.data or "")
        # The day a document ends is not on this page and must not be lost by saving it.
        ends = next((d.valid_to for d in saved.documents if (d.document_type, d.number) == typed), None)
        return NewDocument(*typed, form.issued_by.data or None, ends, bool(form.seen.data))


def details_in_words(details: PersonDetails, on: date) -> dict[str, str]:
    """Each detail as a line of words, for what you typed beside what is saved."""
    label = reference.label
    return {
        _("Nombres"): details.given_names,
        _("Primer apellido"): details.surname_1,
        _("Segundo apellido"): details.surname_2,
        _("Cómo le dicen"): details.called_name,
        _("Otros nombres que usa"): details.also_known_as,
        _("Nacimiento"): " ".join(birth_data(details.birth, on).values()).replace(
            details.birth.precision, label("birth_precision", details.birth.precision)
        ),
        _("Cómo consta la edad"): label("age_status", details.age_status),
        _("Sexo en el documento"): label("sex_in_document", details.sex_in_document),
        _("Dónde se siente más segura"): label("feels_safe_in", details.feels_safe_in),
        _("Nacionalidad"): present.countries_text(details.nationalities),
        _("Lenguas"): present.languages_text(details.languages),
        _("Documentos"): ", ".join(
            f"{label('document_type', d.document_type)} {d.number}" for d in details.documents
        ),
    }


def _filled(*values: str | None) -> tuple[str, ...]:
    return tuple(v for v in values if v)


class GenderForm(VersionedForm):
    """Asked alone, never required."""

    gender_self = RadioField(
        _l("Cómo se identifica"), choices=lambda: reference.choices("gender_self", blanks=True)
    )
    alone = BooleanField(
        _l("La persona está a solas conmigo"),
        validators=[required(_l("Pregunte solo cuando la persona esté a solas."))],
    )


class JoinForm(VersionedForm):
    number = StringField(_l("Número de expediente"), validators=[required()])


class LeaveForm(VersionedForm):
    member = ListField(_l("Quién deja el grupo"), list, validators=[required()])


class HeadForm(VersionedForm):
    member = ListField(_l("Cabeza de familia"), list, validators=[required()])


class RelationForm(Form):
    member = ListField(_l("Quién"), list, validators=[required()])
    relation = ListField(_l("Qué es"), codes("relation"), validators=[required()])
    other = ListField(_l("De quién"), list, validators=[required()])
    evidence = ListField(_l("Cómo consta"), codes("relation_evidence"), blank=None, default="CLAIMED")


class PopulationForm(Form):
    population = ListField(_l("Nueva situación"), codes("population"), validators=[required()])
    ends = ListField(_l("Termina"), list, blank=_l("Ninguna, se agrega"))


class AnswerForm(Form):
    """How somebody answers, whatever they are asked."""

    state = RadioField(_l("Respuesta"), choices=lambda: _answers(), default="NOT_ASKED")
    given_by = ListField(_l("Quién responde"), codes("consent_given_by"), validators=[required()])
    given_by_number = StringField(
        _l("Expediente de quien responde por la niña o el niño"), validators=[Length(max=12)]
    )
    assent = ListField(_l("Qué dijo la niña o el niño"), lambda: _assents(), blank=_l("No se le preguntó"))
    alone = ListField(_l("¿Está a solas?"), yes_no, blank=None, default="NOT_ASKED")
    form = ListField(_l("Cómo lo dio"), codes("consent_form"))
    language = ListField(_l("En qué lengua"), present.language_choices, blank=_l("No se anotó"))
    interpreter = ListField(_l("Intérprete"), codes("interpreter_kind"), blank=_l("No se anotó"))
    recipient_country = nationality(_l("País con el que se comparte"), blank=_l("No corresponde"))
    expires_on = FormField(DatePart)

    def answer(self, purpose: str, given_by_case_id: Any, **more: Any) -> NewConsent:
        """The answer to a purpose as the verb takes it. Raises ValueError for an impossible date."""
        return NewConsent(
            purpose, self.state.data, self.given_by.data, given_by_case_id,
            recipient_country=self.recipient_country.data or None, form=self.form.data or None,
            language=self.language.data or None, interpreter=self.interpreter.data or None,
            alone=as_truth(self.alone.data), expires_on=self.expires_on.form.value(), assent=self.assent.data or None,
            **more,
        )  # fmt: skip


class ConsentForm(AnswerForm):
    """An answer to one of the purposes that may be asked in one talk; the others are asked apart."""

    purpose = ListField(_l("Para qué"), lambda: _purposes(), validators=[required()])
    recipient = ListField(_l("A quién"), list, blank=_l("A cualquier entidad que haga falta para esto"))

    def consent(self, given_by_case_id: Any) -> NewConsent:
        """What was answered. Raises ValueError for an impossible date."""
        team = UUID(self.recipient.data) if self.recipient.data else None
        return self.answer(self.purpose.data, given_by_case_id, recipient_team_id=team)


class ApartForm(AnswerForm):
    """An answer that is asked alone, after legal advice, and stands at no until somebody says yes."""

    state = RadioField(_l("Respuesta"), choices=lambda: _answers(), default="REFUSED")
    legal_advice_on = FormField(DatePart)

    def apart(self, purpose: str, given_by_case_id: Any) -> NewConsent:
        """What was answered to the one purpose of the page. Raises ValueError for an impossible date."""
        return self.answer(purpose, given_by_case_id, legal_advice_on=self.legal_advice_on.form.value())


class ReviewForm(VersionedForm):
    """A second person on acting without consent."""

    outcome = RadioField(
        _l("¿Se sostiene?"), choices=lambda: _outcomes(), validators=[required(_l("Elija si se sostiene o no."))]
    )  # fmt: skip
    note = TextAreaField(_l("Por qué"), validators=[Length(max=2000)])


class ToldForm(Form):
    told_on = FormField(DatePart)


def _purposes() -> list[tuple[str, str]]:
    return [
        (c.code, c.label())
        for c in reference.codes("consent_purpose")
        if c.extra.get("collected") == "yes" and c.extra.get("bundled") == "yes" and "S" not in c.flags
    ]


def apart_purposes() -> list[tuple[str, str]]:
    """Purposes that are each asked on a page of their own."""
    return [
        (c.code, c.label())
        for c in reference.codes("consent_purpose")
        if c.extra.get("collected") == "yes" and c.extra.get("bundled") != "yes" and "S" not in c.flags
    ]


def _outcomes() -> list[tuple[str, str]]:
    return [
        ("UPHELD", _("Sí, la base legal se sostiene")),
        ("NOT_UPHELD", _("No: lo que se abrió se cierra ahora mismo")),
    ]


def _assents() -> list[tuple[str, str]]:
    return [("GIVEN", _("Dijo que sí")), ("REFUSED", _("Dijo que no"))]


def _answers() -> list[tuple[str, str]]:
    return [
        ("GIVEN", _("Sí, da su consentimiento")),
        ("REFUSED", _("No")),
        ("NOT_ASKED", _("No se preguntó")),
    ]


class ContactForm(Form):
    rule = ListField(_l("Cómo se le puede contactar"), codes("contact_rule"), validators=[required()])
    number = StringField(_l("Teléfono"), validators=[Length(max=40)])
    whose = ListField(_l("De quién es"), codes("contact_phone_owner"))
    via = StringField(_l("Por medio de quién"), validators=[Length(max=120)])
    hours = StringField(_l("A qué horas"), validators=[Length(max=80)])
    code_word = StringField(_l("Palabra clave"), validators=[Length(max=60)])
    language = spoken(_l("Lengua"))

    def contact(self) -> NewContact:
        return NewContact(
            self.rule.data, self.number.data or "", self.whose.data or "", self.via.data or "",
            self.code_word.data or "", self.hours.data or "", self.language.data or None,
        )  # fmt: skip


class AttemptForm(Form):
    channel = ListField(_l("Por qué medio"), codes("contact_attempt_channel"), validators=[required()])
    result = ListField(_l("Qué pasó"), codes("contact_attempt_result"), validators=[required()])
    contact = ListField(_l("Qué contacto se usó"), list, blank=_l("Ninguno de estos"))


class MergeForm(Form):
    number = StringField(_l("Expediente que se conserva"), validators=[required()])


def member_options(parts: Any) -> list[tuple[str, str]]:
    """Members as options, by case number."""
    return [(p.case.number, present.name_of(p.person)) for p in parts]


def set_options(form: Form, options: Mapping[str, list[tuple[str, str]]]) -> None:
    """Fill lists that depend on the record; an empty option stands first."""
    for name, found in options.items():
        field = form[name]
        field.choices = [("", str(field.blank)), *found] if field.blank is not None else found
