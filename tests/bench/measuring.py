"""Measure each page over HTTP, count its statements, and send them again alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import median, quantiles
from typing import Any

from caseapp import create_app
from caseapp.core import db
from caseapp.core.access import _array
from config.settings import Purpose, country_key
from tests.bench import pages, replay
from tests.bench.installation import Installation
from tests.bench.originals import COUNTRY
from tests.bench.pages import Ask, Desktop
from tests.bench.serving import EMPTY, Answer, Browser, repeated

NOTED = 40  # requests whose statements are counted and sent again


@dataclass(frozen=True)
class Times:
    """Milliseconds. Five in a hundred were quicker than `p5`: what it takes when nothing else disturbs."""

    p5: float
    middle: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        cut = quantiles(seconds, n=20)
        return cls(cut[0] * 1000, median(seconds) * 1000, cut[18] * 1000)


@dataclass(frozen=True)
class Measured:
    """A page: its times, what it sends, its statements (middle and most), and these alone."""

    name: str
    page: Times
    size: int
    statements: tuple[int, int]
    with_policies: Times
    bypassing: Times

    def bound(self, empty: Times) -> float:
        """The aim: three times the empty page and the bare SQL, and ten milliseconds."""
        return 3 * (empty.middle + self.with_policies.middle) + 10

    def ratio(self, empty: Times) -> float:
        return self.page.middle / (empty.middle + self.with_policies.middle)


@dataclass(frozen=True)
class FirstLoad:
    """What a new browser fetches for the list, bodies and headers, compressed; and a page after it."""

    requests: int
    bytes: int
    again: int


class TestBrowser:
    """The application in this process, asked as `Browser` asks it."""

    def __init__(self, cookies: dict[str, str], **settings: Any) -> None:
        application = create_app({"RATELIMIT_DEFAULT": "10000000/minute", **settings})
        self._client = application.test_client()
        self.keep(cookies)

    def keep(self, cookies: dict[str, str]) -> None:
        for name, value in cookies.items():
            self._client.set_cookie(name, value)

    def get(self, path: str) -> Answer:
        return self._answer(self._client.get(path))

    def post(self, path: str, data: list[tuple[str, str]]) -> Answer:
        given: dict[str, list[str]] = {}
        for name, value in data:
            given.setdefault(name, []).append(value)
        return self._answer(self._client.post(path, data=given))

    @staticmethod
    def _answer(response: Any) -> Answer:
        return Answer(response.status_code, dict(response.headers), response.get_data(), 0, 0, 0.0)


def noted(at: Desktop, ask: Ask, *, writes: bool) -> list[replay.Noted]:
    """The statements of some requests, made in this process; what they write is undone."""
    found = []
    extra = {"KEEP_SESSION": True, "WTF_CSRF_ENABLED": False} if writes else {}
    browser = TestBrowser(pages.cookies_of(at), **extra)
    for n in range(NOTED + 5):
        if writes:
            with replay.undone(), replay.noting() as one:
                answer = ask(browser, n)
        else:
            with replay.noting() as one:
                answer = ask(browser, n)
        if answer.status >= 400:
            raise SystemExit(f"A page that is counted answered {answer.status}.")
        found.append(one)
    db.session.remove()
    return found[5:]  # the first ones fill what the process keeps


def page(
    where: Installation, port: int, at: Desktop, name: str, ask: Ask, *, times: int, writes: bool = False
) -> Measured:
    """Everything about one page."""
    browser = Browser(port, pages.cookies_of(at))
    answers = repeated(lambda n: ask(browser, n), times)
    requests = noted(at, ask, writes=writes)
    counts = [len(r.statements) for r in requests]
    rounds = max(times // NOTED, 3)
    with where.connect("app") as app, where.connect() as owner:
        with_policies, bypassing = (Times.of(replay.sent_again(c, requests, rounds)) for c in (app, owner))
    return Measured(
        name, Times.of([a.seconds for a in answers]), int(median(a.size for a in answers)),
        (int(median(counts)), max(counts)), with_policies, bypassing,
    )  # fmt: skip


def empty(port: int, times: int) -> Times:
    browser = Browser(port)
    return Times.of([a.seconds for a in repeated(lambda _: browser.get(f"{EMPTY}/"), times, 60)])


def first_load(port: int, at: Desktop) -> FirstLoad:
    """The list and all that its HTML and style sheets name, each once."""
    browser = Browser(port, pages.cookies_of(at))
    answer = browser.get("/people")
    wanted, got = _named(answer.text, r'(?:href|src)="(/static/[^"]+)"'), [answer.wire]
    seen: set[str] = set()
    while wanted:
        path = wanted.pop()
        if path in seen:
            continue
        seen.add(path)
        part = browser.get(path)
        got.append(part.wire)
        if path.endswith((".css", ".js")) and part.headers.get("Content-Encoding") != "br":
            folder = path.rsplit("/", 1)[0]
            names = _named(
                part.text,
                r"""(?:url\(|from\s*|import\s*)["']?(\.{0,2}/?[\w./-]+\.(?:css|js|woff2|svg|png))["']?""",
            )
            wanted += [n if n.startswith("/") else f"{folder}/{n.removeprefix('./')}" for n in names]
    return FirstLoad(len(got), sum(got), browser.get("/people").wire)


def _named(text: str, pattern: str) -> list[str]:
    return list(dict.fromkeys(re.findall(pattern, text)))


# --- policies -----------------------------------------------------------------------------------------------

_NEWEST = "FROM \"case\" c {} WHERE c.status = 'OPEN' AND c.erased_at IS NULL {} ORDER BY c.opened_on DESC, c.id DESC LIMIT 25"
_TEAMS = "AND (c.team_id = ANY (%(teams)s::uuid[]) OR c.readers && %(teams)s::uuid[])"
_PERSON = (
    "JOIN person p ON p.case_id = c.id LEFT JOIN household_member m ON m.case_id = c.id AND m.left_on IS NULL"
)


def policies(where: Installation, at: Desktop, times: int) -> list[tuple[str, Times, Times]]:
    """Lists of 25 by the policies alone, against the same where they do not speak and the query itself says whose;
    and the search function."""
    values = {"teams": [str(at.desk.team)]}
    ask = _candidates(at)
    found = []
    with where.connect("app") as app, where.connect() as owner:
        for name, columns, joined in (
            ("25 newest open files", "c.*", ""),
            ("25 newest open files with person and household", "c.*, p.*, m.household_id", _PERSON),
        ):
            bare = (f"SELECT {columns} {_NEWEST.format(joined, '')}", None)
            said = (f"SELECT {columns} {_NEWEST.format(joined, _TEAMS)}", values)
            found.append((name, _asked(app, at, [bare], times), _asked(owner, at, [said], times)))
        found.append(("search function `candidates`", _asked(app, at, ask, 2), _asked(owner, at, ask, 2)))
    return found


def _candidates(at: Desktop) -> list[tuple[str, Any]]:
    from caseapp.people.search import parse_query, query_tokens

    found: list[tuple[str, Any]] = []
    for sought in at.sought[:200]:
        exact, pairs, wider = query_tokens(parse_query(sought.text), key=country_key(COUNTRY, Purpose.TOKENS))
        tokens = sorted(exact.tokens | pairs.tokens | wider.tokens)
        values = (COUNTRY, [int(t.kind) for t in tokens], [t.token for t in tokens])
        found.append(("SELECT * FROM candidates(%s, %s::smallint[], %s::integer[], 200)", values))
    return found


def _asked(connection: Any, at: Desktop, queries: Sequence[tuple[str, Any]], times: int) -> Times:
    connection.execute("SELECT set_config('app.teams', %s, false)", [_array((at.desk.team,))])
    took: list[float] = []
    for query, values in queries:
        connection.execute(query, values).fetchall()
        took += replay.timed(lambda: connection.execute(query, values).fetchall(), times)  # noqa: B023
    return Times.of(took)


def recall(port: int, at: Desktop, queries: int) -> float:
    """The share of searches whose answer names the person meant among the first ten."""
    browser = Browser(port, pages.cookies_of(at))
    ask = pages.searching(at)
    hits = 0
    for n in range(queries):
        shown = re.findall(r'href="/cases/([A-Z0-9]{9})"', ask(browser, n).text)
        hits += at.sought[n].number in shown[:10]
    return hits / queries


def shuffled(seed: int, what: str) -> Random:
    return Random(f"{seed}|{what}")
