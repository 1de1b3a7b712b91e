"""The content of an annual report: what is known, put into parts and words of the running language.

Numbers come from released figures, narratives that another person approved, and scores that another person
confirmed; nothing is computed here that the pages do not show. A figure of another definition, or of a year that is not
over, says so; no change is worked out between years.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from caseapp.commitments import rules
from caseapp.commitments.annual import enrolling, helping
from caseapp.commitments.annual.enrolling import Enrolled
from caseapp.commitments.annual.helping import Helped
from caseapp.commitments.annual.parts import Card, Cell, Chapter, Column, Part, Report
from caseapp.commitments.baseline import Line as Line2018
from caseapp.commitments.narrative import rules as narrating
from caseapp.commitments.narrative.queries import Told
from caseapp.commitments.released import Line, Month, Shown
from caseapp.core import reference
from caseapp.core.i18n import _, language
from caseapp.indicators import catalogue
from caseapp.publication import present
from caseapp.publication.of_registers import reading

PILLARS = (1, 2, 3, 4)
#: Pictures of a pillar at most.
PICTURES = 2
#: The pillar of the State's programmes.
ENROLS_IN = 3
#: What stands on the front page, where it is published.
FRONT = ("P1-00", "P2-03", "P4-01")


@dataclass(frozen=True)
class Money:
    """Costs of a pillar in one currency."""

    pillar: int
    currency: str
    budgeted: Decimal
    funded: Decimal
    gap: Decimal


@dataclass(frozen=True)
class Known:
    """All that a report tells. `countries`: one, or those of the region; `country` None: the region's report."""

    year: int
    country: str | None
    countries: tuple[str, ...]
    lines: Mapping[tuple[str, str, str], Line]
    months: Sequence[Month]
    narratives: Mapping[tuple[int, str], Told]
    scored: Sequence[rules.Scored]
    scored_on: str = ""
    money: Sequence[Money] = ()
    baseline: Sequence[Line2018] = ()
    proven: int = 0
    pictures: Sequence[Shown] = ()
    helped: Helped | None = None
    registers: Sequence[reading.Line] = ()
    enrolled: Sequence[Enrolled] = ()


def report(known: Known) -> Report:
    """The whole report, in the running language."""
    name = reference.country_label(known.country) if known.country else _("la región")
    title = _("Informe anual %(year)s: %(name)s", year=known.year, name=name)
    chapters = [_pillar(known, pillar) for pillar in PILLARS]
    chapters += [_cooperation(known), _commitments(known), _baseline(known), _method(known)]
    return Report(
        lang=language(),
        title=title,
        subtitle=_until(known),
        kicker=_("MIRPS: Marco Integral Regional para la Protección y Soluciones"),
        lead=_lead(known),
        foot=title,
        contents=_("Contenido"),
        summary=tuple(_cards(known)),
        chapters=tuple(chapter for chapter in chapters if chapter.parts),
    )


def _until(known: Known) -> str:
    """How far the released figures go."""
    last = max((line.until for line in known.lines.values()), default="")
    if not last:
        return _("Sin cifras publicadas para este año")
    return _("Cifras publicadas hasta %(month)s", month=present.period(last))


def _lead(known: Known) -> tuple[str, ...]:
    counted = _(
        "Las cifras cuentan lo anotado en Acogida, con la cobertura que se indica; no son todas las personas solicitantes de "
        "asilo ni todas las que llegaron. Salen de publicaciones selladas: quien las prepara y quien las aprueba son "
        "dos personas, y los grupos pequeños están protegidos."
    )
    if known.country is None:
        return counted, _(
            "Una persona que pasó por dos países cuenta en cada uno; por eso no se suman entre países."
        )
    return (counted,)


# -- the front ----------------------------------------------------------------------------------------
def _cards(known: Known) -> list[Card]:
    found = []
    if known.country:
        for code in FRONT:
            line = known.lines.get((known.country, code, str(known.year)))
            if line is not None and line.value is not None:
                found.append(
                    Card(_name(code), _value(line), _unit(line), present.period(str(known.year), line.until))
                )
    average = rules.overall(_counted(known), rules.Weighting.PILLARS)
    if average.printed is not None:
        note = _("promedio de los pilares; %(n)s compromisos calificados", n=average.scored)
        found.append(Card(_("Avance de los compromisos"), f"{average.printed} %", "", note))
    return found[:3]


