"""What the routes of the web application are built from."""

from dataclasses import dataclass

from bot.bootstrap import Product
from bot.channels.web import WebChannel
from bot.conversation.worker import Worker
from bot.notifications.sender import Sender
from bot.web.pages import Pages


@dataclass(frozen=True)
class Site:
    """The product as this process serves it to browsers and platforms."""

    product: Product
    worker: Worker
    sender: Sender
    channel: WebChannel
    pages: Pages
