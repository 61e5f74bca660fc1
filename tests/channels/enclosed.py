"""A reply with a file, as the counter gives it out."""

from collections.abc import Sequence

from sqlmodel import Session

from bot.bootstrap import Product
from bot.channels.base import Enclosure, MediaKind
from bot.conversation.model import AFTER, Attachment
from bot.notifications.policy import NoticeEvent
from bot.petitions import service
from bot.petitions.details import Details
from bot.petitions.model import Kind, Petition
from bot.petitions.service import NewPetition

MIMES = {
    MediaKind.PHOTO: ("image/jpeg", "sau-khi-lam.jpg"),
    MediaKind.DOCUMENT: ("application/pdf", "41-UBND-VP.pdf"),
}


def reply_with_file(
    product: Product,
    conversation_id: int,
    content: bytes,
    kind: MediaKind,
    summary: str = "Đã vá xong đoạn đường.",
) -> Attachment:
    """Files a petition for the chat and answers it; the file as it is kept."""
    return _answer(product, [conversation_id], content, kind, summary)


def answer_both(
    product: Product, conversation_ids: Sequence[int], content: bytes
) -> Attachment:
    """One picture for several chats, as for those who are answered together."""
    words = "Đã vá xong đoạn đường."
    return _answer(product, conversation_ids, content, MediaKind.PHOTO, words)


def _answer(
    product: Product,
    conversation_ids: Sequence[int],
    content: bytes,
    kind: MediaKind,
    summary: str,
) -> Attachment:
    mime, name = MIMES[kind]
    with product.database.writing() as session:
        first = _file(product, session, conversation_ids[0])
        row = _keep(product, session, first, content, kind)
        file = Enclosure(f"kept/{row.id}", kind, mime, len(content), name)
        for conversation_id in conversation_ids:
            product.notifier.tell_resident(
                session,
                conversation_id,
                NoticeEvent.REPLY,
                {"code": first.code, "summary": summary},
                key=f"petition/{first.id}/reply/1",
                now=product.clock(),
                file=file,
            )
    return row


def _file(product: Product, session: Session, conversation_id: int) -> Petition:
    new = NewPetition(
        content="đường hư",
        kind=Kind.PHAN_ANH,
        field="giao_thong",
        programme_id=product.profile.programmes[0].id,
        details=Details((), "Đinh Thị Lan", "+84905123406"),
        conversation_id=conversation_id,
    )
    now = product.clock()
    return service.file(session, product.registry, new, now=now)[0]


def _keep(
    product: Product,
    session: Session,
    petition: Petition,
    content: bytes,
    kind: MediaKind,
) -> Attachment:
    _, wrapped = product.vault.new_key()
    row = Attachment(
        locality_id=product.profile.id,
        petition_id=petition.id,
        kind=kind,
        source=AFTER,
        key=wrapped,
        path=product.media.save(wrapped, content),
        mime=MIMES[kind][0],
        size=len(content),
        created_at=product.clock(),
    )
    session.add(row)
    session.flush()
    return row
