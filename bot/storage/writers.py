"""Threads that write, and what they do first.

What a person just sent must be on the disk before anything else is done: a platform
that is not answered in time sends it again, and in the end sends nothing at all.
"""

import asyncio
import itertools
import queue
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Item = TypeVar("Item")

_TOGETHER = 50
"""The most that goes into one transaction."""
_APART = 0.01
"""Seconds between two such transactions: the disk takes as long for one message as for
many, and what came first after a pause never waits."""


class Rank(IntEnum):
    """The order in which waiting work is taken."""

    URGENT = 0
    USUAL = 1
    LAST = 2
    """The end: what came before it is still done."""


@dataclass(order=True)
class _Job:
    rank: Rank
    number: int
    run: Callable[[], None] = field(compare=False)


class Writers:
    """A fixed number of threads over one queue with ranks."""

    def __init__(self, threads: int) -> None:
        self._jobs: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._threads = [
            threading.Thread(target=self._work, name=f"db-write-{n}", daemon=True)
            for n in range(threads)
        ]
        self._is_closed = threading.Event()
        for thread in self._threads:
            thread.start()

    def submit(self, rank: Rank, work: Callable[[], T]) -> "Future[T]":
        """Do ``work`` on one of the threads."""
        if self._is_closed.is_set():
            raise RuntimeError("closed")
        future: Future[T] = Future()
        self._jobs.put(_Job(rank, next(self._numbers), lambda: _fulfil(future, work)))
        return future

    def close(self) -> None:
        """Do what waits, and end."""
        if self._is_closed.is_set():
            return
        self._is_closed.set()
        for _ in self._threads:
            self._jobs.put(_Job(Rank.LAST, next(self._numbers), _end))
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job.run is _end:
                return
            job.run()


def _end() -> None:
    """Marks the end of the queue."""


def _fulfil(future: "Future[T]", work: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as problem:  # noqa: BLE001 (it goes to who asked)
        future.set_exception(problem)


class Together(Generic[Item, T]):
    """What comes while a transaction is written goes into the next one, all of it: the
    disk is waited for once. If one of them fails, each is written by itself."""

    def __init__(self, write: Callable[[list[Item]], Awaitable[list[T]]]) -> None:
        """``write``: writes items in one transaction, and gives a result for each."""
        self._write = write
        self._waiting: list[tuple[Item, asyncio.Future[T]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._next = 0.0

    async def write(self, item: Item) -> T:
        """The result for ``item``, when it is safely written."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._keep_apart()
                taken = self._waiting[:_TOGETHER]
                del self._waiting[:_TOGETHER]
                await self._write_some(taken)
        finally:
            self._writing = None

    async def _keep_apart(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._next > now:
            await asyncio.sleep(self._next - now)
        self._next = max(self._next, now) + _APART

    async def _write_some(self, taken: list[tuple[Item, "asyncio.Future[T]"]]) -> None:
        try:
            results = await self._write([item for item, _ in taken])
        except Exception as problem:  # noqa: BLE001 (it goes to who asked)
            if len(taken) == 1:
                _settle(taken[0][1], problem=problem)
                return
            for one in taken:
                await self._write_some([one])
            return
        for (_, future), result in zip(taken, results, strict=True):
            _settle(future, result)


def _settle(
    future: "asyncio.Future[Any]",
    result: object = None,
    problem: Exception | None = None,
) -> None:
    """Who asked may have gone away."""
    if future.done():
        return
    if problem is not None:
        future.set_exception(problem)
    else:
        future.set_result(result)
