"""Decisions about commitments: the scale of the 2017–2018 report, who scores and who reviews, averages under two named
weightings, what is stalled, and what may stand in a register. Plain values in, a decision or a named refusal out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

#: What is not one country's: meetings, platform and commitments of the region as a whole.
REGION = "REG"
PILLARS = (1, 2, 3, 4, 5)
SCORES = (0, 1, 2, 3, 4, 5)
#: A month of the business calendar counts as thirty days nowhere here: six months are counted by the calendar.
QUIET_MONTHS = 6
#: "Due soon" for a stalled commitment.
SOON = timedelta(days=90)
LONGEST_TEXT = 1000
#: A year, a quarter or a month.
PERIOD = re.compile(r"\d{4}(-Q[1-4]|-(0[1-9]|1[0-2]))?")
#: Of money or of a target.
LARGEST_AMOUNT = 10**12


class CommitmentClass(StrEnum):
    """What a commitment belongs to. Only the first counted in the first year's averages."""

    COUNTRY = "COUNTRY"
    PILLAR_5 = "PILLAR_5"
    SUPPORT_PLATFORM = "SUPPORT_PLATFORM"


class ScoreState(StrEnum):
    PROPOSED = "PROPOSED"
    CONFIRMED = "CONFIRMED"
    RETURNED = "RETURNED"


class EvidenceKind(StrEnum):
    DOCUMENT = "DOCUMENT"
    LINK = "LINK"
    RECORD = "RECORD"
    MATRIX = "MATRIX"


class PastPart(StrEnum):
    """What of a commitment somebody changed."""

    TEXT = "TEXT"
    TARGET = "TARGET"
    COST = "COST"


class Weighting(StrEnum):
    """How an overall figure is made: of the pillars' averages (as the report), or of all commitments alike."""

    PILLARS = "PILLARS"
    COMMITMENTS = "COMMITMENTS"


class IndicatorUnknown(Refused):
    sentence = _l("Ese indicador no está en el catálogo.")
    field = "indicator"


class ScoreUnknown(Refused):
    sentence = _l("La calificación va de 0 a 5.")
    field = "score"


class PillarUnknown(Refused):
    sentence = _l("El pilar va de 1 a 5.")
    field = "pillar"


class ClassMismatch(Refused):
    sentence = _l(
        "Los pilares 1 a 4 son de un país; el pilar 5 es de cooperación. Elija la clase que corresponde."
    )
    field = "commitment_class"


class DueBeforeStart(Refused):
    sentence = _l("La fecha límite es anterior al inicio.")
    field = "due_on"


class TextMissing(Refused):
    sentence = _l("Escriba el compromiso.")
    field = "text_es"


class SamePerson(Refused):
    sentence = _l("Quien propuso la calificación no puede revisarla. La revisa otra persona.")


class AlreadyProposed(Refused):
    sentence = _l("Ya hay una calificación en espera de revisión. Primero se revisa esa.")
    field = "score"


class NotProposed(Refused):
    sentence = _l("Esta calificación ya fue revisada.")


class SameScore(Refused):
    sentence = _l("Es la calificación que ya tiene. Escriba otra.")
    field = "score"


class EvidenceNeeded(Refused):
    sentence = _l("Una calificación necesita evidencia: elija una de este compromiso.")
    field = "evidence"


class ScoredAhead(Refused):
    sentence = _l("La fecha aún no llega, o es anterior a la última calificación.")
    field = "scored_on"


class ReasonNeeded(Refused):
    sentence = _l("Escriba el motivo.")
    field = "reason"


class CommitmentWithdrawn(Refused):
    sentence = _l("El compromiso está retirado: ya no cambia.")


class NotYourCountry(Refused):
    sentence = _l("Su función no lleva los compromisos de ese país.")
    field = "country"


class EvidenceEmpty(Refused):
    sentence = _l("Agregue un enlace, un archivo o la referencia del documento.")
    field = "url"


class LinkUnfit(Refused):
    sentence = _l("El enlace empieza con https:// o http://.")
    field = "url"


class FileUnfit(Refused):
    sentence = _l("Se aceptan PDF, PNG y JPEG sin contenido activo, de hasta 5 MB.")
    field = "file"


class AmountUnfit(Refused):
    sentence = _l("Los montos son números de cero o más.")
    field = "budgeted"


