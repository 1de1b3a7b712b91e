"""Stays as pages show them: called name, place, requirements and what is life-critical, and for those who
decide the nights as well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import format_decimal

from caseapp.core import clock, reference
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day, moment
from caseapp.shelter import rules
from caseapp.shelter.models import Stay
from caseapp.shelter.queries import Night
from caseapp.shelter.standing import UnitInspection


def requirements_text(codes: list[str]) -> str:
    """Labels of requirements, in the order of the list."""
    order = [c.code for c in reference.codes("placement_requirement")]
    return " · ".join(
        reference.label("placement_requirement", code) for code in sorted(codes, key=order.index)
    )


def life_critical_lines(text: str | None) -> list[str]:
    """«Alergia grave: cacahuate», one a line."""
    found = []
    for line in (text or "").splitlines():
        code, _bar, detail = line.partition("|")
        # «(diga cuál)» asks whoever writes it; it is not for whoever reads the answer.
        label = reference.label("placement_requirement", code).partition(" (")[0]
        found.append(f"{label}: {detail}" if detail else label)
    return found


def stay_row(stay: Stay, *, whole: bool, alerts: Sequence[str] = ()) -> dict[str, Any]:
    """A row of tonight's list. `whole` adds the nights: the gate does not see other dates. `alerts`: codes that
    the house may know; one that the life-critical text says already is not said twice."""
    life = life_critical_lines(stay.life_critical)
    critical = {line.partition("|")[0] for line in (stay.life_critical or "").splitlines()}
    row = {
        "id": str(stay.id),
        "name": stay.called_name or _("Sin nombre"),
        "place": stay.place.code,
        "unit": stay.unit.name,
        "requirements": requirements_text([r for r in stay.requirements if r not in critical]),
        "life": life,
        "alerts": [reference.label("alert", a) for a in alerts if a not in critical],
        "child": stay.child,
        "absent": "",
        "signal": "",
        "new": False,
    }
    if whole:
        row["nights"] = nights_text(stay.first_night, stay.last_night)
        row["until"] = day(stay.last_night)
    return row


def kinds_text(kinds: Counter[str]) -> str:
    """«2 camas · 1 cuna»."""
    words = {
        "BED": lambda n: ngettext("%(num)s cama", "%(num)s camas", n),
        "COT": lambda n: ngettext("%(num)s cuna", "%(num)s cunas", n),
        "MAT": lambda n: ngettext("%(num)s colchoneta", "%(num)s colchonetas", n),
        "SURGE": lambda n: ngettext("%(num)s de contingencia", "%(num)s de contingencia", n),
    }
    return " · ".join(words[kind](kinds[kind]) for kind in words if kinds.get(kind))


def away_text(nights: int) -> str:
    """«2 noches sin aviso»."""
    return ngettext("%(num)s noche sin aviso", "%(num)s noches sin aviso", nights)


def nights_text(first: date, last: date) -> str:
    """«3 noches, del 23 nov 2025 al 25 nov 2025»."""
    count = (last - first).days + 1
    nights = ngettext("%(num)s noche", "%(num)s noches", count)
    if first == last:
        return _("%(nights)s, la del %(day)s", nights=nights, day=day(first))
    return _("%(nights)s, del %(first)s al %(last)s", nights=nights, first=day(first), last=day(last))


def hold_words(minutes: int | None) -> str:
    """What a shelter declares about holding places, as the sender reads it."""
    if not minutes:
        return _("Este albergue no guarda lugar mientras responde; lo da cuando acepta.")
    return _("Al enviar, este albergue guarda lugar %(time)s mientras responde.", time=minutes_text(minutes))


def minutes_text(minutes: int) -> str:
    """«45 minutos», «2 horas»."""
    if minutes % 60:
        return ngettext("%(num)s minuto", "%(num)s minutos", minutes)
    return ngettext("%(num)s hora", "%(num)s horas", minutes // 60)


def held_words(held: Sequence[Stay], timezone: str) -> str:
    """How many places are held for a referral, and until when."""
    until = moment(min(s.held_until for s in held if s.held_until), timezone)
    return ngettext(
        "Se guarda %(num)s lugar hasta el %(until)s.", "Se guardan %(num)s lugares hasta el %(until)s.", len(held), until=until
    )  # fmt: skip


def space_words(area_m2: Decimal | None, places: int) -> tuple[str, bool]:
    """How many people the area takes, and whether there are more beds than that."""
    sphere, euaa = rules.by_space(area_m2, rules.SPHERE_M2), rules.by_space(area_m2, rules.EUAA_M2)
    if area_m2 is None or sphere is None:
        return _("superficie sin medir"), False
    text = _(
        "%(area)s m²: caben %(sphere)s personas (Esfera), %(euaa)s (EUAA)",
        area=str(format_decimal(area_m2)),
        sphere=sphere,
        euaa=euaa,
    )
    return text, places > sphere


def inspection_words(row: UnitInspection | None) -> str:
    """The last inspection of a unit and when the next is due."""
    if row is None:
        return _("sin inspección anotada")
    text = _("inspección del %(day)s: %(outcome)s", day=day(row.inspected_on),
             outcome=reference.label("inspection_outcome", row.outcome).lower())  # fmt: skip
    return text if row.next_due_on is None else text + " · " + _("próxima: %(day)s", day=day(row.next_due_on))


def word_words(said_at: datetime | None, timezone: str) -> dict[str, str]:
    """How old the last word of a shelter is, in words, and how far it is to be trusted: «confirmado hace 3 h»,
    «confirmado ayer», «sin confirmar desde el 21 nov 2025»."""
    limits = {
        c.code: float(c.extra["hours"]) for c in reference.codes("capacity_trust") if c.extra.get("hours")
    }
    now = clock.now()
    hours = None if said_at is None else (now - said_at).total_seconds() / 3600
    trust = rules.trust(hours, limits)
    kind = {"CONFIRMED": "good", "AGING": "info"}.get(trust, "warning")
    if said_at is None or hours is None:
        return {"trust": trust, "kind": kind, "text": reference.label("capacity_trust", "NONE")}
    days = (clock.local(now, timezone).date() - clock.local(said_at, timezone).date()).days
    if hours < 1:
        text = _("confirmado hace menos de una hora")
    elif days == 0 or hours < 12:
        text = ngettext("confirmado hace %(num)s h", "confirmado hace %(num)s h", int(hours))
    elif days == 1:
        text = _("confirmado ayer")
    else:
        text = _("sin confirmar desde el %(day)s", day=day(clock.local(said_at, timezone).date()))
    if trust == "DOUBTFUL":
        text += " · " + _("dudoso, pregunte por teléfono")
    return {"trust": trust, "kind": kind, "text": text}


def strip(nights: list[Night], tonight: date, href: Any) -> list[dict[str, Any]]:
    """Nights for the occupancy strip: what cannot be offered counts as taken; surge in use is told as over
    capacity."""
    return [
        {
            "text": _("hoy") if n.night == tonight else f"{n.night:%d/%m}",
            "iso": n.night.isoformat(),
            "taken": n.capacity - n.free,
            "capacity": n.capacity,
            "over": n.surge_taken,
            "href": href(n.night),
        }
        for n in nights
    ]


def window(start: date, length: int = 14) -> tuple[date, date]:
    return start, start + timedelta(days=length - 1)
