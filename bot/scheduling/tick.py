"""What a tick is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

Work = Callable[[Session, datetime], int]


@dataclass(frozen=True)
class Tick:
    """One kind of due work: looked for every ``seconds``; returns how much it did.

    ``batch``: it does at most so much in one transaction, and is asked again at once
    while it does all of it. ``scrubs``: what it removed is to leave the journal too.
    """

    name: str
    seconds: int
    work: Work
    batch: int = 0
    scrubs: bool = False
