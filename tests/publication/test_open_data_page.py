"""`docs/open-data.md`: every example is run against the interface as it stands."""

from __future__ import annotations

import csv
import io
import os
import re
import shlex
import sys
import types
from pathlib import Path

TEXT = Path("docs/open-data.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
]


def path_of(url):
    return url.removeprefix("$ACOGIDA")


def test_the_commands_answer(opened):
    assert len(COMMANDS) >= 9
    for command in COMMANDS:
        words = shlex.split(command)
        assert words[:3] == ["curl", "-H", "Authorization: Bearer $ACOGIDA_KEY"], command
        answer = opened.get(path_of(words[-1]))
        assert answer.status_code == 200 and len(answer.data) > 30, command


def test_the_program_reads_what_it_says(opened, monkeypatch):
    pandas = types.ModuleType("pandas")
    pandas.read_csv = lambda file: list(csv.DictReader(io.TextIOWrapper(file)))
    pandas.DataFrame = list
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    monkeypatch.setitem(os.environ, "ACOGIDA", "$ACOGIDA")
    monkeypatch.setitem(os.environ, "ACOGIDA_KEY", opened.key)

    def answered(request):
        assert request.get_header("Authorization") == f"Bearer {opened.key}"
        return io.BytesIO(opened.get(path_of(request.full_url)).data)

    program = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[0]
    program = program.replace("urlopen(Request(BASE + path", "answered(Asked(BASE + path")
    found = {"answered": answered, "Asked": Asked}
    exec(compile(program, "docs/open-data.md", "exec"), found)
    assert len(found["figures"]) > 50 and len(found["first_pillar"]) > 20
    assert {row["status"] for row in found["first_pillar"]} == {"PUBLISHED"}


class Asked:
    """A request as `urllib.request.Request` takes it, for an address without a host."""

    def __init__(self, url, headers):
        self.full_url, self._headers = url, headers

    def get_header(self, name):
        return self._headers[name]
