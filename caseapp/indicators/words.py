"""What the dimensions of a domain, their labels and the words of a definition are called, for whoever reads one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from caseapp.core import reference
from caseapp.core.i18n import _l, language
from caseapp.core.reference import ROOT

FILE = ROOT / "cube_words.yml"
#: Dimensions whose labels stand in code lists.
LISTS = {
    "sex": ("sex_in_figures",), "age_band": ("age_band", "age_class"), "household_type": ("household_type",),
    "counted": ("counted",), "household_counted": ("counted",),
}  # fmt: skip

MEASURES = {
    "COUNT": _l("Recuento"),
    "RATE": _l("Proporción"),
    "MEDIAN": _l("Mediana de una duración"),
    "AVERAGE": _l("Promedio"),
    "MONEY": _l("Dinero"),
}
UNITS = {
    "PERSONS": _l("Personas"),
    "HOUSEHOLDS": _l("Familias"),
    "FIRST_COUNTED": _l("Personas por primera vez en el año"),
    "FIRST_EVER": _l("Personas por primera vez"),
    "PERSON_MONTHS": _l("Personas por mes"),
    "EVENTS": _l("Hechos"),
    "NIGHTS": _l("Noches"),
    "STOCK": _l("Personas en una fecha"),
    "PERCENT": _l("Por ciento"),
    "RATIO": _l("Cociente"),
    "DAYS": _l("Días"),
    "HOURS": _l("Horas"),
    "USD": _l("Dólares de los Estados Unidos"),
}
BASES = {
    "PERSONS": _l("Cada persona una vez en el país y el periodo"),
    "HOUSEHOLDS": _l("Cada familia una vez en el país y el periodo"),
    "FIRST_COUNTED": _l("Personas contadas por primera vez en el año"),
    "FIRST_EVER": _l("Personas nunca antes contadas"),
    "PERSON_MONTHS": _l("Personas por mes"),
    "EVENTS": _l("Cada hecho"),
    "NIGHTS": _l("Cada noche de cada persona"),
    "STOCK": _l("Lo que hay el último día del trimestre"),
}
DIRECTIONS = {
    "up": _l("Mejor cuanto más alto"),
    "down": _l("Mejor cuanto más bajo"),
    "context": _l("Ni mejor ni peor: contexto"),
}
SOURCES = {
    "mirps2018": _l("Marco del MIRPS, 2018"),
    "own": _l("Propio"),
    "iarf": _l("Formulario interagencial de referencia"),
    "unhcr_core": _l("Indicadores básicos de ACNUR"),
    "unhcr_stats": _l("Estadísticas de ACNUR"),
    "primero": _l("Primero"),
}


@cache
def _words() -> Mapping[str, Any]:
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def dimension(name: str) -> str:
    """A dimension in the reader's language; its own name where it has no words."""
    return str(_words().get(name, {}).get("name", {}).get(language(), name))


def label(name: str, code: str) -> str:
    """A label of a dimension in the reader's language; the code itself where it reads by itself (`8-30`)."""
    for listed in LISTS.get(name, ()):
        if reference.known(listed, code):
            return reference.label(listed, code)
    if name == "origin":
        return reference.country_label(code)
    return str((_words().get(name, {}).get("labels") or {}).get(code, {}).get(language(), code))


def has_words(name: str, code: str) -> bool:
    """Whether a label has words of its own, or is a span of numbers."""
    listed = any(reference.known(each, code) for each in LISTS.get(name, ()))
    return listed or code[0].isdigit() or code in (_words().get(name, {}).get("labels") or {})


def selection(chosen: Mapping[str, tuple[str, ...]]) -> str:
    """«Cómo terminó: Reconocida o Negada; Sexo: …»; nothing where every cell counts."""
    return "; ".join(
        f"{dimension(name)}: {', '.join(label(name, code) for code in codes)}"
        for name, codes in chosen.items()
    )


def of(words: Mapping[str, Any], code: str) -> str:
    """One of the words above, or the code that has none yet."""
    return str(words.get(code, code))
