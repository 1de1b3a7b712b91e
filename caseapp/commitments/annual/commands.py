"""`acogida report annual --year 2025 --country MEX|regional --lang es --out FILE`."""

from __future__ import annotations

from pathlib import Path

import click
from flask_babel import force_locale

from caseapp.core.command_line import Failed, say, with_home


@click.group()
def report() -> None:
    """Write reports from released figures, narratives and commitments."""


@report.command()
@click.option("--year", type=int, required=True, help="The year it tells, such as 2025.")
@click.option("--country", required=True, help="ISO 3166 alpha-3, such as MEX, or `regional`.")
@click.option("--lang", type=click.Choice(["es", "en"]), default="es", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The PDF to write."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@with_home
def annual(year: int, country: str, lang: str, out: Path, as_json: bool) -> None:
    """Write the annual report as PDF/UA."""
    from caseapp import create_app
    from caseapp.commitments.annual import content, gathering, paper
    from caseapp.core.errors import Refused

    with create_app().app_context(), force_locale(lang):
        try:
            with gathering.reading() as reader:
                made = content.report(gathering.known(reader, year, _place(country)))
            written = paper.pdf(made)
            out.write_bytes(written)
        except Refused as refusal:
            raise Failed(str(refusal)) from None
        except OSError as error:
            raise Failed(f"{out} cannot be written: {error.strerror}.") from None
    say(
        {"file": str(out), "bytes": len(written), "chapters": len(made.chapters)},
        as_json=as_json,
        text=f"{made.title}: {len(made.chapters)} chapters, {len(written)} bytes in {out}.",
    )


def _place(country: str) -> str:
    return "regional" if country.lower() in ("regional", "reg") else country.upper()


COMMANDS = [report]
