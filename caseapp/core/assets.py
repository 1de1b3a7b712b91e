"""Static files under names that carry their digest, compressed once, kept by the browser for ever.

A page's second visit must cost only its HTML (LOOK.md, *Measure*), so every style sheet, module and
picture is served under a name that changes when its content changes and is marked immutable.
WhiteNoise hashes nothing outside Django, therefore the files are copied to digest names when the
process starts, compressed beside it and handed to WhiteNoise. Nothing is written to the checkout.
Pages are compressed as they leave.
"""

from __future__ import annotations

import atexit
import gzip
import hashlib
import io
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from wsgiref.headers import Headers

from flask import Flask, Response, request
from whitenoise import WhiteNoise  # type: ignore[import-untyped]
from whitenoise.compress import Compressor  # type: ignore[import-untyped]

STATIC = Path(__file__).resolve().parent.parent / "static"
PREFIX = "/static/"
DIGEST_NAME = re.compile(r"\.[0-9a-f]{12}\.[a-z0-9]+$")
#: The package's map file is not served; without this comment no browser asks for it.
SOURCE_MAP = re.compile(rb"/\*# sourceMappingURL=.*?\*/")


#: Below this a page gains nothing; the padding is Django's (its GZipMiddleware, "Heal the BREACH").
SMALLEST_PAGE = 1000
LONGEST_PADDING = 100


class Assets(NamedTuple):
    """`folder` holds the built files; `urls` says under which address each source name is served."""

    folder: Path
    urls: dict[str, str]


def init_assets(app: Flask) -> None:
    """Serve the static files in front of `app`, give templates `asset_url('theme.css')`, compress pages.

    The build folder lies under `app.config["HOME"]` where that is a folder we may write to, else in a
    temporary folder that goes with the process.
    """
    home = app.config.get("HOME")
    assets = build(str(home) if home and os.access(home, os.W_OK) else None)
    app.jinja_env.globals["asset_url"] = url_giver(assets)
    app.after_request(compress_page)
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(assets.folder),
        prefix=PREFIX,
        allow_all_origins=False,
        immutable_file_test=_is_immutable,
        add_headers_function=_add_headers,
    )


def url_giver(assets: Assets) -> Callable[[str], str]:
    """The function behind `asset_url`: a source name in, its address out; an unknown name is an error."""

    def asset_url(name: str) -> str:
        try:
            return assets.urls[name]
        except KeyError:
            raise LookupError(f"no static file is called {name!r}") from None

    return asset_url


@lru_cache(maxsize=8)
def build(home: str | None = None) -> Assets:
    """Copy and compress every static file once per process; say where they lie and what they are called."""
    contents = _read_sources()
    names = {source: _digest_name(source, data) for source, data in contents.items()}
    files = {names[source]: data for source, data in contents.items()}
    folder = _kept_folder(Path(home), files) if home else _passing_folder(files)
    return Assets(folder, {source: PREFIX + name for source, name in names.items()})


def _bootstrap_css() -> bytes:
    """Bootstrap's own style sheet out of the Bootstrap-Flask package; none of its scripts."""
    package = find_spec("flask_bootstrap")
    if package is None or package.origin is None:
        raise LookupError("the package Bootstrap-Flask is not installed")
    css = Path(package.origin).parent / "static/bootstrap5/css/bootstrap.min.css"
    return SOURCE_MAP.sub(b"", css.read_bytes())


def _read_sources() -> dict[str, bytes]:
    contents = {
        path.relative_to(STATIC).as_posix(): path.read_bytes()
        for path in sorted(STATIC.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    contents["bootstrap.css"] = _bootstrap_css()
    return contents


def _digest_name(source: str, data: bytes) -> str:
    stem, _, ending = source.rpartition(".")
    return f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{ending}"


def _kept_folder(home: Path, files: dict[str, bytes]) -> Path:
    """A folder named by its content, so that web processes starting together share one build."""
    whole = hashlib.sha256("\n".join(sorted(files)).encode()).hexdigest()[:12]
    folder = home / "assets" / whole
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=folder.parent))
    _write(draft, files)
    draft.chmod(0o755)
    try:
        draft.rename(folder)
    except OSError:  # another process was first; its files are the same
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _passing_folder(files: dict[str, bytes]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="acogida-assets-"))
    _write(folder, files)
    atexit.register(_remove_own, folder, os.getpid())
    return folder


def _remove_own(folder: Path, pid: int) -> None:
    """Remove the folder, but not from a forked child whose parent still serves from it."""
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    compressor = Compressor(quiet=True)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if compressor.should_compress(name):
            compressor.compress(str(path))


def compress_page(response: Response) -> Response:
    """Send HTML as gzip to whoever accepts it.

    A page holds a secret (the CSRF token) and may repeat what was asked (a search), so its compressed
    length could be measured letter by letter (BREACH). A file name of random length in the gzip header
    blurs that length; browsers ignore it.
    """
    if not _may_compress(response):
        return response
    page = response.get_data()
    if len(page) < SMALLEST_PAGE:
        return response
    padding = "a" * secrets.randbelow(LONGEST_PADDING)
    packed = io.BytesIO()
    with gzip.GzipFile(filename=padding, mode="wb", fileobj=packed, compresslevel=5, mtime=0) as writer:
        writer.write(page)
    response.set_data(packed.getvalue())
    response.headers["Content-Encoding"] = "gzip"
    return response


def _may_compress(response: Response) -> bool:
    if response.mimetype != "text/html" or response.is_streamed or response.direct_passthrough:
        return False
    response.vary.add("Accept-Encoding")
    return "Content-Encoding" not in response.headers and request.accept_encodings.quality("gzip") > 0


def _is_immutable(path: str, url: str) -> bool:
    return DIGEST_NAME.search(url) is not None


def _add_headers(headers: Headers, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
