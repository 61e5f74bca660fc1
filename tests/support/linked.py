"""Residents who chat in several places, and what they filed there."""

import dataclasses
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.bootstrap import Product
from bot.conferences import service as conferences
from bot.conferences.model import Conference, Registration
from bot.petitions.details import Details
from bot.petitions.model import Petition
from bot.storage.database import Database
from tests.support.console import Desk
from tests.support.talk import Clock, Person, Talk

CHANNELS = ("telegram", "zalo", "zalo_bot", "web")
MINE = "việc của tôi"
LINK = "nối tài khoản"
UNLINK = "bỏ nối"


def lan_of(talk: Talk) -> tuple[Person, Person]:
    """Lan on Telegram and on Zalo."""
    return talk.person("lan", on="telegram"), talk.person("84-lan", on="zalo")


def prepared(
    built: Product, path: Path, clock: Clock, before: Callable[[Talk], None]
) -> Path:
    """A database to copy, in which something has been said ``before`` every test."""
    with closing(sqlite3.connect(built.database.url.database or "")) as source:
        source.execute("VACUUM INTO ?", [str(path)])
    with talking(built, path, clock) as talk:
        before(talk)
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def copied(source: Path, directory: Path) -> Path:
    """A copy of such a database."""
    return Path(shutil.copy(source, directory / "copy.db"))


@contextmanager
def talking(built: Product, path: Path, clock: Clock) -> Iterator[Talk]:
    """The product on that database, with every channel."""
    database = Database(f"sqlite:///{path}")
    product = dataclasses.replace(built, database=database, clock=clock)
    talk = Talk(product, more=CHANNELS)
    yield talk
    talk.close()
    database.close()


def code_of(person: Person) -> str:
    """The code that a chat is given after its yes."""
    person.say(LINK)
    return person.press("Nối").split("NOI ")[1][:8]


def link(one: Person, other: Person) -> None:
    """``other`` is linked with ``one``, by a code of ``one``."""
    other.say(f"NOI {code_of(one)}")
    assert "Đã nối" in other.press("Nối")


def chat_id(person: Person) -> int:
    talk = person.talk
    account = talk._accounts.get(person.on, talk.account)
    with talk.product.database.reading() as session:
        found = talk.product.inbox.conversation_of(session, account, person.peer)
    assert found is not None
    return found.id or 0


def hello(*people: Person) -> None:
    """Each has said something, so that there is a chat."""
    for person in people:
        person.say("chào xã")


def filed(
    desk: Desk, person: Person, content: str = "đường hư nặng", **more: Any
) -> Petition:
    """A petition of somebody's chat."""
    return desk.file(content, conversation_id=chat_id(person), **more)


def registered(desk: Desk, person: Person) -> Registration:
    """A slip for a conference twelve days ahead."""
    product = desk.product
    now = product.clock()
    with product.database.writing() as session:
        conference = Conference(
            locality_id=product.profile.id,
            programme_id=product.profile.programmes[0].id,
            starts_at=now + timedelta(days=12),
            place="Hội trường",
        )
        session.add(conference)
        session.flush()
        slip = conferences.NewSlip(
            conference, Details(phone="+84905123406"), False, None, chat_id(person)
        )
        return conferences.register(
            session, product.profile, product.vault, slip, now=now
        )
