"""The indicators that rest on registers of institutions, on no person and in no cube: what they are called and mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from caseapp.core.reference import ROOT

FILE = ROOT / "indicators_of_registers.yml"


@dataclass(frozen=True)
class OfRegister:
    """An indicator of a register; texts by language. `by`: the module that computes it."""

    code: str
    name: Mapping[str, str]
    definition: Mapping[str, str]
    unit: str
    direction: str
    by: str
    source: tuple[str, ...]

    @property
    def pillar(self) -> str:
        return self.code[:2]


@cache
def registers() -> Mapping[str, OfRegister]:
    """All of them, by code."""
    found = yaml.safe_load(FILE.read_text("utf-8"))
    return {
        code: OfRegister(code, **entry | {"source": tuple(entry["source"])}) for code, entry in found.items()
    }
