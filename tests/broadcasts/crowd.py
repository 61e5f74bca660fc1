"""Residents by the hundred, and what became of their messages."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select

from bot.bootstrap import Product
from bot.notifications import broadcasts
from bot.notifications.broadcasts import Words
from bot.notifications.model import (
    Broadcast,
    ChannelAccount,
    Conversation,
    Outbound,
    OutboundStatus,
    Recipients,
)
from bot.scheduling.ticks import ticks
from bot.staff import service as staff
from bot.staff.model import Account, Role
from bot.storage.vault import encrypt

TEXT = "Tiêm phòng cho trẻ: 7 giờ 30 thứ Bảy 06/12/2025, trạm y tế xã."


def chats(
    product: Product,
    peers: Iterable[str],
    account: ChannelAccount | None = None,
    **values: Any,
) -> None:
    """Chats of people who asked for what is told to everybody."""
    account = account or product.account("test")
    values = {"subscribed_at": product.clock(), **values}
    with product.database.writing() as session:
        for peer in peers:
            key, wrapped = product.vault.new_key()
            session.add(
                Conversation(
                    locality_id=product.profile.id,
                    account_id=account.id or 0,
                    channel=account.channel,
                    peer_hash=product.vault.fingerprint("peer", peer),
                    peer=encrypt(key, peer.encode(), b"peer"),
                    key=wrapped,
                    created_at=product.clock(),
                    **values,
                )
            )


def officer(product: Product, login: str, role: Role = Role.OFFICE) -> Account:
    with product.database.writing() as session:
        return staff.find(session, product.profile.id, login) or staff.add(
            session,
            product.profile.id,
            login=login,
            name=login,
            role=role,
            unit_id="van_phong" if role is Role.OFFICE else None,
            on_duty=False,
            by="test",
            now=product.clock(),
        )


def released(product: Product, channel: str = "test", people: int = 1) -> int:
    """A broadcast to everybody that one wrote and another released; its id."""
    writer, other = officer(product, "mai"), officer(product, "tinh", Role.CHAIR)
    words = Words.read(TEXT, Recipients.EVERYBODY, product.safety)
    with product.database.writing() as session:
        row = broadcasts.write(
            session,
            words,
            locality_id=product.profile.id,
            by=writer,
            now=product.clock(),
        )
        broadcasts.release(
            session,
            row,
            channels=[channel],
            people=people,
            by=other,
            now=product.clock(),
        )
        return row.id or 0


def tick(product: Product, name: str = "broadcasts", rounds: int = 1) -> int:
    """Run a tick's transaction so often; how much it did."""
    work = next(each for each in ticks(product) if each.name == name)
    done = 0
    for _ in range(rounds):
        with product.database.writing() as session:
            done += work.work(session, product.clock())
    return done


def outbox(product: Product) -> list[Outbound]:
    """Every message of broadcasts."""
    with product.database.reading() as session:
        rows = session.exec(select(Outbound).order_by(col(Outbound.id))).all()
    return [row for row in rows if row.broadcast_id is not None]


def statuses(product: Product) -> Counter[str]:
    return Counter(row.status.value for row in outbox(product))


def waiting(product: Product) -> int:
    """How many are still to go."""
    of_broadcasts = col(Outbound.broadcast_id).is_not(None)
    is_waiting = Outbound.status == OutboundStatus.WAITING
    with product.database.reading() as session:
        query = select(func.count()).select_from(Outbound)
        return session.exec(query.where(of_broadcasts, is_waiting)).one()


def stored(product: Product, number: int) -> Broadcast:
    with product.database.reading() as session:
        return session.get_one(Broadcast, number)


def stop(product: Product, number: int, now: datetime | None = None) -> None:
    with product.database.writing() as session:
        row = session.get_one(Broadcast, number)
        writer = session.get_one(Account, row.written_by)
        broadcasts.stop(session, row, by=writer, now=now or product.clock())
