"""What these tests do to petitions, and what they look at."""

import json
import re

from sqlalchemy import text
from sqlmodel import select

from bot.channels.base import MediaKind
from bot.conversation.model import Attachment
from bot.petitions import service
from bot.petitions.life import RESIDENT
from bot.petitions.model import Alert, CallBack, Petition
from bot.storage.events import Event
from bot.storage.vault import encrypt
from tests.support.console import Answer, Browser, Desk

PHONE = "0905 123 406"
JPEG = b"\xff\xd8\xff\xe0 a picture"


def path(petition: Petition, rest: str = "") -> str:
    return f"/staff/petitions/{petition.code}{rest}"


def codes(page: Answer) -> list[str]:
    return re.findall(r'class="code" href="/staff/petitions/([\w-]+)"', page.text)


def events(desk: Desk, aggregate: str = "petition") -> list[tuple[str, str]]:
    """(who, what) in order; what became of dates is told elsewhere."""
    with desk.product.database.reading() as session:
        rows = session.exec(
            select(Event).where(Event.aggregate == aggregate).order_by(Event.id)
        )
        found = [(row.by, row.kind) for row in rows]
    return [one for one in found if not one[1].startswith("due_")]


def told_lan(desk: Desk) -> list[str]:
    """What Lan was sent since she said hello."""
    desk.talk.run(desk.talk.sender.send_due())
    return [message.text for message in desk.talk.person("lan").messages[1:]]


def standing(desk: Desk, petition: Petition) -> tuple[str, str, str]:
    with desk.product.database.reading() as session:
        row = session.get_one(Petition, petition.id)
        return row.status.value, row.unit_id, row.field


def confirm(mai: Browser, petition: Petition) -> Answer:
    form = mai.get(path(petition)).form("/assignment")
    return mai.submit(form, unit=petition.proposed_unit_id)


def reroute(
    mai: Browser,
    petition: Petition,
    *,
    unit: str,
    field: str | None = None,
    reason: str = "other_duty",
) -> Answer:
    page = mai.get(path(petition))
    form = [f for f in page.forms if f.action.endswith("/assignment")][-1]
    chosen = {"unit": unit, "reason": reason, "field": field or form.fields["field"]}
    return mai.submit(form, **chosen)


def withdraw(desk: Desk, petition: Petition) -> None:
    with desk.product.database.writing() as session:
        row = session.get_one(Petition, petition.id)
        service.withdraw(session, row, who=RESIDENT, now=desk.product.clock())


def supplement(desk: Desk, petition: Petition, words: str) -> None:
    with desk.product.database.writing() as session:
        row = session.get_one(Petition, petition.id)
        service.add(session, desk.product.vault, row, words, now=desk.product.clock())


def attach(
    desk: Desk,
    petition: Petition,
    kind: MediaKind = MediaKind.PHOTO,
    mime: str = "image/jpeg",
    content: bytes = JPEG,
) -> int:
    product = desk.product
    key = product.vault.new_key()[1]
    with product.database.writing() as session:
        file = Attachment(
            locality_id=product.profile.id,
            petition_id=petition.id,
            kind=kind,
            source="test",
            key=key,
            path=product.media.save(key, content),
            mime=mime,
            size=len(content),
            created_at=product.clock(),
        )
        session.add(file)
        session.flush()
        return file.id or 0


def elsewhere(desk: Desk, table: str, row: int) -> None:
    with desk.product.database.writing() as session:
        session.connection().execute(
            text(f"UPDATE {table} SET locality_id = 'tan-yen' WHERE id = {row}")
        )


def move_to_another_locality(desk: Desk, petition: Petition) -> None:
    elsewhere(desk, "petition", petition.id or 0)


def raise_alarm(desk: Desk) -> int:
    tu = desk.talk.person("tu")
    tu.say("co nguoi bi dien giat o ruong, cuu voi")
    tu.say("chỗ ruộng ông Bảy")
    with desk.product.database.reading() as session:
        return session.exec(select(Alert.id).order_by(Alert.id.desc())).first() or 0


def ask_for_call(desk: Desk, phone: str | None = "+84905123406", note: str = "") -> int:
    product = desk.product
    key, wrapped = product.vault.new_key()
    body = json.dumps({"phone": phone, "note": note}).encode()
    with product.database.writing() as session:
        call = CallBack(
            locality_id=product.profile.id,
            conversation_id=desk.lan_chat(),
            key=wrapped,
            body=encrypt(key, body, b"call"),
            at=product.clock(),
        )
        session.add(call)
        session.flush()
        return call.id or 0
