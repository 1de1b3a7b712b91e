"""A test client that looks at every answer as a careful reviewer would."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient

from caseapp.core import access
from caseapp.core.db import session


class CheckedClient(FlaskClient):
    """Fails a request that leaves changes uncommitted, or a page without title, labels or nonce."""

    principal: access.Principal | None = None

    def sign_in(self, principal: access.Principal) -> None:
        """Act as `principal` from the next request on (the session cookie is tested elsewhere)."""
        self.principal = principal
        self.application.extensions["acogida_test_principal"] = principal

    def sign_out(self) -> None:
        self.application.extensions.pop("acogida_test_principal", None)

    def open(self, *args: Any, **kwargs: Any) -> Any:
        session.expire_all()
        response = super().open(*args, **kwargs)
        left = [*session.new, *session.dirty, *session.deleted]
        assert not left, f"the request left changes uncommitted: {left}"
        session.expire_all()
        if response.mimetype == "text/html" and response.data and response.status_code < 500:
            check_page(response.get_data(as_text=True))
        return response


def check_page(html: str) -> None:
    """Title, one h1, labels for every visible field, a nonce on every script, nothing inline."""
    if "<html" not in html:
        return
    assert re.search(r"<title>\s*\S", html), "page without title"
    assert len(re.findall(r"<h1[\s>]", html)) == 1, "a page has one h1"
    assert not re.search(r"\sstyle=", html), "inline style"
    assert not re.search(r"\son[a-z]+=", html), "inline handler"
    for script in re.findall(r"<script\b[^>]*>", html):
        assert "nonce=" in script, f"script without nonce: {script}"
    labelled = set(re.findall(r'<label[^>]*\sfor="([^"]+)"', html))
    for field in re.findall(r"<(?:input|select|textarea)\b[^>]*>", html):
        if re.search(r'type="(hidden|submit|button)"', field):
            continue
        name = re.search(r'\sid="([^"]+)"', field)
        assert (name and name.group(1) in labelled) or "aria-label" in field, f"field without label: {field}"