class CurrencyUnknown(Refused):
    sentence = _l("La moneda son tres letras, por ejemplo USD.")
    field = "currency"


class MoreUsedThanOffered(Refused):
    sentence = _l("No se pueden usar más plazas de las ofrecidas.")
    field = "used"


# -- what a commitment may be ----------------------------------------------------------------------------
def may_stand(
    *, country: str, pillar: int, commitment_class: str, text_es: str, starts_on: date | None, due_on: date | None
) -> None:  # fmt: skip
    """A commitment as written. Raises TextMissing, PillarUnknown, ClassMismatch, DueBeforeStart."""
    if not text_es.strip():
        raise TextMissing
    if pillar not in PILLARS:
        raise PillarUnknown
    if not class_fits(country, pillar, commitment_class):
        raise ClassMismatch
    if starts_on and due_on and due_on < starts_on:
        raise DueBeforeStart


def class_fits(country: str, pillar: int, commitment_class: str) -> bool:
    """A country's own commitments are of pillars 1 to 4; class PILLAR_5 is pillar 5; a platform's may be of any."""
    if commitment_class == CommitmentClass.COUNTRY:
        return country != REGION and pillar in (1, 2, 3, 4)
    if commitment_class == CommitmentClass.PILLAR_5:
        return pillar == 5
    return commitment_class == CommitmentClass.SUPPORT_PLATFORM and pillar in PILLARS


# -- scoring ---------------------------------------------------------------------------------------------
def may_propose(
    score: int, *, now: int | None, last_on: date | None, is_waiting: bool, is_withdrawn: bool, has_evidence: bool,
    scored_on: date, today: date,
) -> None:  # fmt: skip
    """A score may be proposed. Raises the refusals above, in the order in which they are met."""
    if is_withdrawn:
        raise CommitmentWithdrawn
    if score not in SCORES:
        raise ScoreUnknown
    if is_waiting:
        raise AlreadyProposed
    if score == now:
        raise SameScore
    if not has_evidence:
        raise EvidenceNeeded
    if scored_on > today or (last_on is not None and scored_on < last_on):
        raise ScoredAhead


def may_review(state: str, *, author: object | None, reviewer: object) -> None:
    """Another person confirms or returns a proposal. Raises NotProposed, SamePerson. A file read by the system has no
    author among people: whoever reviews it is another."""
    if state != ScoreState.PROPOSED:
        raise NotProposed
    if author is not None and author == reviewer:
        raise SamePerson


def percent_of(score: int) -> int:
    """The report's scale: 0, 20, 40, 60, 80, 100 %. Raises ScoreUnknown."""
    if score not in SCORES:
        raise ScoreUnknown
    return score * 20


# -- averages --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Scored:
    """A commitment as it stood on a day; `score` is None where nobody has scored it yet."""

    country: str
    pillar: int
    score: int | None
    commitment_class: str = CommitmentClass.COUNTRY


@dataclass(frozen=True)
class Average:
    """A mean in percent, unrounded, with what it rests on. `percent` None: nothing scored."""

    percent: Decimal | None
    scored: int
    unscored: int

    @property
    def printed(self) -> int | None:
        return None if self.percent is None else rounded(self.percent)


