"""Accounts of officers, for the administrator."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.errors import DomainError
from bot.localities.profile import Profile
from bot.petitions.sealed import service as lane
from bot.staff import service as staff
from bot.staff.model import OF_WHOLE_LOCALITY, WITHOUT_DESK, Account, Role
from bot.web.staff.console import Console, Visit

_HERE = "/staff/accounts"
_AREA = "area:"
"""A box of the form, for each hamlet."""


class NewAccount(BaseModel):
    """The form for another account."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    login: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,39}$")
    name: str = Field(min_length=2, max_length=80)
    role: Role
    unit: str = ""
    seat: str = ""
    duty: bool = False

    def unit_id(self, profile: Profile) -> str | None:
        """The unit, if the role and the locality have it."""
        if self.role in WITHOUT_DESK:
            return None
        seats = {unit.id for unit in profile.units if not unit.external}
        if self.unit in seats:
            return self.unit
        if self.role in OF_WHOLE_LOCALITY and not self.unit:
            return profile.triage_unit
        raise DomainError("unit_missing")


async def show(console: Console, visit: Visit) -> Response:
    """Everybody who has an account."""
    return await _page(console, visit)


async def add(console: Console, visit: Visit) -> Response:
    """Add an account and show its link, once."""
    profile, now, by = console.product.profile, visit.now, visit.officer.login

    def work(session: Session) -> tuple[Account, str]:
        new = _parse(visit)
        account = staff.add(
            session,
            profile.id,
            login=new.login,
            name=new.name,
            role=new.role,
            unit_id=new.unit_id(profile),
            on_duty=new.duty and new.role not in WITHOUT_DESK,
            by=by,
            now=now,
            area_ids=_areas(profile, visit) if new.role is Role.HAMLET_HEAD else (),
        )
        if new.role is Role.RECIPIENT:
            lane.seat(session, profile, account, new.seat, by=by, now=now)
        return account, staff.invite(session, account, now)

    try:
        account, token = await console.write(work)
    except DomainError as error:
        return await _page(console, visit, 422, problem=error.code, typed=visit.form)
    return await _with_link(console, visit, account, token)


async def invite(console: Console, visit: Visit) -> Response:
    """A new link; the older ones of the account are void."""
    account_id, now = visit.row(), visit.now

    def work(session: Session) -> tuple[Account, str]:
        account = _account(session, console, account_id)
        return account, staff.invite(session, account, now)

    account, token = await console.write(work)
    return await _with_link(console, visit, account, token)


async def disable(console: Console, visit: Visit) -> Response:
    """Shut somebody out at once."""
    return await _change(console, visit, disabled=True)


async def enable(console: Console, visit: Visit) -> Response:
    """Let somebody in again."""
    return await _change(console, visit, disabled=False)


async def _change(console: Console, visit: Visit, *, disabled: bool) -> Response:
    account_id, now, by = visit.row(), visit.now, visit.officer.login

    def work(session: Session) -> None:
        account = _account(session, console, account_id)
        staff.set_disabled(session, account, disabled=disabled, by=by, now=now)

    try:
        await console.write(work)
    except DomainError as error:
        return await _page(console, visit, 422, problem=error.code)
    return console.to(_HERE, "disabled" if disabled else "enabled")


async def _with_link(
    console: Console, visit: Visit, account: Account, token: str
) -> Response:
    base = console.product.settings.public_url or str(visit.request.base_url)
    link = f"{base.rstrip('/')}/staff/invitation#{token}"
    return await _page(console, visit, link=link, invited=account)


async def _page(
    console: Console, visit: Visit, status: int = 200, **values: object
) -> Response:
    locality = console.product.profile.id
    accounts = await console.read(lambda session: staff.everybody(session, locality))
    shown = {"link": "", "invited": None, "typed": {}, **values}
    return await console.render(
        visit,
        "accounts.html",
        status,
        accounts=accounts,
        areas={area.id: area.label for area in console.product.profile.areas},
        now=visit.now,
        **shown,
    )


def _parse(visit: Visit) -> NewAccount:
    typed = {**visit.form, "login": visit.form.get("login", "").strip().lower()}
    try:
        return NewAccount.model_validate(typed)
    except ValidationError as error:
        where = error.errors()[0]["loc"][0]
        raise DomainError(f"{where}_invalid") from None


def _areas(profile: Profile, visit: Visit) -> list[str]:
    """The hamlets whose boxes were ticked."""
    return [area.id for area in profile.areas if visit.form.get(f"{_AREA}{area.id}")]


def _account(session: Session, console: Console, account_id: int) -> Account:
    account = session.get(Account, account_id)
    if account is None or account.locality_id != console.product.profile.id:
        raise HTTPException(404)
    return account
