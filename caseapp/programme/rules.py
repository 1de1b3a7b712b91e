"""What may stand in a register, for a form and for a row of a file alike: typed text in, values or what is wrong out.

Lists are those of the reference data; tests hold both to each other. Numbers are heads, never persons with names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

INSTITUTIONS = (
    "ASYLUM_AUTHORITY", "MIGRATION_AUTHORITY", "POLICE", "ARMED_FORCES", "CHILD_AUTHORITY", "JUSTICE", "OMBUDSPERSON",
    "HEALTH", "EDUCATION", "SOCIAL", "LABOUR", "MUNICIPALITY", "OTHER",
)  # fmt: skip
TOPICS = (
    "ASYLUM_LAW", "IDENTIFICATION", "NON_REFOULEMENT", "CHILDREN", "GBV", "TRAFFICKING", "INTERNAL_DISPLACEMENT",
    "RECEPTION", "INTEGRATION", "OTHER",
)  # fmt: skip
TRAINERS = ("STATE", "UN", "NGO", "OTHER")
PROJECT_KINDS = ("JOINT_PROJECT", "PROGRAMME")
POPULATIONS = ("HOST", "DISPLACED")
SEXES = ("F", "M", "O")
BANDS = ("0-4", "5-11", "12-17", "18-59", "60+", "UNKNOWN")
MOST_HEADS = 5000
MOST_BEDS = 5000
MOST_ENROLLED = 1_000_000
#: What an institution tells of fewer people than this is written «<5» and kept without a number (DISCLOSURE, k).
SMALLEST = 5
SMALL = f"<{SMALLEST}"
FIRST_DAY = date(2013, 1, 1)

KINDS = ("trainings", "projects", "participation", "costs", "capacity", "enrolments")


class AlreadyWithdrawn(Refused):
    sentence = _l("Esta anotación ya estaba anulada.")
    status = 409


class CodeTaken(Refused):
    """Another project of the team that stands has this code."""

    sentence = _l("Ya hay un proyecto con esta clave.")
    field = "code"


class CostsOverlap(Refused):
    """Two costs of one kind and currency on one day."""

    sentence = _l("Ya hay un costo de ese servicio y moneda en esas fechas.")
    field = "valid_from"


class HasParticipation(Refused):
    """A project with participation or enrolments that stand cannot be withdrawn."""

    sentence = _l("El proyecto tiene participación o inscripciones anotadas. Anúlelas primero.")


class ReportedAlready(Refused):
    """A shelter reported for this day already."""

    sentence = _l("Ya hay una anotación de ese albergue en esa fecha. Corríjala.")
    field = "reported_on"


class CountsItself(Refused):
    """The site's places are kept in Acogida (or it is none of the country's that may be named here)."""

    sentence = _l("Las plazas de este albergue se llevan en Acogida y se cuentan solas. No se anotan aquí.")
    field = "site"


class EnrolledAlready(Refused):
    """These enrolments were noted already."""

    sentence = _l("Ya hay una anotación de ese programa, periodo y grupo. Corríjala.")
    field = "period"


class OtherGrain(Refused):
    """The same programme and period are noted by other groups: a total less its parts would tell a small part."""

    sentence = _l(
        "Este periodo ya está anotado con otro desglose. Use el mismo: un total junto a sus partes descubre a los grupos pequeños."
    )
    field = "sex"


class PeriodsOverlap(Refused):
    """Another period that overlaps is noted: a year less its months would tell a small month."""

    sentence = _l(
        "Ya hay anotado otro periodo que se cruza con este. Use los mismos periodos: un año junto a sus meses descubre a los grupos pequeños."
    )
    field = "period"


@dataclass(frozen=True)
class Known:
    """What a row is checked against: today, the country's places, kinds of service, the team's projects that stand
    (code → first and last day) and which of them are programmes, the directory's shelters, and those of them whose places
    are kept in Acogida."""

    today: date
    places: Collection[str] = ()
    municipalities: Collection[str] = ()
    services: Collection[str] = ()
    projects: Mapping[str, tuple[date, date | None]] | None = None
    programmes: Collection[str] = ()
    sites: Collection[str] = ()
    told_by_themselves: Collection[str] = ()


@dataclass(frozen=True)
class Wrong:
    """A column and the sentence that says what is wrong with it."""

    column: str
    sentence: Any


Read = Callable[[str, Known], Any]


class _Bad(ValueError):
    def __init__(self, sentence: Any) -> None:
        super().__init__()
        self.sentence = sentence


def _date(typed: str, known: Known) -> date:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            found = datetime.strptime(typed, form).date()  # noqa: DTZ007
        except ValueError:
            continue
        if found < FIRST_DAY:
            raise _Bad(_l("La fecha es anterior a 2013."))
        return found
    raise _Bad(_l("Escriba la fecha como 2025-03-07 o 07/03/2025."))


def _past(typed: str, known: Known) -> date:
    found = _date(typed, known)
    if found > known.today:
        raise _Bad(_l("Esta fecha aún no llega. Escriba una fecha de hoy o anterior."))
    return found


def _heads(typed: str, known: Known) -> int:
    if not typed.isascii() or not typed.isdigit() or int(typed) > MOST_HEADS:
        raise _Bad(_l("Escriba un número de personas, de 0 a 5000."))
    return int(typed)


def _some_heads(typed: str, known: Known) -> int:
    found = _heads(typed, known)
    if not found:
        raise _Bad(_l("Escriba al menos una persona."))
    return found


def _amount(typed: str, known: Known) -> Decimal:
    try:
        found = Decimal(typed)
    except InvalidOperation:
        raise _Bad(_l("Escriba el importe con punto decimal, como 120.50.")) from None
    exponent = found.as_tuple().exponent
    if not found.is_finite() or not 0 < found < 10**9 or not isinstance(exponent, int) or exponent < -2:
        raise _Bad(_l("Escriba un importe mayor que cero, con dos decimales a lo más."))
    return found.quantize(Decimal("0.01"))


def _day_or_month(typed: str, known: Known) -> date:
    """A day, or a month, which is its last day."""
    if re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", typed):
        typed = span_of(typed)[1].isoformat()
    return _past(typed, known)


def _beds(typed: str, known: Known) -> int:
    if not typed.isascii() or not typed.isdigit() or int(typed) > MOST_BEDS:
        raise _Bad(_l("Escriba un número de plazas, de 0 a 5000."))
    return int(typed)


def _some_beds(typed: str, known: Known) -> int:
    found = _beds(typed, known)
    if not found:
        raise _Bad(_l("Escriba al menos una plaza."))
    return found


def _site(typed: str, known: Known) -> str:
    if typed.upper() in known.told_by_themselves:
        raise _Bad(CountsItself.sentence)
    return str(_in("sites")(typed, known))


def _programme(typed: str, known: Known) -> str:
    if typed not in known.programmes:
        raise _Bad(_l("No hay un programa con esta clave."))
    return typed


def _enrolled(typed: str, known: Known) -> int | None:
    """How many enrolled; None: fewer than five, which is told by no number."""
    if typed.replace(" ", "") == SMALL:
        return None
    if not typed.isascii() or not typed.isdigit() or int(typed) > MOST_ENROLLED:
        raise _Bad(_l("Escriba un número de personas, o <5 si son menos de cinco."))
    if int(typed) < SMALLEST:
        raise _Bad(_l("Un número de 0 a 4 no se anota: escriba <5."))
    return int(typed)


_PERIOD = re.compile(r"([0-9]{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?")


def span_of(period: str) -> tuple[date, date]:
    """First and last day of a year (2025), quarter (2025-Q3) or month (2025-10). Raises ValueError."""
    found = _PERIOD.fullmatch(period)
    if found is None or int(found[1]) == 0:
        raise ValueError(period)
    year, quarter, month = int(found[1]), found[2], found[3]
    first = int(month) if month else 3 * int(quarter) - 2 if quarter else 1
    months = 1 if month else 3 if quarter else 12
    after = date(year + (first + months - 1) // 12, (first + months - 1) % 12 + 1, 1)
    return date(year, first, 1), after - timedelta(days=1)


def _period(typed: str, known: Known) -> str:
    try:
        first, last = span_of(typed.upper())
    except ValueError:
        raise _Bad(_l("Escriba el periodo como 2025, 2025-Q3 o 2025-10.")) from None
    if first < FIRST_DAY:
        raise _Bad(_l("La fecha es anterior a 2013."))
    if last >= known.today:
        raise _Bad(_l("Este periodo aún no termina."))
    return typed.upper()


def _of(*codes: str) -> Read:
    def read(typed: str, known: Known) -> str:
        if typed.upper() not in codes:
            raise _Bad(_l("No está en la lista."))
        return typed.upper()

    return read


def _in(name: str) -> Read:
    def read(typed: str, known: Known) -> str:
        if typed.upper() not in getattr(known, name):
            raise _Bad(_l("No está en la lista."))
        return typed.upper()

    return read


def _project(typed: str, known: Known) -> str:
    if typed not in (known.projects or {}):
        raise _Bad(_l("No hay un proyecto con esta clave."))
    return typed


def _text(most: int) -> Read:
    def read(typed: str, known: Known) -> str:
        if len(typed) > most:
            raise _Bad(_l("Es demasiado largo."))
        return typed

    return read


def _currency(typed: str, known: Known) -> str:
    if len(typed) != 3 or not typed.isascii() or not typed.isalpha():
        raise _Bad(_l("Escriba la moneda con tres letras, como USD."))
    return typed.upper()


@dataclass(frozen=True)
class Column:
    """A column of a register: how it is read; whether it may be empty, and what stands for it then."""

    name: str
    read: Read
    optional: bool = False
    empty: Any = None


COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "trainings": (
        Column("held_on", _past), Column("place", _in("places")), Column("institution", _of(*INSTITUTIONS)),
        Column("topic", _of(*TOPICS)), Column("trainer", _of(*TRAINERS)), Column("women", _heads, True, 0),
        Column("men", _heads, True, 0), Column("others", _heads, True, 0),
    ),
    "projects": (
        Column("code", _text(40)), Column("kind", _of(*PROJECT_KINDS)), Column("name_es", _text(120)),
        Column("name_en", _text(120)), Column("place", _in("municipalities")), Column("starts_on", _date),
        Column("ends_on", _date, True),
    ),
    "participation": (
        Column("project", _project), Column("held_on", _past), Column("population", _of(*POPULATIONS)),
        Column("sex", _of(*SEXES)), Column("age_band", _of(*BANDS)), Column("heads", _some_heads),
    ),
    "costs": (
        Column("service_kind", _in("services")), Column("currency", _currency), Column("amount", _amount),
        Column("valid_from", _date), Column("valid_to", _date, True), Column("source", _text(200)),
    ),
    "capacity": (
        Column("site", _site), Column("reported_on", _day_or_month), Column("beds", _some_beds), Column("usable", _beds),
    ),
    "enrolments": (
        Column("project", _programme), Column("period", _period), Column("sex", _of(*SEXES), True),
        Column("age_band", _of(*BANDS), True), Column("enrolled", _enrolled), Column("source", _text(200)),
    ),
}  # fmt: skip


def read(kind: str, typed: Mapping[str, str], known: Known) -> tuple[dict[str, Any], list[Wrong]]:
    """The values of an entry, and everything that is wrong with it (then the values are not to be used)."""
    values: dict[str, Any] = {}
    wrong: list[Wrong] = []
    for column in COLUMNS[kind]:
        text = (typed.get(column.name) or "").strip()
        if not text:
            values[column.name] = column.empty
            if not column.optional:
                wrong.append(Wrong(column.name, _l("Complete este dato.")))
            continue
        try:
            values[column.name] = column.read(text, known)
        except _Bad as bad:
            wrong.append(Wrong(column.name, bad.sentence))
    return values, wrong or _together(kind, values, known)


def _together(kind: str, values: Mapping[str, Any], known: Known) -> list[Wrong]:
    if kind == "trainings":
        heads = values["women"] + values["men"] + values["others"]
        if not heads:
            return [Wrong("women", _l("Escriba al menos una persona."))]
        if heads > MOST_HEADS:
            return [Wrong("women", _l("Escriba un número de personas, de 0 a 5000."))]
    first, last = {"projects": ("starts_on", "ends_on"), "costs": ("valid_from", "valid_to")}.get(
        kind, ("", "")
    )
    if last and values[last] is not None and values[last] < values[first]:
        return [Wrong(last, _l("Termina antes de empezar."))]
    if kind == "participation":
        starts, ends = (known.projects or {})[values["project"]]
        if values["held_on"] < starts or (ends is not None and values["held_on"] > ends):
            return [Wrong("held_on", _l("El proyecto no estaba en curso ese día."))]
    if kind == "capacity" and values["usable"] > values["beds"]:
        return [Wrong("usable", _l("No puede haber más plazas utilizables que registradas."))]
    if kind == "enrolments":
        starts, ends = (known.projects or {})[values["project"]]
        from_on, to_on = span_of(values["period"])
        if to_on < starts or (ends is not None and from_on > ends):
            return [Wrong("period", _l("El programa no estaba en curso en ese periodo."))]
    return []


def heading(kind: str, head: Sequence[str]) -> tuple[list[str], list[Wrong]]:
    """The columns of a file's first row, in order, and what is wrong with it (a column missing, twice or unknown)."""
    names = [name.strip().lower() for name in head]
    known = {column.name for column in COLUMNS[kind]}
    wrong = [
        Wrong(name, _l("El registro no tiene esta columna.")) for name in names if name and name not in known
    ]
    wrong += [
        Wrong(name, _l("La columna está dos veces.")) for name in sorted(known) if names.count(name) > 1
    ]
    wrong += [
        Wrong(column.name, _l("Falta esta columna."))
        for column in COLUMNS[kind]
        if not column.optional and column.name not in names
    ]
    return names, wrong


def key_of(kind: str, values: Mapping[str, Any], turn: int) -> bytes:
    """The digest of a row: what it says, and the how-manieth such row of its file it is."""
    said = "|".join(f"{column.name}={values[column.name]}" for column in COLUMNS[kind])
    return hashlib.sha256(f"{kind}|{turn}|{said}".encode()).digest()
