"""A2 for files: hashes, the chain of earlier releases, and cells that stand in two releases."""

from __future__ import annotations

from .cube import Cube
from .folder import REVISION_COLUMNS, WHOLE, Folder
from .manifest import Manifest


class Release:
    """One folder that has been read: files, manifest and cubes with their cells."""

    def __init__(self, folder: Folder, manifest: Manifest, cubes: dict[str, Cube]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.cubes = cubes


def check_hashes(folder: Folder, manifest: Manifest) -> None:
    """Every file but the manifest is listed with the hash of its bytes, and every listed file is there."""
    for file in sorted(folder.content.keys() - {"manifest.json"}):
        if file not in manifest.hashes:
            folder.found("A2", file, "The manifest has no hash of this file.")
        elif manifest.hashes[file] != folder.sha256(file):
            folder.found("A2", file, "The file is not the one whose hash the manifest gives.")
        folder.report.count("hashes")
    for file in sorted(manifest.hashes.keys() - folder.content.keys()):
        folder.found("A2", file, "The manifest gives a hash of this file, but it is missing.")


def check_chain(releases: list[Release]) -> None:
    """Any two folders of a country: the later one recorded the bytes of the earlier one."""
    for release in releases:
        names = [earlier.release for earlier in release.manifest.previous]
        if release.manifest.release in names or len(set(names)) < len(names):
            sentence = "'previous' names this release itself, or a release twice."
            release.folder.found("A2", "manifest.json", sentence)
    for number, one in enumerate(releases):
        for other in releases[number + 1 :]:
            if one.manifest.country == other.manifest.country:
                _check_pair(one, other)


def _check_pair(one: Release, other: Release) -> None:
    if _position(one, other) is not None:
        _check_bytes(one, other)
    elif _position(other, one) is not None:
        _check_bytes(other, one)
    elif one.manifest.release == other.manifest.release:
        if one.folder.content != other.folder.content:
            sentence = f"{other.folder.path} holds the same release with other bytes."
            one.folder.found("A2", "manifest.json", sentence)
    else:
        sentence = (
            f"Neither of the releases {one.manifest.release} and {other.manifest.release} names the other "
            "as previous."
        )
        other.folder.found("A2", "manifest.json", sentence)


def _position(earlier: Release, later: Release) -> int | None:
    names = [entry.release for entry in later.manifest.previous]
    return names.index(earlier.manifest.release) if earlier.manifest.release in names else None


def _check_bytes(earlier: Release, later: Release) -> None:
    """The files of the earlier folder are those that the later manifest recorded; so is its own past."""
    position = _position(earlier, later) or 0
    recorded = later.manifest.previous[position].hashes
    name = later.manifest.release
    for file in sorted(earlier.folder.content):
        if file not in recorded:
            earlier.folder.found("A2", file, f"The release {name} did not record this file.")
        elif recorded[file] != earlier.folder.sha256(file):
            earlier.folder.found("A2", file, f"The file has changed since the release {name} recorded it.")
    for file in sorted(recorded.keys() - earlier.folder.content.keys()):
        earlier.folder.found("A2", file, f"The release {name} recorded this file, but it is missing.")
    if later.manifest.previous[:position] != earlier.manifest.previous:
        sentence = f"What it records before {earlier.manifest.release} is not what that release recorded."
        later.folder.found("A2", "manifest.json", sentence)
    later.folder.report.count("earlier releases")
    # Releases in between that were not given may have revised cells; only neighbours can be compared.
    if position == len(later.manifest.previous) - 1:
        _check_cells(earlier, later)


Changes = dict[tuple[str, str], tuple[int, int, int]]


def _check_cells(earlier: Release, later: Release) -> None:
    """Cells of periods that both have are equal, or revisions.csv announces the change."""
    changes = _read_revisions(later)
    for name in sorted(earlier.cubes.keys() & later.cubes.keys()):
        old, new = earlier.cubes[name], later.cubes[name]
        if old.dimensions == new.dimensions:
            _check_cube(later.folder, earlier.manifest.release, old, new, changes)


def _read_revisions(later: Release) -> Changes:
    changes: Changes = {}
    for number, row in later.folder.table("revisions.csv", REVISION_COLUMNS):
        if not (WHOLE.fullmatch(row["old"]) and WHOLE.fullmatch(row["new"])):
            later.folder.found("FORMAT", "revisions.csv", "old and new must be whole numbers.", number)
        else:
            changes[row["cube"], row["cell"]] = (int(row["old"]), int(row["new"]), number)
    return changes


def _check_cube(folder: Folder, of: str, old: Cube, new: Cube, changes: Changes) -> None:
    before = {old.cell(at): int(value) for at, value in enumerate(old.values)}
    periods = set(old.names["period"]) & set(new.names["period"])
    for at, value in enumerate(new.values):
        cell, row = new.cell(at), int(new.rows[at])
        if cell[0] not in periods:
            continue
        folder.report.count("cells compared with an earlier release")
        was = before.pop(cell, None)
        announced = changes.get((new.name, "|".join(cell)))
        least = 0 if new.least is None else int(new.least[at])
        if was is None:
            folder.found("A2", new.file, f"The release {of} did not have this cell.", row)
        elif announced and announced[:2] != (was, int(value)):
            sentence = f"The row announces another change than the cell shows ({was} to {value})."
            folder.found("A2", "revisions.csv", sentence, announced[2])
        elif was != value and not announced:
            sentence = f"The value is {value}; the release {of} has {was}, and revisions.csv does not say so."
            folder.found("A2", new.file, sentence, row)
        elif was != value and abs(was - int(value)) < least:
            sentence = f"The value changed from {was} to {value}, by less than {least}."
            folder.found("A2", new.file, sentence, row)
    for cell in sorted(cell for cell in before if cell[0] in periods):
        folder.found("A2", new.file, f"The cell {'|'.join(cell)} of the release {of} is missing.")
