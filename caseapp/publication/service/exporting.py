"""Exporting an approved release, as role `figures`: the same bytes whenever and wherever it is exported."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.core.db import connect
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.publication import rules, store
from caseapp.publication.package import MANIFEST, files_of, zipped
from caseapp.publication.service.packing import package_of


class SealBroken(Refused):
    """The tables no longer give the bytes that were sealed: somebody changed the database or the code."""

    sentence = _l(
        "El archivo %(file)s ya no es el que se selló al preparar la publicación. No se exportó nada."
    )
    status = 503


class FolderNotEmpty(Refused):
    """An export never mixes with other files."""

    sentence = _l("La carpeta %(folder)s no está vacía.")


def sealed_files(connection: sa.Connection, row: Any) -> dict[str, bytes]:
    """Every file of an approved release (its row), by name, as it was sealed. Raises SealBroken."""
    seals = {one["file"]: one for one in store.file_rows(connection, row.id)}
    made = {**files_of(package_of(connection, row)), MANIFEST: row.manifest.encode()}
    kept = {name: one["content"].encode() for name, one in seals.items() if one["content"] is not None}
    files = {**made, **kept}
    for name in sorted(files.keys() | seals.keys()):
        if name not in files or name not in seals or sha256(files[name]).hexdigest() != seals[name]["sha256"]:
            raise SealBroken(file=name)
    return files


def export(release_id: UUID, folder: Path) -> list[Path]:
    """Write every file of an approved release into a new or empty folder; returns their paths.

    Raises NotApproved, SealBroken (nothing is written then), FolderNotEmpty.
    """
    with connect("figures") as connection:
        row = store.release_row(connection, release_id)
        if row is None:
            raise rules.NotApproved
        files = sealed_files(connection, row)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderNotEmpty(folder=str(folder))
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in sorted(files)]


def archive(release_id: UUID) -> tuple[str, bytes]:
    """An approved release as one zip: its file name and bytes. Raises NotApproved, SealBroken."""
    with connect("figures") as connection:
        row = store.release_row(connection, release_id)
        if row is None:
            raise rules.NotApproved
        return f"{row.name}.zip", zipped(sealed_files(connection, row), row.name)
