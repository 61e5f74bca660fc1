"""What falls due in the sealed lane."""

from datetime import datetime

from sqlmodel import Session

from bot.conversation import erase
from bot.notifications import lane_push
from bot.petitions.sealed import service
from bot.petitions.service import Registry
from bot.texts import Texts


def look_after(
    session: Session, registry: Registry, texts: Texts, now: datetime
) -> int:
    """Remind recipients, forget answers that were sent, destroy what was kept long
    enough."""
    locality_id = registry.profile.id
    due = service.reminded(session, registry, now)
    for case, readers in due:
        lane_push.reminder(session, registry.vault, texts, case, readers, now=now)
    answers = lane_push.forget_answers(session, locality_id)
    tags = service.forget_tags(session, locality_id, now)
    gone = service.destroy_due(session, locality_id, now)
    erase.destroy_cases(session, gone)
    return len(due) + answers + tags + len(gone)