def _name(code: str) -> str:
    found = next((one for one in catalogue.all() if one.code == code), None)
    return found.name[language()] if found else code


def _value(line: Line | None, *, short: bool = False) -> str:
    if line is None:
        return "–"
    if line.value is None:
        return "–" if short else present.no_value(line.status).lower()
    value = present.number(line.value)
    return f"{value} %" if line.unit == "PERCENT" else value


def _unit(line: Line) -> str:
    return "" if line.unit == "PERCENT" else present.unit(line.unit)


# -- a pillar -----------------------------------------------------------------------------------------
def _pillar(known: Known, pillar: int) -> Chapter:
    """What a country tells of a pillar, its figures, and how far its commitments are."""
    parts = [*_told(known, pillar)]
    parts += [one for one in (_progress(known, pillar), _figures(known, pillar)) if one]
    parts += _pictures(known, pillar)
    parts += _registers(known, pillar)
    if pillar == ENROLS_IN and known.enrolled:
        parts.append(enrolling.part(known.enrolled, of_one=known.country is not None))
    return Chapter(f"{pillar}. {reference.label('mirps_pillar', f'P{pillar}')}", (), tuple(parts))


PART_TITLES = {
    "ACHIEVEMENTS": lambda: _("Logros"), "CHALLENGES": lambda: _("Desafíos"), "PRIORITIES": lambda: _("Prioridades"),
}  # fmt: skip


def _told(known: Known, pillar: int) -> Iterable[Part]:
    for part in narrating.PARTS:
        one = known.narratives.get((pillar, part))
        if one is None:
            continue
        text = one.version.text_es if language() == "es" else one.version.text_en
        words = narrating.told(text, partial(_quoted, one))
        note = ""
        if one.changed:
            codes = ", ".join(f"{q.quote.indicator} {q.quote.period}" for q in one.changed)
            note = _(
                "Una revisión cambió cifras citadas después de aprobarse el texto: %(which)s.", which=codes
            )
        yield Part("words", PART_TITLES[part](), words=(*words, *([note] if note else [])))


def _quoted(one: Told, quote: narrating.Quote) -> str:
    figure = one.figures.get(quote)
    if figure is None:
        return _("[sin cifra publicada]")
    value = present.number(figure.value)
    return f"{value} %" if figure.unit == "PERCENT" else value


def _pictures(known: Known, pillar: int) -> Iterable[Part]:
    """The first pictures of a pillar that show something; their title states what they find."""
    mine = [
        one
        for one in known.pictures
        if one.indicator.startswith(f"P{pillar}-") and _is_more_than_nothing(known, one)
    ]
    for one in mine[:PICTURES]:
        yield Part(
            "picture", svg=one.svg, caption=f"{one.indicator} {_name(one.indicator)}", alt=one.description
        )


def _is_more_than_nothing(known: Known, one: Shown) -> bool:
    if known.country is None:
        return True  # only what says something is drawn of the region
    line = known.lines.get((known.country, one.indicator, str(known.year)))
    return line is not None and bool(line.value)


def _figures(known: Known, pillar: int) -> Part | None:
    codes = [one.code for one in catalogue.all() if one.pillar == f"P{pillar}"]
    rows = [row for code in codes if (row := _row(known, code))]
    if not rows:
        return None
    head = [str(known.year - 1), str(known.year)] if known.country else [_iso2(c) for c in known.countries]
    note = _(
        "Cifras protegidas: un 0 puede ser de 0 a 4 y un 5 de 0 a 5. «–» quiere decir que no se publicó."
    )
    unfinished = known.country and any(
        line.period == str(known.year) and line.until < f"{known.year}-12" for line in known.lines.values()
    )
    if unfinished:
        note += " " + _("El año %(year)s no ha terminado: no se compara con el anterior.", year=known.year)
    columns = (Column(_("Indicador")), *(Column(label, number=True) for label in head), Column(_("En")))
    return Part("table", _("Cifras"), columns=columns, rows=tuple(rows), note=note)


