"""What every channel of ``kiennghi run`` stores its messages through."""

from bot.channels.store import Store
from bot.conversation.fetching import Fetcher
from bot.conversation.worker import Worker
from bot.notifications.model import ChannelAccount


def store_for(account: ChannelAccount, worker: Worker, fetcher: Fetcher) -> Store:
    """The store of an account, over this process's worker and fetcher."""
    return Store(account, worker.receive, worker.note_presence, fetcher.wake)
