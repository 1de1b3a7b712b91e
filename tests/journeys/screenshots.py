"""`make screenshots`: the pictures of the README and the docs, taken while the story is walked through.

So a picture never shows a page that does not exist or a person who does.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORY = "tests/journeys/test_whole_story.py"
#: What the story leaves behind, and where it is kept.
PICTURES = {"readme-es-1280.png": "docs/case-file.png"}
LARGEST = 300 * 1024


def main() -> int:
    """Walk the story and keep its pictures; 1 where it fails or a picture is too large for a page."""
    with tempfile.TemporaryDirectory(prefix="acogida-pictures-") as folder:
        os.environ.update(ACOGIDA_PICTURES=folder, ACOGIDA_REQUIRE_BROWSER="1")
        if pytest.main(["-q", "-x", "--rootdir", str(ROOT), str(ROOT / STORY)]) != 0:
            print("The story failed; the pictures stay as they were.", file=sys.stderr)
            return 1
        for made, kept in PICTURES.items():
            size = (Path(folder) / made).stat().st_size
            if size > LARGEST:
                print(f"{kept} would have {size // 1024} KB, more than {LARGEST // 1024}.", file=sys.stderr)
                return 1
            shutil.copyfile(Path(folder) / made, ROOT / kept)
            print(f"{kept}: {size // 1024} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
