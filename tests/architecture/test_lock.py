"""The lock files: hashed, free of sources, and of one mind with pyproject.toml (`make check-lock` asks further)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = {
    "requirements.txt": PROJECT["dependencies"],
    "requirements-dev.txt": [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]],
}


def pins(file: str) -> dict[str, set[str]]:
    """Canonical name → versions (several where they depend on the platform)."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", (ROOT / file).read_text(), re.M
    ):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


@pytest.mark.parametrize("file", LOCKS)
def test_every_dependency_is_pinned_as_asked(file: str) -> None:
    pinned = pins(file)
    for text in LOCKS[file]:
        asked = Requirement(text)
        versions = pinned.get(canonicalize_name(asked.name), set())
        assert versions and all(asked.specifier.contains(version) for version in versions), text


@pytest.mark.parametrize("file", LOCKS)
def test_every_pin_is_hashed_and_names_no_source(file: str) -> None:
    lines = (ROOT / file).read_text().splitlines()
    for number, line in enumerate(lines):
        assert line.startswith((" ", "#")) or line.endswith("\\"), f"{file}:{number + 1} has no hash"
        assert "://" not in line and not line.startswith("-"), f"{file}:{number + 1}"


def test_development_runs_on_the_versions_of_production() -> None:
    development = pins("requirements-dev.txt")
    for name, versions in pins("requirements.txt").items():
        assert development.get(name) == versions, name
