"""A matrix of 180 commitments comes in, Mexico's part through the page; one is scored by one person and reviewed by
another, and the matrix changes."""

from __future__ import annotations

import pytest

from caseapp.commitments.service import importing
from caseapp.core import access
from caseapp.core.db import engine, session
from tests.commitments import made_matrix
from tests.journeys.walk import Walker

pytestmark = pytest.mark.journey


def others_bring_in() -> None:
    """The other countries' part, as `acogida import commitments` does."""
    rows = [row for row in made_matrix.rows() if row["country"] != "MEX"]
    session.remove()
    session(bind=engine("work"))
    with access.acting_as(access.system("command")) as system:
        assert importing.take_in(made_matrix.as_csv(rows), file_name="region.csv", by=system).created == 145
        session.commit()
    session.remove()


def give(walker: Walker, rows: list[dict[str, str]], *, only_look: bool = False) -> None:
    """Send a file to the page of the import."""
    walker.open("/commitments/import")
    file = {"name": "mexico.csv", "mimeType": "text/csv", "buffer": made_matrix.as_csv(rows)}
    walker.page.set_input_files("input[name=file]", file)  # type: ignore[arg-type]
    if only_look:
        walker.page.check("input[name=dry_run]")
    walker.page.get_by_role("button", name="Leer el archivo").click()
    walker.page.wait_for_load_state()


def average(walker: Walker) -> str:
    """Mexico's mean of commitments, as the matrix prints it."""
    walker.open("/commitments")
    row = walker.page.locator("tbody tr", has=walker.page.get_by_role("link", name="México", exact=True))
    return row.locator("td").last.inner_text()


def test_one_scores_another_reviews_and_the_matrix_changes(browser, site):
    others_bring_in()
    mine = [row for row in made_matrix.rows() if row["country"] == "MEX"]
    with (
        Walker(browser, site, "DATA_STEWARD") as author,
        Walker(browser, site, "RELEASE_APPROVER") as reviewer,
    ):
        author.sign_in()
        reviewer.sign_in()
        # A wrong row is named and nothing comes in; looked at first, then saved; a second time nothing is new.
        give(author, [mine[0], {**mine[1], "score": "6"}])
        assert "No entró nada" in author.text() and "La calificación va de 0 a 5." in author.text()
        give(author, mine, only_look=True)
        assert "nuevas: 35" in author.text()
        give(author, mine)
        assert "Entraron 35 compromisos" in author.text()
        give(author, mine)
        assert "nuevas: 0 · ya estaban: 35" in author.text()
        # Nothing counts before another person has confirmed the file's scores.
        author.open("/commitments")
        assert author.page.get_by_role("button", name="Confirmar todas").count() == 0
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
