"""What people write for a code: the code itself, or its label in either language, however it is spelled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from caseapp.core import reference
from caseapp.people.search.phonetics import plain

YES = frozenset({"si", "s", "yes", "y", "x", "1", "true", "verdadero", "v", "head", "jefe", "jefa", "cabeza"})
NO = frozenset({"", "no", "n", "0", "false", "falso", "f"})
HEAD_WORDS = frozenset({"head", "self", "cabeza", "cabeza de familia", "jefe", "jefa", "titular"})
_SEX = {
    "f": "F", "femenino": "F", "femenina": "F", "mujer": "F", "female": "F", "woman": "F", "nina": "F", "girl": "F",
    "m": "M", "masculino": "M", "hombre": "M", "male": "M", "man": "M", "nino": "M", "boy": "M", "varon": "M",
    "x": "X", "otro": "X", "other": "X",
}  # fmt: skip
_GAPS = re.compile(r"[\s_\-]+")
_LANGUAGES_SHORT = {"es": "spa", "en": "eng", "ht": "hat", "pt": "por", "fr": "fra"}


def folded(text: str) -> str:
    """Lower case, no accents, one space between words."""
    bare = plain(text)
    return bare if bare.isalnum() else _GAPS.sub(" ", bare).strip()


@cache
def of_list(name: str) -> Mapping[str, str]:
    """Folded code, label and label → code, of a reference list and of the blanks."""
    found: dict[str, str] = {}
    for code in (*reference.codes("blanks"), *reference.codes(name)):
        for written in (code.label_en, code.label_es, code.code):
            found[folded(written)] = code.code
    return MappingProxyType(found)


@cache
def countries() -> Mapping[str, str]:
    """Folded alpha-3, alpha-2 and names → alpha-3."""
    found: dict[str, str] = {}
    for country in reference.countries():
        names = (reference.country_label(country.iso3, language) for language in ("es", "en"))
        for written in (*names, country.iso2, country.iso3):
            if written:
                found[folded(written)] = country.iso3
    return MappingProxyType(found)


@cache
def languages() -> Mapping[str, str]:
    """Folded ISO 639-3 codes, the commonest two-letter ones and names → ISO 639-3."""
    found: dict[str, str] = {}
    known = {language.iso639_3 for language in reference.languages()}
    for language in reference.languages():
        for written in (language.label_en, language.label_es, language.iso639_3):
            found[folded(written)] = language.iso639_3
    found.update({short: code for short, code in _LANGUAGES_SHORT.items() if code in known})
    return MappingProxyType(found)


@cache
def places(country: str) -> Mapping[str, str]:
    """Folded P-codes, ISO 3166-2 codes and names of a country's divisions → P-code. A name that two divisions of
    the second level share is left out."""
    found: dict[str, str] = {}
    for first in reference.admin1(country):
        seconds = reference.admin2(first.pcode)
        for second in seconds:
            found[folded(second.pcode)] = second.pcode
    for first in reference.admin1(country):
        for written in (first.name, first.iso_3166_2, first.pcode):
            if written:
                found[folded(written)] = first.pcode
    return MappingProxyType(found)


def sex(text: str) -> str | None:
    """F, M, X, a blank, or None for a word that is not understood."""
    word = folded(text)
    return _SEX.get(word) or of_list("sex_in_document").get(word)


def truth(text: str) -> bool | None:
    """Yes, no, or None."""
    word = folded(text)
    return True if word in YES else False if word in NO else None
