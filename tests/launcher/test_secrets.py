"""A demo's secrets: kept, private, and known as such wherever they turn up."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from caseapp.core.launcher import LauncherError, home_secrets


def test_made_once_and_kept(tmp_path: Path) -> None:
    first = home_secrets(tmp_path, countries=("MEX",))
    again = home_secrets(tmp_path, countries=("MEX", "GTM"))
    assert again.environment == first.environment and again.passwords == first.passwords
    assert len(set(first.passwords.values())) == len(first.passwords) == 5
    for file in (tmp_path / "secrets").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_country_keeps_its_key_when_another_comes(tmp_path: Path) -> None:
    before = json.loads(home_secrets(tmp_path, countries=("MEX",)).country_keys_file.read_text())
    after = json.loads(home_secrets(tmp_path, countries=("MEX", "GTM")).country_keys_file.read_text())
    assert after["MEX"] == before["MEX"] and after["GTM"] != after["MEX"]


def test_all_carry_the_mark_of_the_demo(tmp_path: Path) -> None:
    made = home_secrets(tmp_path)
    for secret in (*made.environment.values(), *made.passwords.values()):
        assert secret.startswith("demo-") and len(secret) > 40
    assert json.loads(made.country_keys_file.read_text())["demo"] is True


def test_the_release_secret_comes_from_the_seed(tmp_path: Path) -> None:
    secrets = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        (tmp_path / name).mkdir()
        secrets.append(home_secrets(tmp_path / name, seed=seed).environment["RELEASE_SECRET"])
    assert secrets[0] == secrets[1] != secrets[2]


def test_a_damaged_file_is_not_replaced(tmp_path: Path) -> None:
    home_secrets(tmp_path)
    (tmp_path / "secrets" / "secrets.json").write_text("{")
    with pytest.raises(LauncherError, match=r"secrets\.json is damaged"):
        home_secrets(tmp_path)