def _registers(known: Known, pillar: int) -> Iterable[Part]:
    """What is told of institutions, on no person, at the end of the year's last month that is counted."""
    mine = [line for line in known.registers if line.indicator.startswith(f"P{pillar}-")]
    if not mine:
        return
    columns = (
        Column(_("Indicador")), *(() if known.country else (Column(_("País")),)), Column(_("Al final de")), Column(_("Parte")),
        Column(_("Albergues"), number=True),
    )  # fmt: skip
    rows = tuple(
        (
            f"{line.indicator} {line.name}", *(() if known.country else (reference.country_label(line.country),)),
            present.period(line.month), line.value, str(line.facilities or _("menos de 5")),
        )
        for line in mine
    )  # fmt: skip
    yield Part(
        "table", _("De registros de instituciones"), columns=columns, rows=rows, note=reading.protected()
    )


def _iso2(country: str) -> str:
    return next(one.iso2 for one in reference.countries() if one.iso3 == country)


def _row(known: Known, code: str) -> tuple[str, ...] | None:
    """An indicator's line; nothing where nobody published it."""
    if known.country:
        asked = [(known.country, code, str(known.year - 1)), (known.country, code, str(known.year))]
    else:
        asked = [(country, code, str(known.year)) for country in known.countries]
    found = [known.lines.get(key) for key in asked]
    some = [line for line in found if line is not None and line.value is not None]
    if not some:
        return None
    shown = [_value(line, short=known.country is None) for line in found]
    if known.country and len({line.version for line in some}) > 1:
        shown[0] = _("otra definición")
    return (f"{code} {_name(code)}", *shown, "%" if some[0].unit == "PERCENT" else _unit(some[0]))


def _progress(known: Known, pillar: int) -> Part | None:
    rows = [row for row in _counted(known) if row.pillar == pillar]
    average = rules.by_commitments(rows)
    if average.printed is None:
        return None
    words = _(
        "Los compromisos de este pilar están al %(percent)s %% en promedio: %(scored)s calificados y %(unscored)s sin calificar.",
        percent=average.printed, scored=average.scored, unscored=average.unscored,
    )  # fmt: skip
    return Part("words", _("Compromisos"), words=(words,))


# -- commitments --------------------------------------------------------------------------------------
def _counted(known: Known) -> list[rules.Scored]:
    return rules.counted(known.scored, (rules.CommitmentClass.COUNTRY,))


def _cooperation(known: Known) -> Chapter:
    """What was told of pillar 5, and what cooperation's registers hold of the year."""
    parts = [*_told(known, 5), *_registers(known, 5), *(helping.parts(known.helped) if known.helped else ())]
    return Chapter(f"5. {reference.label('mirps_pillar', 'P5')}", (), tuple(parts))


def _commitments(known: Known) -> Chapter:
    rows = _counted(known)
    if not any(row.score is not None for row in rows):
        return Chapter("")
    parts = [_matrix(known, rows), _averages(rows)]
    if known.money:
        parts.append(_money(known))
    lead = _(
        "Cada compromiso tiene una calificación de 0 a 5 con evidencia, propuesta por una persona y confirmada por otra; cada punto vale 20 por ciento."
    )
    if known.proven:
        lead += " " + _("Con evidencia de los últimos seis meses: %(n)s.", n=known.proven)
    if known.scored_on:
        lead += " " + _("Calificaciones confirmadas hasta el %(day)s.", day=known.scored_on)
    return Chapter(_("Los compromisos"), (lead,), tuple(parts))


