"""Imports every table, so that migrations and start-up see all of them."""

from bot.channels.zalo import model as zalo
from bot.conferences import model as conferences
from bot.conversation import model as conversation
from bot.deadlines import model as deadlines
from bot.duties import model as duties
from bot.notifications import model as notifications
from bot.petitions import model as petitions
from bot.petitions.sealed import model as sealed
from bot.scheduling import model as scheduling
from bot.staff import model as staff
from bot.storage import counters, events

__all__ = [
    "conferences",
    "conversation",
    "counters",
    "deadlines",
    "duties",
    "events",
    "notifications",
    "petitions",
    "scheduling",
    "sealed",
    "staff",
    "zalo",
]
