"""The components: what each must say, and what none may show; the page that shows them all, in a browser."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, g, request
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from jinja2.exceptions import UndefinedError
from werkzeug.serving import make_server
from wtforms import Form, RadioField, SelectMultipleField, StringField, widgets

from caseapp.core import styleguide
from caseapp.core.access import ANONYMOUS
from caseapp.core.assets import init_assets
from caseapp.core.i18n import init_i18n, language
from tests.client import check_page

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS = ROOT / "templates" / "components"
POLICY = (
    "default-src 'none'; script-src 'nonce-{}'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'"
)


@pytest.fixture(scope="module")
def app() -> Flask:
    """The frame without database or areas: templates, language, assets and the two endpoints it links."""
    app = Flask(
        "caseapp", root_path=str(ROOT / "caseapp"), template_folder="../templates", static_folder=None
    )
    app.config.update(SECRET_KEY="only for this test", TESTING=True)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    init_i18n(app)
    CSRFProtect(app)
    init_assets(app)
    account = Blueprint("account", __name__)

    @account.post("/lock")
    def lock() -> tuple[str, int]:
        return "", 401 if request.form.get("password", "right") != "right" else 204

    @account.post("/sign-out")
    def sign_out() -> str:
        return ""

    app.register_blueprint(account)
    app.register_blueprint(styleguide.blueprint)
    # What the area of people gives to the layout: no page here is about a file.
    app.jinja_env.globals["file_takes_entries"] = lambda: True
    app.jinja_env.globals["csp_nonce"] = lambda: g.setdefault("nonce", secrets.token_urlsafe(8))

    @app.context_processor
    def frame() -> dict[str, Any]:
        other = "?lang=en" if language() == "es" else "?lang=es"
        return {
            "lang": language(), "other_lang_url": other, "demo": True, "workplace": None, "nav_items": [],
            "principal": ANONYMOUS, "app_version": "1",
        }  # fmt: skip

    @app.after_request
    def policy(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = POLICY.format(g.get("nonce", "-"))
        return response

    return app


@pytest.fixture
def macro(app: Flask) -> Iterator[Any]:
    """macro('tag', 'shape') gives that macro; calling it gives its markup."""

    def get(file: str, name: str | None = None) -> Any:
        return getattr(app.jinja_env.get_template(f"components/{file}.html").module, name or file)

    with app.test_request_context("/"):
        yield get


def ids(html: str) -> set[str]:
    return set(re.findall(r'\sid="([^"]+)"', html))


# -- the whole ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("lang", ["es", "en"])
def test_the_style_guide_is_a_correct_page(app: Flask, lang: str) -> None:
    html = app.test_client().get(f"/styleguide?lang={lang}").get_data(as_text=True)
    check_page(html)
    assert f'<html lang="{lang}">' in html
    assert len(ids(html)) == len(re.findall(r'\sid="', html)), "an id stands twice"
    for described in re.findall(r'aria-(?:describedby|labelledby)="([^"]*)"', html):
        assert set(described.split()) <= ids(html)


def test_the_style_guide_shows_every_component_and_the_readme_names_it() -> None:
    shown = (COMPONENTS / "styleguide.html").read_text(encoding="utf-8")
    readme = (COMPONENTS / "README.md").read_text(encoding="utf-8")
    for path in COMPONENTS.glob("*.html"):
        if path.stem != "styleguide":
            assert f"'components/{path.name}'" in shown
            for name in re.findall(r"macro ([a-z]\w*)\(", path.read_text(encoding="utf-8")):
                assert f"`{name}(" in readme


@pytest.mark.parametrize("code", [400, 403, 404, 405, 409, 413, 422, 429, 500, 503])
def test_an_error_page_says_what_to_do(app: Flask, code: int) -> None:
    with app.test_request_context("/"):
        html = app.jinja_env.get_template(f"errors/{code}.html").render(frame_of(app))
        check_page(html)
        said = app.jinja_env.get_template(f"errors/{code}.html").render(
            frame_of(app), sentence="Falta el motivo."
        )
    assert "Falta el motivo." in said


def frame_of(app: Flask) -> dict[str, Any]:
    context: dict[str, Any] = {}
    app.update_template_context(context)
    return context


def test_a_slip_names_neither_the_product_nor_asylum(app: Flask) -> None:
    with app.test_request_context("/"):
        html = app.jinja_env.get_template("print/slip.html").render(
            frame_of(app), page_title="Su cita", number="4217-6", sentences=["Vuelva el lunes."], qr=None,
            printed_at="7 mar 2026", back_url="/",
        )  # fmt: skip
    assert not re.search(r"acogida|asilo|refugi|asylum", html, re.IGNORECASE)


# -- alerts -------------------------------------------------------------------------------------------
def test_a_sealed_alert_is_one_mark_that_says_nothing(macro: Any) -> None:
    marks = macro("alert_marks")
    plain = marks([{"label": "Alergia grave", "kind": "urgent"}], False)
    sealed = marks([{"label": "Alergia grave", "kind": "urgent"}], True)
    assert plain.count("<li") == 1
    assert sealed.count("<li") == 2
    assert marks([], 1) == marks([], 7) == marks([], True), "a count must not show"
    assert marks([], False) == ""


def test_a_household_shows_no_count(macro: Any) -> None:
    people = [
        {"name": "Ana", "relation": "madre", "age": "?"},
        {"name": "Eva", "relation": "hija", "age": "?"},
    ]
    assert not re.search(r"\d", re.sub(r"<[^>]+>", "", macro("member_list")(people)))


@pytest.mark.parametrize(
    ("certainty", "said"),
    [("about", "alrededor de 34"), ("disputed", "en disputa"), ("unknown", "no se sabe")],
)
def test_an_age_says_how_well_it_is_known(macro: Any, certainty: str, said: str) -> None:
    assert said in macro("identity_bar")("Ana", "MX-1", "34", certainty)


def test_what_people_type_is_text(macro: Any) -> None:
    assert "<script" not in macro("identity_bar")("<script>x</script>", "1", "2")


def test_a_forgotten_value_is_an_error(macro: Any) -> None:
    with pytest.raises(UndefinedError):
        macro("summary_list")([{"label": "Teléfono"}])


def test_the_rule_of_a_clock_is_reached_by_keyboard(macro: Any) -> None:
    html = macro("clock")("en 3 h", "2026-03-07T16:40", "hoy 16:40", "late", "Emergencia: 24 horas.")
    assert 'tabindex="0"' in html
    assert "Emergencia: 24 horas." in html
    assert "tabindex" not in macro("clock")("en 3 h", "2026-03-07T16:40", "hoy 16:40")


# -- forms --------------------------------------------------------------------------------------------
class Asked(Form):
    phone = StringField("Teléfono", description="Diez números.")
    safe = RadioField(
        "¿Segura?", choices={"UNKNOWN": "No sabe", "YES": "Sí", "DECLINED": "Prefiere no responder"}
    )
    needs = SelectMultipleField("Necesita", choices={"A": "a"}, option_widget=widgets.CheckboxInput())


def test_a_field_is_wired_to_its_hint_and_its_error(macro: Any) -> None:
    form = Asked()
    form.phone.errors = ("Escriba <diez> números.",)
    html = macro("field")(form.phone, autocomplete="off")
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described is not None
    assert set(described.group(1).split()) == {"phone-hint", "phone-error"} <= ids(html)
    assert 'aria-invalid="true"' in html
    assert 'autocomplete="off"' in html
    assert "&lt;diez&gt;" in html


def test_a_group_is_a_fieldset_and_the_summary_leads_to_it(macro: Any) -> None:
    form = Asked()
    form.needs.errors = ("Elija al menos una.",)
    html = macro("field")(form.needs) + macro("error_summary")(form)
    links = re.findall(r'href="#([^"]+)"', html)
    assert links == ["needs"]
    assert set(links) <= ids(html)
    assert "<legend" in html


def test_blanks_stand_apart_from_answers_and_from_each_other(macro: Any) -> None:
    html = macro("choice")(Asked().safe)
    answers, blanks = html.split('class="blanks"')
    assert 'value="YES"' in answers
    assert "UNKNOWN" not in answers
    assert 'value="UNKNOWN"' in blanks
    assert 'value="DECLINED"' in blanks


def test_a_date_tells_its_errors_once_and_marks_the_part(app: Flask, macro: Any) -> None:
    form = styleguide.returned_form(lambda es, _en: es)
    html = macro("date_parts")(form.birth, "Fecha")
    assert html.count("cuatro cifras") == 1
    assert 'aria-describedby="back-birth-error"' in html
    assert re.findall(r'aria-invalid="true"[^>]*id="([^"]+)"', html) == ["back-birth-year"]
    assert {"back-birth-day", "back-birth-month", "back-birth-age"} <= ids(html)


def test_enclosed_errors_lead_to_their_own_field(macro: Any) -> None:
    form = styleguide.returned_form(lambda es, _en: es)
    links = re.findall(r'href="#([^"]+)"', macro("error_summary")(form))
    assert links == ["back-birth-year", "back-phone", "back-feels_safe"]


def test_a_table_cell_knows_its_column_and_the_sorted_one_says_so(macro: Any) -> None:
    columns = [{"key": "n", "label": "Nombre", "head": True, "sort_href": "?s", "sorted": "ascending"}]
    html = macro("data_table")(columns, [{"n": "Ana"}], "Personas")
    assert 'data-label="Nombre"' in html
    assert 'aria-sort="ascending"' in html
    assert "<caption" in html


def test_a_full_night_and_one_beyond_capacity_say_so_in_words(macro: Any) -> None:
    night = {"text": "sáb 7", "iso": "2026-03-07", "capacity": 20}
    strip = macro("occupancy_strip")
    assert "lleno" in strip([{**night, "taken": 20}], "Noches")
    assert "3 de más" in strip([{**night, "taken": 20, "over": 3}], "Noches")
    assert "1 libre<" in strip([{**night, "taken": 19}], "Noches")
    assert "0" in strip([{**night, "taken": 0, "capacity": 0}], "Noches")


def test_a_refusal_of_no_field_is_told_as_well(macro: Any) -> None:
    form = Asked()
    form.form_errors.append("Falta el consentimiento.")
    assert "<li>Falta el consentimiento.</li>" in macro("error_summary")(form)
    assert macro("error_summary")(Asked()) == ""


# -- in a browser -------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.journey
@pytest.mark.parametrize("lang", ["es", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(browser: Any, address: str, lang: str, scheme: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{address}/styleguide?lang={lang}")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
    assert [line for line in said if "Content Security Policy" in line] == []
    context.close()


@pytest.mark.journey
def test_escape_twice_hides_the_page_until_the_password(browser: Any, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/styleguide?lang=es")
    page.fill("#new-phone", "962 123")
    title = page.title()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_selector(".cover")
    assert not page.is_visible("main")
    assert page.title().strip() == ""
    page.fill("#cover-password", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector(".cover .wrong", state="visible")
    page.fill("#cover-password", "right")
    page.keyboard.press("Enter")
    page.wait_for_selector(".cover", state="detached")
    assert page.input_value("#new-phone") == "962 123"
    assert page.title() == title
    page.close()


@pytest.mark.journey
def test_slash_goes_to_the_search_but_not_while_writing(browser: Any, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/styleguide")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.focus("#new-phone")
    page.keyboard.type("1/2")
    assert page.input_value("#new-phone") == "1/2"
    page.close()


@pytest.mark.journey
def test_the_menu_opens_without_javascript(browser: Any, address: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/styleguide")
    assert not page.is_visible(".pages .nav-list")
    page.click(".pages summary")
    assert page.is_visible(".pages .nav-list")
    context.close()


@pytest.mark.journey
def test_first_load_and_repeat_page_stay_inside_their_budgets(browser: Any, address: str) -> None:
    """Even the style guide, several times an ordinary page, fits both budgets of LOOK.md."""
    context = browser.new_context()
    page = context.new_page()
    weights: list[int] = []
    page.on("requestfinished", lambda r: weights.append(r.sizes()["responseBodySize"]))
    page.goto(f"{address}/styleguide", wait_until="networkidle")
    assert len(weights) <= 8
    assert sum(weights) <= 60_000
    weights.clear()
    page.goto(f"{address}/styleguide?again", wait_until="networkidle")
    assert sum(weights) <= 15_000
    context.close()
