"""A matrix of 180 commitments, one of which is scored by one person and reviewed by another: the matrix changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from caseapp.commitments.service import importing
from caseapp.core import access
from caseapp.core.db import engine, session
from tests.journeys.walk import Walker

pytestmark = pytest.mark.journey
FILE = Path(__file__).resolve().parents[1] / "commitments" / "files" / "matrix_180.csv"


def bring_in() -> None:
    """As `acogida import commitments` does."""
    session.remove()
    session(bind=engine("work"))
    with access.acting_as(access.system("command")) as system:
        assert importing.take_in(FILE.read_bytes(), file_name=FILE.name, by=system).created == 180
        session.commit()
    session.remove()


def average(walker: Walker) -> str:
    """Mexico's mean of commitments, as the matrix prints it."""
    walker.open("/commitments")
    row = walker.page.locator("tbody tr", has=walker.page.get_by_role("link", name="México", exact=True))
    return row.locator("td").last.inner_text()


def test_one_scores_another_reviews_and_the_matrix_changes(browser, site):
    bring_in()
    with (
        Walker(browser, site, "DATA_STEWARD") as author,
        Walker(browser, site, "RELEASE_APPROVER") as reviewer,
    ):
        author.sign_in()
        reviewer.sign_in()
        # Nothing counts before a person has confirmed the file's scores.
        assert average(author) == "—"
        reviewer.open("/commitments")
        reviewer.page.get_by_role("button", name="Confirmar todas").click()
        reviewer.page.wait_for_load_state()
        assert "Se confirmaron 35 calificaciones" in reviewer.text()
        before = average(author)
        assert "%" in before

        # A commitment that has just begun: evidence, and a 5 proposed.
        author.open("/commitments/list?country=MEX&score=1")
        author.page.locator("tbody th a").first.click()
        author.page.wait_for_load_state()
        here = author.page.url.split("?")[0]
        author.page.get_by_role("link", name="Agregar evidencia").click()
        author.page.select_option("select[name=kind]", "DOCUMENT")
        author.page.fill("input[name=title]", "Informe de la oficina")
        author.page.fill("input[name=issued_on]", "2025-11-20")
        author.page.set_input_files(
            "input[name=file]",
            {"name": "informe.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%%EOF\n"},
        )
        author.page.locator("main button[type=submit]").last.click()
        author.page.wait_for_load_state()
        assert "informe.pdf" in author.text()
        author.page.get_by_role("link", name="Calificar", exact=True).click()
        author.page.check("input[name=score][value='5']")
        author.page.fill("input[name=scored_on]", "2025-11-20")
        author.page.select_option("select[name=evidence]", index=1)
        author.page.fill("textarea[name=reason]", "Terminado según el informe.")
        author.page.locator("main button[type=submit]").last.click()
        author.page.wait_for_load_state()
        assert "La revisa otra persona" in author.text() and average(author) == before

        # Another person confirms it.
        path = here.removeprefix(site.address)
        reviewer.open(path)
        reviewer.page.get_by_role("link", name="Revisar la calificación").click()
        reviewer.page.check("input[name=outcome][value=CONFIRM]")
        reviewer.page.locator("main button[type=submit]").last.click()
        reviewer.page.wait_for_load_state()
        assert "Confirmada" in reviewer.text()
        assert average(author) != before
        assert author.complaints == reviewer.complaints == []
