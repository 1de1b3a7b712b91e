"""Attempts to reach a name or an unprotected count: as role `figures` by SQL, and as an analyst by page and interface."""

from __future__ import annotations

import re
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from caseapp import create_app
from caseapp.core import access
from caseapp.core import db as core_db
from caseapp.publication import service
from tests.client import CheckedClient
from tests.publication import made_up

OWN = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg_temp%'"
ROOT = Path(__file__).parents[2]
#: What the role may read: the released schema, and outside it these, which hold nothing of people.
PUBLIC_TABLES = {
    f"public.{name}"
    for name in (
        "commitment", "commitment_evidence", "commitment_score", "commitment_target", "commitment_cost", "cooperation_action",
        "cooperation_actor", "cooperation_exchange", "cooperation_meeting", "cooperation_places", "cooperation_pledge",
        "cooperation_training", "narrative_version", "narrative_quote",
        # What stands in them is public: names of programmes, and how many enrolled, without any small number.
        "joint_project", "programme_enrolment",
    )
}  # fmt: skip
#: Functions with more rights than their caller that the role may call.
DEFINER = {"released.api_key_check"}

COPIES = (
    "COPY facts.fact TO STDOUT",
    "COPY (SELECT * FROM public.person) TO STDOUT",
    "COPY released.release TO PROGRAM 'cat'",
    "COPY released.release TO '/tmp/out'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_from_bytea(0, 'x') FROM pg_largeobject",
)
CODE = (
    "CREATE TABLE public.mine (a int)",
    "CREATE TABLE released.mine (a int)",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION released.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "CREATE EXTENSION dblink",
    "CREATE EXTENSION postgres_fdw",
    "CREATE EXTENSION file_fdw",
    "ALTER TABLE released.figure DISABLE ROW LEVEL SECURITY",
    "CREATE POLICY mine ON released.release FOR SELECT USING (true)",
)
OTHERS = (
    "SET ROLE acogida_facts", "SET ROLE acogida_app", "SET ROLE acogida_work", "SET ROLE acogida_definer",
    "SET SESSION AUTHORIZATION acogida_facts", "SET SESSION AUTHORIZATION postgres",
    "GRANT acogida_facts TO acogida_figures", "ALTER ROLE acogida_figures SUPERUSER",
    "ALTER ROLE acogida_figures BYPASSRLS",
)  # fmt: skip
PLANS = (
    "EXPLAIN SELECT * FROM facts.fact WHERE person IS NOT NULL",
    "EXPLAIN (ANALYZE) SELECT * FROM public.case_event",
    "EXPLAIN (GENERIC_PLAN) SELECT * FROM public.person WHERE id = $1",
    "SELECT * FROM pg_statistic",
    "SELECT * FROM pg_statistic_ext_data",
    "SELECT * FROM pg_authid",
    "TABLE facts.ledger",
    "LOCK TABLE facts.fact IN ACCESS SHARE MODE",
    "SELECT pg_get_expr(adbin, adrelid), f.* FROM pg_attrdef, facts.fact f",
    "SELECT f.person, nextval('facts.none') FROM facts.fact f",
    "SELECT query_to_xml('SELECT * FROM facts.fact', true, true, '')",
    "SELECT table_to_xml('public.person', true, true, '')",
    "DO $$ BEGIN EXECUTE 'SELECT count(*) FROM facts.fact'; END $$",
)


@pytest.fixture
def country(committed_db: Any) -> Any:
    """Mexico with August released and September waiting; both counted from a journal."""
    people = made_up.staff()
    made_up.journal(420, date(2025, 8, 1), date(2025, 9, 30)).write()
    made_up.count_now()
    made_up.release(people, "2025-08")
    waiting = service.make("MEX", "2025-09", by=people.steward)
    with core_db.connect("owner") as connection:
        connection.execute(sa.text("ANALYZE"))
    return people, waiting


def rows(role: str, statement: str, **values: Any) -> list[Any]:
    with core_db.connect(role) as connection:  # type: ignore[arg-type]
        return list(connection.execute(sa.text(statement), values))


def refused(statement: str) -> str:
    """The error of a statement that role `figures` must not be able to run."""
    with pytest.raises(DBAPIError) as error, core_db.connect("figures") as connection:
        connection.exec_driver_sql(statement)
    return str(error.value.orig)


