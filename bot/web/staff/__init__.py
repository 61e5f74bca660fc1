"""The console of officers: every page, and who may open it."""

from fastapi import APIRouter, HTTPException

from bot.staff.model import WITHOUT_DESK, Role
from bot.web.site import Site
from bot.web.staff import (
    accounts,
    acts,
    behalf,
    broadcasts,
    chats,
    duties,
    duty,
    entry,
    inbox,
    lane,
    leave,
    listen,
    petition,
    plans,
    registrations,
    relink,
)
from bot.web.staff.console import ANYBODY, NOT_FOUND, Answer, Console, Page

_ADMIN = frozenset({Role.ADMIN})
_OFFICE = frozenset({Role.OFFICE})
_TELLS_ALL = frozenset({Role.OFFICE, Role.CHAIR})
_ROUTERS = frozenset({Role.OFFICE, Role.HEAD})
_RECIPIENT = frozenset({Role.RECIPIENT})
_DESKS = frozenset(Role) - WITHOUT_DESK
_IN_CHAT = frozenset(Role) - _ADMIN

_ONE = "/petitions/{code}"
_TOLD = "/broadcasts/{id}"
_CASE = "/lane/{number}"


def _hidden(method: str, path: str, answer: Answer) -> Page:
    return Page(method, path, answer, _RECIPIENT, hidden=True)


PAGES = (
    Page("GET", "/login", entry.login, ANYBODY),
    Page("POST", "/login", entry.log_in, ANYBODY),
    Page("GET", "/invitation", entry.invitation, ANYBODY),
    Page("POST", "/invitation", entry.set_password, ANYBODY),
    Page("POST", "/logout", entry.log_out, frozenset(Role)),
    Page("GET", "", inbox.show, frozenset(Role)),
    Page("GET", "/accounts", accounts.show, _ADMIN),
    Page("POST", "/accounts", accounts.add, _ADMIN),
    Page("POST", "/accounts/{id}/invitation", accounts.invite, _ADMIN),
    Page("POST", "/accounts/{id}/disable", accounts.disable, _ADMIN),
    Page("POST", "/accounts/{id}/enable", accounts.enable, _ADMIN),
    Page("GET", _ONE, petition.show, _DESKS),
    Page("POST", f"{_ONE}/contact", petition.reveal, _DESKS),
    Page("GET", f"{_ONE}/files/{{id}}", petition.send_file, _DESKS),
    Page("POST", f"{_ONE}/files/{{id}}/card", petition.drop_card, _DESKS),
    Page("POST", f"{_ONE}/relink", relink.offer, _OFFICE),
    Page("POST", f"{_ONE}/assignment", petition.assign, _ROUTERS),
    Page("POST", f"{_ONE}/acts/{{act}}", acts.do, _DESKS, files=1),
    Page("GET", "/alerts", duty.alerts, _DESKS),
    Page("POST", "/alerts/{id}/taken", duty.take, _DESKS),
    Page("GET", "/new", behalf.show, _OFFICE),
    Page("POST", "/new", behalf.add, _OFFICE),
    Page("GET", "/calls", duty.calls, _OFFICE),
    Page("POST", "/calls/{id}/done", duty.done, _OFFICE),
    Page("POST", "/calls/{id}/seat", duty.seat, _OFFICE),
    Page("GET", "/listen", listen.show, _OFFICE),
    Page("POST", "/listen/{code}", listen.write, _OFFICE),
    Page("POST", "/listen/{code}/seal", listen.seal, _OFFICE),
    Page("POST", "/listen/{code}/confirmed", listen.confirmed, _OFFICE),
    Page("GET", "/broadcasts", broadcasts.show, _TELLS_ALL),
    Page("POST", "/broadcasts", broadcasts.write, _OFFICE),
    Page("GET", _TOLD, broadcasts.one, _TELLS_ALL),
    Page("POST", f"{_TOLD}/text", broadcasts.change, _OFFICE),
    Page("POST", f"{_TOLD}/discard", broadcasts.discard, _TELLS_ALL),
    Page("POST", f"{_TOLD}/release", broadcasts.release, _TELLS_ALL),
    Page("POST", f"{_TOLD}/stop", broadcasts.stop, _TELLS_ALL),
    Page("POST", f"{_TOLD}/resume", broadcasts.resume, _TELLS_ALL),
    Page("GET", "/duties", duties.show, _DESKS),
    Page("GET", "/duties/{id}", duties.one, _DESKS),
    Page("POST", "/duties/{id}/done", duties.done, _DESKS, files=1),
    Page("POST", "/duties/{id}/undo", duties.undo, _DESKS),
    Page("GET", "/duties/{id}/file", duties.send_file, _DESKS),
    Page("GET", "/plans", plans.show, _DESKS),
    Page("GET", "/registrations", registrations.show, _TELLS_ALL),
    Page("GET", "/leave", leave.show, _DESKS),
    Page("POST", "/leave", leave.add, _DESKS),
    Page("POST", "/leave/{id}/end", leave.end, _DESKS),
    Page("GET", "/chats", chats.show, _IN_CHAT),
    Page("POST", "/chats", chats.new_word, _IN_CHAT),
    Page("POST", "/chats/{id}/unlink", chats.unlink, _IN_CHAT),
    _hidden("GET", "/lane", lane.show),
    _hidden("POST", "/lane/key", lane.make_key),
    _hidden("POST", "/lane/unlock", lane.unlock),
    _hidden("POST", "/lane/lock", lane.lock),
    _hidden("POST", "/lane/keys/{id}/confirm", lane.confirm),
    _hidden("GET", _CASE, lane.case),
    _hidden("GET", f"{_CASE}/letter", lane.letter),
    _hidden("GET", f"{_CASE}/files/{{id}}", lane.send_file),
    _hidden("POST", f"{_CASE}/decision", lane.decide),
    _hidden("POST", f"{_CASE}/release", lane.release),
    _hidden("POST", f"{_CASE}/answer", lane.answer),
    _hidden("POST", f"{_CASE}/lock-out/{{id}}", lane.lock_out),
    _hidden("POST", f"{_CASE}/let-in/{{id}}", lane.let_in),
    _hidden("POST", f"{_CASE}/step-back", lane.step_back),
)
_EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def routes(site: Site) -> APIRouter:
    """Everything under ``/staff``."""
    console = Console(site)
    router = APIRouter(prefix="/staff")
    for page in PAGES:
        router.add_api_route(
            page.path,
            console.endpoint(page),
            methods=[page.method],
            response_model=None,
        )
    # Without this another method would be told that the address is there.
    router.add_api_route("/lane{rest:path}", _nowhere, methods=_EVERY_METHOD)
    return router


async def _nowhere(rest: str) -> None:
    raise HTTPException(NOT_FOUND)
