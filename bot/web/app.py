"""The web application: one FastAPI app out of the routes of several modules."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from bot import log
from bot.bootstrap import Product
from bot.channels.web import WebChannel
from bot.conversation.worker import Worker
from bot.errors import DomainError
from bot.notifications.sender import Sender
from bot.web import chat, downloads, health, staff, uploads
from bot.web.pages import STATIC, KeptFiles, Pages, wants_page
from bot.web.security import SecurityHeaders, security_headers
from bot.web.site import Site

Routes = Callable[[Site], APIRouter]
"""What a module offers to be part of the application."""

_ALWAYS: tuple[Routes, ...] = (
    chat.routes,
    uploads.routes,
    downloads.routes,
    health.routes,
    staff.routes,
)

logger = log.get(__name__)


def create_app(
    product: Product,
    worker: Worker,
    sender: Sender,
    web_channel: WebChannel,
    *more: Routes,
    webhooks: Sequence[Route] = (),
) -> FastAPI:
    """The application; ``more`` are routes that only some processes serve, ``webhooks``
    what platforms call.

    The caller runs ``worker`` and ``sender``; the application only wakes them.
    """
    pages = Pages(product.profile)
    site = Site(product, worker, sender, web_channel, pages)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = site
    for routes in (*_ALWAYS, *more):
        app.include_router(routes(site))
    app.mount(pages.static_root, KeptFiles(directory=STATIC))
    app.add_middleware(SecurityHeaders)
    app.add_middleware(_in_front, webhooks)
    _explain_errors(app, pages)
    return app


def _in_front(app: ASGIApp, webhooks: Sequence[Route]) -> ASGIApp:
    """Platforms wait for their answer, so they need not pass what pages need."""
    return Router(webhooks, redirect_slashes=False, default=app)


def _explain_errors(app: FastAPI, pages: Pages) -> None:
    """A page for a person, a code for a program; never what went wrong inside."""

    def answer(
        request: Request, status: int, code: str, headers: dict[str, str] | None = None
    ) -> Response:
        if wants_page(request.headers):
            response = pages.render("error.html", status, status=status)
        else:
            response = JSONResponse({"error": code}, status)
        response.headers.update(headers or {})
        return response

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        headers = dict(error.headers or {})
        return answer(request, error.status_code, code, headers)

    @app.exception_handler(DomainError)
    async def refused_by_a_rule(request: Request, error: DomainError) -> Response:
        return answer(request, 422, error.code)

    @app.exception_handler(RequestValidationError)
    async def not_understood(request: Request, _error: Exception) -> Response:
        return answer(request, 422, "request_invalid")

    @app.exception_handler(Exception)
    async def failed(request: Request, _error: Exception) -> Response:
        # This answer is given outside the middleware that adds the headers.
        headers = security_headers(request.scope)
        return answer(request, 500, "failed", headers)
