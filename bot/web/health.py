"""Whether this process can do its work, for whoever watches it."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select

from bot import log
from bot.notifications.model import ChannelAccount
from bot.scheduling import heartbeats
from bot.scheduling.heartbeats import Pulse
from bot.web.site import Site

logger = log.get(__name__)


def routes(site: Site) -> APIRouter:
    """``GET /healthz``: 200 while the database answers and the scheduler ticks, 503
    otherwise. A tick that alone is late is named, for somebody to look at its log."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        locality, now = site.product.profile.id, site.product.clock()

        def ask(session: Session) -> Pulse | None:
            session.exec(select(ChannelAccount.id).limit(1)).first()
            return heartbeats.pulse(session, locality, now)

        try:
            pulse = await site.product.database.read(ask)
        except SQLAlchemyError:
            logger.exception("database_does_not_answer")
            return JSONResponse({"database": "failed"}, 503)
        if pulse is None:
            return JSONResponse({"database": "ok"})
        return _answer(pulse)

    return router


def _answer(pulse: Pulse) -> JSONResponse:
    state = "stopped" if pulse.stopped else "late" if pulse.late else "ok"
    content: dict[str, object] = {"database": "ok", "scheduler": state}
    if pulse.late:
        content["late"] = pulse.late
    return JSONResponse(content, 503 if pulse.stopped else 200)