# -- by SQL -------------------------------------------------------------------------------------------
def test_the_catalogue_grants_the_role_the_released_schema_and_nothing_else(committed_db: Any) -> None:
    can = "has_table_privilege('acogida_figures', c.oid, {0}) OR has_any_column_privilege('acogida_figures', c.oid, {0})"
    listed = f"SELECT n.nspname || '.' || c.relname AS name, {{}} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OWN} AND c.relkind IN ('r', 'v', 'm', 'p', 'f')"
    tables = rows("owner", listed.format(f"({can.format(chr(39) + 'SELECT' + chr(39))}) AS can"))
    readable = {row.name for row in tables if row.can}
    assert {name for name in readable if not name.startswith("released.")} == PUBLIC_TABLES & readable
    assert len(tables) > 100 and len(readable) < 35
    for verb in ("INSERT", "UPDATE"):
        assert not [
            row.name for row in rows("owner", listed.format(f"({can.format(repr(verb))}) AS can")) if row.can
        ]
    for verb in ("DELETE", "TRUNCATE", "TRIGGER"):
        asked = listed.format(f"has_table_privilege('acogida_figures', c.oid, '{verb}') AS can")
        assert not [row.name for row in rows("owner", asked) if row.can]
    # And in fact: every other table, one by one.
    for name in sorted({row.name for row in tables} - readable):
        schema, _, table = name.partition(".")
        assert "permission denied" in refused(f'SELECT count(*) FROM "{schema}"."{table}"'), name
    sequences = rows(
        "owner",
        f"SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OWN} AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege('acogida_figures', c.oid, 'SELECT, USAGE') ELSE false END",
    )
    assert not sequences
    # Behind a policy, all of it: no table of the schema shows what is not approved.
    unguarded = rows(
        "owner",
        "SELECT relname FROM pg_class WHERE relnamespace = 'released'::regnamespace AND relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)",
    )
    assert not unguarded
    role = rows(
        "owner",
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = 'acogida_figures'",
    )[0]
    assert not any(role)
    assert not rows("owner", "SELECT 1 FROM pg_auth_members WHERE member = 'acogida_figures'::regrole")


def test_no_function_lends_the_role_more_rights(committed_db: Any) -> None:
    callable_ = rows(
        "owner",
        "SELECT n.nspname || '.' || p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        f"WHERE {OWN} AND p.prosecdef AND has_function_privilege('acogida_figures', p.oid, 'EXECUTE') "
        "AND has_schema_privilege('acogida_figures', n.oid, 'USAGE')",
    )
    assert {row.name for row in callable_} <= DEFINER
    # The check of a key answers nothing without the key.
    for name in {row.name for row in callable_}:
        assert not rows("figures", f"SELECT * FROM {name}(decode('00', 'hex'), current_date)")
    definers = rows(
        "owner",
        f"SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OWN} AND p.prosecdef AND NOT has_function_privilege('acogida_figures', p.oid, 'EXECUTE')",
    )
    assert len(definers) > 10
    assert not rows(
        "owner",
        "SELECT 1 FROM pg_extension WHERE extname IN ('dblink', 'postgres_fdw', 'file_fdw', 'adminpack', 'pg_stat_statements')",
    )
    assert not rows("owner", "SELECT 1 FROM pg_foreign_server")
    assert not rows("owner", "SELECT 1 FROM pg_largeobject_metadata")


@pytest.mark.usefixtures("committed_db")
def test_no_statement_gets_round_it() -> None:
    for statement in (*COPIES, *CODE, *OTHERS, *PLANS):
        said = refused(statement)
        assert re.search(
            "permission denied|must be|not available|no such role|does not exist|only roles", said
        ), (statement, said)
        # The message names the object, never a row.
        assert "Failing row" not in said and "Key (" not in said


def statistics_show_no_values() -> None:
    for view in ("pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"):
        seen = {
            (r.schemaname, r.tablename) for r in rows("figures", f"SELECT schemaname, tablename FROM {view}")
        }
        assert not {one for one in seen if one[0] in ("public", "facts", "keyring", "released")}, (view, seen)
    assert not rows("figures", "SELECT 1 FROM pg_sequences WHERE last_value IS NOT NULL")
    others = rows(
        "figures", "SELECT query FROM pg_stat_activity WHERE usename <> current_user AND query <> ''"
    )
    assert all(row.query == "<insufficient privilege>" for row in others)


