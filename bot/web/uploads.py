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
from bot.web.site import Site

MAX_FILES = 5
_LIMIT = Limit(burst=40, per_second=0.5)
"""Uploads from one address; at a meeting many people share one."""
_AT_ONCE = 2
"""Files that are looked at in parallel: a large picture takes 160 MB meanwhile."""
_AROUND = 64 * 1024
"""What a form may add to its files, in bytes."""


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

    async def upload(self, request: Request) -> Response:
        """``{"files": [{"id", "kind"}, ...]}``: all of them are kept, or none."""
        peer = self._admit(request)
        async with request.form(max_files=MAX_FILES, max_fields=0) as form:
            parts = [part for _, part in form.multi_items()]
            files = [part for part in parts if isinstance(part, UploadFile)]
            checked = [await self._check(file) for file in files]
        if not checked:
            raise DomainError("file_missing")
        rows = await self._keep(checked)
        kept = [
            {"id": self._passes.give(peer, row), "kind": row.kind.value} for row in rows
        ]
        return JSONResponse({"files": kept}, 201)

    def _admit(self, request: Request) -> str:
        """The visitor, before a byte of the body is read."""
        if not visitors.is_same_origin(request, self._product.settings.public_url):
            raise HTTPException(403)
        peer = visitors.peer_of(request)
        if peer is None:
            raise HTTPException(401)
        length = request.headers.get("content-length", "")
        if not length.isdigit():
            raise HTTPException(411)
        if int(length) > MAX_FILES * self._max_bytes + _AROUND:
            raise HTTPException(413)
        now = asyncio.get_running_loop().time()
        address = request.client.host if request.client else ""
        if not self._addresses.of(address, now).take(now):
            raise HTTPException(429, headers={"Retry-After": "5"})
        return peer

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


def routes(site: Site) -> APIRouter:
    """``POST /chat/files``."""
    router = APIRouter()
    router.add_api_route("/chat/files", Uploads(site).upload, methods=["POST"])
    return router
