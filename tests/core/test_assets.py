"""Static files: digest names, immutable, compressed, inside the budget of LOOK.md."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask

from caseapp.core import assets

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
#: LOOK.md, *Measure*: 60 KB at first load in 8 requests, of which a page may be 15 KB in one.
FIRST_LOAD = 60_000 - 15_000
REQUESTS = 8 - 1

app_pages = {"large": "<p>á</p>" * 400, "small": "<p>á</p>"}


@pytest.fixture
def app() -> Flask:
    app = Flask("served", static_folder=None)
    assets.init_assets(app)

    @app.get("/<name>")
    def page(name: str) -> str:
        return app_pages[name]

    @app.get("/data.json")
    def data() -> dict[str, str]:
        return app_pages

    return app


def test_a_name_carries_the_digest_of_its_content() -> None:
    urls = assets.build().urls
    assert set(urls) >= {"bootstrap.css", "theme.css", "mark.svg", "js/page.js", "js/quick-hide.js"}
    assert all(assets.DIGEST_NAME.search(url) and url.startswith("/static/") for url in urls.values())


def test_an_unknown_name_is_an_error_and_not_a_broken_link(app: Flask) -> None:
    with pytest.raises(LookupError, match="no static file"):
        app.jinja_env.globals["asset_url"]("them.css")  # type: ignore[operator]


def test_files_are_immutable_compressed_and_for_this_origin_only(app: Flask) -> None:
    for source, url in assets.build().urls.items():
        with app.test_client() as client, client.get(url, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.status_code == 200, source
            assert "immutable" in answer.headers["Cache-Control"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert answer.headers.get("Content-Encoding") == "gzip" or len(answer.data) < 1000


def test_names_without_digest_are_not_served(app: Flask) -> None:
    assert app.test_client().get("/static/theme.css").status_code == 404


def test_first_load_stays_inside_its_budget() -> None:
    built = assets.build()
    weights = {
        name: len(gzip.compress((built.folder / url[8:]).read_bytes(), 9)) for name, url in built.urls.items()
    }
    always = {name: weights[name] for name in weights if not name.startswith("figures/")}
    assert sum(always.values()) <= FIRST_LOAD, always
    assert len(always) <= REQUESTS, always


def test_style_sheets_load_nothing_more_and_know_no_map() -> None:
    built = assets.build()
    for name in ("bootstrap.css", "theme.css"):
        css = (built.folder / built.urls[name][8:]).read_text(encoding="utf-8")
        assert "@import" not in css
        assert "sourceMappingURL" not in css
        assert all(url.startswith("data:") for url in re.findall(r"url\([\"']?([^\"')]{5})", css))


def test_processes_of_one_home_share_one_build(tmp_path: Path) -> None:
    first = assets.build(str(tmp_path))
    assets.build.cache_clear()
    second = assets.build(str(tmp_path))
    assert first == second
    assert [p.name for p in (tmp_path / "assets").iterdir()] == [first.folder.name]


def test_a_home_that_cannot_be_written_is_left_alone(tmp_path: Path) -> None:
    app = Flask("served", static_folder=None)
    app.config["HOME"] = tmp_path / "missing"
    assets.init_assets(app)
    assert not (tmp_path / "missing").exists()


def test_pages_leave_compressed_for_whoever_accepts_it(app: Flask) -> None:
    client = app.test_client()
    packed = client.get("/large", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.data).decode() == app_pages["large"]
    assert int(packed.headers["Content-Length"]) == len(packed.data)
    plain = client.get("/large")
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_small_pages_and_data_are_left_as_they_are(app: Flask) -> None:
    client = app.test_client()
    for path in ("/small", "/data.json"):
        assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": "gzip"}).headers


def test_the_compressed_length_says_nothing_exact(app: Flask) -> None:
    client = app.test_client()
    lengths = {len(client.get("/large", headers={"Accept-Encoding": "gzip"}).data) for _ in range(20)}
    assert len(lengths) > 1


@pytest.mark.parametrize(
    "path",
    sorted(
        p.relative_to(TEMPLATES).as_posix() for p in TEMPLATES.rglob("*.html") if p.parent.name != "email"
    ),
)
def test_no_template_has_inline_style_or_script(path: str) -> None:
    """The content security policy has no place for either."""
    text = (TEMPLATES / path).read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "nonce=" in script
        assert "src=" in script
