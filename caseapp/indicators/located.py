"""YAML read with the line of every entry, so that a bad definition is refused by file and line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NoReturn

import yaml

from caseapp.core.reference import ReferenceInvalid

Where = tuple[str, ...]


class Entries(ABC):
    """Entries that are checked word by word; where they come from says how a refusal names the place."""

    @abstractmethod
    def refuse(self, reason: str, *at: str) -> NoReturn:
        """Raise what says that the entry `at` is wrong, and why."""

    def only(
        self, values: Any, known: Collection[str], needed: Collection[str], *at: str
    ) -> Mapping[str, Any]:
        """A mapping that has all `needed` keys and none beyond `known`."""
        if not isinstance(values, Mapping):
            self.refuse("this is not a mapping", *at)
        for key in values:
            if key not in known:
                self.refuse(f"unknown word {key!r}", *at, str(key))
        for key in needed:
            if values.get(key) in (None, ""):
                self.refuse(f"{key} is missing", *at, key)
        return values

    def words(self, values: Any, *at: str) -> dict[str, str]:
        """The two languages of a text."""
        found = self.only(values, ("es", "en"), ("es", "en"), *at)
        return {language: " ".join(str(text).split()) for language, text in found.items()}


class Located(Entries):
    """A YAML file as plain values, and the line of each key and list entry by its path of keys."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: dict[Where, int] = {(): 1}
        try:
            text = path.read_text(encoding="utf-8")
            self.values: Any = yaml.safe_load(text)
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ReferenceInvalid(path, line, str(error.problem)) from error
        if node is not None:
            self._note(node, ())

    def _note(self, node: yaml.Node, at: Where) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                below = (*at, str(key.value))
                if below in self._lines:
                    raise ReferenceInvalid(self.path, key.start_mark.line + 1, f"{key.value} stands twice")
                self._lines[below] = key.start_mark.line + 1
                self._note(value, below)
        elif isinstance(node, yaml.SequenceNode):
            for number, value in enumerate(node.value):
                self._lines[(*at, str(number))] = value.start_mark.line + 1
                self._note(value, (*at, str(number)))

    def refuse(self, reason: str, *at: str) -> NoReturn:
        """Raise `ReferenceInvalid` with the line of the entry `at`, or of the nearest one above it."""
        while at not in self._lines:
            at = at[:-1]
        raise ReferenceInvalid(self.path, self._lines[at], reason)
