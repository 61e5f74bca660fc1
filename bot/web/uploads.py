"""Files from the web chat: checked, encrypted and kept before they are sent."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request
from sqlmodel import Session
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

from bot.conversation.files import Checked, check_file
from bot.conversation.model import Attachment
from bot.errors import DomainError
from bot.web import visitors
from bot.web.limits import Buckets, Limit
from bot.web.parts import Room, read_parts
from bot.web.site import Site

MAX_FILES = 5
_LIMIT = Limit(burst=40, per_second=0.5)
"""Uploads from one address; at a meeting many people share one."""
_AT_ONCE = 2
"""Files that are read into memory in parallel."""
_AROUND = 64 * 1024
"""What a form may add to its files, in bytes."""
_IN_MEMORY = 6
"""Whole forms that there is room for at the same time; most hold one small picture."""
_PATIENCE = 120.0
"""Seconds for a form to arrive; the page gives up as late."""


@dataclass(frozen=True)
class _Kept:
    file: Checked
    key: bytes
    path: str


class Uploads:
    """Takes files and hands out a pass for each."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._product = site.product
        self._max_bytes = site.product.settings.max_upload_megabytes * 1024 * 1024
        self._passes = visitors.Passes(site.product.vault)
        self._addresses = Buckets(_LIMIT)
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._longest = MAX_FILES * self._max_bytes + _AROUND
        self._room = Room(_IN_MEMORY * self._longest)

    async def upload(self, request: Request) -> Response:
        """``{"files": [{"id", "kind"}, ...]}``: all of them are kept, or none."""
        peer, length = self._admit(request)
        with self._room.take(length) as fits:
            if not fits:
                raise _busy()
            rows = await self._keep(await self._read(request))
        kept = [
            {"id": self._passes.give(peer, row), "kind": row.kind.value} for row in rows
        ]
        return JSONResponse({"files": kept}, 201)

    def _admit(self, request: Request) -> tuple[str, int]:
        """The visitor, and how long the body is, before a byte of it is read."""
        if not visitors.is_same_origin(request, self._product.settings.public_url):
            raise HTTPException(403)
        peer = visitors.peer_of(request)
        if peer is None:
            raise HTTPException(401)
        length = request.headers.get("content-length", "")
        if not length.isdigit():
            raise HTTPException(411)
        if int(length) > self._longest:
            raise HTTPException(413)
        now = asyncio.get_running_loop().time()
        address = request.client.host if request.client else ""
        if not self._addresses.of(address, now).take(now):
            raise _busy()
        return peer, int(length)

    async def _read(self, request: Request) -> list[Checked]:
        """The files of the form, checked."""
        try:
            async with (
                asyncio.timeout(_PATIENCE),
                read_parts(request, max_files=MAX_FILES, max_fields=0) as form,
            ):
                parts = [part for _, part in form.multi_items()]
                files = [part for part in parts if isinstance(part, UploadFile)]
                checked = [await self._check(file) for file in files]
        except TimeoutError:
            raise HTTPException(408) from None
        if not checked:
            raise DomainError("file_missing")
        return checked

    async def _check(self, part: UploadFile) -> Checked:
        async with self._slots:
            content = await part.read()
            return await asyncio.to_thread(check_file, content, self._max_bytes)

    async def _keep(self, files: Sequence[Checked]) -> list[Attachment]:
        kept = await asyncio.to_thread(self._save, files)
        try:
            return await self._product.database.write(
                lambda session: self._add(session, kept)
            )
        except BaseException:
            self._drop(kept)
            raise

    def _save(self, files: Sequence[Checked]) -> list[_Kept]:
        vault, media = self._product.vault, self._product.media
        kept: list[_Kept] = []
        try:
            for file in files:
                _, wrapped = vault.new_key()
                kept.append(_Kept(file, wrapped, media.save(wrapped, file.content)))
        except OSError:
            self._drop(kept)
            raise
        return kept

    def _drop(self, kept: Sequence[_Kept]) -> None:
        for one in kept:
            self._product.media.delete(one.path)

    def _add(self, session: Session, kept: Sequence[_Kept]) -> list[Attachment]:
        rows = [
            Attachment(
                locality_id=self._product.profile.id,
                kind=one.file.kind,
                source="stored",
                key=one.key,
                path=one.path,
                mime=one.file.mime,
                size=len(one.file.content),
                created_at=self._product.clock(),
            )
            for one in kept
        ]
        session.add_all(rows)
        session.flush()
        return rows


def _busy() -> HTTPException:
    """The page tries again by itself."""
    return HTTPException(429, headers={"Retry-After": "5"})


def routes(site: Site) -> APIRouter:
    """``POST /chat/files``."""
    router = APIRouter()
    router.add_api_route("/chat/files", Uploads(site).upload, methods=["POST"])
    return router
