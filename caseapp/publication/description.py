"""What a release says about itself: `datapackage.json` (Frictionless Data Package 1), with a title and a description in
English and Spanish, an HXL tag and constraints for every column, and the README for people.

The folder's manifest holds the hash of `datapackage.json`, and that the hash of each CSV: nothing holds its own.
Closed lists (`enum`) are the values that occur in the file: a release never changes, so nothing can be added to them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from caseapp.core import reference

FIGURES = (
    "indicator", "measure", "unit", "period", "place_level", "place", "sex", "age_band", "origin",
    "household_type", "need_group", "counted", "numerator", "denominator", "value", "status", "cube",
)  # fmt: skip
COVERAGE = ("domain", "period", "place_level", "place", "status", "reporting", "expected")
REVISIONS = ("cube", "cell", "old", "new", "revises", "reason")
LICENCE = {
    "name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/",
    "title": "Creative Commons Attribution 4.0 International",
}  # fmt: skip
_FIGURE_KEY = FIGURES[: FIGURES.index("numerator")]
_KEYS = {"figures.csv": _FIGURE_KEY, "coverage.csv": COVERAGE[:4], "revisions.csv": REVISIONS[:2]}
_WHOLE = ("value", "reporting", "expected", "old", "new", "numerator", "denominator")
_FREE = ("reason", "cell")
_PERIOD = r"([0-9]{4}|[0-9]{4}-Q[1-4]|[0-9]{4}-(0[1-9]|1[0-2])[ab]?|MIRPS-[0-9]{4})"
#: A closed list longer than this helps nobody.
_LONGEST_ENUM = 80


@dataclass(frozen=True)
class About:
    """Which release this is. `edition` counts its revisions, `created` is the business moment of asking for it."""

    release: str
    country: str
    period: str
    edition: int
    created: str
    code_version: str


@dataclass(frozen=True)
class Column:
    """A column for people: title and description by language, and its HXL tag."""

    en: str
    es: str
    about_en: str
    about_es: str
    hxl: str = ""


def _c(en: str, es: str, about_en: str, about_es: str, hxl: str = "") -> Column:
    return Column(en, es, about_en, about_es, hxl)


COLUMNS: Mapping[str, Column] = {
    "indicator": _c(
        "Indicator", "Indicador",
        "Code of the indicator; its definition stands in manifest.json.",
        "Código del indicador; su definición está en manifest.json.", "#indicator+code",
    ),
    "measure": _c("Measure", "Medida", "What kind of number it is.", "Qué clase de número es.", "#indicator+type"),
    "unit": _c(
        "Unit", "Unidad", "What one is: a person, a household, per cent, days, or a currency.",
        "Qué es uno: una persona, una familia, por ciento, días o una moneda.", "#indicator+unit",
    ),
    "period": _c(
        "Period", "Periodo",
        "A month (2025-09; October may be cut in two, 2025-10a and 2025-10b), quarter, year or MIRPS year (27 October to 26 October).",
        "Un mes (2025-09; octubre puede ir en dos partes, 2025-10a y 2025-10b), trimestre, año o año MIRPS (27 de octubre a 26 de octubre).",
        "#date+period",
    ),
    "place_level": _c(
        "Level of place", "Nivel del lugar", "Country, first-level area or site.", "País, división de primer nivel o sitio.",
        "#loc+type",
    ),
    "place": _c(
        "Place", "Lugar", "ISO 3166 alpha-3 of a country, P-code of an area, or code of a site.",
        "ISO 3166 alfa-3 de un país, código P de una división o código de un sitio.", "#loc+code",
    ),
    "sex": _c("Sex", "Sexo", "As recorded; T is everybody.", "Según consta; T es todas las personas.", "#meta+sex"),
    "age_band": _c(
        "Age", "Edad", "Age in years at the fact, in bands; T is everybody.",
        "Edad en años al ocurrir el hecho, en tramos; T es todas las personas.", "#meta+age",
    ),
    "origin": _c(
        "Origin", "Origen", "Country of origin, ISO 3166 alpha-3, or a group of countries; T is all.",
        "País de origen, ISO 3166 alfa-3, o un grupo de países; T es todos.", "#country+origin+code",
    ),
    "household_type": _c(
        "Household", "Familia", "Alone or with family; T is everybody.", "Sola o en familia; T es todas las personas.",
        "#meta+household",
    ),
    "need_group": _c(
        "Group of needs", "Grupo de necesidades", "T is all.", "T es todas.", "#meta+need",
    ),
    "counted": _c(
        "Counted", "Contada",
        "Of what an atom is the first: of the year, the quarter, the month, or nothing (SITE). Sums of markers are distinct persons.",
        "De qué es el primero un átomo: del año, del trimestre, del mes o de nada (SITE). Sumar marcadores da personas distintas.",
        "#meta+counted",
    ),
    "household_counted": _c(
        "Household counted", "Familia contada", "The same marker for households, on one member; NONE on the others.",
        "El mismo marcador para familias, en una persona; NONE en las demás.", "#meta+counted+household",
    ),
    "numerator": _c(
        "Numerator", "Numerador", "Of a rate. Empty for counts.", "De una tasa. Vacío en los conteos.", "#indicator+numerator",
    ),
    "denominator": _c(
        "Denominator", "Denominador", "Of a rate; of a median the number of values. Empty for counts.",
        "De una tasa; en una mediana, el número de valores. Vacío en los conteos.", "#indicator+denominator",
    ),
    "value": _c(
        "Value", "Valor",
        "The published number, protected: 0 may stand for 0 to 4 and 5 for 0 to 5 in each group.",
        "El número publicado, protegido: en cada grupo 0 puede ser de 0 a 4, y 5 de 0 a 5.", "#indicator+value",
    ),
    "status": _c("Status", "Estado", "Why there is a value, or none.", "Por qué hay un valor, o no lo hay.", "#status"),
    "cube": _c(
        "Cube", "Cubo", "The file cube-<name>.csv whose cells the figure sums.",
        "El archivo cube-<nombre>.csv cuyas celdas suma la cifra.", "#meta+cube",
    ),
    "domain": _c("Domain", "Dominio", "What is counted together.", "Lo que se cuenta junto.", "#meta+domain"),
    "reporting": _c(
        "Sites that reported", "Sitios que informaron", "Of a longer period the least of its months.",
        "En un periodo más largo, el menor de sus meses.", "#meta+reporting",
    ),
    "expected": _c(
        "Sites in service", "Sitios en servicio", "How many were expected to report.", "Cuántos debían informar.",
        "#meta+expected",
    ),
    "cell": _c(
        "Cell", "Celda", "Its labels in the order of the cube's columns, joined by |.",
        "Sus etiquetas en el orden de las columnas del cubo, unidas por |.", "#meta+cell",
    ),
    "old": _c("Was", "Era", "The value that was published before.", "El valor publicado antes.", "#indicator+value+old"),
    "new": _c("Is", "Es", "The value from this release on.", "El valor desde esta publicación.", "#indicator+value+new"),
    "revises": _c(
        "Revises", "Revisa", "The release that published the value before.", "La publicación que dio el valor anterior.",
        "#meta+release",
    ),
    "reason": _c("Reason", "Motivo", "Why it was changed.", "Por qué cambió.", "#meta+reason"),
    "late": _c(
        "Late", "Tardío", "YES: of an earlier month, known only now.", "YES: de un mes anterior, conocido ahora.", "#meta+late",
    ),
    "wait_days": _c("Days waited", "Días de espera", "In bands.", "En tramos.", "#meta+wait"),
}  # fmt: skip

_RESOURCES = {
    "figures.csv": (
        "Figures", "Cifras",
        "Every published figure; each follows from the cells of the cube that it names.",
        "Todas las cifras publicadas; cada una sale de las celdas del cubo que nombra.",
    ),
    "coverage.csv": ("Coverage", "Cobertura", "Which sites reported, by period.", "Qué sitios informaron, por periodo."),
    "revisions.csv": (
        "Revisions", "Revisiones", "Cells that this release changes, with the reason.",
        "Celdas que esta publicación cambia, con el motivo.",
    ),
}  # fmt: skip


def column(name: str) -> Column:
    """A column's words; a dimension without words of its own is named by its code."""
    known = COLUMNS.get(name)
    if known is not None:
        return known
    title = name.replace("_", " ").capitalize()
    return Column(title, title, "A dimension of this cube.", "Una dimensión de este cubo.", f"#meta+{name}")


