"""The daily work on a family's files: plan, tasks, notes, alerts, and for some families another team that takes over.

Told after the rest of the life, from a stream of its own, so that nothing else of the demo changes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from workers.demo.acts import Act, edge
from workers.demo.history import Life

GOALS = (
    "Tener sus documentos en regla", "Que las niñas y los niños vayan a la escuela", "Encontrar trabajo",
    "Vivir por su cuenta", "Saber de su hermana", "Aprender el idioma",
)  # fmt: skip
TASKS = {
    "CALL": "Llamar para confirmar la cita", "DOCUMENT": "Conseguir copia de su acta de nacimiento",
    "ACCOMPANY": "Acompañar a la oficina", "INFORM": "Explicar los plazos del trámite",
    "FOLLOW_UP": "Preguntar cómo le ha ido en la semana",
}  # fmt: skip
NOTES = (
    "Prefiere que le llamen por la tarde.", "Llegó a la cita con tiempo y trajo sus papeles.",
    "Pidió hablar otra vez con la abogada.", "Dice que duerme mejor desde que está en el albergue.",
)  # fmt: skip
ALERTS = {
    "REFOULEMENT_RISK": "Recibió un aviso de traslado.", "REMOVAL_DATE": "Le dieron fecha para salir del país.",
    "THIRD_PARTY_ASKED": "Una persona preguntó por ella en la puerta.",
    "DO_NOT_CONFIRM_PRESENCE": "Pidió que nadie diga que está aquí.",
}  # fmt: skip
#: Scenes whose families are handed over, and how far it has gone by the demo's day.
HANDED = {"leaving": ("WAITING",), "staying": ("NO_SHOW", "ARRIVED")}


def tell(life: Life, scene: str | None, others: tuple[str, ...], random: Random) -> None:
    """Add the work to a life that was told. `others` are desks of the same country that may take files over."""
    registered = [a.at for a in life.acts if a.verb == "register"]
    if not registered or not life.adults:
        return
    closed = [a.at for a in life.acts if a.verb == "close_case"]
    ends, told_before = bool(closed), len(life.acts)
    at = life.days.later_day(max(registered), 1)
    who = (life.adults[0],)
    if scene is not None or random.random() < 0.35:
        _plan(life, at, who, random, ends)
    if random.random() < 0.5:
        life.add(_soon(at, random), "note", who, words=random.choice(NOTES), level="TEAM", role="CASEWORKER")
    if scene is not None and random.random() < 0.3:
        words = "Hablar con la trabajadora antes de cambiar de cuarto."
        life.add(_soon(at, random), "note", who, words=words, level="SUPERVISOR", role="SUPERVISOR")
    if scene is not None and not ends and random.random() < 0.4:
        code = random.choice(list(ALERTS))
        life.add(_soon(at, random), "raise_alert", who, code=code, words=ALERTS[code])
    if scene in HANDED and others:
        _handed_over(life, random.choice(HANDED[scene]), random.choice(others))
    if closed:
        life.acts[told_before:] = _before(min(closed), life.acts[told_before:])


def _before(closing: datetime, acts: Sequence[Act]) -> list[Act]:
    """Acts on a file that closes: what would come later is left out, and what was begun is finished just before."""
    kept = [a for a in acts if a.at < closing - timedelta(minutes=40)]
    begun = {a.ref for a in kept if a.verb == "task"}
    late = (a for a in acts if a.verb == "finish_task" and a not in kept and a.ref in begun)
    return [*kept, *(replace(a, at=closing - timedelta(minutes=20)) for a in late)]


def _soon(at: datetime, random: Random) -> datetime:
    return at + timedelta(minutes=random.randrange(10, 300))


def _plan(life: Life, at: datetime, who: tuple[int, ...], random: Random, ends: bool) -> None:
    made = _soon(at, random)
    days = random.choice((30, 45, 60, 90))
    life.add(made, "agree_plan", who, ref="work", days=days, goals=random.sample(GOALS, 2))
    if random.random() < 0.7:
        life.add(made + timedelta(hours=random.randrange(3, 20)), "approve_plan", who, ref="work")
    for kind in random.sample(list(TASKS), random.randrange(1, 4)):
        due = random.randrange(1, 9)
        life.add(made + timedelta(minutes=20), "task", who, ref=kind, kind=kind, words=TASKS[kind], days=due)
        if ends or random.random() < 0.6:
            done = life.days.later_day(made, random.randrange(1, due + 3))
            life.add(done, "finish_task", who, ref=kind, outcome=random.choice(("DONE", "DONE", "PART_DONE")))


def _handed_over(life: Life, how: str, to: str) -> None:
    """Offered yesterday and waiting; or accepted three days ago for the next day, and nobody came, or they did."""
    today: date = life.setting.today
    offered = life.days.at(today - timedelta(days=1 if how == "WAITING" else 3), 15, 16)
    if offered >= edge(today) or any(a.verb == "register" and a.at >= offered for a in life.acts):
        return
    last = max(a.at for a in life.acts)
    if how != "WAITING" and last >= offered:
        return
    arrives = today + timedelta(days=3 if how == "WAITING" else -2)
    life.add(offered - timedelta(minutes=30), "agree_transfer", life.adults)
    life.add(offered, "offer_files", life.everyone, ref="handover", to=to, arrives_on=arrives)
    if how == "WAITING":
        return
    life.add(offered + timedelta(minutes=50), "accept_files", life.everyone, ref="handover", to=to)
    if how == "ARRIVED":
        life.add(
            life.days.at(today - timedelta(days=2), 10, 12), "arrive", life.everyone, ref="handover", to=to
        )