def a_condition_with_a_side_effect_is_asked_of_no_hidden_row(waiting: Any) -> None:
    """A division by zero, or a message, would tell of rows that the policy hides."""
    for trap in (
        "1 / (position - position) = 0",
        "CAST('row ' || value AS integer) > 0",
        "CAST(indicator AS integer) > 0",
    ):
        assert not rows(
            "figures", f"SELECT 1 FROM released.figure WHERE release_id = :id AND {trap}", id=waiting
        )
    with core_db.connect("figures") as connection:
        connection.execute(sa.text("SET LOCAL row_security = off"))
        with pytest.raises(DBAPIError, match="row-level security"):
            connection.execute(sa.text("SELECT count(*) FROM released.figure"))


def test_whoever_the_role_claims_to_be_it_sees_what_is_approved(country: Any) -> None:
    _, waiting = country
    statistics_show_no_values()
    a_condition_with_a_side_effect_is_asked_of_no_hidden_row(waiting)
    teams = "{" + ",".join(str(row.id) for row in rows("owner", "SELECT id FROM public.team")) + "}"
    user = str(rows("owner", "SELECT made_by_id FROM released.release LIMIT 1")[0].made_by_id)
    claims = {
        "app.user": user, "app.teams": teams, "app.site_teams": teams, "app.count_teams": teams, "app.overseen": "{*}",
        "app.guest": str(waiting),
    }  # fmt: skip
    tables = [
        row.name
        for row in rows(
            "owner",
            "SELECT 'released.' || relname AS name FROM pg_class WHERE relnamespace = 'released'::regnamespace AND relkind = 'r'",
        )
    ]
    assert rows("owner", "SELECT 1 FROM released.figure WHERE release_id = :id", id=waiting)
    with core_db.connect("figures") as connection:
        for name, value in claims.items():
            connection.execute(
                sa.text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value}
            )
        for table in tables:
            if table in (
                "released.definition",
                "released.region_picture",
                "released.region_drawing",
                "released.register_figure",
            ):
                continue  # of no release: definitions once in force, pictures of approved releases, figures of institutions
            column = "id" if table == "released.release" else "release_id"
            found = connection.scalar(
                sa.text(f"SELECT count(*) FROM {table} WHERE {column} = :id"), {"id": waiting}
            )
            assert found == 0, table
        assert (
            connection.scalar(sa.text("SELECT count(*) FROM released.definition WHERE state <> 'PUBLISHED'"))
            == 0
        )
    for name, value in claims.items():
        for table in ("facts.fact", "facts.ledger", "public.person", "public.case_event"):
            with (
                pytest.raises(DBAPIError, match="permission denied"),
                core_db.connect("figures") as connection,
            ):
                connection.execute(
                    sa.text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value}
                )
                connection.execute(sa.text(f"SELECT count(*) FROM {table}"))


# -- by page and interface ----------------------------------------------------------------------------
WORDS = re.compile(r"(?<![\w.#&;-])\d{2,}(?![\w%.-])")


def unprotected(waiting: Any) -> set[str]:
    """Exact counts of what is behind the figures, and figures of the release that waits, which are nowhere among
    the released numbers."""
    exact: set[int] = set()
    for month, axes in product(
        ("2025-08", "2025-09"), ("sex", "age_band", "origin", "site", "sex, age_band", "''::text")
    ):
        counted = f"SELECT count(DISTINCT person) AS n FROM facts.fact WHERE period = :month GROUP BY domain, {axes}"
        exact |= {row.n for row in rows("facts", counted, month=month)}
    exact |= {
        int(row.value)
        for row in rows(
            "owner",
            "SELECT value FROM released.figure WHERE release_id = :id AND measure = 'COUNT' AND value IS NOT NULL",
            id=waiting,
        )
    }
    shown = rows("figures", "SELECT value, numerator, denominator FROM released.figure")
    known = {int(n) for row in shown for n in row if n is not None}
    cells = {n for row in rows("figures", "SELECT y FROM released.sheet") for n in row.y}
    # Smaller ones, and those of the pages' own words (72 hours, 180 days), stand on pages in their own right.
    return {str(n) for n in exact - known - cells if n > 64} - said_anyway()


