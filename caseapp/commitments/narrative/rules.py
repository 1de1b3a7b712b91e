"""Narratives of a country and pillar: what may be written, quoted and approved. Plain values in, a decision out.

A figure is quoted by its code, period and country, `{P1-01 2025 MEX}`, never typed as a number: what the reader sees is the value
that the newest release gives, and a narrative whose quoted value has changed since it was approved says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from caseapp.commitments.rules import REGION
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

#: What a pillar's narrative tells, as the MIRPS report does: what was reached, what stands in the way, what comes next.
PARTS = ("ACHIEVEMENTS", "CHALLENGES", "PRIORITIES")
STATES = ("DRAFT", "WAITING", "APPROVED", "RETURNED")
LANGUAGES = ("es", "en")
LONGEST = 6000
QUOTE = re.compile(r"\{(P[1-5]-[0-9]{2}) +((?:MIRPS-)?[0-9]{4}(?:-[0-9Q]{2})?) +([A-Z]{3})\}")
#: A brace that is no quote: somebody meant to quote and mistyped.
BRACE = re.compile(r"[{}]")


@dataclass(frozen=True, order=True)
class Quote:
    """A released figure of a country, by indicator and period."""

    indicator: str
    period: str
    country: str

    @property
    def code(self) -> str:
        return f"{{{self.indicator} {self.period} {self.country}}}"


@dataclass(frozen=True)
class Quoted:
    """What a quote said when the narrative was approved, and what the newest release says."""

    quote: Quote
    then: Decimal | None
    now: Decimal | None

    @property
    def changed(self) -> bool:
        """Whether a revision gives another value (or takes it away)."""
        return self.then is not None and self.then != self.now


class NothingWritten(Refused):
    sentence = _l("Escriba el texto en los dos idiomas.")
    field = "text_es"


class TooLong(Refused):
    sentence = _l("El texto es demasiado largo: hasta %(most)s letras en cada idioma.")
    field = "text_es"


class QuoteMistyped(Refused):
    """A brace that belongs to no quote."""

    sentence = _l(
        "Una cifra se cita así: {P1-01 2025 MEX}, con su código, su periodo y su país. Revise las llaves del texto."
    )
    field = "text_es"


class QuotesDiffer(Refused):
    """Both languages tell the same figures."""

    sentence = _l("Los dos idiomas deben citar las mismas cifras. Solo en uno: %(which)s.")
    field = "text_en"


class QuoteNotPublished(Refused):
    """Only a published figure is quoted."""

    sentence = _l("Esta cifra no está publicada: %(which)s.")
    field = "text_es"


class OwnText(Refused):
    """Whoever wrote a version does not approve it."""

    sentence = _l("Quien escribió el texto no puede aprobarlo. Debe leerlo otra persona.")


class NotWaiting(Refused):
    sentence = _l("Este texto no espera una lectura.")
    status = 409


class ReasonMissing(Refused):
    sentence = _l("Escriba qué hay que cambiar.")
    field = "reason"


def quotes(text: str) -> frozenset[Quote]:
    """The figures that a text quotes."""
    return frozenset(Quote(*found) for found in QUOTE.findall(text))


def may_quote(country: str, quote: Quote) -> bool:
    """A country quotes its own figures, the region those of any country: a text is no way to read another country's."""
    return country in (quote.country, REGION)


def must_be_sound(texts: Mapping[str, str], published: Callable[[Quote], bool]) -> frozenset[Quote]:
    """The figures that both texts quote. Raises `NothingWritten`, `TooLong`, `QuoteMistyped`, `QuotesDiffer`,
    `QuoteNotPublished`."""
    for text in texts.values():
        if not text.strip():
            raise NothingWritten
        if len(text) > LONGEST:
            raise TooLong(most=LONGEST)
        if BRACE.search(QUOTE.sub("", text)):
            raise QuoteMistyped
    first, second = (quotes(texts[lang]) for lang in LANGUAGES)
    if first != second:
        raise QuotesDiffer(which=_codes(first ^ second))
    missing = [quote for quote in first if not published(quote)]
    if missing:
        raise QuoteNotPublished(which=_codes(missing))
    return first


def _codes(found: Iterable[Quote]) -> str:
    return ", ".join(quote.code for quote in sorted(found))


def may_decide(state: str, *, written_by: UUID, by: UUID | None, agrees: bool, reason: str) -> None:
    """A second person approves a waiting version, or returns it and says why. Raises `NotWaiting`, `OwnText`,
    `ReasonMissing`."""
    if state != "WAITING":
        raise NotWaiting
    if by is None or by == written_by:
        raise OwnText
    if not agrees and len(reason.strip()) < 3:
        raise ReasonMissing


def told(text: str, says: Callable[[Quote], str]) -> list[str]:
    """The paragraphs of a text with each quote in the words of `says`."""
    whole = QUOTE.sub(lambda found: says(Quote(*found.groups())), text)
    return [part.strip() for part in re.split(r"\n\s*\n|\r\n\s*\r\n", whole) if part.strip()]
