"""One person with several chats gets it once, and stops it everywhere."""

from sqlmodel import Session, select

from bot.bootstrap import Product
from bot.channels.base import Template
from bot.notifications import recipients
from bot.notifications.model import Broadcast, Conversation, Person
from bot.storage.types import stored_id
from tests.broadcasts.crowd import chats, outbox, released, stored, tick
from tests.support.talk import Talk


def link(product: Product, *peers: str, prefers: str | None = None) -> None:
    """The chats of these are one person's."""
    with product.database.writing() as session:
        person = Person(
            locality_id=product.profile.id, prefers=prefers, created_at=product.clock()
        )
        session.add(person)
        session.flush()
        for peer in peers:
            chat = of(product, session, peer)
            chat.person_id = person.id
            session.add(chat)


def of(product: Product, session: Session, peer: str) -> Conversation:
    name = product.vault.fingerprint("peer", peer)
    return session.exec(
        select(Conversation).where(Conversation.peer_hash == name)
    ).one()


def told(product: Product) -> list[str]:
    """The peers in whose outbox it is."""
    with product.database.reading() as session:
        ids = {row.conversation_id for row in outbox(product)}
        every = ("lan 1", "lan 2", "bay")
        return [
            peer for peer in every if stored_id(of(product, session, peer).id) in ids
        ]


def test_two_chats_of_one_person_get_it_once(product: Product) -> None:
    chats(product, ["lan 1", "lan 2", "bay"])
    link(product, "lan 1", "lan 2")
    number = released(product, people=2)

    tick(product)

    assert told(product) == ["lan 1", "bay"]
    with product.database.reading() as session:
        row = stored(product, number)
        found = recipients.reach(session, product.profile, row, ["test"])
    assert found.reached == {"test": 2}
    assert found.left_out == {recipients.LeftOut.ELSEWHERE: 1}


def test_it_goes_where_the_person_wants_to_be_written_to(product: Product) -> None:
    chats(product, ["lan 1", "bay"])
    other = product.account("other")
    chats(product, ["lan 2"], other)
    link(product, "lan 1", "lan 2", prefers="other")
    number = released(product, people=2)
    with product.database.writing() as session:
        row = session.get_one(Broadcast, number)
        row.channels = ["other", "test"]
        session.add(row)

    tick(product)

    assert told(product) == ["lan 2", "bay"]


def test_who_has_blocked_one_chat_gets_it_in_the_other(product: Product) -> None:
    chats(product, ["lan 1"], blocked_at=product.clock())
    chats(product, ["lan 2", "bay"])
    link(product, "lan 1", "lan 2")
    released(product, people=2)

    tick(product)

    assert told(product) == ["lan 2", "bay"]


def test_what_is_stopped_in_one_chat_is_stopped_in_all(talk: Talk) -> None:
    product, lan = talk.product, talk.person("lan 1")
    lan.say("nhận tin chung")
    chats(product, ["lan 2", "bay"])
    link(product, "lan 1", "lan 2")

    lan.say("dừng tin chung")
    released(product, people=1)
    tick(product)

    assert told(product) == ["bay"]


def test_a_channel_that_is_off_carries_nothing(talk: Talk) -> None:
    template = Template("broadcast", {"text": "họp thôn"})
    assert set(talk.sender.carriers(template)) == {talk.channel.name}
    assert talk.sender.refusal("zalo", template) == "channel_off"
