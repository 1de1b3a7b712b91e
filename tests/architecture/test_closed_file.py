"""A closed file is read: no page about it carries a form but those by which it is opened again, its records are
separated, a consent is taken back, somebody looks at what others did about it, and the person has their data."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from tests.architecture.test_routes import APP, ENTRIES, GUARDED, namespace, roles_of

#: Pages of a file that keep their forms when it is closed, and why.
KEPT = {
    "casefile.reopen": "the file is opened again",
    "casefile.alerts": "an alert about what others did is resolved",
    "casefile.subject_requests": "the person asks for their data, or for their erasure",
    "people.merge": "records are united and separated",
    "people.withdraw": "a consent is taken back",
    "people.waiver": "what was done without consent is reviewed, and told",
}

#: Of these, the ones whose form is there whatever the file holds.
ALWAYS = {"casefile.reopen", "casefile.subject_requests", "people.withdraw", "people.waiver"}

PAGES = sorted(
    endpoint
    for endpoint, method in GUARDED
    if method == "GET" and any(r.rule.startswith("/cases/<number>") for r in APP.url_map.iter_rules(endpoint))
)


def _posting(page: str) -> list[str]:
    main = page.split('<main id="content"')[1].split("</main>")[0]
    return re.findall(r'<form\b[^>]*method="post"[^>]*>', main)


def _close(db: Any, case: Any) -> None:
    with db.as_owner():
        db.session.execute(sa.text('ALTER TABLE "case" DISABLE TRIGGER USER'))
        db.session.execute(
            sa.text(
                "UPDATE \"case\" SET status = 'CLOSED', closed_on = '2025-11-23', closure_reason = 'PERSON_ASKED' "
                "WHERE id = :id"
            ),
            {"id": case.id},
        )
        db.session.execute(sa.text('ALTER TABLE "case" ENABLE TRIGGER USER'))


@pytest.mark.parametrize("endpoint", PAGES)
def test_a_closed_file_offers_no_form_but_those_it_keeps(db, client, endpoint):
    ns = namespace(db, roles_of(endpoint)[0])
    request = ENTRIES[endpoint, "GET"](db, ns)
    client.sign_in(ns.principal)
    _close(db, ns.case)
    url = request if isinstance(request, str) else request[0]
    for language in ("es", "en"):
        answer = client.get(url, query_string={"lang": language} if "?" not in url else None)
        if answer.status_code != 200 or '<main id="content"' not in (page := answer.get_data(as_text=True)):
            pytest.skip("no page: the address leads to another one, or to a paper")
        forms = _posting(page)
        assert not forms if endpoint not in KEPT else forms or endpoint not in ALWAYS, language
        assert f'<html lang="{language}"' in page or "?" in url
