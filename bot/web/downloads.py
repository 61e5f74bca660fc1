"""Files of ours, for the page of the visitor to whom they were sent."""

import asyncio
import hmac

from fastapi import APIRouter, HTTPException, Request
from sqlmodel import Session
from starlette.responses import Response

from bot.channels.base import Enclosure
from bot.channels.web import Links
from bot.conversation.shelf import Shelf
from bot.notifications.model import Outbound
from bot.notifications.outbox import Content
from bot.web import visitors
from bot.web.answer import file_answer
from bot.web.site import Site

_DIGITS = 15


class Downloads:
    """Gives out what lies behind a link of ``Links``."""

    def __init__(self, site: Site) -> None:
        self._product = site.product
        self._account = site.product.account(site.channel.name)
        self._links = Links(site.product.vault)
        self._shelf = Shelf(site.product.database, site.product.media)

    async def download(self, request: Request) -> Response:
        """The file, to be saved; 404 for everybody but its reader, and once it was
        deleted or sealed."""
        peer = visitors.peer_of(request)
        digits, signed = request.path_params["message"], request.path_params["signed"]
        if peer is None or not (digits.isascii() and digits.isdigit()):
            raise HTTPException(404)
        message = int(digits)
        expected = self._links.sign(peer, message)
        if len(digits) > _DIGITS or not hmac.compare_digest(
            signed.encode(), expected.encode()
        ):
            raise HTTPException(404)
        file = await self._product.database.read(
            lambda session: self._find(session, peer, message)
        )
        content = await asyncio.to_thread(self._shelf.fetch, file) if file else None
        if file is None or content is None:
            raise HTTPException(404)
        return file_answer(request, content, file.mime, file.name)

    def _find(self, session: Session, peer: str, message: int) -> Enclosure | None:
        product = self._product
        chat = product.inbox.conversation_of(session, self._account, peer)
        row = session.get(Outbound, message)
        if chat is None or row is None or row.conversation_id != chat.id:
            return None
        if row.body is None:
            return None
        return Content.open(product.vault.unwrap(chat.key), row.body).file


def routes(site: Site) -> APIRouter:
    """``GET /chat/files/<message>/<signature>``."""
    router = APIRouter()
    router.add_api_route(
        "/chat/files/{message}/{signed}", Downloads(site).download, methods=["GET"]
    )
    return router