def datapackage(
    about: About, columns: Mapping[str, Sequence[str]], files: Mapping[str, bytes]
) -> dict[str, Any]:
    """The Data Package of a folder. `columns`: CSV file → its columns; `files`: the bytes that it describes.

    There is no table of cubes or places in the folder, so no foreign key would be true and none is given.
    """
    place = {one: reference.country_label(about.country, one) for one in ("en", "es")}
    return {
        "profile": "tabular-data-package",
        "name": about.release.lower(),
        "id": about.release,
        "title": f"Acogida: reception and referral in {place['en']}, {about.period}",
        "title_es": f"Acogida: acogida y referencia en {place['es']}, {about.period}",
        "description": "Protected figures of what is recorded in Acogida (closed rounded cube). They are not all who arrived. "
        "Exact totals of the same cells published elsewhere would undo the protection.",
        "description_es": "Cifras protegidas de lo registrado en Acogida (cubo cerrado y redondeado). No son todas las personas "
        "que llegaron. Totales exactos de las mismas celdas publicados en otro lugar desharían la protección.",
        "languages": ["en", "es"],
        "version": f"{about.edition + 1}.0.0",
        "created": about.created,
        "keywords": ["asylum", "refugees", "reception", "MIRPS", about.country],
        "licenses": [LICENCE],
        "sources": [{"title": f"Acogida {about.code_version}, {place['en']}: records of reception and referral"}],
        "resources": [_resource(name, fields, files[name]) for name, fields in sorted(columns.items())],
    }  # fmt: skip


