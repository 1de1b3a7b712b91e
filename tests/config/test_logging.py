"""The log masks passwords, in ours and in other libraries' lines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from config.logging import configure_logging


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_passwords_are_masked_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", as_json=True)
    structlog.get_logger("ours").info("connected", url="postgresql://app:s3cret@db/acogida")
    logging.getLogger("theirs").warning("cannot reach %s", "redis://:s3cret@broker:6379/0")
    try:
        raise OSError("postgresql://app:s3cret@db is down")
    except OSError:
        logging.getLogger("theirs").exception("failed")
    written = capsys.readouterr().err
    assert "s3cret" not in written
    lines = [json.loads(line) for line in written.splitlines()]
    assert [line["level"] for line in lines] == ["info", "warning", "error"]
    assert lines[0]["url"] == "postgresql://app:…@db/acogida"
    assert "is down" in lines[2]["exception"]
