"""What comes at one time is stored as if it had come one after the other."""

import itertools
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from bot.bootstrap import Product
from bot.channels.base import InboundMessage, Media, MediaKind
from bot.conversation.batch import Arrival
from bot.conversation.inbox import Receipt, open_bodies
from bot.conversation.linking import LINKED
from bot.conversation.model import Inbound
from bot.notifications.model import ChannelAccount, Conversation

_RUNS = itertools.count()
_PHOTO = Media(kind=MediaKind.PHOTO, source="p", unique="p")
_WHAT = st.sampled_from(
    [
        {"text": "đường vào thôn hư quá"},
        {"text": "mưa là lầy"},
        {"payload": LINKED},
        {"payload": "send", "seen": 7},
        {"media": (_PHOTO,)},
        {"media": (_PHOTO,), "edited": True},
        {"text": "căn cước của tôi 051170001234"},
    ]
)
_SENT = st.lists(
    st.tuples(st.sampled_from("xy"), st.integers(0, 9), _WHAT), min_size=4, max_size=9
)
"""Who, the number of the event, what."""


def test_together_as_one_by_one(product: Product) -> None:
    @settings(deadline=None)
    @given(sent=_SENT)
    def is_the_same(sent: list[tuple[str, int, dict]]) -> None:
        account, now = product.account("telegram"), product.clock()
        run = next(_RUNS)
        slowly = _arrivals(account, f"{run}a", sent, now)
        at_once = _arrivals(account, f"{run}b", sent, now)

        one_by_one = []
        for arrival in slowly:
            with product.database.writing() as session:
                one_by_one.append(product.inbox.receive(session, *arrival, now))
        with product.database.writing() as session:
            together = product.inbox.receive_all(session, at_once, now)

        assert list(map(_told, together)) == list(map(_told, one_by_one))
        assert _kept(product, together) == _kept(product, one_by_one)

    is_the_same()


def _arrivals(
    account: ChannelAccount,
    run: str,
    sent: list[tuple[str, int, dict]],
    now: datetime,
) -> list[Arrival]:
    return [
        Arrival(
            account,
            InboundMessage(
                provider_event_id=f"{run}{event}", peer=f"{run}{who}", sent_at=now, **it
            ),
        )
        for who, event, it in sent
    ]


def _told(receipt: Receipt) -> tuple[bool, datetime | None]:
    return receipt.is_duplicate, receipt.due_at


def _kept(product: Product, receipts: list[Receipt]) -> list[tuple]:
    """What stands in each chat, in the order in which the chats began to write."""
    kept = []
    with product.database.reading() as session:
        for number in dict.fromkeys(one.conversation_id for one in receipts):
            chat = session.get_one(Conversation, number)
            rows = session.exec(
                select(Inbound)
                .where(Inbound.conversation_id == number)
                .order_by(col(Inbound.id))
            ).all()
            bodies = open_bodies(product.vault.unwrap(chat.key), rows)
            words = [(b.text, b.payload, len(b.media), b.signals) for b in bodies]
            kept.append((words, chat.heard_at, chat.due_at, chat.first_waiting_at))
    return kept
