"""What every page of the console shares: who is there, forms, cookies, the frame."""

import hmac
import re
import secrets
from asyncio import Lock
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar
from urllib.parse import parse_qsl, quote

from sqlmodel import Session
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.bootstrap import Product
from bot.errors import DomainError
from bot.staff import service as staff
from bot.staff.model import OF_WHOLE_LOCALITY, Account, Role
from bot.web import visitors
from bot.web.limits import Buckets, Limit
from bot.web.parts import PARTS, read_parts
from bot.web.site import Site
from bot.web.staff import banner
from bot.web.staff.unlocked import Unlocked

T = TypeVar("T")

NOT_FOUND = 404
HOME = "/staff"
LOGIN = "/staff/login"
_SESSION = "kiennghi_staff"
_VISIT = "kiennghi_staff_form"
"""Ties the forms of somebody who is not logged in to the browser."""
_TRIES = Limit(burst=10, per_second=0.2)
"""Log-ins from one address; a whole office may stand behind one."""
_MAX_FORM = 64 * 1024
_MAX_FIELDS = 40
_INSIDE = re.compile(r"/staff(?:/[A-Za-z0-9/-]*)?")


class _Anybody(frozenset[Role]):
    """The roles of a page that needs no log-in."""


ANYBODY = _Anybody()


