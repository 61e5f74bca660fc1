"""Whether this process can do its work, for whoever watches it."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select

from bot import log
from bot.notifications.model import ChannelAccount
from bot.web.site import Site

logger = log.get(__name__)


def routes(site: Site) -> APIRouter:
    """``GET /healthz``: 200 while the database answers, 503 otherwise."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        try:
            await site.product.database.read(_ask)
        except SQLAlchemyError:
            logger.exception("database_does_not_answer")
            return JSONResponse({"database": "failed"}, 503)
        return JSONResponse({"database": "ok"})

    return router


def _ask(session: Session) -> None:
    session.exec(select(ChannelAccount.id).limit(1)).first()
