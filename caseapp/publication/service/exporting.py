"""Exporting an approved release, as role `figures`: the same bytes whenever and wherever it is exported."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from uuid import UUID

from caseapp.core.db import connect
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.publication import rules, store
from caseapp.publication.package import MANIFEST, files_of
from caseapp.publication.service.packing import package_of


class SealBroken(Refused):
    """The tables no longer give the bytes that were sealed: somebody changed the database or the code."""

    sentence = _l(
        "El archivo %(file)s ya no es el que se selló al preparar la publicación. No se exportó nada."
    )


class FolderNotEmpty(Refused):
    """An export never mixes with other files."""

    sentence = _l("La carpeta %(folder)s no está vacía.")


def export(release_id: UUID, folder: Path) -> list[Path]:
    """Write every file of an approved release into a new or empty folder; returns their paths.

    Raises NotApproved, SealBroken (nothing is written then), FolderNotEmpty.
    """
    with connect("figures") as connection:
        row = store.release_row(connection, release_id)
        if row is None:
            raise rules.NotApproved
        files = {**files_of(package_of(connection, row)), MANIFEST: row.manifest.encode()}
        sealed = {one["file"]: one["sha256"] for one in store.file_rows(connection, release_id)}
    for name in sorted(files.keys() | sealed.keys()):
        if name not in files or sha256(files[name]).hexdigest() != sealed.get(name):
            raise SealBroken(file=name)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderNotEmpty(folder=str(folder))
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in sorted(files)]
