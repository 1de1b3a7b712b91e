"""The plan of the house: every folder has its place, and every file keeps to what its name promises.

Who may import whom between folders is import-linter's (``make lint``); here is what it cannot say.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseapp import AREAS

ROOT = Path(__file__).resolve().parents[2]
CASEAPP = ROOT / "caseapp"
# The ground under the areas, and the attacker, which imports nothing of ours and has no page.
NOT_AREAS = {"core", "release_audit"}
LONGEST_FILE = 500
REFUSED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
# What a file of this name may not import, wherever it stands in an area.
REFUSED_IMPORTS = {
    "rules": ("flask", "sqlalchemy", "caseapp.core.db"),
    "models": ("flask",),
    "queries": ("flask",),
    "service": ("flask",),
    "events": ("flask",),
}


def packages() -> list[str]:
    return sorted(folder.parent.name for folder in CASEAPP.glob("*/__init__.py"))


def layers() -> list[list[str]]:
    """The contract of the house from the ground up, side by side in one list."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [house] = [contract for contract in contracts if contract["name"].startswith("The house")]
    return [[name.strip(" ()") for name in layer.split("|")] for layer in reversed(house["layers"])]


def area_files() -> Iterator[tuple[str, str, Path]]:
    """(area, the name its rules go by, file): ``shelter/service/book.py`` goes by ``service``."""
    for area in packages():
        if area not in NOT_AREAS:
            for file in sorted((CASEAPP / area).rglob("*.py")):
                yield area, file.relative_to(CASEAPP / area).parts[0].removesuffix(".py"), file


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def test_every_folder_is_in_the_contract() -> None:
    listed = {name for layer in layers() for name in layer}
    assert set(packages()) <= listed


def test_every_area_is_in_the_one_list() -> None:
    assert set(AREAS) == set(packages()) - NOT_AREAS
    assert len(set(AREAS)) == len(AREAS)


def test_the_list_goes_from_the_ground_up() -> None:
    height = {name: number for number, layer in enumerate(layers()) for name in layer}
    heights = [height[area] for area in AREAS if height[area] <= height["solutions"]]
    assert heights == sorted(heights)


def test_every_area_has_tests_and_its_pages_a_folder() -> None:
    for area in AREAS:
        assert list((ROOT / "tests" / area).glob("test_*.py")), f"tests/{area} is missing"
        if (CASEAPP / area / "views.py").exists() or (CASEAPP / area / "views").is_dir():
            assert (ROOT / "templates" / area).is_dir(), f"templates/{area} is missing"


@pytest.mark.parametrize("package", packages())
def test_a_package_itself_imports_nothing(package: str) -> None:
    """The wall's contracts name the modules below a package; nothing may slip through the package itself."""
    if package != "core":
        assert imports(CASEAPP / package / "__init__.py") <= {"__future__", "__future__.annotations"}


def test_files_keep_to_their_name() -> None:
    broken = [
        f"{file.relative_to(ROOT)} imports {name}"
        for _area, kind, file in area_files()
        for name in sorted(imports(file))
        if any(name == refused or name.startswith(f"{refused}.") for refused in REFUSED_IMPORTS.get(kind, ()))
    ]
    assert broken == []


def test_services_never_commit() -> None:
    """The commit belongs to the edge: the decorated view, the task, the command."""
    ends_it = re.compile(r"\bsession(\(\))?\.(commit|rollback)\(")
    broken = [
        str(file.relative_to(ROOT))
        for _area, kind, file in area_files()
        if kind in {"service", "rules", "queries", "events", "models", "access", "forms"}
        and ends_it.search(file.read_text(encoding="utf-8"))
    ]
    assert broken == []


def test_no_file_is_a_drawer() -> None:
    every = [*CASEAPP.rglob("*.py"), *(ROOT / "workers").rglob("*.py"), *(ROOT / "config").rglob("*.py")]
    assert [str(file) for file in every if REFUSED_NAMES & {file.stem, file.parent.name}] == []
    long = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in every}
    assert {file: lines for file, lines in long.items() if lines > LONGEST_FILE} == {}


def test_tables_look_down_only() -> None:
    """``Referral.case``, never ``Case.referrals``: a model names no area above its own."""
    height = {name: number for number, layer in enumerate(layers()) for name in layer}
    for area, kind, file in area_files():
        if kind == "models":
            for name in imports(file):
                parts = name.split(".")
                if parts[0] == "caseapp" and len(parts) > 1 and parts[1] in height:
                    assert height[parts[1]] <= height[area], f"{file.relative_to(ROOT)} imports {name}"