def said_anyway() -> set[str]:
    """Numbers of the words that pages are made of."""
    places = ("config/reference/indicators/*.yml", "config/reference/cubes.yml", "templates/**/*.html")
    files = [file for place in places for file in ROOT.glob(place)]
    files += list((ROOT / "caseapp" / "translations").rglob("*.po"))
    assert len(files) > 10
    return {number for file in files for number in re.findall(r"\d+", file.read_text(encoding="utf-8"))}


ODD = (
    "", "period=2025-09", "period=2025-Q3", "period=2025-08-01", "period=MIRPS-2025", "period=2025-08'--", "period=T",
    "place=MX-TAP&site=MX-TAP", "place_level=HOUSEHOLD", "sex=F&age_band=0-4&origin=SLV&household_type=FAMILY",
    "origin=SLV&need_group=SV-TO", "dimension=person&by=household", "release={waiting}", "release=MEX-2025-09",
    "edition=0&status=AWAITING_APPROVAL", "country=*&place=*", "cube=facts.fact", "limit=1000000&offset=-1", "page=999999",
)  # fmt: skip
PATHS = (
    "/figures/MEX/P1", "/figures/MEX/P1.csv", "/figures/MEX/P2", "/figures/MEX/P3.csv", "/figures/region", "/figures",
    "/api/v1/figures", "/api/v1/releases", "/api/v1/releases/MEX-2025-08/cubes",
    "/api/v1/releases/MEX-2025-08/cubes/arrivals/cells", "/api/v1/releases/MEX-2025-08/cubes/arrivals.site/cells",
    "/api/v1/releases/MEX-2025-08/coverage", "/api/v1/indicators",
)  # fmt: skip
FORBIDDEN = (
    "/figures/GTM/P1", "/figures/MEX/P9", "/figures/MEX/..%2fP1", "/figures/MEX/P1.json", "/figures/MEX'/P1",
    "/api/v1/releases/MEX-2025-09", "/api/v1/releases/MEX-2025-09/cubes", "/api/v1/releases/MEX-2025-09/package.zip",
    "/api/v1/releases/MEX-2025-09/cubes/arrivals/cells", "/api/v1/releases/MEX-2025-09/files/figures.csv",
    "/api/v1/releases/{waiting}", "/api/v1/releases/MEX-2025-08/files/truth.csv",
    "/api/v1/releases/MEX-2025-08/files/..%2f..%2fmanifest.json", "/api/v1/releases/MEX-2025-08/cubes/facts.fact/cells",
    "/releases/{waiting}/package.zip", "/releases/{waiting}", "/releases",
)  # fmt: skip


def test_no_address_tells_what_is_not_released(country: Any) -> None:
    people, waiting = country
    canaries = unprotected(waiting)
    assert len(canaries) >= 5, canaries
    client = _client()
    analyst, regional = people.analyst, _as(people.analyst, "REGIONAL_ANALYST")
    for who in (analyst, regional, None):
        if who is not None:
            client.sign_in(who)
        else:
            client = _client()
        for path, odd in product(PATHS, ODD):
            if (who is None) != path.startswith("/api") or (who is regional and odd not in ODD[:3]):
                continue  # the interface is open to all; pages are for who has signed in
            answer = client.get(f"{path}?{odd.format(waiting=waiting)}")
            assert answer.status_code < 500, (path, odd)
            told = set(WORDS.findall(answer.get_data(as_text=True))) & canaries
            assert not told, (path, odd, told)
        for path in FORBIDDEN:
            url = path.format(waiting=waiting)
            if who is regional and url == "/figures/GTM/P1":
                continue  # the region reads every country; of this one nothing is released
            answer = client.get(url)
            assert answer.status_code in (302, 401, 403, 404, 405, 422), (url, answer.status_code)


def _client() -> Any:
    application = create_app({"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False})
    application.test_client_class = CheckedClient
    return application.test_client()


def _as(who: access.Principal, role: str) -> access.Principal:
    """The same person in another role."""
    grants = tuple(
        access.Grant(role, g.team_id, g.team_code, g.team_type, g.country, g.site_id) for g in who.grants
    )
    return access.Principal(name="r", user_id=who.user_id, kind="user", language="es", grants=grants)
