"""What somebody types in the one search box, taken apart: names, a birth date or year, an age, numbers.

"López García, José" · "María Lopes 1990" · "pepe castro 2/3/1990" · "Xiloj 35 años" · "0801-1990-12345"
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from caseapp.people.search.names import (
    UNKNOWN_BIRTH,
    BirthKnowledge,
    Document,
    PersonNames,
    Sought,
    name_words,
)
from caseapp.people.search.phonetics import plain
from caseapp.people.search.tokens import document_number, phone_number

LONGEST_QUERY = 200
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("enero ene january jan janvye janeiro", "febrero feb february fevriye fevereiro", "marzo mar march mas marco",
         "abril abr april apr avril", "mayo may me maio", "junio jun june jen junho", "julio jul july jiye julho",
         "agosto ago august aug out", "septiembre setiembre sep sept set september septanm setembro",
         "octubre oct october oktob outubro", "noviembre nov november novanm novembro",
         "diciembre dic december dec desanm dezembro"), start=1)
    for name in names.split()
}  # fmt: skip
_NUMERIC_DATE = re.compile(r"(?<!\d)(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?!\d)")
_ISO_DATE = re.compile(r"(?<![\d-])(\d{4})-(\d{1,2})-(\d{1,2})(?![\d-])")
_WRITTEN_DATE = re.compile(r"(?<!\w)(\d{1,2})\s+(?:de\s+)?([a-z]{2,10})\.?\s+(?:del?\s+)?(\d{4})(?!\d)")
_WRITTEN_MONTH = re.compile(r"(?<!\w)([a-z]{3,10})\s+(?:del?\s+)?(\d{4})(?!\d)")
_MONTH = re.compile(r"(?<![\d/.-])(\d{1,2})/(\d{4})(?!\d)")
_AGE = re.compile(r"(?<!\w)(\d{1,3})\s*(?:anos|an|years|yrs|anios)(?!\w)")
_YEAR = re.compile(r"(?<![\w/.-])((?:19|20)\d\d)(?![\w/.-])")
_NUMBER = re.compile(r"(?<!\w)\+?[a-z]{0,4}-?[\d(][\w()./-]*(?:\s+[\d()./-]+)*(?!\w)")
_ESTIMATE = 2  # an age said aloud is taken two years either way


def parse_query(text: str, *, today: date | None = None) -> Sought:
    """What `text` asks for. `today` is needed to understand an age ("35 años"); without it ages are ignored.

    Names keep their parts only when written "surnames, given names"; otherwise any word may be either.
    Never fails: what is not understood is left out.
    """
    # Lengths stay equal letter by letter, so what is understood can be cut out of the original.
    shown = "".join(
        c for c in unicodedata.normalize("NFC", text)[:LONGEST_QUERY] if c.isprintable() or c.isspace()
    )
    rest = "".join(plain(c)[:1] or " " for c in shown)
    birth, cut = _birth(rest, today)
    for start, end in cut:
        rest, shown = _blank(rest, start, end), _blank(shown, start, end)
    numbers = []
    for found in list(_NUMBER.finditer(rest)):
        if document_number(Document("OTHER", found[0])) or phone_number(found[0]):
            numbers.append(shown[found.start() : found.end()].strip())
        rest, shown = _blank(rest, *found.span()), _blank(shown, *found.span())
    surnames, comma, given = shown.partition(",")
    if comma and name_words(surnames) and name_words(given):
        return Sought(PersonNames(given.strip(), surnames.strip()), (), birth, numbers=tuple(numbers))
    return Sought(loose=tuple(name_words(shown)), birth=birth, numbers=tuple(numbers))


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]


def _birth(text: str, today: date | None) -> tuple[BirthKnowledge, list[tuple[int, int]]]:
    """The first birth that is understood, most exact first, with the places it was read from."""
    for pattern, order in ((_ISO_DATE, (1, 2, 3)), (_NUMERIC_DATE, (3, 2, 1)), (_WRITTEN_DATE, (3, 2, 1))):
        for found in pattern.finditer(text):
            day = _day(*(found[group] for group in order))
            if day:
                return BirthKnowledge("DAY", day, day), [found.span()]
    for pattern in (_WRITTEN_MONTH, _MONTH):
        for found in pattern.finditer(text):
            month, year = _month(found[1]), int(found[2])
            if month and 1900 <= year <= 2099:
                return BirthKnowledge("MONTH", date(year, month, 1), _last_day(year, month)), [found.span()]
    found_age = _AGE.search(text)
    if found_age and today and int(found_age[1]) < 120:
        born = today.year - int(found_age[1])
        bounds = date(born - _ESTIMATE, 1, 1), date(born + _ESTIMATE, 12, 31)
        return BirthKnowledge("AGE_ESTIMATED", *bounds), [found_age.span()]
    # A year among other figures ("0801 1990 12345") belongs to a number.
    for found in _YEAR.finditer(text):
        if not re.search(r"\d\s+$", text[: found.start()]) and not re.match(r"\s+\d", text[found.end() :]):
            year = int(found[1])
            return BirthKnowledge("YEAR", date(year, 1, 1), date(year, 12, 31)), [found.span()]
    return UNKNOWN_BIRTH, []


def _month(text: str) -> int:
    number = int(text) if text.isdigit() else _MONTHS.get(text, 0)
    return number if 1 <= number <= 12 else 0


def _last_day(year: int, month: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)


def _day(year: str, month: str, day: str) -> date | None:
    """The date, day first; read month first only where day first cannot be."""
    number = _month(month)
    for month_number, day_number in ((number, int(day)), (int(day), int(month) if month.isdigit() else 0)):
        try:
            found = date(int(year), month_number, day_number)
        except ValueError:
            continue
        return found if 1900 <= found.year <= 2099 else None
    return None
