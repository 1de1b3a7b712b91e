"""The open interface: the very rows of the files, only to holders of a key, with validators, limits and problems."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from hashlib import sha256

import frictionless
import pytest
import sqlalchemy as sa

from caseapp import create_app
from caseapp.core import db as core_db
from caseapp.publication import service
from caseapp.publication.api import queries
from caseapp.publication.package import FIGURES
from config.settings import reset_settings


def everything(opened, url, name):
    """All rows of a list, page by page, by following the links."""
    found = []
    while url:
        answer = opened.get(url)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found += answer.get_json()[name]
        link = answer.headers.get("Link", "")
        assert bool(link) == (answer.get_json()["next_cursor"] is not None)
        url = link.partition(">")[0].removeprefix("<")
    return found


def as_in_file(row):
    return {name: "" if row[name] is None else str(row[name]) for name in FIGURES}


def number(text):
    return None if text == "" else float(text)


# -- the package --------------------------------------------------------------------------------------
def test_the_folder_is_a_valid_data_package_in_two_languages(opened, tmp_path):
    service.export(opened.releases[1], tmp_path / "out")
    report = frictionless.Package(str(tmp_path / "out" / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "message"])
    told = json.loads((tmp_path / "out" / "datapackage.json").read_text())
    assert told["version"] == "1.0.0" and told["created"] == "2025-11-23T18:00:00+00:00"
    assert told["licenses"][0]["name"] == "CC-BY-4.0" and told["sources"]
    for resource in told["resources"]:
        content = (tmp_path / "out" / resource["path"]).read_bytes()
        assert (
            resource["bytes"] == len(content) and resource["hash"] == f"sha256:{sha256(content).hexdigest()}"
        )
        for field in resource["schema"]["fields"]:
            words = (
                field["title"],
                field["title_es"],
                field["description"],
                field["description_es"],
                field["hxl"],
            )
            assert all(words), (resource["path"], field["name"])
    assert {one["path"] for one in told["resources"]} == {p.name for p in (tmp_path / "out").glob("*.csv")}


@pytest.mark.parametrize(
    ("file", "old", "new", "error"),
    [
        ("cube-arrivals.csv", ",0\n", ",-3\n", "constraint-error"),
        ("figures.csv", "P1-00,COUNT", "P9-99,COUNT", "constraint-error"),
        ("coverage.csv", ",3,3\n", ",many,3\n", "type-error"),
    ],
)
def test_frictionless_sees_what_is_wrong(opened, tmp_path, file, old, new, error):
    service.export(opened.releases[0], tmp_path / "out")
    text = (tmp_path / "out" / file).read_text()
    assert old in text
    (tmp_path / "out" / file).write_text(text.replace(old, new, 1))
    report = frictionless.Package(str(tmp_path / "out" / "datapackage.json")).validate()
    kinds = {row[0] for row in report.flatten(["type"])}
    assert error in kinds and "hash-count" in kinds


def test_one_zip_with_the_same_bytes_by_page_by_key_and_by_service(opened, tmp_path):
    name, content = service.archive(opened.releases[1])
    assert name == "MEX-2025-09.zip" and service.archive(opened.releases[1])[1] == content
    answer = opened.get("/api/v1/releases/MEX-2025-09/package.zip")
    assert answer.data == content and answer.mimetype == "application/zip"
    folder = {path.name: path.read_bytes() for path in service.export(opened.releases[1], tmp_path / "out")}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.filename for entry in archive.infolist()} == {f"MEX-2025-09/{file}" for file in folder}
        assert all(archive.read(f"MEX-2025-09/{file}") == folder[file] for file in folder)
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert "Content-Disposition" in answer.headers


def test_words_put_right_later_break_no_seal(opened, monkeypatch):
    from caseapp.publication import description

    monkeypatch.setattr(description, "readme", lambda about: "Otras palabras.")
    assert service.archive(opened.releases[0])[1]


# -- the same rows ------------------------------------------------------------------------------------
@pytest.mark.parametrize("limit", [7, 1000])
def test_figures_are_the_rows_of_the_file(opened, limit):
    content = opened.get("/api/v1/releases/MEX-2025-09/files/figures.csv").get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(content)))
    period = "&period=2025-Q3" if limit == 7 else ""
    got = everything(opened, f"/api/v1/figures?release=MEX-2025-09&limit={limit}{period}", "figures")
    wanted = [row for row in rows if not period or row["period"] == "2025-Q3"]
    assert len(got) == len(wanted) > 20
    for row, asked in zip(wanted, got, strict=True):
        value = asked.pop("value")
        assert asked.pop("release") == "MEX-2025-09" and value == number(row.pop("value"))
        assert (asked.pop("edition"), asked.pop("revisions"), asked.pop("revisions_awaited")) == (0, [], [])
        # Recognition is given with what was closed otherwise, of the same period, place and group.
        beside = asked.pop("beside")
        assert (beside is not None) == (row["indicator"] in ("P1-11", "P1-12"))
        same = {name: row[name] for name in list(row)[3:11]}
        of_it = [
            one for one in rows if one["indicator"] == "P1-13" and {name: one[name] for name in same} == same
        ]
        assert beside is None or [(beside["value"], beside["status"])] == [
            (number(one["value"]), one["status"]) for one in of_it
        ]
        assert {name: "" if v is None else str(v) for name, v in asked.items()} == row


def test_without_a_release_each_period_comes_from_the_newest(opened):
    rows = everything(opened, "/api/v1/figures?indicator=P1-00&limit=50", "figures")
    by = {row["period"]: row["release"] for row in rows}
    assert by["2025-08"] == "MEX-2025-08" and by["2025-09"] == by["2025-Q3"] == by["2025"] == "MEX-2025-09"
    keys = [tuple(row[name] for name in FIGURES[: FIGURES.index("numerator")]) for row in rows]
    assert len(keys) == len(set(keys))
    # Coverage names the periods; no figure is left out because of it.
    told = {
        r["period"] for r in everything(opened, "/api/v1/figures?release=MEX-2025-09&limit=1000", "figures")
    }
    assert told <= {
        row["period"] for row in everything(opened, "/api/v1/releases/MEX-2025-09/coverage", "coverage")
    }


@pytest.mark.parametrize(
    "query",
    [
        "pillar=P1", "country=MEX&sex=F", "place=MX-TAP", "place_level=SITE", "status=PUBLISHED&age_band=CHILD",
        "indicator=P1-01&origin=T&household_type=T&need_group=T", "measure=RATE",
    ],
)  # fmt: skip
def test_filters_keep_what_they_say(opened, query):
    every = everything(opened, "/api/v1/figures?limit=1000", "figures")
    asked = dict(part.split("=") for part in query.split("&"))
    country, pillar = asked.pop("country", ""), asked.pop("pillar", "")
    wanted = [
        row
        for row in every
        if row["release"].startswith(country)
        and row["indicator"].startswith(pillar)
        and all(row[name] == value for name, value in asked.items())
    ]
    assert everything(opened, f"/api/v1/figures?limit=200&{query}", "figures") == wanted
    assert wanted or "age_band" in query


def test_cubes_cells_coverage_revisions_hierarchy_and_files(opened):
    base = "/api/v1/releases/MEX-2025-09"
    cubes = opened.get(f"{base}/cubes").get_json()["cubes"]
    detail = opened.get(base).get_json()
    assert {f"cube-{one['cube']}.csv" for one in cubes} == {
        one["file"] for one in detail["files"] if one["file"].startswith("cube-")
    }
    arrivals = next(one for one in cubes if one["cube"] == "arrivals.site")
    cells = everything(opened, f"{base}/cubes/arrivals.site/cells?limit=100", "cells")
    content = opened.get(f"{base}/files/cube-arrivals.site.csv").get_data(as_text=True)
    rows = [{**one["labels"], "value": str(one["value"])} for one in cells]
    assert rows == list(csv.DictReader(io.StringIO(content))) and len(rows) == arrivals["rows"]
    month = everything(opened, f"{base}/cubes/arrivals.site/cells?period=2025-09", "cells")
    assert month == [one for one in cells if one["labels"]["period"] == "2025-09"]
    told = everything(opened, f"{base}/coverage?limit=20", "coverage")
    content = opened.get(f"{base}/files/coverage.csv").get_data(as_text=True)
    assert [{k: str(v) for k, v in row.items()} for row in told] == list(csv.DictReader(io.StringIO(content)))
    assert everything(opened, f"{base}/revisions", "revisions") == []
    hierarchy = opened.get(f"{base}/hierarchy").get_json()
    assert hierarchy == json.loads(opened.get(f"{base}/files/hierarchy.json").data)
    for one in detail["files"]:
        answer = opened.get(f"{base}/files/{one['file']}")
        assert sha256(answer.data).hexdigest() == one["sha256"]
    assert detail["manifest_sha256"] == next(
        f["sha256"] for f in detail["files"] if f["file"] == "manifest.json"
    )
    assert opened.get(f"{base}/files/nothing.csv").status_code == 404
    assert opened.get(f"{base}/cubes/nothing/cells").status_code == 404
    assert opened.get("/api/v1/releases/MEX-2025-07").status_code == 404


def test_releases_and_the_catalogue(opened):
    found = everything(opened, "/api/v1/releases?limit=1", "releases")
    assert [one["release"] for one in found] == ["MEX-2025-09", "MEX-2025-08"]
    assert [one["release"] for one in everything(opened, "/api/v1/releases?period=2025-08", "releases")] == [
        "MEX-2025-08"
    ]
    listed = opened.get("/api/v1/indicators").get_json()["indicators"]
    assert opened.get("/api/v1/indicators/P1-00").get_json() == next(
        i for i in listed if i["code"] == "P1-00"
    )
    assert opened.get("/api/v1/indicators/P9-99").status_code == 404
    one = opened.get("/api/v1/indicators/P1-00").get_json()
    assert one["released"] == [{"country": "MEX", "release": "MEX-2025-09", "version": one["version"]}]


def test_a_release_that_waits_is_not_there(opened):
    engine = core_db.engine("owner")
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO released.release (id, name, country, period, status, made_by_id, made_at, manifest) "
                "SELECT :id, 'MEX-2025-10', 'MEX', '2025-10', 'AWAITING_APPROVAL', made_by_id, made_at, '{}' "
                "FROM released.release LIMIT 1"
            ),
            {"id": core_db.uuid7()},
        )
    try:
        assert opened.get("/api/v1/releases/MEX-2025-10").status_code == 404
        assert len(everything(opened, "/api/v1/releases", "releases")) == 2
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM released.release WHERE name = 'MEX-2025-10'"))


def test_figures_of_registers_of_the_countries_of_the_key(opened):
    engine = core_db.engine("owner")
    kept = "INSERT INTO released.register_figure VALUES (:country, :code, :month, :standard, :status, :sites, :share, now(), now())"
    shares = [
        ("MEX", "P5-05", "2025-09", "", "PUBLISHED", 6, 65), ("MEX", "P5-05", "2025-10", "", "ONE_DOMINATES", 6, None),
        ("MEX", "P1-23", "2025-10", "EUAA", "FEW_SITES", None, None), ("GTM", "P5-05", "2025-10", "", "PUBLISHED", 9, 10),
    ]  # fmt: skip
    names = ("country", "code", "month", "standard", "status", "sites", "share")
    with engine.begin() as connection:
        connection.execute(sa.text(kept), [dict(zip(names, row, strict=True)) for row in shares])
    try:
        found = everything(opened, "/api/v1/registers?limit=1", "figures")
        assert [(row["place"], row["indicator"], row["period"], row["value"], row["status"]) for row in found] == [
            ("MEX", "P1-23", "2025-10", None, "FEW_SITES"), ("MEX", "P5-05", "2025-10", None, "ONE_DOMINATES"),
            ("MEX", "P5-05", "2025-09", 65, "PUBLISHED"),
        ]  # fmt: skip
        one = opened.get("/api/v1/registers?indicator=P5-05&period=2025-09")
        assert [row["facilities"] for row in one.get_json()["figures"]] == [6]
        assert (
            opened.get(
                "/api/v1/registers?indicator=P5-05&period=2025-09", If_None_Match=one.headers["ETag"]
            ).status_code
            == 304
        )
        assert opened.get("/api/v1/registers?country=GTM").status_code == 403
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM released.register_figure"))


# -- keys ---------------------------------------------------------------------------------------------
def test_nothing_without_a_key_and_every_wrong_key_reads_alike(opened):
    answers = [
        opened.get("/api/v1/figures", key)
        for key in (
            None,
            "acg_" + "A" * 43,
            "acg_short",
            opened.key[:-1] + ("A" if opened.key[-1] != "A" else "B"),
        )
    ]
    assert {one.status_code for one in answers} == {401} and len({one.data for one in answers}) == 1
    assert answers[0].mimetype == "application/problem+json"
    assert answers[0].headers["WWW-Authenticate"].startswith("Bearer")
    assert opened.get("/api/v1/figures", None, Authorization=f"Basic {opened.key}").status_code == 401


@pytest.mark.parametrize(
    ("scopes", "opens", "closed"),
    [
        (["figures:read"], ["figures"], ["releases", "indicators", "releases/MEX-2025-09/cubes"]),
        (["releases:read"], ["releases", "releases/MEX-2025-09/coverage"], ["figures", "releases/MEX-2025-09/package.zip"]),
        (["cells:read"], ["releases/MEX-2025-09/cubes/arrivals/cells"], ["figures", "releases/MEX-2025-09"]),
    ],
)  # fmt: skip
def test_a_key_reads_what_its_scopes_say(opened, scopes, opens, closed):
    _id, key = opened.make_key(scopes=scopes)
    assert [opened.get(f"/api/v1/{url}", key).status_code for url in opens] == [200] * len(opens)
    refused = [opened.get(f"/api/v1/{url}", key) for url in closed]
    assert [one.status_code for one in refused] == [403] * len(closed)
    assert refused[0].get_json()["type"] == "urn:acogida:problem:scope-missing"


def test_a_key_reads_its_countries_only(opened):
    with core_db.connect("owner") as connection:
        connection.execute(
            sa.text("UPDATE api_key SET countries = '{GTM}' WHERE token_hash = sha256(CAST(:key AS bytea))"),
            {"key": (key := opened.make_key()[1]).encode()},
        )
    assert opened.get("/api/v1/figures", key).get_json() == {"figures": [], "next_cursor": None}
    assert opened.get("/api/v1/releases", key).get_json()["releases"] == []
    assert opened.get("/api/v1/releases/MEX-2025-09", key).status_code == 404
    assert opened.get("/api/v1/figures?release=MEX-2025-09", key).status_code == 404
    assert opened.get("/api/v1/figures?country=MEX", key).status_code == 403


def test_the_day_of_use_is_noted_and_an_expired_key_opens_nothing(opened):
    key_id, key = opened.make_key()
    day = sa.text("SELECT last_used_on = (now() AT TIME ZONE 'UTC')::date FROM api_key WHERE id = :id")
    with core_db.connect("owner") as connection:
        assert connection.scalar(day, {"id": key_id}) is None
    assert opened.get("/api/v1/figures", key).status_code == 200
    with core_db.connect("owner") as connection:
        assert connection.scalar(day, {"id": key_id}) is True
        past = "UPDATE api_key SET made_at = now() - interval '9 days', expires_on = (now() - interval '2 days')::date "
        connection.execute(sa.text(past + "WHERE id = :id"), {"id": key_id})
    assert opened.get("/api/v1/figures", key).status_code == 401


def test_role_figures_checks_keys_and_reads_none(opened):
    for statement in ("SELECT * FROM public.api_key", "SELECT * FROM public.user_account"):
        with pytest.raises(sa.exc.ProgrammingError), core_db.connect("figures") as connection:
            connection.execute(sa.text(statement))


def test_an_installation_may_give_its_figures_to_everybody(opened, monkeypatch):
    monkeypatch.setenv("ACOGIDA_OPEN_DATA", "open")
    reset_settings()
    answer = opened.get("/api/v1/figures?limit=1", None)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "public, no-cache"
    assert opened.get("/api/v1/figures", "acg_" + "A" * 43).status_code == 401
    monkeypatch.delenv("ACOGIDA_OPEN_DATA")
    reset_settings()
    assert opened.get("/api/v1/figures", None).status_code == 401


# -- HTTP ---------------------------------------------------------------------------------------------
def test_an_unchanged_answer_is_304_and_is_not_made_again(opened, monkeypatch):
    url = "/api/v1/figures?country=MEX&limit=3"
    first = opened.get(url)
    tag = first.headers["ETag"]
    assert not tag.startswith("W/") and first.headers["Cache-Control"] == "private, no-cache"
    assert opened.get(f"{url}&period=2025-09").headers["ETag"] != tag
    monkeypatch.setattr(queries, "figures", lambda *a, **k: pytest.fail("made again"))
    again = opened.get(url, If_None_Match=tag)
    assert again.status_code == 304 and not again.data and again.headers["ETag"] == tag
    assert opened.get(url, None, If_None_Match=tag).status_code == 401
    for other in ("releases", "indicators", "releases/MEX-2025-09/package.zip", "openapi.json"):
        answer = opened.get(f"/api/v1/{other}")
        assert opened.get(f"/api/v1/{other}", If_None_Match=answer.headers["ETag"]).status_code == 304


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("?countri=MEX", "countri"), ("?country=mex", "country"), ("?limit=0", "limit"), ("?limit=1e2", "limit"),
        ("?limit=1001", "limit"), ("?cursor=7", "cursor"), ("?period=2025-13", "period"), ("?country=MEX&country=GTM", "country"),
        ("?status=SECRET", "status"), ("?lang=en", "lang"),
    ],
)  # fmt: skip
def test_a_parameter_that_does_not_fit_is_refused(opened, query, parameter):
    answer = opened.get(f"/api/v1/figures{query}")
    assert answer.status_code == 422 and answer.mimetype == "application/problem+json"
    assert [one["parameter"] for one in answer.get_json()["errors"]] == [parameter]


def test_problems_speak_the_language_asked(opened):
    spanish = opened.get("/api/v1/figures", None).get_json()["title"]
    english = opened.get("/api/v1/figures", None, Accept_Language="en").get_json()["title"]
    assert "llave" in spanish and "key" in english
    assert opened.get("/api/v1/nothing").mimetype == "application/problem+json"
    answer = opened.get("/api/v1/figures", Accept="text/html")
    assert answer.status_code == 406 and answer.get_json()["status"] == 406
    assert opened.get("/api/v1/figures", Accept="application/*;q=0.5").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_it_only_reads(opened, method):
    answer = opened.app.test_client().open(
        "/api/v1/figures", method=method, headers={"Authorization": f"Bearer {opened.key}"}
    )
    assert answer.status_code == 405 and "GET" in answer.headers["Allow"]
    assert answer.mimetype == "application/problem+json"


def test_no_cookie_no_other_origin(opened):
    client = opened.app.test_client()
    for url in ("/api/v1/figures", "/api/v1/figures?lang=en", "/api/v1/openapi.json", "/api/v1/releases"):
        answer = client.get(
            url, headers={"Authorization": f"Bearer {opened.key}", "Origin": "https://example.org"}
        )
        assert "Set-Cookie" not in answer.headers
        assert not [name for name, _value in answer.headers if name.startswith("Access-Control")]
    opened.app.extensions["acogida_test_principal"] = opened.people.steward
    try:
        assert client.get("/api/v1/figures").status_code == 401
    finally:
        opened.app.extensions.pop("acogida_test_principal")


def test_a_fault_of_ours_tells_nothing(opened, monkeypatch):
    def broken(*arguments, **named):
        raise RuntimeError("the secret inside")

    app = opened.app
    monkeypatch.setattr(queries, "figures", broken)
    monkeypatch.setitem(app.config, "TESTING", False)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = opened.get("/api/v1/figures")
    assert answer.status_code == 500 and answer.mimetype == "application/problem+json"
    assert "secret" not in answer.get_data(as_text=True)


def test_each_key_has_its_own_limit_and_wrong_keys_are_counted_by_address(opened):
    app = create_app({"TESTING": True, "RATELIMIT_ENABLED": True, "RATELIMIT_STORAGE_URI": "memory://"})
    client = app.test_client()

    def ask(key, url="releases?limit=1"):
        return client.get(f"/api/v1/{url}", headers={"Authorization": f"Bearer {key}"})

    first = ask(opened.key)
    assert first.headers["RateLimit-Limit"] == "120" and first.headers["RateLimit-Remaining"] == "119"
    # One limit over all operations.
    answers = [ask(opened.key, "figures?limit=1" if n % 2 else "releases?limit=1") for n in range(120)]
    assert [one.status_code for one in answers].count(429) == 1
    last = answers[-1]
    assert last.status_code == 429 and last.mimetype == "application/problem+json"
    assert 1 <= int(last.headers["Retry-After"]) <= 60 and last.headers["RateLimit-Remaining"] == "0"
    assert ask(opened.make_key()[1]).status_code == 200
    tried = [ask("acg_" + f"{n:043d}").status_code for n in range(31)]
    assert tried[:30] == [401] * 30 and tried[30] == 429


def test_the_page_for_people_shows_every_operation_without_a_key_or_script(opened):
    document = opened.get("/api/v1/openapi.json", None).get_json()
    page = opened.get("/api/v1/docs", None).get_data(as_text=True)
    for path in document["paths"]:
        assert f"GET {path}</code>" in page
    assert "<code>next_cursor</code>" in page and "`" not in page.replace("```", "")
    assert (
        document["openapi"].startswith("3.1")
        and document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    )
    for operation in (of["get"] for of in document["paths"].values()):
        assert operation["summary"] and all(one["description"] for one in operation["parameters"])
        assert {"200", "304", "401", "403", "404", "406", "422", "429"} <= operation["responses"].keys()