@dataclass(frozen=True)
class Visit:
    """A request that was let in. ``secret`` is what its form tokens are made from."""

    request: Request
    now: datetime
    secret: str
    account: Account | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The files of a form, by the name of their field; none that is empty."""

    @property
    def officer(self) -> Account:
        """Who is logged in."""
        if self.account is None:
            raise HTTPException(403)
        return self.account

    @property
    def unit_id(self) -> str | None:
        """The unit whose petitions the officer sees; none: of all units."""
        officer = self.officer
        return None if officer.role in OF_WHOLE_LOCALITY else officer.unit_id or ""

    def path(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def row(self) -> int:
        """The number in the address; one that can be no row is not found."""
        digits = self.path("id")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 16):
            raise HTTPException(404)
        return int(digits)


@dataclass(frozen=True)
class Page:
    """An address and who may open it. Forms are let in only with their token.

    ``hidden``: to everybody else it looks like an address that does not exist.
    """

    method: str
    path: str
    answer: "Answer"
    roles: frozenset[Role]
    files: int = 0
    """How many files its form may bring along."""
    hidden: bool = False


Answer = Callable[["Console", Visit], Awaitable[Response]]


class Console:
    """Lets people in, and renders pages inside the frame."""

    def __init__(self, site: Site) -> None:
        self.product: Product = site.product
        self.sender = site.sender
        self.one_at_a_time = Lock()
        """Held while a password is hashed: it takes 64 MB and the writing thread."""
        self.tries = Buckets(_TRIES)
        self.unlocked = Unlocked()
        self._pages = site.pages

    def endpoint(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """The function that answers requests to a page."""

        async def answer(request: Request) -> Response:
            try:
                response = await self._answer(page, request)
            except HTTPException as error:
                if page.hidden and error.status_code == NOT_FOUND:
                    raise
                response = self._refusal(error.status_code)
            except DomainError as error:
                response = self._refusal(422, error.code)
            # With "no-referrer" a browser hides the origin of our own forms as well.
            response.headers["Referrer-Policy"] = "same-origin"
            return response

        answer.__name__ = page.answer.__name__
        return answer

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` with a reading session."""
        return await self.product.database.read(work)

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in one transaction."""
        return await self.product.database.write(work)

    async def render(
        self, visit: Visit, template: str, status: int = 200, **values: object
    ) -> Response:
        """A page with its frame: alerts, the way around, who is logged in."""
        officer = visit.account
        frame = (
            await self.read(lambda session: self._frame(session, officer, visit.now))
            if officer
            else banner.Frame()
        )
        profile = self.product.profile
        return self._pages.render(
            f"staff/{template}",
            status,
            **{
                "officer": officer,
                "csrf": self.token(visit.secret),
                "frame": frame,
                "here": template,
                "when": self.product.texts.date,
                "day": self._day,
                "triage": profile.unit(profile.triage_unit).short_name,
                "fields": self.product.book.field_labels,
                "done": visit.request.query_params.get("done", ""),
                "problem": "",
                **values,
            },
        )

    def token(self, secret: str) -> str:
        """What a form must bring along."""
        return self.product.vault.fingerprint("form", secret)

    def to(self, path: str, done: str = "") -> Response:
        """See other, and there one sentence about what was done."""
        return RedirectResponse(f"{path}?done={done}" if done else path, 303)

    def to_login(self, request: Request) -> Response:
        """Log in first, then come back."""
        wanted = request.url.path if request.method == "GET" else HOME
        back = f"?next={quote(wanted)}" if wanted != HOME else ""
        return self.to(f"{LOGIN}{back}")

    def let_in(self, request: Request, token: str, path: str) -> Response:
        """Remember a log-in in the browser."""
        response = self.to(path if _INSIDE.fullmatch(path) else HOME)
        lasts = int(staff.SESSION.total_seconds())
        self._set_cookie(response, request, _SESSION, token, lasts)
        return response

    def let_out(self, visit: Visit) -> Response:
        """Forget the log-in in the browser."""
        response = self.to(LOGIN, "logged_out")
        response.delete_cookie(_SESSION, path=HOME)
        return response

    async def _answer(self, page: Page, request: Request) -> Response:
        account = None
        if page.roles is not ANYBODY:
            account = await self._who(request)
            if page.hidden and (account is None or account.role not in page.roles):
                raise HTTPException(NOT_FOUND)
            if account is None:
                return self.to_login(request)
            if account.role not in page.roles:
                raise HTTPException(403)
        sent = request.cookies.get(_SESSION if account else _VISIT, "")
        secret = sent or secrets.token_urlsafe(32)
        form, files = await self._form(page, request, sent)
        visit = Visit(request, self.product.clock(), secret, account, form, files)
        response = await page.answer(self, visit)
        if account is None and not sent:
            self._set_cookie(response, request, _VISIT, secret)
        return response

    def _refusal(self, status: int, problem: str = "") -> Response:
        return self._pages.render(
            "staff/refused.html", status, code=status, problem=problem
        )

    def _day(self, iso: str) -> str:
        return self.product.texts.date(date.fromisoformat(iso))

    def _frame(self, session: Session, officer: Account, now: datetime) -> banner.Frame:
        return banner.frame(session, self.product, officer, now)

    async def _who(self, request: Request) -> Account | None:
        token = request.cookies.get(_SESSION)
        if not token:
            return None
        now, locality = self.product.clock(), self.product.profile.id
        return await self.read(
            lambda session: staff.logged_in(session, locality, token, now)
        )

    async def _form(
        self, page: Page, request: Request, secret: str
    ) -> tuple[dict[str, str], dict[str, bytes]]:
        """The fields and files, if the form is ours; 403 otherwise."""
        if page.method != "POST":
            return {}, {}
        files: dict[str, bytes] = {}
        if page.files and request.headers.get("content-type", "").startswith(PARTS):
            form, files = await self._parts(page, request)
        else:
            form = await self._fields(request)
        token = form.pop("csrf", "").encode()
        is_ours = visitors.is_same_origin(request, self.product.settings.public_url)
        expected = self.token(secret).encode()
        if not (secret and is_ours and hmac.compare_digest(token, expected)):
            raise HTTPException(403)
        return form, files

    async def _parts(
        self, page: Page, request: Request
    ) -> tuple[dict[str, str], dict[str, bytes]]:
        """The fields and files of a form that may hold files."""
        length = request.headers.get("content-length", "")
        if not length.isdigit():
            raise HTTPException(411)
        megabytes = self.product.settings.max_upload_megabytes
        if int(length) > page.files * megabytes * 1024 * 1024 + _MAX_FORM:
            raise HTTPException(413)
        form: dict[str, str] = {}
        files: dict[str, bytes] = {}
        reading = read_parts(request, max_files=page.files, max_fields=_MAX_FIELDS)
        async with reading as parts:
            for name, part in parts.multi_items():
                if isinstance(part, UploadFile):
                    if content := await part.read():
                        files[name] = content
                else:
                    form[name] = part
        return form, files

    async def _fields(self, request: Request) -> dict[str, str]:
        """The fields of a form without files."""
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > _MAX_FORM:
                raise HTTPException(413)
        try:
            return dict(
                parse_qsl(
                    body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS
                )
            )
        except ValueError:
            raise HTTPException(400) from None

    def _set_cookie(
        self,
        response: Response,
        request: Request,
        name: str,
        value: str,
        max_age: int | None = None,
    ) -> None:
        response.set_cookie(
            name,
            value,
            max_age=max_age,
            path=HOME,
            httponly=True,
            samesite="strict",
            secure=visitors.is_secure(request, self.product.settings.public_url),
        )
