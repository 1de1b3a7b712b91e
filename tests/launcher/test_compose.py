"""`docker-compose.yml` without an engine: what it says is looked at, and the same commands are run with the same
variables, in production's settings, against PostgreSQL and a broker over TCP."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from caseapp.core.launcher import Cluster
from caseapp.core.launcher.binaries import valkey_server
from caseapp.core.launcher.processes import CHECKOUT
from caseapp.core.secrets import NAMES
from caseapp.indicators import rollup

COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "web", "casework", "figures", "beat")
ACOGIDA = str(Path(sys.executable).with_name("acogida"))
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")
PLACES = """
organisations: [{code: XX-REC, country: MEX, name: Red de prueba}]
national_teams: [{country: MEX, type: COMMISSION_STATISTICS, name: Estadística de prueba}]
sites:
  - {code: MX-XXA, country: MEX, name: Centro de prueba, kind: RECEPTION_CENTRE, organisation: XX-REC,
     timezone: America/Mexico_City, teams: [RECEPTION_DESK, SHELTER]}
"""


# --- what it says -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", SERVICES)
def test_nothing_runs_as_root_or_may_become_more(name: str) -> None:
    service = SERVICES[name]
    assert not service["user"].startswith(("0", "root"))
    assert service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_asked_whether_it_is_well(name: str) -> None:
    if name == "migrate":
        assert SERVICES[name]["restart"] == "no"
    else:
        assert SERVICES[name]["healthcheck"]["test"] and SERVICES[name]["restart"] == "unless-stopped"


def test_no_secret_stands_in_the_file() -> None:
    secret = re.compile(r"SECRET|PASSWORD|TOKEN|AUTH|^DATABASE_URL|BROKER_URL")
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if secret.search(variable):
                assert VARIABLE.search(str(value)), f"{name}: {variable} is written out"
    asked = {found[1] for found in VARIABLE.finditer((CHECKOUT / "docker-compose.yml").read_text("utf-8"))}
    assert set(NAMES) <= asked, "a secret that `acogida secrets` makes is not used"


def test_only_the_migration_holds_the_owners_credentials_and_figures_see_no_case() -> None:
    given = {
        name: {v for v in SERVICES[name]["environment"] if v.startswith("DATABASE_URL")} for name in OURS
    }
    assert [name for name in OURS if "DATABASE_URL" in given[name]] == ["migrate"]
    assert given["web"] == {"DATABASE_URL_APP", "DATABASE_URL_FIGURES"}
    assert given["casework"] == {"DATABASE_URL_APP", "DATABASE_URL_WORK"}
    assert given["figures"] == {"DATABASE_URL_FACTS", "DATABASE_URL_FIGURES"}


def test_only_the_web_server_is_reached_and_only_from_this_machine() -> None:
    reached = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(reached) == ["web"] and all(port.startswith("127.0.0.1:") for port in reached["web"])


def test_the_image_is_the_lock_and_runs_without_rights() -> None:
    lines = (CHECKOUT / "Dockerfile").read_text("utf-8")
    assert "--require-hashes -r requirements.txt" in lines and "USER 10001:10001" in lines
    for folder in re.findall(r"^COPY (\w+) \w+$", lines, re.M):
        assert (CHECKOUT / folder).is_dir(), folder


# --- what it does -----------------------------------------------------------------------------------------
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


def substituted(value: Any, given: Mapping[str, str]) -> str:
    """A value as compose reads it: `${NAME:?…}` must be given, `${NAME:-…}` has a default."""

    def one(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if kind == "?" and not given.get(name):
            raise AssertionError(f"{name} is not given")
        return given.get(name) or (rest if kind == "-" and rest else "")

    return VARIABLE.sub(one, str(value))


class Installation:
    """The services of the file on this machine: same commands, same variables, other addresses."""

    def __init__(self, folder: Path, given: dict[str, str], database: int, broker: int) -> None:
        self.folder, self.given, self.database, self.broker = folder, given, database, broker
        self.port = free_port()
        self.running: dict[str, subprocess.Popen[str]] = {}

    def environment(self, name: str) -> dict[str, str]:
        home = self.folder / f"home-{name}"
        home.mkdir(exist_ok=True)
        found = {k: substituted(v, self.given) for k, v in SERVICES[name]["environment"].items()}
        found = {
            k: v.replace("@database:5432", f"@127.0.0.1:{self.database}").replace(
                "@broker:6379", f"@127.0.0.1:{self.broker}"
            )
            for k, v in found.items()
        }
        keys = str(self.folder / "secrets" / "country-keys.json")
        inside = {"ACOGIDA_COUNTRY_KEYS_FILE": keys, "ACOGIDA_HOME": str(home), "PATH": os.environ["PATH"]}
        return {**found, **inside, "WEB_CONCURRENCY": "1", "PYTHONWARNINGS": "ignore"}

    def command(self, name: str) -> list[str]:
        words = [ACOGIDA, *SERVICES[name]["command"][1:]]
        return [
            str(self.port) if word == "8000" else "127.0.0.1" if word == "0.0.0.0" else word for word in words
        ]

    def run(self, *words: str, like: str = "migrate") -> str:
        done = subprocess.run(
            [ACOGIDA, *words], env=self.environment(like), cwd=CHECKOUT, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def start(self, name: str, *, host: str = "") -> None:
        """Start a service; with `host` once more, as on a host of that name."""
        log = (self.folder / f"{name}{host}.log").open("w")
        self.running[name + host] = subprocess.Popen(
            self.command(name), env=self.environment(name), cwd=CHECKOUT, stdout=log, stderr=log, text=True
        )

    def owner(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1", port=self.database, user="postgres", password=self.given["POSTGRES_PASSWORD"],
            dbname="acogida", autocommit=True,
        )  # fmt: skip

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8")

    def until(self, what: Any, seconds: float = 150) -> None:
        limit = time.monotonic() + seconds
        while not what():
            for name, process in self.running.items():
                assert process.poll() is None, f"{name} ended: {self.log(name)[-2000:]}"
            assert time.monotonic() < limit, {name: self.log(name)[-800:] for name in self.running}
            time.sleep(0.2)

    def stop(self) -> dict[str, int]:
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        return {name: process.wait(30) for name, process in self.running.items()}


@pytest.fixture
def installation(home: Path, tmp_path: Path) -> Iterator[Installation]:
    made = tmp_path / "secrets"
    subprocess.run(
        [ACOGIDA, "secrets", "--out", str(made), "--country", "MEX"], check=True, stdout=subprocess.DEVNULL
    )
    assert {file.stat().st_mode & 0o777 for file in made.iterdir()} == {0o600}
    given = dict(line.split("=", 1) for line in (made / "acogida.env").read_text().splitlines())
    given |= {"ACOGIDA_BASE_URL": "https://acogida.example", "ACOGIDA_COUNTRY_KEYS": "given"}
    database, broker = free_port(), free_port()
    with contextlib.ExitStack() as stack:
        urls = stack.enter_context(contextlib.closing(_Started(home, database)))
        with psycopg.connect(urls.owner, autocommit=True) as connection:
            connection.execute(f"ALTER ROLE postgres PASSWORD '{given['POSTGRES_PASSWORD']}'")
        valkey = subprocess.Popen(
            [valkey_server(), "--port", str(broker), "--bind", "127.0.0.1", "--requirepass", given["BROKER_PASSWORD"],
             "--dir", str(tmp_path), "--save", ""],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        stack.callback(valkey.wait)
        stack.callback(valkey.kill)
        made_up = Installation(tmp_path, given, database, broker)
        stack.callback(lambda: [process.kill() for process in made_up.running.values()])
        yield made_up


class _Started:
    """A cluster of ours that also listens on a port."""

    def __init__(self, home: Path, port: int) -> None:
        self._cluster = Cluster(home, tcp_port=port, external=False)
        self.owner = self._cluster.start()["DATABASE_URL"]

    def close(self) -> None:
        self._cluster.stop()


def test_the_same_processes_run_from_the_same_variables(installation: Installation) -> None:
    assert "migration" in installation.run(*SERVICES["migrate"]["command"][1:])
    places = installation.folder / "places.yml"
    places.write_text(PLACES, encoding="utf-8")
    first = json.loads(installation.run("import", "places", str(places), "--json"))
    again = json.loads(installation.run("import", "places", str(places), "--json"))
    assert (first["created"], again["created"], again["existing"]) == (5, 0, 5)
    added = installation.run(
        "user", "add", "admin@acogida.example", "--name", "Ana Prueba", "--role", "ADMINISTRATOR",
        "--team", "MEX-COMMISSION_STATISTICS", "--json",
    )  # fmt: skip
    link = json.loads(added)["link"]
    assert link.startswith("https://acogida.example/reset/")

    for name in ("web", "casework", "figures", "beat"):
        installation.start(name)
    installation.until(lambda: installation.get("/readyz")[0] == 200)
    assert installation.get("/healthz")[0] == 200
    status, page = installation.get(link.removeprefix("https://acogida.example"))
    assert status == 200 and 'type="password"' in page

    # Numbers only for whoever has the token; both workers do what the clock asks of them.
    token = {"Authorization": f"Bearer {installation.given['ACOGIDA_METRICS_TOKEN']}"}
    assert installation.get("/metrics")[0] == 404
    assert "acogida_outbox_waiting" in installation.get("/metrics", **token)[1]
    installation.until(lambda: _done("workers.outbox.relay", installation.log("casework")))
    installation.until(lambda: _done("workers.indicators.roll_up", installation.log("figures")))
    assert json.loads(installation.run("check", "--json", like="web"))["ok"]
    two_hosts_count_two_countries(installation)

    # Every line is JSON that a machine reads, and no secret stands in any.
    assert set(installation.stop().values()) <= {0, -signal.SIGTERM}
    for name in installation.running:
        written = installation.log(name)
        for secret in installation.given.values():
            assert len(secret) < 20 or secret not in written, name
    lines = [line for line in installation.log("web").splitlines() if line.startswith("{")]
    assert any(json.loads(line).get("endpoint") == "account.reset" for line in lines)


REGISTERED = """
    INSERT INTO case_event (id, kind, effective_on, recorded_at, country, actor, person_key, household_key, sex, age_band,
                            origin, household_type)
    SELECT gen_random_uuid(), 'person.registered', current_date - 60, now(), c, 'system:test', gen_random_uuid(),
           gen_random_uuid(), 'F', '18-59', 'HND', 'FAMILY' FROM unnest(ARRAY['MEX', 'GTM']) c, generate_series(1, 50)
