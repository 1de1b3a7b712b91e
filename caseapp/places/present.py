"""The directory in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from babel.dates import get_day_names
from flask_babel import format_date, get_locale

from caseapp.core import reference
from caseapp.core.access import Principal
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day, since
from caseapp.places.models import Service
from caseapp.places.queries import Entry, Facts, Turn, local_now
from caseapp.places.rules.opening import Opening

#: How a state is marked; the word says it, the shape and colour repeat it.
FRESHNESS_TAGS = {"CONFIRMED": "good", "AGEING": "info", "STALE": "urgent", "NEVER": "warning"}
OPENING_TAGS = {
    "OPEN": "good",
    "CLOSED": "warning",
    "ENDED": "neutral",
    "NOT_YET": "info",
    "UNKNOWN": "neutral",
}


def opening_text(found: Opening, local: datetime) -> str:
    """«Abierto ahora, hasta las 17:00», «Cerrado ahora, abre mañana a las 08:00»."""
    if found.state == "OPEN":
        if found.until is None:
            return _("Abierto día y noche")
        return _("Abierto ahora, hasta las %(time)s", time=f"{found.until:%H:%M}")
    if found.state == "ENDED":
        return _("Se ofreció hasta el %(day)s", day=day(found.ended_on))
    if found.state == "NOT_YET" and found.opens_at:
        return _("Empieza el %(day)s", day=day(found.opens_at.date()))
    if found.state == "UNKNOWN":
        return _("Horario no registrado: llame antes")
    return _closed(found, local)


def _closed(found: Opening, local: datetime) -> str:
    words = _("Cerrado ahora")
    if found.reason:
        words = _(
            "Cerrado ahora (%(reason)s)",
            reason=_small(reference.label("service_closure_reason", found.reason)),
        )
    if found.opens_at is None:
        return words
    return _("%(closed)s, abre %(when)s", closed=words, when=_when(found.opens_at, local))


def _when(opens_at: datetime, local: datetime) -> str:
    time, ahead = f"{opens_at:%H:%M}", opens_at.date() - local.date()
    if not ahead:
        return _("a las %(time)s", time=time)
    if ahead == timedelta(days=1):
        return _("mañana a las %(time)s", time=time)
    if ahead < timedelta(days=7):
        return _("el %(weekday)s a las %(time)s", weekday=format_date(opens_at, "EEEE"), time=time)
    return _("el %(day)s a las %(time)s", day=day(opens_at.date()), time=time)


def freshness_text(state: str, confirmed_at: datetime | None) -> str:
    """How old the entry is, and what that means."""
    if confirmed_at is None:
        return reference.label("freshness", "NEVER")
    if state == "STALE":
        return _("Confirmado %(since)s: llame antes de referir", since=since(confirmed_at))
    if state == "AGEING":
        return _("Confirmado %(since)s: falta confirmarlo", since=since(confirmed_at))
    return _("Confirmado %(since)s", since=since(confirmed_at))


def _small(label: str) -> str:
    return label[:1].lower() + label[1:]


def _labels(list_name: str, codes: Iterable[str]) -> str:
    return ", ".join(_small(reference.label(list_name, c)) for c in sorted(codes))


# -- for whom -------------------------------------------------------------------------------------------
def ages_text(service: Service) -> str:
    """«de 0 a 17 años», «desde 18 años», «hasta 5 años»; empty for all ages."""
    youngest, oldest = service.age_from, service.age_to
    if youngest is not None and oldest is not None:
        return _("de %(a)s a %(b)s años", a=youngest, b=oldest)
    if youngest is not None:
        return ngettext("desde %(num)s año", "desde %(num)s años", youngest)
    return "" if oldest is None else ngettext("hasta %(num)s año", "hasta %(num)s años", oldest)


def sexes_text(codes: Iterable[str]) -> str:
    """Whom the service takes by sex, in words."""
    words = {"F": _("mujeres"), "M": _("hombres"), "X": _("personas de otro sexo")}
    return ", ".join(words.get(c, c) for c in sorted(codes))


def area_text(code: str) -> str:
    """The name of a country or a division; the code itself where no name is known."""
    if len(code) == 3 and code.isalpha():
        return reference.country_label(code)
    if code in _named_areas():
        return _named_areas()[code]
    return code


@cache
def _named_areas() -> dict[str, str]:
    found = {}
    for country in reference.countries():
        for one in reference.admin1(country.iso3):
            found[one.pcode] = one.name
            found.update({two.pcode: two.name for two in reference.admin2(one.pcode)})
    return found


def whom_texts(service: Service, facts: Facts) -> list[str]:
    """The published rules of a service, a sentence each; empty: for everybody."""
    lines = []
    if facts.codes("SEX"):
        lines.append(_("Solo %(whom)s", whom=sexes_text(facts.codes("SEX"))))
    if ages_text(service):
        lines.append(_("Personas %(ages)s", ages=ages_text(service)))
    if facts.codes("POPULATION"):
        lines.append(_("Atiende: %(whom)s", whom=_labels("population", facts.codes("POPULATION"))))
    if facts.codes("HOUSEHOLD"):
        lines.append(_("Hogares: %(whom)s", whom=_labels("household_type", facts.codes("HOUSEHOLD"))))
    if facts.codes("AREA"):
        names = sorted(area_text(c) for c in facts.codes("AREA"))
        lines.append(_("Cubre: %(places)s", places=", ".join(names)))
    return lines


def misfit_text(ground: str, service: Service, facts: Facts) -> str:
    """Which published rule does not fit, in plain words."""
    if ground == "SEX":
        return _("atiende solo a %(whom)s", whom=sexes_text(facts.codes("SEX")))
    if ground == "AGE":
        return _("atiende a personas %(ages)s", ages=ages_text(service))
    if ground == "POPULATION":
        return _("atiende solo a: %(whom)s", whom=_labels("population", facts.codes("POPULATION")))
    if ground == "HOUSEHOLD":
        return _("atiende solo a: %(whom)s", whom=_labels("household_type", facts.codes("HOUSEHOLD")))
    return _("cubre solo: %(places)s", places=", ".join(sorted(area_text(c) for c in facts.codes("AREA"))))


# -- hours and the rest ---------------------------------------------------------------------------------
def hours_rows(service: Service, hours: Sequence[Turn]) -> list[dict[str, str]]:
    """Each weekday with its turns."""
    if service.always_open:
        return [{"label": _("Todos los días"), "value": _("día y noche")}]
    if not hours:
        return []
    names = get_day_names("wide", locale=get_locale())
    return [
        {
            "label": str(names[n - 1]).capitalize(),
            "value": turns_text([h for h in hours if h.weekday == n]) or _("cerrado"),
        }
        for n in range(1, 8)
    ]


def turns_text(turns: Iterable[Turn]) -> str:
    """08:00-12:00, 14:00-17:00 (as the form reads it)."""
    return ", ".join(f"{t.opens:%H:%M}-{t.closes:%H:%M}" for t in turns)


def answer_text(hours: int | None) -> str:
    """In how much time the service answers."""
    if hours is None:
        return ""
    if hours % 24 == 0:
        return ngettext("%(num)s día", "%(num)s días", hours // 24)
    return ngettext("%(num)s hora", "%(num)s horas", hours)


def languages_text(codes: Iterable[str]) -> str:
    return ", ".join(reference.language_label(c) for c in codes)


def place_text(entry: Entry) -> str:
    """Municipality or division of a site, never more than that."""
    code = entry.site.admin2 or entry.site.admin1
    return area_text(code) if code else reference.country_label(entry.site.country)


#: What areas above offer to do with an entry on its page: from the reader and the entry to label and address, or None.
LEADS_ON: list[Callable[[Principal, Entry], tuple[str, str] | None]] = []


def row(entry: Entry, href: str) -> dict[str, Any]:
    """A line of the list."""
    service = entry.service
    local, kind = local_of(entry), reference.code("service_kind", service.kind)
    plain = service.name in (
        kind.label_es,
        kind.label_en,
    )  # a name that tells no service from another of its kind
    return {
        "href": href,
        "name": f"{service.name} · {entry.site.name}" if plain else service.name,
        "kind": "" if plain else kind.label(),
        "site": "" if plain else entry.site.name,
        "organisation": entry.organisation.name if entry.organisation else "",
        "place": place_text(entry),
        "opening": opening_text(entry.opening, local),
        "opening_kind": OPENING_TAGS[entry.opening.state],
        "freshness": freshness_text(entry.freshness, service.confirmed_at),
        "freshness_kind": FRESHNESS_TAGS[entry.freshness],
        "whom": " · ".join(whom_texts(service, entry.facts)),
        "languages": languages_text(entry.facts.languages),
        "method": reference.label("referral_method", service.referral_method),
    }


def local_of(entry: Entry) -> datetime:
    """The moment at the entry's site."""
    return local_now(entry.site)


def part_texts(parts: Iterable[str]) -> str:
    """The parts of an entry that a change touched."""
    words = {
        "NAME": _("nombre y descripción"), "WHOM": _("para quién"), "METHOD": _("cómo se refiere"), "COST": _("costo"),
        "HOURS": _("horario"), "CLOSURES": _("cierres"), "LANGUAGES": _("idiomas"), "AREA": _("zona"),
        "DOCUMENTS": _("documentos"), "ACCESSIBILITY": _("accesibilidad"), "CONTACT": _("contacto"),
        "CAPACITY": _("capacidad"),
    }  # fmt: skip
    return ", ".join(words.get(p, p) for p in parts)