def _matrix(known: Known, rows: Sequence[rules.Scored]) -> Part:
    by: dict[str, dict[int, list[rules.Scored]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by[row.country][row.pillar].append(row)
    head = (_("País"), *(_("Pilar %(n)s", n=p) for p in PILLARS))
    lines = []
    for country in known.countries:
        if country in by:
            cells = [Cell(reference.country_label(country))]
            lines.append((*cells, *(_cell(rules.by_commitments(by[country][p])) for p in PILLARS)))
    note = _(
        "Promedio de las calificaciones de cada pilar. El color acompaña al número y a la palabra; ninguno va solo."
    )
    return Part("matrix", _("Semáforo"), head=head, rows=tuple(lines), note=note)


def _cell(average: rules.Average) -> Cell:
    if average.percent is None or average.printed is None:
        return Cell("–", _("sin calificar"))
    level = rules.level_of(average.percent)
    word = next(
        (c.label() for c in reference.codes("commitment_scale") if c.extra.get("score") == str(level)), ""
    )
    return Cell(f"{average.printed} %", word, level)


def _averages(rows: Sequence[rules.Scored]) -> Part:
    pillars = rules.by_pillar(rows)
    lines = [
        (
            reference.label("mirps_pillar", f"P{p}"),
            f"{one.printed} %" if one.printed is not None else "–",
            str(one.scored),
        )
        for p, one in pillars.items()
    ]
    for weighting, label in (
        (rules.Weighting.PILLARS, _("Todos, cada pilar pesa igual (como el primer informe)")),
        (rules.Weighting.COMMITMENTS, _("Todos, cada compromiso pesa igual")),
    ):
        one = rules.overall(rows, weighting)
        lines.append((label, f"{one.printed} %" if one.printed is not None else "–", str(one.scored)))
    columns = (
        Column(_("Pilar")),
        Column(_("Avance"), number=True),
        Column(_("Compromisos calificados"), number=True),
    )
    return Part("table", _("Promedios"), columns=columns, rows=tuple(lines))


def _money(known: Known) -> Part:
    rows = [
        (
            reference.label("mirps_pillar", f"P{one.pillar}"), one.currency, present.number(round(one.budgeted)),
            present.number(round(one.funded)), present.number(round(one.gap)),
        )
        for one in known.money
    ]  # fmt: skip
    columns = (
        Column(_("Pilar")), Column(_("Moneda")), Column(_("Presupuesto"), number=True), Column(_("Financiado"), number=True),
        Column(_("Brecha"), number=True),
    )  # fmt: skip
    return Part("table", _("Costos y financiamiento"), columns=columns, rows=tuple(rows), note=_("Solo compromisos con costo anotado; las monedas no se suman."))  # fmt: skip


# -- where it began, and how it is made -----------------------------------------------------------------
def _baseline(known: Known) -> Chapter:
    """What the first report said, by section, with what is known to be wrong in it."""
    if not known.baseline:
        return Chapter("")
    rows = tuple((line.name, _said(line), line.section) for line in known.baseline)
    columns = (Column(_("Qué")), Column(_("Lo que dijo el informe")), Column(_("Sección")))
    lead = _(
        "Cifras del informe 2017–2018 con su sección. Son de otras fuentes y no se suman con las de Acogida."
    )
    return Chapter(_("El punto de partida: 2017–2018"), (lead,), (Part("table", columns=columns, rows=rows),))


def _said(line: Line2018) -> str:
    """What the report said, with what is known to be wrong in it."""
    value = line.value
    if value.isdigit():
        value = present.number(int(value))
    value = f"{value} {line.unit}".strip() if value else _("sin dato")
    return f"{value}. {_('Ojo:')} {line.error}" if line.error else value


def _method(known: Known) -> Chapter:
    """How figures are made, their coverage, their sources."""
    words = (
        _("Un indicador es una definición publicada con su versión; se calcula igual en todos los países que la usan."),
        _("Antes de publicar, las cuentas pequeñas se redondean al azar a 0 o a 5 (a 0 o a 10 en asuntos graves), de modo que "
          "ninguna combinación de tablas publicadas deja saber cuántas personas hay en un grupo pequeño. Los totales se apartan "
          "a lo más 10 en un mes, 15 en un trimestre y 20 en un año."),
        _("Lo que se conoce tarde entra en el mes siguiente; una revisión es otra publicación que dice qué cambió."),
    )  # fmt: skip
    parts = [Part("words", _("Método"), words=words)]
    if known.months:
        rows = tuple(
            (
                reference.country_label(m.country),
                present.period(m.period),
                f"{m.reporting} / {m.expected}",
                m.release,
            )
            for m in known.months
        )
        columns = (
            Column(_("País")),
            Column(_("Mes")),
            Column(_("Sedes que informaron"), number=True),
            Column(_("Publicación")),
        )
        parts.append(Part("table", _("Cobertura"), columns=columns, rows=rows))
    sources = (
        _("Publicaciones de Acogida que se nombran arriba, con sus sellos, descargables con sus definiciones."),
        _("Registro de compromisos del país, con su evidencia."),
        _("Informe MIRPS 2017–2018 para el punto de partida."),
    )  # fmt: skip
    parts.append(Part("list", _("Fuentes"), words=sources))
    return Chapter(_("Método, cobertura y fuentes"), (), tuple(parts))