def rounded(percent: Decimal) -> int:
    """As the report prints: whole percent, halves up."""
    return int(percent.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def mean(values: Sequence[Decimal]) -> Decimal | None:
    return sum(values, Decimal(0)) / len(values) if values else None


def counted(rows: Iterable[Scored], classes: Collection[str]) -> list[Scored]:
    """The commitments of the classes that are switched in."""
    return [row for row in rows if row.commitment_class in classes]


def by_commitments(rows: Iterable[Scored]) -> Average:
    """Every scored commitment weighs the same."""
    rows = list(rows)
    scores = [Decimal(percent_of(row.score)) for row in rows if row.score is not None]
    return Average(mean(scores), len(scores), len(rows) - len(scores))


def by_pillar(rows: Iterable[Scored]) -> dict[int, Average]:
    """The average of each pillar that has commitments."""
    found: dict[int, list[Scored]] = defaultdict(list)
    for row in rows:
        found[row.pillar].append(row)
    return {pillar: by_commitments(found[pillar]) for pillar in sorted(found)}


def mean_of_pillars(pillars: Iterable[Decimal]) -> Decimal | None:
    """The report's overall figure: each pillar weighs the same, however many commitments it has."""
    return mean(list(pillars))


def by_pillars(rows: Iterable[Scored]) -> Average:
    """The unweighted mean of the pillars' averages, as the report; pillars without a score are left out."""
    rows = list(rows)
    all_of_them = by_commitments(rows)
    pillars = [one.percent for one in by_pillar(rows).values() if one.percent is not None]
    return Average(mean_of_pillars(pillars), all_of_them.scored, all_of_them.unscored)


def overall(rows: Iterable[Scored], weighting: str) -> Average:
    """The overall average under a named weighting."""
    return by_pillars(rows) if weighting == Weighting.PILLARS else by_commitments(rows)


def level_of(percent: Decimal) -> int:
    """The colour an average is shown in: the step of the scale that its printed percent has reached, so that a printed
    60 % never stands in the colour of 40 %."""
    return rounded(percent) // 20


# -- what needs a look -----------------------------------------------------------------------------------
def months_before(day: date, months: int = QUIET_MONTHS) -> date:
    """The same day some months earlier, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError(day)


def is_stalled(
    *, score: int | None, changed_on: date, due_on: date | None, is_withdrawn: bool, today: date
) -> bool:
    """Nothing changed for six months and the due day is past or within ninety days; done and withdrawn never are."""
    if is_withdrawn or score == SCORES[-1] or due_on is None:
        return False
    return changed_on < months_before(today) and due_on <= today + SOON


def is_old(evidence_on: date | None, today: date) -> bool:
    """The newest evidence is older than six months, or there is none."""
    return evidence_on is None or evidence_on < months_before(today)


# -- money -----------------------------------------------------------------------------------------------
def gap(budgeted: Decimal, funded: Decimal) -> Decimal:
    """What is missing; more money than budgeted is no negative gap."""
    return max(budgeted - funded, Decimal(0))


def gap_percent(budgeted: Decimal, missing: Decimal) -> Decimal | None:
    """The gap as a share of the cost; None where nothing is costed."""
    return None if budgeted == 0 else missing * 100 / budgeted


def may_cost(budgeted: Decimal, funded: Decimal, currency: str) -> None:
    """Raises AmountUnfit, CurrencyUnknown."""
    if not (budgeted.is_finite() and funded.is_finite()) or budgeted < 0 or funded < 0:
        raise AmountUnfit
    if len(currency) != 3 or not currency.isascii() or not currency.isupper() or not currency.isalpha():
        raise CurrencyUnknown


# -- evidence --------------------------------------------------------------------------------------------
LARGEST_FILE = 5 * 1024 * 1024
MAGIC = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
#: What makes a PDF act by itself when it is opened.
ACTIVE = (
    b"/JavaScript",
    b"/JS",
    b"/Launch",
    b"/EmbeddedFile",
    b"/OpenAction",
    b"/AA",
    b"/RichMedia",
    b"/XFA",
)
_DELIMITERS = b" \t\r\n\x0c\x00/<>[]()%{}"


def media_type(content: bytes) -> str:
    """What a file is by its first bytes. Raises FileUnfit for anything else, too large, empty or active."""
    found = next((kind for magic, kind in MAGIC.items() if content.startswith(magic)), None)
    if found is None or len(content) > LARGEST_FILE:
        raise FileUnfit
    if found == "application/pdf" and any(_names(content, word) for word in ACTIVE):
        raise FileUnfit
    return found


def _names(content: bytes, word: bytes) -> bool:
    """The PDF name `word` stands in the file, not as the beginning of a longer one."""
    at = content.find(word)
    while at != -1:
        after = content[at + len(word) : at + len(word) + 1]
        if not after or after in _DELIMITERS:
            return True
        at = content.find(word, at + 1)
    return False


def link(url: str) -> str:
    """An address that a browser may follow. Raises LinkUnfit."""
    url = url.strip()
    if url and (not url.lower().startswith(("https://", "http://")) or any(c.isspace() for c in url)):
        raise LinkUnfit
    return url


def may_count_places(offered: int, used: int) -> None:
    """Raises MoreUsedThanOffered, AmountUnfit."""
    if offered < 0 or used < 0:
        raise AmountUnfit(field="offered")
    if used > offered:
        raise MoreUsedThanOffered
