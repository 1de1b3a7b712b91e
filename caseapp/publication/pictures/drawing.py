"""Two pictures, drawn from labels and numbers: a line over periods and bars of groups. The same input gives the same
bytes: no dates, no random ids, one typeface that comes with the library.

They are read in grey (marks, hatching, numbers beside what they belong to) and by screen reader (title and description
stand in the file).
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, MUTED, LINE, PRIMARY, PAPER = "#1d2530", "#5a6472", "#d9d6cf", "#0b5d66", "#ffffff"
PALE = "#c9d9db"
SVG, PNG = "svg", "png"
FORMATS = (SVG, PNG)
DOTS = 160
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "acogida", "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 11,
    "axes.edgecolor": MUTED, "text.color": INK, "axes.labelcolor": MUTED, "xtick.color": MUTED, "ytick.color": MUTED,
    "hatch.linewidth": 0.6, "axes.unicode_minus": False, "path.simplify": False,
}  # fmt: skip
_WIDE = 7.2


@dataclass(frozen=True)
class Mark:
    """A point or a bar: its label, its value (None: no figure) and the value in words. `is_ours`: it is told of
    (a bar), or it may be set against the last point (a point)."""

    label: str
    value: float | None
    words: str
    is_ours: bool = True


@dataclass(frozen=True)
class Drawn:
    """What a picture shows and says."""

    title: str
    description: str
    foot: str
    marks: Sequence[Mark]
    unit: str = ""


def line(drawn: Drawn) -> dict[str, bytes]:
    """A line with a mark for each period; a period that cannot be compared is hollow and apart."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _framed(drawn, 3.7)
        held = [(at, mark) for at, mark in enumerate(drawn.marks) if mark.value is not None]
        ours = [(at, mark) for at, mark in held if mark.is_ours]
        # Periods are joined only where nothing lies between them that cannot be compared.
        joined = [
            mark.value if mark.is_ours and mark.value is not None else float("nan") for mark in drawn.marks
        ]
        axes.plot(range(len(joined)), joined, color=PRIMARY, linewidth=2, zorder=2)
        axes.plot(
            [at for at, _ in ours],
            [mark.value for _, mark in ours],
            "o",
            color=PRIMARY,
            markersize=6,
            zorder=3,
        )
        other = [(at, mark) for at, mark in held if not mark.is_ours]
        axes.plot(
            [at for at, _ in other], [mark.value for _, mark in other], "s", markersize=6, markerfacecolor=PAPER,
            markeredgecolor=MUTED, zorder=3,
        )  # fmt: skip
        for at in _told(held):
            mark = drawn.marks[at]
            axes.annotate(
                mark.words, (at, mark.value or 0), textcoords="offset points", xytext=(0, 9), ha="center", fontweight="bold"
            )  # fmt: skip
        top = max((mark.value or 0 for _, mark in held), default=1) or 1
        axes.set_ylim(0, top * 1.2)
        axes.set_xlim(-0.5, len(drawn.marks) - 0.5)
        step = max(1, -(-len(drawn.marks) // 8))
        ticks = [at for at in range(len(drawn.marks)) if (len(drawn.marks) - 1 - at) % step == 0]
        axes.set_xticks(ticks, [drawn.marks[at].label for at in ticks])
        axes.grid(axis="y", color=LINE, linewidth=0.8)
        axes.tick_params(length=0)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        return _written(figure, drawn)


def _told(held: Sequence[tuple[int, Mark]]) -> list[int]:
    """Which points carry their number: all of a few, else the first, the highest and the last, never two side by side."""
    if len(held) <= 8:
        return [at for at, _ in held]
    first, last = held[0][0], held[-1][0]
    high = max(held, key=lambda one: (one[1].value or 0, -one[0]))[0]
    return sorted({first, last} | ({high} if min(abs(high - first), abs(high - last)) > 1 else set()))


def bars(drawn: Drawn) -> dict[str, bytes]:
    """A bar for each group, the number at its end; those that the title names are dark, the others hatched."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _framed(drawn, 1.5 + 0.38 * len(drawn.marks))
        for at, mark in enumerate(drawn.marks):
            if mark.value is not None:
                look: dict[str, Any] = (
                    {"color": PRIMARY} if mark.is_ours else {"facecolor": PALE, "edgecolor": MUTED, "hatch": "///", "linewidth": 0.6}
                )  # fmt: skip
                axes.barh(at, mark.value, height=0.66, zorder=2, **look)
            axes.annotate(
                mark.words, (mark.value or 0, at), textcoords="offset points", xytext=(6, 0), va="center",
                fontweight="bold" if mark.is_ours else "normal",
            )  # fmt: skip
        top = max((mark.value or 0 for mark in drawn.marks), default=1) or 1
        axes.set_xlim(0, top * 1.25)
        axes.set_ylim(len(drawn.marks) - 0.5, -0.5)
        axes.set_yticks(range(len(drawn.marks)), [mark.label for mark in drawn.marks], color=INK)
        axes.set_xticks([])
        axes.tick_params(length=0)
        for side in ("top", "right", "bottom"):
            axes.spines[side].set_visible(False)
        return _written(figure, drawn)


def _framed(drawn: Drawn, height: float) -> tuple[Figure, Any]:
    """A figure with its title above, its source beneath, and the axes between."""
    title = textwrap.fill(drawn.title, 62)
    lines = title.count("\n") + 1
    tall = height + 0.26 * lines
    figure = Figure(figsize=(_WIDE, tall), facecolor=PAPER, layout=None)
    figure.text(0.02, 1 - 0.1 / tall, title, fontsize=13, fontweight="bold", va="top", linespacing=1.25)
    figure.text(
        0.02,
        0.08 / tall,
        textwrap.fill(drawn.foot, 92),
        fontsize=8.5,
        color=MUTED,
        va="bottom",
        linespacing=1.3,
    )
    widest = max((len(mark.label) for mark in drawn.marks), default=1)
    left = 0.09 if height > 3.6 and len(drawn.marks) < 2 else 0.1
    if height < 3.6 or any(len(mark.label) > 12 for mark in drawn.marks):
        left = min(0.36, 0.03 + 0.0125 * widest)
    foot = 0.2 + 0.17 * (textwrap.fill(drawn.foot, 92).count("\n") + 1)
    bottom, top = (foot + 0.3) / tall, 1 - (0.3 + 0.26 * lines) / tall
    axes = figure.add_axes((left, bottom, 0.97 - left, max(top - bottom, 0.2)))
    axes.set_facecolor(PAPER)
    return figure, axes


def _written(figure: Figure, drawn: Drawn) -> dict[str, bytes]:
    vector, dots = io.BytesIO(), io.BytesIO()
    FigureCanvasSVG(figure).print_svg(vector, metadata={"Date": None, "Creator": None})
    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(DOTS)
    canvas.print_png(
        dots, metadata={"Software": None, "Title": drawn.title, "Description": drawn.description}
    )
    return {SVG: _told_of(vector.getvalue().decode(), drawn).encode(), PNG: dots.getvalue()}


def _told_of(svg: str, drawn: Drawn) -> str:
    """Title and description within the drawing, so that it is read out wherever it goes."""
    start = svg.index("<svg")
    end = svg.index(">", start)
    words = f'<title id="title">{escape(drawn.title)}</title><desc id="description">{escape(drawn.description)}</desc>'
    return f'{svg[:end]} role="img" aria-labelledby="title" aria-describedby="description">{words}{svg[end + 1 :]}'
