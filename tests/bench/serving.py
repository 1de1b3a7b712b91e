"""The application as it is measured: ours, and beside it an empty page on the same gunicorn."""

from __future__ import annotations

import gzip
import http.client
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from caseapp.core.launcher.children import web
from caseapp.core.launcher.processes import Running
from tests.bench.installation import Installation

EMPTY = "/bench-empty"


def create_app() -> Any:
    """What gunicorn serves. One client asks more often than the limit allows; that it is counted stays."""
    from caseapp import create_app as ours

    application = ours({"RATELIMIT_DEFAULT": "10000000/minute"})
    empty = Flask("empty")

    @empty.get("/")
    def page() -> str:
        return "<!doctype html><title>-</title>"

    return DispatcherMiddleware(application, {EMPTY: empty})


@dataclass(frozen=True)
class Answer:
    """An answer and what it cost: `size` is the body as sent, `wire` with status and headers."""

    status: int
    headers: dict[str, str]
    body: bytes
    size: int
    wire: int
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode()


class Browser:
    """One client that keeps its connection and its cookies, and asks one thing at a time."""

    def __init__(self, port: int, cookies: dict[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies = dict(cookies or {})

    def keep(self, cookies: dict[str, str]) -> None:
        self.cookies = dict(cookies)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, data: list[tuple[str, str]]) -> Answer:
        return self._ask("POST", path, urlencode(data).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> Answer:
        headers = {
            "Accept-Encoding": "gzip, br",
            "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        sent = response.read()
        seconds = time.perf_counter() - began
        for line in response.headers.get_all("Set-Cookie") or ():
            name, value = line.split(";")[0].split("=", 1)
            self.cookies[name] = value
        head = sum(len(k) + len(v) + 4 for k, v in response.headers.items()) + 17
        plain = gzip.decompress(sent) if response.headers.get("Content-Encoding") == "gzip" else sent
        return Answer(response.status, dict(response.headers), plain, len(sent), len(sent) + head, seconds)


def csrf_of(page: str) -> str:
    """The token of the page's form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if found is None:
        raise LookupError("a form without token")
    return found[1]


@contextmanager
def served(where: Installation) -> Iterator[int]:
    """gunicorn as `config/gunicorn.py` sets it, on a free port, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environment = {**where.environment(), "ACOGIDA_BASE_URL": f"http://127.0.0.1:{port}"}
    log = where.home / "log" / "web.log"
    running = Running(web(environment, "127.0.0.1", port, "tests.bench.serving:create_app()"), log)
    running.start()
    try:
        running.wait_until_ready()
        yield port
    finally:
        running.stop()


def repeated(ask: Callable[[int], Answer], times: int, warm_up: int = 15) -> list[Answer]:
    """The answers after a warm-up. Raises if one of them is an error: its time would say nothing."""
    answers = [ask(n) for n in range(warm_up + times)][warm_up:]
    wrong = next((a for a in answers if a.status >= 400), None)
    if wrong is not None:
        raise SystemExit(
            f"A page that is measured answered {wrong.status}: {re.sub('<[^>]+>', ' ', wrong.text)[-600:]}"
        )
    return answers
