"""A row of an import: every cell checked, all that is wrong said at once. Pure: cells in, plain values out.

Identity numbers are checked with python-stdnum as the list `document_type` says (CURP: RENAPO's check digit;
DIMEX and the Costa Rican cédula: their published form).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, cast

from stdnum.exceptions import ValidationError

from caseapp.core import reference
from caseapp.core.errors import Refused
from caseapp.people.rules import Birth, birth_bounds, check_birth, may_register, years_between
from caseapp.people.rules.age import OLDEST
from caseapp.people.search.phonetics import plain
from caseapp.reception.rules import words
from caseapp.reception.rules.arrival import ArrivalImpossible, may_arrive
from caseapp.reception.rules.reasons import Wrong
from caseapp.reception.rules.written_dates import Written, understood

COLUMNS = (
    "source", "external_id", "household", "head", "relation", "given_names", "surname_1", "surname_2",
    "also_known_as", "sex", "birth_date", "birth_precision", "age", "nationality", "languages", "document_type",
    "document_number", "arrived_on", "arrival_place", "site", "phone",
)  # fmt: skip
NAMES = ("given_names", "surname_1", "surname_2", "also_known_as")
MOST_LETTERS = {**dict.fromkeys(NAMES, 120), "document_number": 60, "phone": 40}
OTHERWISE = 200
_ERRORS = re.compile(
    r"#(?:N/A|N/D|REF!|¡REF!|VALUE!|¡VALOR!|NAME\?|¿NOMBRE\?|DIV/0!|¡DIV/0!|NUM!|¡NUM!|NULL!|NULO!|SPILL!|CALC!)"
)
_SPLIT = re.compile(r"\s*[,;/|+]\s*")
_TOTAL = re.compile(r"(?:sub)?totale?s?(?: general)?:?")
_PRECISE = {"DAY": 3, "MONTH": 2, "YEAR": 1}


@dataclass(frozen=True, slots=True)
class Where:
    """Where and when the import happens: the site's code and country, its local date."""

    site: str
    country: str
    on: date


@dataclass(frozen=True, slots=True)
class Checked:
    """A row that may be imported."""

    number: int
    given_names: str
    surname_1: str
    surname_2: str
    also_known_as: str
    sex: str
    birth: Birth
    nationalities: tuple[str, ...]
    languages: tuple[str, ...]
    document_type: str
    document_number: str
    arrived_on: date
    place: str | None
    phone: str
    household: str
    head: bool
    relation: str | None


def column_of(title: str) -> str:
    """A column's name however it is spelled: «Given Names» is given_names."""
    return re.sub(r"[\s\-_]+", "_", plain(title)).strip("_")


def check_head(titles: tuple[str, ...]) -> tuple[dict[str, int], list[Wrong]]:
    """Where each known column stands, and what is wrong with the first row."""
    found: dict[str, int] = {}
    wrong: list[Wrong] = []
    for place, title in enumerate(titles):
        name = column_of(title)
        if not name:
            continue
        if name in found:
            wrong.append(Wrong(name, "COLUMN_TWICE", {"name": name}))
        elif name in COLUMNS:
            found[name] = place
        else:
            wrong.append(Wrong(title[:60], "COLUMN_UNKNOWN", {"name": title[:60]}))
    if not any(name in found for name in NAMES):
        wrong.append(Wrong("given_names", "NAME_MISSING"))
    return found, wrong


def is_total(cells: Mapping[str, str]) -> bool:
    """A line that sums up a list: the word «total» and numbers, nobody's name."""
    filled = [text for text in cells.values() if text]
    sums = [text for text in filled if _TOTAL.fullmatch(words.folded(text))]
    return bool(sums) and all(text in sums or re.fullmatch(r"=.*|[\d.,%\s]+", text) for text in filled)


