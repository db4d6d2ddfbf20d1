"""`GET /`: the page, for people who would rather look than read, with its scripts, styles and images."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from miqrec.serving.errors import ServiceError

router = APIRouter(tags=["page"])

FOLDER = Path(str(files("miqrec.serving") / "page"))
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
FILES = {path.name: TYPES[path.suffix] for path in FOLDER.iterdir() if path.suffix in TYPES}

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
"""The page takes scripts, styles and answers from this service and from nowhere else."""


@router.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """Give the page."""
    return _file("index.html")


@router.get("/page/{name}", include_in_schema=False)
async def part(name: str) -> FileResponse:
    """Give a script, a style or an image of the page."""
    if name not in FILES:
        raise ServiceError(404, "not_found", "the page has no such part")
    return _file(name)


def _file(name: str) -> FileResponse:
    return FileResponse(FOLDER / name, media_type=FILES[name], headers=HEADERS)
