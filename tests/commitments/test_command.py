"""`acogida import commitments`, as the worker's role on a database of its own."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from caseapp.commitments import commands
from caseapp.core import command_line
from tests.commitments import made_matrix


@pytest.fixture
def run(committed_db, tmp_path, monkeypatch):
    monkeypatch.setattr(command_line, "join", lambda _home: None)

    def invoke(content: bytes, *options: str):
        file = tmp_path / "matriz.csv"
        file.write_bytes(content)
        done = CliRunner().invoke(commands.imports, ["commitments", str(file), "--json", *options])
        return done.exit_code, json.loads(done.stdout.splitlines()[0])

    return invoke


def test_a_file_comes_in_whole_once_or_not_at_all(run):
    wrong = [dict(row) for row in made_matrix.rows()]
    wrong[3]["score"], wrong[9]["country"] = "6", "XXX"
    code, said = run(made_matrix.as_csv(wrong))
    assert code == 1 and (said["rows"], said["created"], said["skipped"]) == (180, 0, 180)
    assert [(e["row"], e["column"]) for e in said["errors"]] == [(5, "score"), (11, "country")]
    good = made_matrix.as_csv(made_matrix.rows())
    assert run(good, "--dry-run")[1]["created"] == 180
    code, said = run(good)
    empty = {"existing": 0, "skipped": 0, "duplicates": 0, "errors": []}
    assert (code, said) == (0, {"rows": 180, "created": 180, **empty})
    assert run(good)[1] == {"rows": 180, "created": 0, **empty, "existing": 180}
