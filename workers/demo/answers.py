"""What an invented person answers in a screening: answers that fit who they are, and no more needs than life has.

Every question of the questionnaire is answered; one that this module does not know gets its quietest answer, so
that a new questionnaire does not stop the demo.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from caseapp.core.reference import Question, Questionnaire
from caseapp.core.reference.questions import Answer
from caseapp.protection.rules import Decision, Facts, Proposed, applies
from caseapp.protection.service import asking_detail
from workers.demo.calibration import drawn

DIFFICULTY = ("NO_DIFFICULTY", "SOME_DIFFICULTY", "A_LOT_OF_DIFFICULTY", "CANNOT_DO_AT_ALL")
ALLERGIES = ("maní", "mariscos", "penicilina", "picadura de abeja")
#: Which outcome is the main one where several hold.
MAIN = (
    "IP_WISH", "IP_NEED", "IDP_REGISTER", "HEALTH_NOW", "CHILD_PROCESS", "FAMILY_TRACING", "SOCIAL_ASSISTANCE",
    "OTHER_STATUS", "RETURN_COUNSELLING", "GBV_SERVICES", "TRAFFICKING_INDICATORS", "NO_FURTHER_NEED",
)  # fmt: skip


@dataclass(frozen=True)
class About:
    """What the answers follow from."""

    sex: str
    age: int
    role: str
    interpreter: bool
    feels_safe_in: str
    populations: tuple[str, ...]
    own_children: int
    other_children: int
    adults: int
    baby: bool
    homeless: bool


Wish = Callable[[About, Random], Answer]


def _yes(share: float) -> Wish:
    return lambda about, random: "YES" if random.random() < share else "NO"


def _one(**shares: float) -> Wish:
    return lambda about, random: drawn(random, shares)


def _woman(share: float, between: tuple[int, int], then: str, otherwise: str = "NO") -> Wish:
    def wish(about: About, random: Random) -> Answer:
        if about.sex != "F":
            return "NOT_APPLICABLE"
        return then if between[0] <= about.age <= between[1] and random.random() < share else otherwise

    return wish


def _first_needs(about: About, random: Random) -> Answer:
    shares = {
        "FOOD_WATER": 0.32,
        "CLOTHES": 0.26,
        "WASH": 0.3,
        "PHONE": 0.2,
        "BABY_ITEMS": 0.5 if about.baby else 0.0,
    }
    return [code for code, share in shares.items() if random.random() < share] or ["NOTHING"]


def _with_whom(about: About, random: Random) -> Answer:
    if about.role == "HEAD" or not about.adults:
        return "NO_ONE"
    return "PARENT" if about.role == "CHILD" else "RELATIVE"


def _sole_carer(about: About, random: Random) -> Answer:
    if not about.own_children and not about.other_children:
        return "NO_CHILDREN"
    if about.adults > 1:
        return "NOT_ALONE"
    if about.own_children:
        return "OWN_CHILDREN"
    return "GRANDCHILDREN" if about.age >= 60 else "OTHER_CHILDREN"


def _difficulty(about: About, random: Random) -> Answer:
    worse = 0.05 if about.age >= 60 else 0.008
    return random.choices(DIFFICULTY, (1 - 4 * worse, 3 * worse, worse * 0.85, worse * 0.15))[0]


def _pregnant(about: About, random: Random) -> Answer:
    if about.sex != "F":
        return "NOT_APPLICABLE"
    return drawn(random, {"NO": 0.91, "WELL": 0.08, "TROUBLE": 0.01}) if 18 <= about.age <= 44 else "NO"


def _safest(about: About, random: Random) -> Answer:
    said = about.feels_safe_in
    return said if said in ("WOMEN", "MEN", "SEPARATE", "LGBTIQ_SITE") else "NO_PREFERENCE"


WISHES: dict[str, Wish] = {
    "language_support": lambda about, random: "INTERPRETER" if about.interpreter else "NOTHING",
    "urgent_health": _yes(0.06),
    "first_needs": _first_needs,
    "place_tonight": lambda about, random: "NO" if about.homeless else "YES",
    "fears_someone_near": _yes(0.03),
    "child_with_whom": _with_whom,
    "child_at_ease": _yes(0.985),
    "child_work": _one(NONE=0.93, SOME=0.065, DANGEROUS=0.005),
    "sole_carer": _sole_carer,
    "older_daily_help": _yes(0.2),
    "family_lost": _yes(0.05),
    **dict.fromkeys(("wg_see", "wg_hear", "wg_walk", "wg_remember", "wg_selfcare", "wg_communicate"), _difficulty),
    "pregnant": _pregnant,
    "pregnancy_weeks": lambda about, random: random.randint(8, 39),
    "breastfeeding": lambda about, random: _woman(0.75 if about.baby else 0.0, (15, 48), "YES")(about, random),
    "daily_medicine": lambda about, random: "YES" if random.random() < (0.3 if about.age >= 60 else 0.06) else "NO",
    "medicine_days_left": lambda about, random: random.choice((1, 2, 5, 8, 12, 15, 20, 30)),
    "medicine_fridge": _yes(0.12),
    "needs_power": _yes(0.005),
    "severe_allergy": _yes(0.012),
    "asylum_wish": lambda about, random: "YES" if "ASYLUM_SEEKER" in about.populations and random.random() < 0.96 else "NO",
    "danger_on_return": _yes(0.66),
    "told_of_removal": _yes(0.02),
    "harmed_for_who_you_are": _yes(0.17),
    "harmed_on_the_way": _yes(0.14),
    "someone_controls": _yes(0.004),
    "work_not_free": _yes(0.004),
    "same_country": lambda about, random: "YES" if "IDP" in about.populations else "NO",
    "sleeps_safest": _safest,
    "wants_specialist": _one(NOT_NOW=0.985, WITH_WOMAN=0.01, WITH_ANYONE=0.005),
    "private_health_visit": _yes(0.01),
    "papers": _one(HAS=0.68, LOST=0.2, NEVER=0.12),
    "close_family_here": _yes(0.05),
    "wants_return_information": _yes(0.015),
}  # fmt: skip


def answers(asked: Questionnaire, facts: Facts, about: About, random: Random) -> dict[str, Answer]:
    """An answer to each question that is for this person."""
    found: dict[str, Answer] = {}
    for question in asked.questions:
        if not applies(question, found, facts):
            continue
        if question.sensitive and random.random() < 0.015:
            found[question.id] = "DECLINED"
        elif question.id in WISHES:
            found[question.id] = WISHES[question.id](about, random)
        else:
            found[question.id] = _quiet(question)
    return found


def _quiet(question: Question) -> Answer:
    if question.type == "number":
        return 1
    codes = [o.code for o in question.options]
    quiet = next((c for c in ("NO", "NONE", "NOTHING", "NO_PREFERENCE", "NOT_NOW") if c in codes), None)
    code = quiet or (codes[0] if codes else "UNKNOWN")
    return [code] if question.type == "multi" and codes else code


def decisions(proposed: tuple[Proposed, ...], random: Random) -> list[Decision]:
    """A person's decision on each proposal: nearly always yes; otherwise no with its reason."""
    found = []
    for each in proposed:
        if each.firm or random.random() < 0.94:
            detail = random.choice(ALLERGIES) if each.code in asking_detail() else ""
            found.append(Decision(each.kind, each.code, True, each.priority, detail=detail))
        else:
            why = random.choice(("MISUNDERSTOOD", "ALREADY_ANSWERED", "PERSON_DECLINED"))
            found.append(Decision(each.kind, each.code, False, None, why))
    return found


def main_of(outcomes: tuple[str, ...], needs: int, child: bool) -> tuple[str, tuple[str, ...]]:
    """The main outcome, and what has to be added so that there is one."""
    if child and "CHILD_PROCESS" in outcomes:
        return "CHILD_PROCESS", ()
    main = next((o for o in MAIN if o in outcomes), None)
    if main:
        return main, ()
    added = "SOCIAL_ASSISTANCE" if needs else "NO_FURTHER_NEED"
    return added, (added,)
