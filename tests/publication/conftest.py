"""Fixtures of publication."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.publication import opened as houses


@pytest.fixture(scope="session")
def open_house(cluster_url: Any) -> Iterator[houses.House]:
    """Mexico with two releases, made once."""
    with houses.built(cluster_url) as house:
        yield house


@pytest.fixture
def opened(open_house: houses.House) -> Iterator[houses.Opened]:
    """The house with two releases and a key, for a test that only reads (or makes keys)."""
    with houses.inside(open_house.database):
        yield open_house.opened
