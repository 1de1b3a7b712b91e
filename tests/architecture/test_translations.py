"""English is complete: each Spanish sentence of program and pages stands translated in the catalogue."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "caseapp" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")

pytestmark = pytest.mark.skipif(not CATALOGUE.exists(), reason="there is no English catalogue yet")


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> polib.POFile:
    """What ``make translations`` would gather now."""
    pot = tmp_path_factory.mktemp("translations") / "messages.pot"
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "-q",
        "extract",
        "--mapping-file",
        "pyproject.toml",
    ]
    options = ["--keyword", "_l", "--output-file", str(pot), "caseapp", "workers", "templates"]
    subprocess.run([*command, *options], cwd=ROOT, check=True, capture_output=True)
    return polib.pofile(str(pot))


def test_every_sentence_is_translated(sentences: polib.POFile) -> None:
    translated = {
        (entry.msgctxt, entry.msgid): entry for entry in polib.pofile(str(CATALOGUE)).translated_entries()
    }
    missing = [entry.msgid for entry in sentences if (entry.msgctxt, entry.msgid) not in translated]
    assert missing == []


def test_translations_keep_their_placeholders() -> None:
    for entry in polib.pofile(str(CATALOGUE)).translated_entries():
        wanted = set(PLACEHOLDER.findall(entry.msgid)) | set(PLACEHOLDER.findall(entry.msgid_plural))
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text:
                assert set(PLACEHOLDER.findall(text)) <= wanted, entry.msgid
        if not entry.msgid_plural:
            assert set(PLACEHOLDER.findall(entry.msgstr)) == wanted, entry.msgid
