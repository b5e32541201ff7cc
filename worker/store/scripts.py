"""Scripts: the Lua verbs, and a connection that sends the calls of one loop turn together.

Concurrent callers share a round trip, and with `appendfsync always` one write to the disk: Redis answers a
pipeline after one fsync. While one pipeline is under way the next one fills.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisClusterException, RedisError, ResponseError

from worker.certificates import distrust, told
from worker.errors import StoreUnavailable
from worker.store.copies import Copies
from worker.store.packing import Argument, packed

Connect = Callable[[], Awaitable[AbstractConnection]]

#: What redis-py raises for a store that is away; what it says of a whole cluster is no RedisError.
AWAY: Final = (RedisError, RedisClusterException, OSError, TimeoutError)
#: Calls sent in one pipeline at most: bounds how long a caller behind it waits.
_BATCH: Final = 128
#: Calls that wait for no others any more, however much patience they have.
_ENOUGH: Final = 16


@dataclass(frozen=True, slots=True)
class Script:
    """One Lua verb."""

    text: str
    sha: str

    @classmethod
    def named(cls, name: str, *, behind: tuple[str, ...] = ()) -> "Script":
        """Read a verb from `lua/`, with what it stands behind in front of it: Redis' Lua has no import."""
        text = "".join(_source(each) for each in (*behind, name))
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


def _source(name: str) -> str:
    return resources.files("worker.store").joinpath(f"lua/{name}.lua").read_text(encoding="utf-8")


@dataclass(slots=True)
class _Call:
    script: Script
    keys: tuple[str, ...]
    arguments: tuple[Argument, ...]
    #: The call by the script's digest, as it is sent.
    packed: bytes
    answer: asyncio.Future[Any] = field(repr=False)

    @property
    def taught(self) -> bytes:
        """The call with the script's text."""
        return packed("EVAL", self.script.text, len(self.keys), *self.keys, *self.arguments)


class ScriptRunner:
    """Runs scripts on one Redis for the callers of one event loop."""

    def __init__(self, connect: Connect, *, timeout_s: float, replicas: int = 0) -> None:
        """`connect` gives a connection of the runner's own; `replicas` must have a batch before it counts."""
        self._connect = connect
        self._timeout_s = timeout_s
        self._copies = Copies(replicas, timeout_s)
        self._waiting: deque[_Call] = deque()
        self._sender: asyncio.Task[None] | None = None
        #: Whether something that waits is to leave as soon as it can, and when the rest will.
        self._urgent = False
        self._leaves_at = float("inf")
        self._gathering: asyncio.TimerHandle | None = None
        #: When the last batch left, by the loop's clock.
        self._sent = float("-inf")
        self._connection: AbstractConnection | None = None

    async def run(
        self, script: Script, keys: tuple[str, ...], *arguments: Argument, patience_s: float = 0.0
    ) -> Any:  # noqa: ANN401 - Redis answers in any shape
        """Run one script and return its answer. Raises StoreUnavailable.

        It is packed here, so that what cannot be packed fails its own caller and nobody else's. Who has
        patience waits until so many seconds have passed since anything left, somebody leaves who has none, or
        enough wait.
        """
        loop = asyncio.get_running_loop()
        sent = packed("EVALSHA", script.sha, len(keys), *keys, *arguments)
        call = _Call(script, keys, arguments, sent, loop.create_future())
        self._waiting.append(call)
        leaves_at = self._sent + patience_s
        if leaves_at <= loop.time() or len(self._waiting) >= _ENOUGH:
            self._hurry()
        elif leaves_at < self._leaves_at:
            self._gather(loop, leaves_at)
        return await call.answer

    def _gather(self, loop: asyncio.AbstractEventLoop, leaves_at: float) -> None:
        """Let what waits leave at a time, if not before."""
        if self._gathering is not None:
            self._gathering.cancel()
        self._leaves_at, self._gathering = leaves_at, loop.call_at(leaves_at, self._hurry)

    def _hurry(self) -> None:
        """Let what waits leave as soon as it can."""
        self._urgent = True
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_all())

    async def _send_all(self) -> None:
        while self._urgent:
            self._urgent = len(self._waiting) > _BATCH
            if self._gathering is not None:
                self._gathering.cancel()
                self._leaves_at, self._gathering = float("inf"), None
            self._sent = asyncio.get_running_loop().time()
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            try:
                async with asyncio.timeout(self._timeout_s):
                    answers = await self._send(batch)
            except Exception as error:  # noqa: BLE001 - whatever breaks, a caller without an answer would wait for ever
                answers = [error] * len(batch)
            for call, answer in zip(batch, answers, strict=True):
                _give(call.answer, answer)

    async def _send(self, batch: list[_Call]) -> list[Any]:
        connection = await self._connected()

        async def mend(_: Exception) -> None:
            await connection.disconnect()

        # Every verb is safe to repeat, so a broken connection is mended without asking.
        return await connection.retry.call_with_retry(
            lambda: _exchange(connection, batch, self._copies), mend
        )

    async def _connected(self) -> AbstractConnection:
        """Return the runner's own connection: to ask the pool for one would cost as much as a call."""
        if self._connection is None:
            self._connection = await self._connect()
            # The whole exchange has a deadline; one for each read and write would cost more than they do.
            self._connection.socket_timeout = None
        return self._connection

    async def aclose(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            await self._connection.disconnect()


async def _exchange(connection: AbstractConnection, batch: list[_Call], copies: Copies) -> list[Any]:
    """Send the calls in one piece and read their answers. Raises StoreUnavailable for too few copies."""
    if not connection.is_connected:
        # Sending would connect to where the master was; this asks the sentinels where it is.
        await connection.connect()  # type: ignore[no-untyped-call] # redis-py is half typed
    copied = copies.asked(batch[0].keys[0] if batch[0].keys else "")
    answers = await _ask(connection, [call.packed for call in batch] + copied)
    unknown = [place for place, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
    if unknown:
        # A fresh or flushed server: sending the text runs the verb and teaches it for the next time.
        taught = await _ask(connection, [batch[place].taught for place in unknown] + copied)
        for place, answer in zip(unknown, taught, strict=False):
            answers[place] = answer
        answers[len(batch) :] = taught[len(unknown) :]
    copies.check(answers[len(batch) :])
    return answers[: len(batch)]


async def _ask(connection: AbstractConnection, requests: list[bytes]) -> list[Any]:
    try:
        await connection.send_packed_command(b"".join(requests), check_health=False)
    except RuntimeError as error:  # uvloop's word for a transport that is closed already
        raise RedisConnectionError(str(error)) from error
    answers: list[Any] = []
    for _ in requests:
        try:
            answers.append(await connection.read_response())
        except ResponseError as error:
            # One caller's error; the other answers are behind it.
            answers.append(error)
    return answers


def _give(answer: asyncio.Future[Any], result: Any) -> None:  # noqa: ANN401 - Redis answers in any shape
    if answer.done():  # the caller went away
        return
    if isinstance(result, StoreUnavailable):
        answer.set_exception(StoreUnavailable(str(result)))
    elif isinstance(result, BaseException):
        failure = unavailable(result)
        failure.__cause__ = result
        answer.set_exception(failure)
    else:
        answer.set_result(result)


def unavailable(error: BaseException) -> StoreUnavailable:
    """Return the error that stands for a fault of Redis or of the way to it."""
    if why := distrust(error):
        return StoreUnavailable(told("store", "store.url", why))
    return StoreUnavailable(f"the store does not answer: {str(error) or type(error).__name__}")