def check_row(number: int, cells: Mapping[str, str], where: Where) -> tuple[Checked | None, list[Wrong]]:
    """The row with what its cells mean, or None; and everything that is wrong with it."""
    wrong: list[Wrong] = []

    def bad(column: str, code: str, **facts: Any) -> None:
        wrong.append(Wrong(column, code, facts))

    for column, text in cells.items():
        if len(text) > MOST_LETTERS.get(column, OTHERWISE):
            bad(column, "TOO_LONG", most=MOST_LETTERS.get(column, OTHERWISE))
        elif text.startswith("#") and _ERRORS.fullmatch(text):
            bad(column, "CELL_ERROR")
    if wrong:
        return None, wrong
    get = cells.get
    if not any(get(name) for name in ("given_names", "surname_1", "also_known_as")):
        bad("given_names", "NAME_MISSING")
    birth = _birth(cells, where, bad)
    arrived_on = _arrival(get("arrived_on", ""), where, bad)
    if birth is not None and arrived_on is not None and birth.earliest and birth.earliest > arrived_on:
        bad("arrived_on", "BORN_AFTER_ARRIVAL")
    sex = _sex(get("sex", ""), bad)
    nationalities = _nationalities(get("nationality", ""), where, bad)
    spoken = _languages(get("languages", ""), bad)
    document_type, document_number = _document(cells, nationalities, bad)
    place = _place(get("arrival_place", ""), where.country, bad)
    phone = get("phone", "")
    if phone and not _is_phone(phone):
        bad("phone", "PHONE_WRONG")
    if get("site", "") and get("site", "").strip().upper() != where.site:
        bad("site", "SITE_OTHER")
    head, relation = _in_household(cells, bad)
    if wrong or birth is None or arrived_on is None:
        return None, wrong
    return Checked(
        number, get("given_names", ""), get("surname_1", ""), get("surname_2", ""), get("also_known_as", ""), sex,
        birth, nationalities, spoken, document_type, document_number, arrived_on, place, phone,
        words.folded(get("household", "")), head, relation,
    ), wrong  # fmt: skip


def _birth(cells: Mapping[str, str], where: Where, bad: Any) -> Birth | None:
    text, said, years = (cells.get(c, "") for c in ("birth_date", "birth_precision", "age"))
    precision = words.of_list("birth_precision").get(words.folded(said)) if said else None
    if said and precision not in (*_PRECISE, "AGE_ESTIMATED", "UNKNOWN"):
        return bad("birth_precision", "PRECISION_UNKNOWN")  # type: ignore[no-any-return]
    age: int | None = None
    if years:
        age = int(years) if re.fullmatch(r"\d{1,3}", years) else -1
        if not 0 <= age <= OLDEST:
            return bad("age", "AGE_IMPOSSIBLE")  # type: ignore[no-any-return]
    if not text:
        if precision in _PRECISE or (precision == "AGE_ESTIMATED" and age is None):
            return bad("birth_precision", "PRECISION_DIFFERS")  # type: ignore[no-any-return]
        if age is None or precision == "UNKNOWN":
            return birth_bounds("UNKNOWN", on=where.on)
        return birth_bounds("AGE_ESTIMATED", on=where.on, age=age)
    written = understood(text)
    if isinstance(written, str):
        return bad("birth_date", written)  # type: ignore[no-any-return]
    return _dated(written, precision, age, where, bad)


def _dated(written: Written, precision: str | None, age: int | None, where: Where, bad: Any) -> Birth | None:
    """A birth date that was understood, as precisely as it is said to be known."""
    wanted = precision or written.precision
    if _PRECISE.get(wanted, 9) > _PRECISE[written.precision]:
        return bad("birth_precision", "PRECISION_DIFFERS")  # type: ignore[no-any-return]
    kept = Written(
        wanted,
        written.year,
        written.month if wanted != "YEAR" else None,
        written.day if wanted == "DAY" else None,
    )
    earliest, latest = kept.bounds()
    if earliest > where.on:
        return bad("birth_date", "DATE_FUTURE")  # type: ignore[no-any-return]
    try:
        birth = check_birth(Birth(wanted, earliest, latest), where.on)
    except Refused:
        return bad("birth_date", "DATE_TOO_OLD")  # type: ignore[no-any-return]
    if age is not None and not (
        years_between(latest, where.on) - 1 <= age <= years_between(earliest, where.on) + 1
    ):
        return bad("age", "AGE_DIFFERS")  # type: ignore[no-any-return]
    return birth


def _arrival(text: str, where: Where, bad: Any) -> date | None:
    if not text:
        return where.on
    written = understood(text)
    if isinstance(written, str) or written.precision != "DAY":
        return bad("arrived_on", written if isinstance(written, str) else "DATE_IMPOSSIBLE")  # type: ignore[no-any-return]
    day = written.bounds()[0]
    try:
        may_arrive(day, where.on)
    except ArrivalImpossible:
        return bad("arrived_on", "DATE_FUTURE" if day > where.on else "DATE_TOO_OLD")  # type: ignore[no-any-return]
    return day


