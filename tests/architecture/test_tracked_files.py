"""What may stand in the repository: no machine's paths, no package registry's host, no key."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Written in parts, because this file is tracked as well.
REFUSED = {
    "a package registry": re.compile(
        "|".join(("pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "--extra-index" + "-url"))
    ),
    "a path of somebody's machine": re.compile(r"(?<![\w./~-])/(?:work|home/\w+|Users/\w+|root/\w+)" + "/"),
    "a private key": re.compile("-----BEGIN [A-Z ]*PRIVATE" + " KEY-----"),
}
TEXT = {
    ".py",
    ".toml",
    ".txt",
    ".md",
    ".yml",
    ".yaml",
    ".html",
    ".css",
    ".js",
    ".csv",
    ".json",
    ".po",
    ".ini",
    ".sql",
    ".cfg",
    "",
}
LARGEST = 2_000_000


def tracked() -> list[Path]:
    try:
        said = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a git checkout")
    return [ROOT / name for name in said.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("what", REFUSED)
def test_no_tracked_file_holds(what: str) -> None:
    found = []
    for file in tracked():
        if file.suffix in TEXT:
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                if REFUSED[what].search(line):
                    found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert found == []


def test_nothing_built_and_nothing_huge_is_tracked() -> None:
    for file in tracked():
        assert file.suffix not in {".pyc", ".mo", ".sqlite", ".db", ".pem", ".log"}, file
        assert file.stat().st_size < LARGEST, file
