"""The table that the import page hands out: its columns, an example, and the map that reads it, made from our own lists so
that a code that is added there can be written at once. Column names are in the language of whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from flask_babel import LazyString, force_locale

from caseapp.core import reference
from caseapp.core.i18n import _l
from caseapp.places.exchange.listing import BadMap, head_of
from caseapp.places.queries import REACHED_BY

LANGUAGES = ("es", "en")


@dataclass(frozen=True)
class Column:
    """A column: `field` of the map, what it is called, what is written in it, an example, and whether it must be."""

    field: str
    title: LazyString
    what: LazyString
    example: LazyString | str
    needed: bool = False


COLUMNS = (
    Column("key", _l("clave"), _l("Un número o palabra que no cambia, distinto en cada fila de una organización: con él se reconoce la fila la próxima vez."), "1", True),
    Column("organisation", _l("organizacion"), _l("Quién ofrece el servicio."), _l("Clínica Inventada"), True),
    Column("site", _l("sede"), _l("Dónde: la oficina o el barrio."), _l("Centro"), True),
    Column("division", _l("estado_o_departamento"), _l("La división del país, por su nombre."), ""),
    Column("address", _l("direccion"), _l("Calle y número. La de una casa segura no se escribe aquí."), _l("Calle Invento 12")),
    Column("name", _l("servicio"), _l("Cómo se llama el servicio."), _l("Defensa de familias"), True),
    Column("description", _l("descripcion"), _l("Qué hace, en una o dos frases."), _l("Acompaña solicitudes y apelaciones.")),
    Column("kind", _l("tipo"), _l("Uno de los tipos de abajo, con las mismas palabras."), _l("Asistencia legal"), True),
    Column("referral_method", _l("como_se_refiere"), _l("Una de las formas de abajo. Vacío: por teléfono."), _l("Por teléfono")),
    Column("phone", _l("telefono"), _l("El que contesta alguien."), "962 000 0102"),
    Column("email", _l("correo"), _l("El de quien recibe referencias."), "clinica@prueba.example"),
    Column("answer_hours", _l("responde_en"), _l("1 día, 2 días, 3 días, 1 semana, 2 semanas o 1 mes."), _l("3 días")),
    Column("days", _l("dias"), _l("lunes a viernes, lunes a sábado, todos los días, o sábado y domingo."), _l("lunes a viernes")),
    Column("opens", _l("abre"), _l("Hora, como 09:00; o 24 horas."), "09:00"),
    Column("closes", _l("cierra"), _l("Hora, como 16:30."), "16:30"),
)  # fmt: skip
ANSWERS = {
    "1 día": 24, "2 días": 48, "3 días": 72, "1 semana": 168, "2 semanas": 336, "1 mes": 720,
    "1 day": 24, "2 days": 48, "3 days": 72, "1 week": 168, "2 weeks": 336, "1 month": 720,
}  # fmt: skip
WEEKDAYS = {
    "lunes a viernes": [1, 2, 3, 4, 5], "lunes a sábado": [1, 2, 3, 4, 5, 6], "todos los días": [1, 2, 3, 4, 5, 6, 7],
    "sábado y domingo": [6, 7], "Monday to Friday": [1, 2, 3, 4, 5], "Monday to Saturday": [1, 2, 3, 4, 5, 6],
    "every day": [1, 2, 3, 4, 5, 6, 7], "Saturday and Sunday": [6, 7],
}  # fmt: skip
ALWAYS = ["24 horas", "24 hours"]


def head() -> list[str]:
    """The columns' names, in the language of whoever asks."""
    return [str(c.title) for c in COLUMNS]


def kinds() -> list[reference.Code]:
    """The kinds of service that a table may bring: protected ones are entered by hand."""
    return [c for c in reference.codes("service_kind") if "S" not in c.flags]


def methods() -> list[reference.Code]:
    """How a service of a table may be asked: none has a team of ours, and some take no referrals."""
    return [c for c in reference.codes("referral_method") if c.code in (*REACHED_BY, "NOT_ACCEPTED")]


def map_text(country: str, timezone: str) -> str:
    """The map (YAML) that reads the table, with its columns named in the language of whoever asks."""
    called = {c.field: str(c.title) for c in COLUMNS}
    divisions = {d.name: d.pcode for d in reference.admin1(country)}
    plain = ("organisation", "site", "address", "name", "description", "phone", "email")
    fields: dict[str, Any] = {"key": [called["key"], called["organisation"]], "not_compared": [called["key"]]}
    fields |= {name: called[name] for name in plain}
    fields |= {
        "division": {"column": called["division"], "codes": _as_typed(divisions.items())},
        "kind": {"column": called["kind"], "codes": _labels(kinds())},
        "referral_method": {"column": called["referral_method"], "codes": _labels(methods())},
        "answer_hours": {"column": called["answer_hours"], "codes": dict(ANSWERS)},
        "hours": {
            "days": called["days"], "opens": called["opens"], "closes": called["closes"], "always": list(ALWAYS),
            "weekdays": {days: list(numbers) for days, numbers in WEEKDAYS.items()},
        },
    }  # fmt: skip
    given = {"source": f"table-{country.lower()}", "country": country, "timezone": timezone, "fields": fields}
    return yaml.safe_dump(given, allow_unicode=True, sort_keys=False, width=120)


def map_for(content: bytes, country: str, timezone: str) -> str:
    """The map for a table that was handed out in one language or the other. Raises BadMap for another table."""
    found = head_of(content)
    for language in LANGUAGES:
        with force_locale(language):
            if set(head()) <= found:
                return map_text(country, timezone)
    missing = sorted(set(head()) - found)
    raise BadMap(f"the table has no column {', '.join(missing)}")


def _labels(codes: Sequence[reference.Code]) -> dict[str, str]:
    """Each code by its label in both languages, and by itself."""
    return _as_typed((said, c.code) for c in codes for said in (c.label_es, c.label_en, c.code))


def _as_typed(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """As written, and in small letters."""
    found: dict[str, str] = {}
    for said, code in pairs:
        found.setdefault(said, code)
        found.setdefault(said.lower(), code)
    return found