def _resource(file: str, columns: Sequence[str], content: bytes) -> dict[str, Any]:
    rows = list(csv.reader(io.StringIO(content.decode())))[1:]
    title, title_es, about, about_es = _RESOURCES.get(file) or _cube_words(file)
    key = _KEYS.get(file, [name for name in columns if name != "value"])
    return {
        "profile": "tabular-data-resource", "name": file.removesuffix(".csv").lower(), "path": file,
        "title": title, "title_es": title_es, "description": about, "description_es": about_es,
        "format": "csv", "mediatype": "text/csv", "encoding": "utf-8",
        "bytes": len(content), "hash": f"sha256:{sha256(content).hexdigest()}", "rows": len(rows),
        "dialect": {"delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "doubleQuote": True, "header": True},
        "schema": {
            "fields": [_field(name, file, key, {row[at] for row in rows}) for at, name in enumerate(columns)],
            "primaryKey": list(key), "missingValues": [""],
        },
    }  # fmt: skip


def _cube_words(file: str) -> tuple[str, str, str, str]:
    name = file.removeprefix("cube-").removesuffix(".csv")
    return (
        f"Cube {name}", f"Cubo {name}", "All possible cells with their published values, zeros too.",
        "Todas las celdas posibles con sus valores publicados, también los ceros.",
    )  # fmt: skip


def _field(name: str, file: str, key: Sequence[str], values: set[str]) -> dict[str, Any]:
    words = column(name)
    kind = (
        "string"
        if name not in _WHOLE
        else ("number" if (name, file) == ("value", "figures.csv") else "integer")
    )
    constraints: dict[str, Any] = {}
    if name in key or (file.startswith("cube-") or file == "coverage.csv"):
        constraints["required"] = True
    if kind != "string":
        constraints["minimum"] = 0
    elif name == "period":
        constraints["pattern"] = _PERIOD
    elif name not in _FREE and 0 < len(values - {""}) <= _LONGEST_ENUM:
        constraints["enum"] = sorted(values - {""})
    return {
        "name": name, "type": kind, "title": words.en, "title_es": words.es, "description": words.about_en,
        "description_es": words.about_es, "hxl": words.hxl, **({"constraints": constraints} if constraints else {}),
    }  # fmt: skip


def readme(about: About) -> str:
    """The README of a folder: what the numbers are, in both languages, and how to read the files."""
    return f"""Acogida, {about.country}, {about.period} (release {about.release})

Figures of reception and referral, protected by the closed rounded cube. 0 may stand for 0 to 4; 5 for 0 to 5
(10 in place of 5 in sensitive cubes, see manifest.json); more for one large household. Totals lie within 10 of the
count for a month, 15 for a quarter, 20 for a year, a site's month within 15. Column sums always add up.
They count what is recorded in Acogida: coverage.csv says which places reported.
What became known late is counted in this month, marked late. Cubes called _withdrawn hold what earlier releases
counted and would not be counted today: they stand beside and are subtracted from nothing.
Exact totals of the same cells published elsewhere would undo the protection.
`acogida release audit` checks this folder; the format is described in docs/release-format.md.

figures.csv is the file to begin with: one row a figure; T in a column means that it is not broken down by it, so
the country's total is the row with T in sex, age_band, origin, household_type and need_group.
datapackage.json describes every column; `frictionless validate datapackage.json` checks the files against it.
Licence: Creative Commons Attribution 4.0. Please name "Acogida, release {about.release}".

Cifras de acogida y referencia, protegidas con el cubo cerrado y redondeado. 0 puede ser de 0 a 4; 5, de 0 a 5
(10 en lugar de 5 en los cubos sensibles, véase manifest.json); más si se trata de una familia numerosa. Los totales
se apartan a lo más 10 en un mes, 15 en un trimestre, 20 en un año y 15 en el mes de un sitio. Las columnas siempre
suman. Cuentan lo registrado en Acogida: coverage.csv dice qué sitios informaron. Lo que se supo tarde se cuenta en
este mes, marcado como tardío. Los cubos _withdrawn tienen lo que publicaciones anteriores contaron y hoy no se
contaría: están al lado y no se restan de nada. Totales exactos de las mismas celdas publicados en otro lugar
desharían la protección.

Empiece por figures.csv: una fila por cifra; T en una columna quiere decir que no se desglosa por ella, así que el
total del país es la fila con T en sex, age_band, origin, household_type y need_group.
datapackage.json describe cada columna; `frictionless validate datapackage.json` comprueba los archivos.
Licencia: Creative Commons Atribución 4.0. Cite «Acogida, publicación {about.release}».
"""