"""


def two_hosts_count_two_countries(installation: Installation) -> None:
    """Two figures workers with the same variables share a queue and a database over TCP. One country's count holds up no
    other's; none is counted twice; what was counted is what a recount counts."""
    installation.start("figures", host="-2")
    with installation.owner() as owner, installation.owner() as elsewhere:

        def waiting() -> set[str]:
            return {row[0] for row in owner.execute("SELECT DISTINCT country FROM facts.dirty")}

        # Some worker is in the middle of Mexico.
        elsewhere.execute("SELECT pg_advisory_lock(%s, hashtext('MEX'))", (rollup._LOCK,))
        owner.execute(REGISTERED)
        installation.until(lambda: waiting() == {"MEX"})
        elsewhere.execute("SELECT pg_advisory_unlock_all()")
        installation.until(lambda: not waiting())
        found = owner.execute(
            "SELECT country, sum(amount) FROM facts.cell WHERE domain = 'arrivals' GROUP BY 1"
        )
        assert dict(found.fetchall()) == {"MEX": 50, "GTM": 50}
    for host in ("", "-2"):
        installation.until(lambda: _done("workers.indicators.roll_up", installation.log(f"figures{host}")))  # noqa: B023
    assert json.loads(installation.run("rollup", "--full", "--json", like="figures"))["differences"] == []


def _done(task: str, log: str) -> bool:
    return re.search(rf"Task {re.escape(task)}\[[0-9a-f-]+\] succeeded", log) is not None