def _sex(text: str, bad: Any) -> str:
    if not text:
        return "NOT_ASKED"
    found = words.sex(text)
    if found is None:
        bad("sex", "SEX_AMBIGUOUS" if words.folded(text) == "h" else "SEX_UNKNOWN")
    return found or "NOT_ASKED"


def _nationalities(text: str, where: Where, bad: Any) -> tuple[str, ...]:
    if not text:
        return ("UNK",)
    known = words.countries()
    whole = known.get(words.folded(text))
    found = (whole,) if whole else tuple(known.get(words.folded(one)) for one in _SPLIT.split(text) if one)
    if not found or None in found:
        bad("nationality", "COUNTRY_UNKNOWN")
        return ("UNK",)
    nationalities = cast(tuple[str, ...], found)
    try:
        may_register(names=("-",), nationalities=nationalities, populations=(), country=where.country)
    except Refused:
        bad("nationality", "NATIONALITY_COMBINED")
    return nationalities


def situation(nationalities: tuple[str, ...], country: str) -> tuple[str, ...]:
    """What an import says of the protection situation: a foreigner at reception seeks asylum; a national never
    does at home, and whether they were displaced or returned is theirs to say; of unknown nationality, nothing."""
    return () if country in nationalities or "UNK" in nationalities else ("ASYLUM_SEEKER",)


def _languages(text: str, bad: Any) -> tuple[str, ...]:
    if not text:
        return ()
    known = words.languages()
    whole = known.get(words.folded(text))
    found = (whole,) if whole else tuple(known.get(words.folded(one)) for one in _SPLIT.split(text) if one)
    if None in found:
        bad("languages", "LANGUAGE_UNKNOWN")
        return ()
    return tuple(dict.fromkeys(cast(tuple[str, ...], found)))


def _document(cells: Mapping[str, str], nationalities: tuple[str, ...], bad: Any) -> tuple[str, str]:
    said, number = cells.get("document_type", ""), cells.get("document_number", "")
    kind = words.of_list("document_type").get(words.folded(said)) if said else ("OTHER" if number else "")
    if kind is None or (kind and kind in {c.code for c in reference.codes("blanks")}):
        bad("document_type", "DOCUMENT_TYPE_UNKNOWN")
        return "", ""
    if kind == "NONE" and number:
        bad("document_type", "DOCUMENT_CONTRADICTS")
    elif number and not number_holds(kind, number, nationalities):
        bad("document_number", "DOCUMENT_NUMBER_WRONG")
    return kind, number


def number_holds(kind: str, number: str, nationalities: tuple[str, ...] = ()) -> bool:
    """Whether a number passes the published check of its type; true where none is published."""
    module = reference.code("document_type", kind).extra.get("stdnum", "")
    if kind == "NATIONAL_ID" and nationalities == ("CRI",):
        module = "cr.cpf"  # the cédula has no type of its own
    if not module:
        return True
    try:
        _stdnum(module).validate(number)
    except ValidationError:
        return False
    return True


@cache
def _stdnum(module: str) -> Any:
    return import_module(f"stdnum.{module}")


@lru_cache(maxsize=4096)
def _known_place(text: str, country: str) -> str | None:
    return words.places(country).get(words.folded(text))


def _place(text: str, country: str, bad: Any) -> str | None:
    if not text:
        return None
    found = _known_place(text, country)
    if found is None:
        bad("arrival_place", "PLACE_UNKNOWN")
    return found


def _is_phone(text: str) -> bool:
    return bool(re.fullmatch(r"[+()\d\s.\-/]+", text)) and 7 <= len(re.sub(r"\D", "", text)) <= 15


def _in_household(cells: Mapping[str, str], bad: Any) -> tuple[bool, str | None]:
    household, said = cells.get("household", ""), cells.get("relation", "")
    head = words.truth(cells.get("head", ""))
    if head is None:
        bad("head", "HEAD_UNKNOWN")
    is_head = bool(head) or words.folded(said) in words.HEAD_WORDS
    relation = None
    if said and words.folded(said) not in words.HEAD_WORDS:
        relation = words.of_list("relation").get(words.folded(said))
        if relation is None or (
            reference.codes("blanks") and relation in {c.code for c in reference.codes("blanks")}
        ):
            bad("relation", "RELATION_UNKNOWN")
        elif head:
            bad("relation", "RELATION_OF_HEAD")
        elif not household:
            bad("relation", "RELATION_ALONE")
    return is_head, relation
