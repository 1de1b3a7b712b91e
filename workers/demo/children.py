"""The best interests of children who came alone, or with somebody who is not their mother or father: assessed by the desk's
child officer, approved by its supervisor, and now and then late. Told last, from a stream of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from caseapp.protection.best_interests import queries
from caseapp.protection.best_interests import service as best_interests
from caseapp.protection.best_interests.models import BestInterests
from caseapp.protection.best_interests.rules import Action, Conclusion
from workers.demo.acts import Act, edge
from workers.demo.history import Life
from workers.demo.rare import ALONE

if TYPE_CHECKING:
    from workers.demo.perform import Scene

#: Relations to the head that are not a child's to a mother or father.
NOT_A_PARENT = frozenset({"NIECE_NEPHEW", "GRANDCHILD", "SIBLING", "HEAD"})
TOOK_PART = (
    "La propia persona, su tutora y la intérprete de la oficina.", "La propia persona, una tía por teléfono y la psicóloga.",
)  # fmt: skip
SAID = (
    "Quiere estudiar y vivir con su tía. No quiere volver por ahora.", "Dice que aquí duerme bien. Quiere hablar con su mamá cada semana.",
    "Prefiere quedarse con su hermano y terminar la secundaria.",
)  # fmt: skip
FOUND = (
    "Está en lugar seguro y con buena relación con quien le cuida. Conviene que siga ahí y que vaya a la escuela.",
    "La familia extensa puede recibirle. Antes, visita y acuerdo con la autoridad de niñez.",
)  # fmt: skip
ACTIONS = (
    ("Inscripción en la escuela más cercana", 12, "CR-NE"), ("Llamada semanal con su familia", 7, ""),
    ("Visita a la tía con la autoridad de niñez", 15, ""),
)  # fmt: skip


def tell(life: Life, story: str, officer: bool, random: Random) -> None:
    """Add the assessments to a life that was told. `officer`: the desk has somebody who assesses."""
    registered = [a.at for a in life.acts if a.verb == "register"]
    if not registered or not officer or any(a.verb == "close_case" for a in life.acts):
        return
    children = [i for i in life.children if life.family.members[i].role in NOT_A_PARENT]
    for turn, i in enumerate(children):
        opened = life.days.later_day(max(registered), 1)
        if story == ALONE:
            _of_the_story(life, i, turn, opened, random)
        elif random.random() < 0.85:
            _assessed(life, i, opened, random)


def _of_the_story(life: Life, i: int, turn: int, opened: datetime, random: Random) -> None:
    """The eldest was assessed in time and is due again in some days; nobody has concluded that of the other."""
    life.add(opened, "open_assessment", (i,), kind="BIA")
    if turn == 0:
        made = life.days.later_day(opened, 7)
        review = (life.setting.today - life.days.day_of(made)).days + 4
        _concluded(life, i, made, random, review=review, approved=True)


def _assessed(life: Life, i: int, opened: datetime, random: Random) -> None:
    """Opened, concluded and approved, some late; anew when its day comes."""
    at, until = opened, edge(life.setting.today)
    while at < until:
        life.add(at, "open_assessment", (i,), kind=random.choice(("BIA", "BIA", "BIA_SHORT")))
        days, review = random.choice((4, 6, 8, 11, 12, 19)), random.choice((90, 120, 170))
        at = life.days.later_day(at, days)
        _concluded(life, i, at, random, review=review, approved=random.random() < 0.95)
        at = life.days.later_day(at, review - random.randint(0, 6))


def _concluded(life: Life, i: int, at: datetime, random: Random, *, review: int, approved: bool) -> None:
    words: dict[str, Any] = {
        "took_part": random.choice(TOOK_PART),
        "views": random.choice(SAID),
        "findings": random.choice(FOUND),
    }
    actions = random.sample(ACTIONS, 2)
    life.add(at, "conclude_assessment", (i,), review=review, actions=actions, **words)
    if approved:
        life.add(life.days.later_day(at, random.randint(1, 3)), "approve_assessment", (i,))


# -- the verbs ----------------------------------------------------------------------------------------
def open_assessment(scene: Scene, act: Act) -> None:
    with scene.as_("CASEWORKER", second=True):
        for _i, case in scene.of(act):
            best_interests.open_assessment(case, kind=act.args["kind"])


def conclude_assessment(scene: Scene, act: Act) -> None:
    on, held = scene.on(act), act.args
    actions = [Action(words, on + timedelta(days=days), need) for words, days, need in held["actions"]]
    told = Conclusion(
        on,
        held["took_part"],
        "YES",
        held["views"],
        held["findings"],
        on + timedelta(days=held["review"]),
        actions,
    )
    with scene.as_("CASEWORKER", second=True):
        for _i, case in scene.of(act):
            row = _in(case.id, "OPEN")
            if row is not None:
                best_interests.conclude(case, row, told)


def approve_assessment(scene: Scene, act: Act) -> None:
    with scene.as_("SUPERVISOR"):
        for _i, case in scene.of(act):
            row = _in(case.id, "CONCLUDED")
            if row is not None:
                best_interests.decide(case, row, approve=True)


def _in(case_id: UUID, state: str) -> BestInterests | None:
    return next((r for r in queries.of_case(case_id) if r.state == state), None)
