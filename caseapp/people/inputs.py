"""Pieces of forms on people, used by registration and by the pages that correct: shape and format, no decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from wtforms import Form as PlainForm
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import Length, ValidationError

from caseapp.core import access, reference
from caseapp.core.i18n import _, _l, language
from caseapp.people import present, rules
from caseapp.people.rules.waiver import bases_for

NAME = Length(max=120)


def bases_offered() -> tuple[str, ...]:
    """The legal bases on which whoever is signed in may act without consent (`rules.waiver`)."""
    return bases_for(officer="CHILD_OFFICER" in access.current().roles)


class Part(PlainForm):  # type: ignore[misc]
    """A form enclosed in another: speaks the page's language, carries no token of its own."""

    class Meta:
        def get_translations(self, form: Any) -> Any:
            from wtforms.i18n import get_translations

            return get_translations([language()])


class WholeField(StringField):  # type: ignore[misc]
    """A whole number typed as text; `number` is None when empty. What was typed is never lost."""

    def __init__(self, label: Any = None, *, example: str = "07", **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.example = example

    @property
    def number(self) -> int | None:
        text = (self.data or "").strip()
        return int(text) if text.isdecimal() and len(text) < 6 else None

    def pre_validate(self, form: Any) -> None:
        if (self.data or "").strip() and self.number is None:
            raise ValidationError(_("Escriba solo cifras, por ejemplo %(example)s.", example=self.example))


class ListField(SelectField):  # type: ignore[misc]
    """A choice whose options are made when the page is made. `blank` are the words of the empty option."""

    def __init__(
        self,
        label: Any,
        options: Callable[[], Iterable[tuple[str, str]]],
        *,
        blank: Any | None = _l("Elija…"),
        **kwargs: Any,
    ) -> None:
        self.options, self.blank = options, blank
        self._kept: list[tuple[str, str]] | None = None  # WTForms asks several times for each page
        if blank is not None:
            kwargs.setdefault("default", "")
        super().__init__(label, choices=self._made, **kwargs)

    def _made(self) -> list[tuple[str, str]]:
        if self._kept is None:
            found = list(self.options())
            self._kept = found if self.blank is None else [("", str(self.blank)), *found]
        return self._kept

    def pre_validate(self, form: Any) -> None:
        """As in WTForms, which wraps each of some hundred options anew for every field of a family."""
        if not self.process_errors and self.data not in {value for value, _label in self.choices}:
            raise ValidationError(_("Elija una opción de la lista."))


def codes(
    name: str, *, blanks: bool = False, without: frozenset[str] = frozenset()
) -> Callable[[], list[tuple[str, str]]]:
    """Options of a code list, with the four blanks if asked, each told apart."""

    def options() -> list[tuple[str, str]]:
        return [(c, t) for c, t in reference.choices(name, blanks=blanks) if c not in without]

    return options


def yes_no() -> list[tuple[str, str]]:
    return [("YES", _("Sí")), ("NO", _("No")), ("NOT_ASKED", reference.label("blanks", "NOT_ASKED"))]


def as_truth(code: str | None) -> bool | None:
    """YES, NO, anything else."""
    return {"YES": True, "NO": False}.get(code or "")


def truth_code(value: bool | None) -> str:
    return "NOT_ASKED" if value is None else "YES" if value else "NO"


class NamesPart(Part):
    given_names = StringField(_l("Nombres"), validators=[NAME])
    surname_1 = StringField(_l("Primer apellido"), validators=[NAME])
    surname_2 = StringField(_l("Segundo apellido"), validators=[NAME])
    called_name = StringField(_l("Cómo le dicen"), validators=[NAME])


class BirthPart(Part):
    """Birth as precisely as known."""

    precision = RadioField(_l("Se sabe"), choices=lambda: reference.choices("birth_precision"), default="DAY")
    day = WholeField(_l("Día"))
    month = WholeField(_l("Mes"))
    year = WholeField(_l("Año"), example="1990")
    age = WholeField(_l("Edad"), example="34")

    def wrong_part(self) -> WholeField:
        """The part that a refused birth is most likely wrong in: the first that cannot be, else the year."""
        if self.precision.data == "AGE_ESTIMATED":
            return self.age
        if self.precision.data == "DAY" and not 1 <= (self.day.number or 0) <= 31:
            return self.day
        if self.precision.data in ("DAY", "MONTH") and not 1 <= (self.month.number or 0) <= 12:
            return self.month
        return self.year

    def birth(self, on: date) -> rules.Birth:
        """The bounds on the day they are said. Raises BirthIncomplete or BirthInFuture."""
        return rules.birth_bounds(
            self.precision.data or "", on=on, day=self.day.number, month=self.month.number,
            year=self.year.number, age=self.age.number,
        )  # fmt: skip


class DatePart(Part):
    """A date in three parts; empty is None."""

    day = WholeField(_l("Día"))
    month = WholeField(_l("Mes"))
    year = WholeField(_l("Año"), example="2025")

    def value(self) -> date | None:
        """The date, None if all is empty; ValueError if it is none."""
        parts = self.year.number, self.month.number, self.day.number
        if parts == (None, None, None) and not any(f.data for f in (self.day, self.month, self.year)):
            return None
        if None in parts:
            raise ValueError
        year, month, day = (p or 0 for p in parts)
        return date(year, month, day)


def date_data(value: date | None) -> dict[str, str]:
    """What fills a DatePart."""
    return (
        {}
        if value is None
        else {"day": f"{value.day:02}", "month": f"{value.month:02}", "year": str(value.year)}
    )


def birth_data(birth: rules.Birth, on: date) -> dict[str, str]:
    """What fills a BirthPart again from what is stored."""
    if birth.earliest is None or birth.latest is None:
        return {"precision": "UNKNOWN"}
    filled = {"precision": birth.precision}
    if birth.precision == "AGE_ESTIMATED":
        known = rules.age_range(birth, on)
        return {**filled, "age": str((known[0] + known[1]) // 2 if known else "")}
    if birth.precision == "DAY":
        filled["day"] = f"{birth.earliest.day:02}"
    if birth.precision in ("DAY", "MONTH"):
        filled["month"] = f"{birth.earliest.month:02}"
    return {**filled, "year": str(birth.earliest.year)}


def nationality(label: Any, blank: Any = _l("Elija…")) -> ListField:
    return ListField(label, present.country_choices, blank=blank)


def spoken(label: Any) -> ListField:
    return ListField(label, present.language_choices, blank=_l("Ninguna"))
