"""The file itself: a ZIP of CSV tables with `datapackage.json`, validated by frictionless.

A package from elsewhere is never trusted: only flat files of known tables are taken out of it, up to a size, and it is
checked against our own description of the standard; its own `datapackage.json` may name remote files and is not followed.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.places.exchange.tables import FIELDS, Rows, descriptor
from caseapp.places.rules.entry import Problem

MOST_BYTES = 60 * 1024 * 1024
MOST_PROBLEMS = 500
#: Files in the ZIP carry this time, so that the same directory gives the same bytes.
STILL = (1980, 1, 1, 0, 0, 0)


class NotAPackage(Refused):
    """The file is no ZIP of HSDS tables, or too large."""

    sentence = _l(
        "El archivo no es un paquete HSDS: debe ser un ZIP con tablas CSV, entre ellas service.csv."
    )
    field = "file"


def packed(rows: Rows) -> bytes:
    """The package as bytes; the same rows give the same bytes."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as package:
        described = json.dumps(descriptor(frozenset(rows)), indent=1, ensure_ascii=False)
        _put(package, "datapackage.json", described)
        for table in FIELDS:
            if table in rows:
                _put(package, f"{table}.csv", _csv(table, rows))
    return held.getvalue()


def _put(package: zipfile.ZipFile, name: str, text: str) -> None:
    entry = zipfile.ZipInfo(name, STILL)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    package.writestr(entry, text.encode())


def _csv(table: str, rows: Rows) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS[table], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows[table])
    return text.getvalue()


def unpacked(content: bytes) -> dict[str, bytes]:
    """The CSV files of known tables by table. Raises NotAPackage."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            wanted = [i for i in package.infolist() if i.filename.removesuffix(".csv") in FIELDS]
            if sum(i.file_size for i in wanted) > MOST_BYTES:
                raise NotAPackage
            found = {i.filename.removesuffix(".csv"): package.read(i) for i in wanted}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        raise NotAPackage from error
    if "service" not in found:
        raise NotAPackage
    return found


def faults(files: dict[str, bytes]) -> list[Problem]:
    """What frictionless finds wrong with the tables; empty if nothing."""
    import frictionless

    with TemporaryDirectory() as folder:
        for table, content in files.items():
            (Path(folder) / f"{table}.csv").write_bytes(content)
        described = descriptor(frozenset(files))
        for resource in described["resources"]:  # columns of the standard that we do not use are let be
            _as_found(resource["schema"], _head(files[resource["name"]]))
        package = frictionless.Package.from_descriptor(described, basepath=folder)
        report = package.validate(limit_errors=MOST_PROBLEMS)
    found = [Problem(1, f"{t}.id", "the column is missing") for t, c in files.items() if "id" not in _head(c)]
    for task in report.tasks:
        for error in task.errors:
            said = error.to_descriptor()
            row, column = int(said.get("rowNumber") or 1), str(said.get("fieldName") or "")
            found.append(
                Problem(row, f"{task.name}.{column}".rstrip("."), str(said.get("note") or said.get("title")))
            )
    return found


def _head(content: bytes) -> list[str]:
    first = content.decode("utf-8-sig", "replace").split("\n", 1)[0].rstrip("\r")
    return next(csv.reader([first]), [])


def _as_found(schema: dict[str, Any], head: list[str]) -> None:
    """Ask of a file from elsewhere the keys of the columns that it has, and let it have others."""
    schema["fieldsMatch"] = "partial"
    keys = schema.pop("foreignKeys", [])
    there = [k for k in keys if set(k["fields"]) <= set(head)]
    if there:
        schema["foreignKeys"] = there


def rows_of(files: dict[str, bytes]) -> Rows:
    """The rows of each table, as text. Raises NotAPackage for bytes that are no UTF-8."""
    try:
        return {
            table: [
                {k: (v or "").strip() for k, v in row.items() if k}
                for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
            ]
            for table, content in files.items()
        }
    except (UnicodeDecodeError, csv.Error) as error:
        raise NotAPackage from error
