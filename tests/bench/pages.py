"""The pages that are measured, as somebody at a desk asks for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from html.parser import HTMLParser
from random import Random
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from caseapp.accounts.models import Stage
from caseapp.accounts.service import sessions
from caseapp.core import access, clock, crypto
from caseapp.core.db import session
from caseapp.people.models import Case, Person
from caseapp.people.search import BirthKnowledge, Candidate
from caseapp.people.service.tokens import names_of
from tests.bench.filling import Filled
from tests.bench.names import as_typed, distort, read_nicknames
from tests.bench.originals import Desk
from tests.bench.serving import Answer, Browser
from workers.demo import calibration

COOKIE = "acogida"
Ask = Callable[[Any, int], Any]


@dataclass(frozen=True)
class Sought:
    """What is typed, and the number of the file that it means."""

    text: str
    number: str


@dataclass(frozen=True)
class Desktop:
    """A caseworker signed in at one of the desks, with files to open and people to look for."""

    desk: Desk
    token: str
    files: list[str]
    sought: list[Sought]
    form: list[tuple[str, str]]


def sit_down(filled: Filled, random: Random, browser: Callable[[dict[str, str]], Browser]) -> Desktop:
    """Sign in at the first desk and gather what will be asked for."""
    desk = filled.desks[0]
    with access.acting_as(desk.principal):
        token = sessions.start(desk.user, Stage.SIGNED_IN)
        session.commit()
        mine = sa.select(Case.number).where(Case.team_id == desk.team)
        opened = list(session.scalars(mine.where(Case.status == "OPEN").order_by(Case.id)))
        rows = session.execute(
            sa.select(Case.number, Person).join(Person, Person.case_id == Case.id)
            .where(Case.team_id == desk.team).order_by(sa.func.random()).limit(400)
        ).all()  # fmt: skip
        crypto.load_keys(person.case_id for _, person in rows)
        nicknames = read_nicknames()
        sought = []
        for number, person in rows:
            birth = BirthKnowledge(person.birth_precision, person.birth_from, person.birth_to)
            names, birth, _ = distort(Candidate(0, names_of(person), birth), nicknames, random)
            sought.append(Sought(as_typed(names, birth).strip(), number))
    session.remove()
    form = _form_of_three(browser({COOKIE: token}))
    return Desktop(desk, token, random.sample(opened, min(400, len(opened))), sought, form)


def listing(browser: Any, n: int) -> Any:
    return browser.get("/people")


def searching(at: Desktop) -> Ask:
    return lambda browser, n: browser.get(f"/people?q={quote(at.sought[n % len(at.sought)].text)}")


def file(at: Desktop) -> Ask:
    return lambda browser, n: browser.get(f"/cases/{at.files[n % len(at.files)]}")


def registering(at: Desktop, random: Random) -> Ask:
    """Register a new family of three; whoever is like somebody registered is said to be another. The cookies are
    those of the form each time: the next page would take the message of success out of them."""

    def ask(browser: Any, n: int) -> Any:
        browser.keep(cookies_of(at))
        data = _family(at.form, random)
        answer = browser.post("/families/new", data)
        if answer.status == 422:
            found = _fields(answer.text)
            alike = {name for name, _ in found.radios if name.startswith("same-")}
            answer = browser.post("/families/new", [*data, *((name, "NOT_SAME") for name in sorted(alike))])
        return answer

    return ask


# --- the form ---------------------------------------------------------------------------------------------


class _Fields(HTMLParser):
    """The fields of a page's forms as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[tuple[str, str]] = []
        self.radios: list[tuple[str, str]] = []
        self._select: str | None = None
        self._chosen: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        at = dict(attributes)
        name, value, kind = at.get("name"), at.get("value") or "", at.get("type") or "text"
        if tag == "input" and name:
            if kind == "radio":
                self.radios.append((name, value))
            if kind not in ("radio", "checkbox", "submit") or "checked" in at:
                self.values.append((name, value))
        elif tag == "textarea" and name:
            self.values.append((name, ""))
        elif tag == "select":
            self._select, self._chosen = name, None
        elif tag == "option" and self._select and ("selected" in at or self._chosen is None):
            self._chosen = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            self.values.append((self._select, self._chosen or ""))
            self._select = None


def _fields(page: str) -> _Fields:
    found = _Fields()
    found.feed(page)
    return found


def _form_of_three(browser: Browser) -> list[tuple[str, str]]:
    """The empty form with three people, got as a browser gets it, with its token and the cookie behind it."""
    answer: Answer = browser.get("/families/new")
    for _ in range(2):
        answer = browser.post("/families/new", [*_of_the_form(answer.text), ("verb", "add")])
    fields = _of_the_form(answer.text)
    return [*fields, ("verb", "save"), *((f"cookie:{k}", v) for k, v in browser.cookies.items())]


def _of_the_form(page: str) -> list[tuple[str, str]]:
    inside = page.index('name="members-0-names-given_names"')
    return _fields(page[page.rindex("<form", 0, inside) : page.index("</form", inside)]).values


def cookies_of(at: Desktop) -> dict[str, str]:
    """The cookies of the browser that fetched the form."""
    return {k.removeprefix("cookie:"): v for k, v in at.form if k.startswith("cookie:")}


def _family(form: list[tuple[str, str]], random: Random) -> list[tuple[str, str]]:
    values = {k: v for k, v in form if not k.startswith("cookie:")}
    today = clock.today()
    arrived = today - timedelta(days=1)
    values.update(
        {
            "arrived_on-day": str(arrived.day),
            "arrived_on-month": str(arrived.month),
            "arrived_on-year": str(arrived.year),
        }
    )
    surnames = [calibration.surnames("spa").draw(random) for _ in range(2)]
    for i, (sex, years, relation) in enumerate((("F", 31, ""), ("M", 33, "SPOUSE"), ("F", 8, "CHILD"))):
        born: date = today - timedelta(days=years * 365 + random.randint(0, 364))
        given = calibration.given_names(sex, "spa")
        member = {
            "names-given_names": f"{given.draw(random)} {given.draw(random)}", "names-surname_1": surnames[i == 1],
            "names-surname_2": calibration.surnames("spa").draw(random), "birth-precision": "DAY",
            "birth-day": str(born.day), "birth-month": str(born.month), "birth-year": str(born.year),
            "sex_in_document": sex, "nationality_1": "HND", "population": "ASYLUM_SEEKER", "language_1": "spa",
        }  # fmt: skip
        if relation:
            member |= {"relation_to_head": relation, "evidence": "DOCUMENT"}
        values.update({f"members-{i}-{name}": value for name, value in member.items()})
    return list(values.items())
