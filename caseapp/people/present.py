"""How a person is shown: name, age as known, and codes in words."""

from __future__ import annotations

from datetime import date
from functools import cache

from caseapp.core import reference
from caseapp.core.i18n import _, language, ngettext
from caseapp.people import rules
from caseapp.people.models import Person
from caseapp.people.queries import Summary, birth_of


def _birth(one: Person | Summary) -> rules.Birth:
    return birth_of(one) if isinstance(one, Person) else one.birth


def certainty(one: Person | Summary) -> str:
    """`exact`, `about`, `disputed` or `unknown`, as the identity bar takes it."""
    if one.age_status == "DISPUTED_TREATED_AS_CHILD":
        return "disputed"
    birth = _birth(one)
    if birth.earliest is None:
        return "unknown"
    return "exact" if birth.precision == "DAY" else "about"


def age_text(one: Person | Summary, on: date) -> str:
    """The age as known on a day: «34 años», «8 meses», «unos 34 años», «edad en disputa, unos 17 años»."""
    birth = _birth(one)
    known = rules.age_range(birth, on)
    if known is None:
        return _("edad en disputa") if certainty(one) == "disputed" else _("edad desconocida")
    if birth.precision == "DAY" and birth.latest is not None and known[0] < 2:
        months = (
            (on.year - birth.latest.year) * 12 + on.month - birth.latest.month - (on.day < birth.latest.day)
        )
        years = ngettext("%(num)s mes", "%(num)s meses", max(0, months))
    else:
        years = ngettext("%(num)s año", "%(num)s años", (known[0] + known[1]) // 2)
    if certainty(one) == "disputed":
        return _("edad en disputa, unos %(age)s", age=years)
    return years if known[0] == known[1] else _("unos %(age)s", age=years)


def is_child(one: Person | Summary, on: date) -> bool:
    """Whether the person is protected as a child on a day."""
    return rules.is_child(_birth(one), one.age_status, on)


def birth_text(person: Person) -> str:
    """The birth date as precisely as known: «7 mar 1990», «1990», «no se sabe»."""
    from caseapp.core.pages import day

    if person.birth_from is None:
        return _("No se sabe")
    match person.birth_precision:
        case "DAY":
            return day(person.birth_from)
        case "MONTH":
            return f"{person.birth_from:%m/%Y}"
        case "YEAR":
            return str(person.birth_from.year)
        case _:
            return _(
                "Estimada, entre %(a)s y %(b)s",
                a=person.birth_from.year,
                b=(person.birth_to or person.birth_from).year,
            )


def name_of(person: Person) -> str:
    """The full name, else what the person is called, else words that say that the name is not known."""
    return person.full_name or person.called_name or _("Sin nombre conocido")


def countries_text(codes: list[str] | tuple[str, ...]) -> str:
    return ", ".join(reference.country_label(c) for c in codes)


def languages_text(codes: list[str] | tuple[str, ...]) -> str:
    return ", ".join(reference.language_label(c) for c in codes)


def region_choices() -> list[tuple[str, str]]:
    """The countries of the region by name, for a second nationality where a whole list would be heavy."""
    return [line for line in country_choices() if line[0] in _region()]


@cache
def _region() -> frozenset[str]:
    return frozenset(c.iso3 for c in reference.countries() if c.group in ("MIRPS", "REGION"))


def country_choices() -> list[tuple[str, str]]:
    """The countries of the region by name, stateless and unknown, then the rest of the world."""
    return list(_country_choices(language()))


@cache
def _country_choices(of: str) -> tuple[tuple[str, str], ...]:
    """Kept by language: a family's form asks for them twice for each member."""
    special = [(c, reference.country_label(c, of)) for c in (reference.STATELESS, reference.UNKNOWN_COUNTRY)]
    near: list[tuple[str, str]] = []
    far: list[tuple[str, str]] = []
    for country in reference.countries():
        if country.group != "SPECIAL":
            line = (country.iso3, reference.country_label(country.iso3, of))
            (near if country.group in ("MIRPS", "REGION") else far).append(line)
    order = _collated
    return (*sorted(near, key=order), *special, *sorted(far, key=order))


def _collated(line: tuple[str, str]) -> str:
    from caseapp.people.search.phonetics import plain

    return plain(line[1])


def language_choices() -> list[tuple[str, str]]:
    return [(l.iso639_3, reference.language_label(l.iso639_3)) for l in reference.languages()]  # noqa: E741


def place_choices(country: str) -> list[tuple[str, str]]:
    """First-level divisions (P-codes) of a country."""
    return [(a.pcode, a.name) for a in reference.admin1(country)]
