"""What a report is made of. The PDF and the page show the same parts in the same order."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Column:
    label: str
    number: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell of the matrix: `level` 0 to 5 gives its colour, None: no colour."""

    value: str
    words: str = ""
    level: int | None = None


@dataclass(frozen=True)
class Part:
    """`kind`: words (paragraphs), list, table, matrix or picture; of the other fields those that the kind shows."""

    kind: str
    title: str = ""
    words: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    head: tuple[str, ...] = ()
    note: str = ""
    svg: str = ""
    alt: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Chapter:
    title: str
    lead: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Card:
    """A figure of the front page."""

    name: str
    value: str
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class Report:
    """A whole report, in one language."""

    lang: str
    title: str
    subtitle: str
    kicker: str
    lead: tuple[str, ...]
    foot: str
    contents: str
    author: str = "Acogida"
    summary: tuple[Card, ...] = ()
    chapters: tuple[Chapter, ...] = field(default_factory=tuple)

    def plain(self) -> dict[str, Any]:
        """As the template of the PDF takes it."""
        return asdict(self)
