"""The printed catalogue, `docs/indicators.md`: `python -m caseapp.indicators.printed` writes it anew."""

from __future__ import annotations

from pathlib import Path

import yaml

from caseapp.core.reference import ROOT, label
from caseapp.indicators import registers
from caseapp.indicators.catalogue import PUBLIC, Indicator, Selection
from caseapp.indicators.cubes import numbers
from caseapp.indicators.versions import Catalogue, shipped

FILE = Path(__file__).resolve().parents[2] / "docs" / "indicators.md"
LIST = ROOT / "indicator_list.yml"
_HEAD = """# Indicators

Printed from `config/reference/indicators/*.yml` and `config/reference/cubes.yml` by `make indicators`; a test
checks that it is up to date. Every figure counts what is recorded in Acogida, with its coverage beside it, and
is published only from protected cells (`docs/release-format.md`). A late or withdrawn event never changes a
released figure; it enters the next month as *late*, or stands in a table of its own.
"""


def text(catalogue: Catalogue | None = None) -> str:
    """The whole document: what ships, or what a country counts, with the versions that it published."""
    known = catalogue or shipped()
    parts = [_HEAD]
    pillar = ""
    for each in known.all():
        if each.pillar != pillar:
            pillar = each.pillar
            parts.append(
                f"## {label('mirps_pillar', pillar, 'en')} / {label('mirps_pillar', pillar, 'es')}\n"
            )
        parts.append(_entry(each) + _history(known, each.code))
    return "\n".join([*parts, *_of_registers(), _against_the_list()])


def _of_registers() -> list[str]:
    """The indicators that rest on registers of institutions and in no cube."""
    found = ["## Of registers, on no person / De registros, sin personas\n"]
    for code, each in sorted(registers.registers().items()):
        found.append(
            f"### {code} {each.name['en']} / {each.name['es']}\n\n{each.definition['en']}\n\n"
            f"*{each.definition['es']}*\n\n| | |\n| --- | --- |\n| Measure | a register's, in `{each.unit}` |\n"
            f"| Computed by | `{each.by}` |\n| Source | {', '.join(each.source)} |\n"
        )
    return found


def _against_the_list() -> str:
    """Where our figures differ from the regional list and why, and what of it has no figure."""
    found = yaml.safe_load(LIST.read_text(encoding="utf-8"))
    differs = "\n".join(f"| {code} | {why} |" for code, why in sorted(found["differs"].items()))
    absent = "\n".join(f"| {code} | {why} |" for code, why in sorted(found["absent"].items()))
    return (
        f"## Where these differ from the regional list\n\n| | |\n| --- | --- |\n{differs}\n\n"
        f"## Of the list without a figure\n\n| | |\n| --- | --- |\n{absent}\n"
    )


def _entry(each: Indicator) -> str:
    rows = [
        ("Numerator", f"{each.numerator['en']} / {each.numerator['es']}"),
        *(
            [("Denominator", f"{each.denominator['en']} / {each.denominator['es']}")]
            if each.denominator
            else []
        ),
        ("Measure", f"`{each.measure}` in `{each.unit}`, basis `{each.basis}`"),
        ("Cells", f"`{each.cube}`{_selections(each)}"),
        *([("Bands", _bands(each))] if each.bands else []),
        *([("Unit cost", f"{each.unit_cost} {each.unit}")] if each.unit_cost is not None else []),
        ("Events", ", ".join(f"`{kind}`" for kind in each.kinds)),
        ("Broken down by", ", ".join(f"`{name}`" for name in each.disaggregations) or "nothing"),
        ("Smallest group", f"{each.smallest_cell}"),
        ("Better when", {"up": "higher", "down": "lower", "context": "neither (context)"}[each.direction]),
        ("Version", f"{each.version}, from {each.valid_from.isoformat()}"),
        ("Source", ", ".join(each.source)),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return (
        f"### {each.code} {each.name['en']} / {each.name['es']}\n\n"
        f"{each.definition['en']}\n\n*{each.definition['es']}*\n\n| | |\n| --- | --- |\n{table}\n"
    )


def _history(known: Catalogue, code: str) -> str:
    """The versions of an indicator that has more than one: since when, until when and why."""
    told = known.history(code)
    if len(told) < 2:
        return ""
    lines = [
        f"| {one.indicator.version} | {one.indicator.valid_from} | {one.indicator.valid_to or ''} "
        f"| {one.reason or 'came with the program'} | {f'{one.decided_at:%Y-%m-%d}' if one.decided_at else ''} |"
        for one in told
    ]
    return (
        "\n| version | from | to | why | approved by the release approver |\n| --- | --- | --- | --- | --- |\n"
        + "\n".join(lines)
        + "\n"
    )


def _bands(each: Indicator) -> str:
    shown = ", ".join(
        f"{lower} to {upper}" if upper else f"{lower} or more" for _, lower, upper in each.bands
    )
    return f"`{each.dimension}`: {shown}"


def _selections(each: Indicator) -> str:
    found = [("all", each.select)] if each.select else []
    if each.measure == "RATE":
        found.append(("numerator", each.part))
        if isinstance(each.of, str):
            assert each.of == PUBLIC and each.public is not None
            return (
                _listed(found)
                + f"; denominator: the public number `{each.public}` ({numbers()[each.public].label_en})"
            )
        if each.over:
            return (
                _listed(found)
                + "; denominator: every cell of "
                + " and ".join(f"`{name}`" for name in each.over)
            )
        found.append(("denominator", each.of))
    return _listed(found)


def _listed(found: list[tuple[str, Selection]]) -> str:
    words = []
    for name, selection in found:
        inside = ", ".join(f"`{d}` {' or '.join(labels)}" for d, labels in selection.items())
        words.append(f"; {name}: {inside or 'every cell'}")
    return "".join(words)


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
