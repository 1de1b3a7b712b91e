"""When a best-interests assessment may be opened, concluded, decided on and stopped.

UNHCR's Best Interests Procedure: a child who is unaccompanied or separated is assessed soon after that is known, heard
in it, and assessed again by a day. Nobody approves their own. Steps, short form and plan of action follow that
procedure; the limit is a clock rule (`BEST_INTERESTS` in clocks.yml) that each country may set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

KINDS = ("BIA_SHORT", "BIA")
STATES = ("OPEN", "CONCLUDED", "APPROVED", "STOPPED")
STANDING = ("OPEN", "CONCLUDED")
STOP_REASONS = ("WITH_FAMILY", "ADULT_NOW", "LEFT", "OPENED_IN_ERROR")
#: The file went to another team without it: the hand-over stops it, nobody by hand.
HANDED_OVER = "HANDED_OVER"
#: Stopped so, it is as if nobody had assessed the child.
NOT_ASSESSED = ("OPENED_IN_ERROR", HANDED_OVER)
TIMINGS = ("ON_TIME", "LATE", "NO_LIMIT")
#: The needs by which a child is known to be alone, or apart from both parents.
ALONE_NEEDS = ("SC-UC", "SC-SC")
#: The household types that say the same.
ALONE_HOUSEHOLDS = ("CHILD_UNACCOMPANIED", "CHILD_SEPARATED")
#: A child is assessed again within this time. Own practice.
REVIEW_DAYS = 180
#: verb: from which states, to which.
TRANSITIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "conclude": (("OPEN",), "CONCLUDED"),
    "send_back": (("CONCLUDED",), "OPEN"),
    "approve": (("CONCLUDED",), "APPROVED"),
    "stop": (STANDING, "STOPPED"),
}


class NotAChild(Refused):
    sentence = _l("Es una persona adulta: esta evaluación es de niñas, niños y adolescentes.")


class NotAlone(Refused):
    sentence = _l(
        "No consta que esté sin familia ni separado. Anote primero esa necesidad, o quién le acompaña de verdad."
    )


class AssessmentRuns(Refused):
    sentence = _l("Ya hay una evaluación en curso. Conclúyala antes de abrir otra.")


class StepWrong(Refused):
    sentence = _l("La evaluación ya no está en ese paso. Vuelva a abrir la página.")


class DayWrong(Refused):
    sentence = _l(
        "La evaluación se hace desde el día en que se supo que está sin familia y no después de hoy."
    )
    field = "assessed_on"


class WhoMissing(Refused):
    sentence = _l("Escriba quiénes participaron.")
    field = "took_part"


class HeardMissing(Refused):
    sentence = _l("Indique si se escuchó a la niña o el niño.")
    field = "views_heard"


class ViewsMissing(Refused):
    sentence = _l("Escriba qué dijo la niña o el niño o, si no se le escuchó, por qué.")
    field = "views"


class FindingsMissing(Refused):
    sentence = _l("Escriba a qué llegó la evaluación.")
    field = "findings"


class ReviewWrong(Refused):
    sentence = _l("La próxima revisión es después de la evaluación y a más tardar en 180 días.")
    field = "review_on"


class ActionWrong(Refused):
    sentence = _l("Cada acción dice qué se hace y para qué día, desde hoy.")
    field = "actions"


class OwnAssessment(Refused):
    sentence = _l("Usted concluyó esta evaluación. La aprueba otra persona.")
    field = "decision"


class RemarkMissing(Refused):
    sentence = _l("Escriba qué falta para aprobarla.")
    field = "remark"


class StopReasonMissing(Refused):
    sentence = _l("Elija por qué ya no sigue.")
    field = "reason"


@dataclass(frozen=True)
class Action:
    """What is recommended for the child, by when, and the need that it shows, if it shows one."""

    words: str
    due_on: date | None
    need: str = ""


@dataclass(frozen=True)
class Conclusion:
    """What an assessment came to. `views` are what the child said or, where it was not heard, why not."""

    assessed_on: date | None
    took_part: str
    views_heard: str
    views: str
    findings: str
    review_on: date | None
    actions: Sequence[Action] = ()


def after(verb: str, state: str) -> str:
    """The state after a verb. Raises StepWrong."""
    before, then = TRANSITIONS[verb]
    if state not in before:
        raise StepWrong
    return then


def identified_on(needs: Sequence[date], household_alone_since: date | None) -> date | None:
    """The first day on which it was known that a child is alone or apart from the parents; None: it is not known.
    `needs` are the days of such needs, `household_alone_since` the day of the file of a child whose household is so."""
    known = [*needs, *([household_alone_since] if household_alone_since else [])]
    return min(known, default=None)


def may_open(*, child: bool, identified: date | None, runs: bool) -> None:
    """Raises NotAChild, NotAlone, AssessmentRuns."""
    if not child:
        raise NotAChild
    if identified is None:
        raise NotAlone
    if runs:
        raise AssessmentRuns


def may_conclude(told: Conclusion, identified: date, today: date) -> None:
    """Raises DayWrong, WhoMissing, HeardMissing, ViewsMissing, FindingsMissing, ReviewWrong, ActionWrong."""
    if told.assessed_on is None or not identified <= told.assessed_on <= today:
        raise DayWrong
    if not told.took_part.strip():
        raise WhoMissing
    if told.views_heard not in ("YES", "NO"):
        raise HeardMissing
    if not told.views.strip():
        raise ViewsMissing
    if not told.findings.strip():
        raise FindingsMissing
    latest = told.assessed_on + timedelta(days=REVIEW_DAYS)
    if told.review_on is None or not told.assessed_on < told.review_on <= latest:
        raise ReviewWrong
    if any(not a.words.strip() or a.due_on is None or a.due_on < today for a in told.actions):
        raise ActionWrong


def may_decide(state: str, *, approve: bool, own: bool, remark: str) -> str:
    """The state after a second person's word; a no says what is missing. Raises StepWrong, OwnAssessment,
    RemarkMissing."""
    then = after("approve" if approve else "send_back", state)
    if own:
        raise OwnAssessment
    if not approve and not remark.strip():
        raise RemarkMissing
    return then


def timing(assessed_on: date, due_on: date | None) -> str:
    """Whether the child was assessed within the limit; what counts is the day on which it was, not that of the
    approval."""
    if due_on is None:
        return "NO_LIMIT"
    return "ON_TIME" if assessed_on <= due_on else "LATE"
