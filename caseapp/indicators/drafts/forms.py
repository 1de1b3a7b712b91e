"""The form of a draft: the words in two languages, and choices among what the domain counts. Shape only; whether it
holds together is decided by the catalogue's own check (`rules.problems`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from wtforms import DecimalField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from caseapp.core.forms import CheckField, VersionedForm
from caseapp.core.i18n import _l, language
from caseapp.indicators import words
from caseapp.indicators.catalogue import BASES, DIRECTIONS, MEASURES, PUBLIC
from caseapp.indicators.cubes import Axis, Domain, domains, numbers
from caseapp.indicators.drafts import entry as entries
from caseapp.indicators.drafts.rules import Problem
from caseapp.indicators.fitting import AGES, IN_FIGURES

TEXTS = {
    "name": (_l("Nombre"), 200),
    "definition": (_l("Definición"), 1500),
    "numerator": (_l("Qué se cuenta"), 300),
    "denominator": (_l("Entre qué se divide"), 300),
}
LANGUAGES = {"es": _l("en español"), "en": _l("en inglés")}
SELECTIONS = ("select", "part", "of")
#: Dimensions that are not chosen by: they follow from the basis, the country or the site.
NOT_CHOSEN = ("site", "origin", "counted", "household_counted")


class DraftForm(VersionedForm):
    """What every draft has. `of_domain` adds the choices of a domain."""

    domain_shown = HiddenField()
    domain = SelectField(_l("Conjunto de hechos"), validate_choice=False)
    measure = SelectField(_l("Medida"), validate_choice=False)
    unit = SelectField(_l("Unidad"), validate_choice=False)
    basis = SelectField(_l("Base de conteo"), validate_choice=False)
    public = SelectField(
        _l("Dividir entre un número público"), validate_choice=False, validators=[Optional()]
    )
    bands = SelectField(_l("Duración de la mediana"), validate_choice=False, validators=[Optional()])
    unit_cost = DecimalField(_l("Costo por unidad, en dólares"), places=2, validators=[Optional()])
    over = CheckField(_l("Dividir entre otros conjuntos de hechos"), validate_choice=False)
    direction = RadioField(_l("Cómo se lee"), validate_choice=False)
    disaggregations = CheckField(_l("Desgloses"), validate_choice=False)
    source = CheckField(_l("Fuente de la definición"), validate_choice=False)

    of_which: Domain

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        domain, none = self.of_which, ("", str(_l("Ninguno")))
        self.domain.choices = [(name, _named(each)) for name, each in domains().items()]
        self.measure.choices = [(code, words.of(words.MEASURES, code)) for code in MEASURES]
        units = dict.fromkeys(unit for each in MEASURES.values() for unit in each)
        self.unit.choices = [(code, words.of(words.UNITS, code)) for code in units]
        self.basis.choices = [(code, words.of(words.BASES, code)) for code in BASES[domain.unit]]
        self.public.choices = [none, *((name, _named(each)) for name, each in numbers().items())]
        spans = [axis for axis in axes_of(domain) if entries.bands_of(axis)]
        self.bands.choices = [none, *((axis.name, words.dimension(axis.name)) for axis in spans)]
        self.over.choices = [choice for choice in self.domain.choices if choice[0] != domain.name]
        self.direction.choices = [(code, words.of(words.DIRECTIONS, code)) for code in DIRECTIONS]
        self.disaggregations.choices = [(name, words.dimension(name)) for name in broken_down_by(domain)]
        self.source.choices = [(code, str(text)) for code, text in words.SOURCES.items()]

    def texts(self, word: str) -> Iterator[Any]:
        """The two fields of a text."""
        return (self[f"{word}_{code}"] for code in LANGUAGES)

    def choices_of(self, word: str) -> list[Any]:
        """The fields by which cells are chosen for `select`, `part` or `of`."""
        return [self[f"{word}__{axis.name}"] for axis in axes_of(self.of_which)]

    def entry(self, pillar: str) -> dict[str, Any]:
        """What was typed, in the shape of the catalogue\'s files. What is left empty is left out, so that the check
        misses it; what should not be there stays, so that it is refused."""
        entry: dict[str, Any] = {"pillar": pillar, "domain": self.domain.data or ""}
        for word in TEXTS:
            typed = {code: (self[f"{word}_{code}"].data or "").strip() for code in LANGUAGES}
            if any(typed.values()) or word != "denominator":
                entry[word] = typed
        entry |= {name: self[name].data or "" for name in ("measure", "unit", "basis", "direction")}
        entry["select"] = self._chosen("select")
        is_rate = entry["measure"] == "RATE"
        if is_rate or self._chosen("part"):
            entry["part"] = self._chosen("part")
        if self.public.data:
            entry |= {"of": PUBLIC, "public": self.public.data}
        elif is_rate or self._chosen("of"):
            entry["of"] = self._chosen("of")
        if self.bands.data:
            axis = next((one for one in axes_of(self.of_which) if one.name == self.bands.data), None)
            entry["bands"] = {self.bands.data: entries.bands_of(axis) if axis else {}}
        if self.unit_cost.data is not None:
            entry["unit_cost"] = float(self.unit_cost.data)
        if self.over.data:
            entry["over"] = list(self.over.data)
        entry["disaggregations"] = list(self.disaggregations.data or ())
        entry["source"] = list(self.source.data or ()) or ""
        return entry

    def _chosen(self, word: str) -> dict[str, list[str]]:
        axes = ((axis.name, self[f"{word}__{axis.name}"].data) for axis in axes_of(self.of_which))
        return {name: list(labels) for name, labels in axes if labels}

    def tell(self, problem: Problem) -> None:
        """Put a problem beside the field it is about."""
        field = self._field_of(problem.word, problem.at)
        if field is None:
            self.form_errors.append(str(problem.sentence))
        else:
            field.errors = [*field.errors, str(problem.sentence)]

    def _field_of(self, word: str, at: tuple[str, ...]) -> Any:
        below = at[1] if len(at) > 1 else ""
        if word in TEXTS:
            return self[f"{word}_{below if below in LANGUAGES else language()}"]
        if word in SELECTIONS:
            return self._fields.get(f"{word}__{below}") or self.choices_of(word)[0]
        return self._fields.get(word)


def of_domain(domain: Domain) -> type[DraftForm]:
    """The form for a domain: its texts, and one group of boxes for each of its dimensions, three times over."""
    fields: dict[str, Any] = {"of_which": domain}
    for word, (label, longest) in TEXTS.items():
        kind = StringField if word == "name" else TextAreaField
        for code, said in LANGUAGES.items():
            fields[f"{word}_{code}"] = kind(_Both(label, said), validators=[Length(max=longest)])
    for word in SELECTIONS:
        for axis in axes_of(domain):
            fields[f"{word}__{axis.name}"] = CheckField(
                words.dimension(axis.name), choices=_options(axis), validate_choice=False
            )
    return cast(type[DraftForm], type("DraftOf", (DraftForm,), fields))


class _Both:
    """Two lazy sentences in one label."""

    def __init__(self, label: Any, said: Any) -> None:
        self.label, self.said = label, said

    def __str__(self) -> str:
        return f"{self.label} ({self.said})"

    def __html__(self) -> str:
        return str(self)


def _named(each: Any) -> str:
    return str(each.label_en if language() == "en" else each.label_es)


def axes_of(domain: Domain) -> tuple[Axis, ...]:
    """The dimensions by which cells of a domain may be chosen."""
    found = (*domain.axes, *(part.axis for part in domain.parts))
    return tuple(axis for axis in found if axis.name not in NOT_CHOSEN)


def broken_down_by(domain: Domain) -> list[str]:
    """The breakdowns that a domain has."""
    found = {axis.name for axis in domain.axes} | {part.axis.name for part in domain.parts}
    others = [axis.name for axis in axes_of(domain) if axis.name in ("sector", "pathway")]
    return [*(name for name in IN_FIGURES if name in found), *others]


def _options(axis: Axis) -> dict[str, str]:
    codes = AGES if axis.name == "age_band" else (*(axis.groups or {}), *axis.labels)
    return {code: words.label(axis.name, code) for code in codes}


def typed_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as the fields of the form hold it."""
    found: dict[str, Any] = {
        name: entry.get(name) or "" for name in ("domain", "measure", "unit", "basis", "direction", "public")
    }
    for word in TEXTS:
        for code in LANGUAGES:
            found[f"{word}_{code}"] = (entry.get(word) or {}).get(code, "")
    for word in SELECTIONS:
        chosen = entry.get(word) or {}
        if not isinstance(chosen, str):
            found |= {f"{word}__{name}": list(labels) for name, labels in chosen.items()}
    found["bands"] = next(iter(entry.get("bands") or {}), "")
    found |= {name: list(entry.get(name) or ()) for name in ("disaggregations", "source", "over")}
    found["unit_cost"] = entry.get("unit_cost")
    return found | {"domain_shown": found["domain"]}
