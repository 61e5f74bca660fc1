"""Templates and static files. Every word that a browser shows stands in a template."""

import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from bot.localities.profile import Profile

_HERE = Path(__file__).parent
STATIC = _HERE / "static"


class Pages:
    """Renders the templates of one locality.

    Static files lie under an address that changes with their content, so that a
    browser may keep them for good.
    """

    def __init__(self, profile: Profile) -> None:
        self.static_root = f"/static/{_version(STATIC)}"
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {
            "profile": profile,
            "static": lambda name: f"{self.static_root}/{name}",
        }

    def render(self, template: str, status: int = 200, /, **values: object) -> Response:
        """A page; kept by nobody on the way, because most show somebody's words."""
        html = self._templates.get_template(template).render(values)
        return HTMLResponse(html, status, {"Cache-Control": "no-store"})


class KeptFiles(StaticFiles):
    """Static files that a browser need not ask for again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, with leave to keep it for a year."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def wants_page(headers: Headers) -> bool:
    """Whether a person looks at the answer, not a program."""
    return "text/html" in headers.get("accept", "")


def _version(directory: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(directory).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
