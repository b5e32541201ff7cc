"""Scripts: the Lua verbs, and a connection that sends the calls of one loop turn together.

Concurrent callers share a round trip, and with `appendfsync always` one write to the disk: Redis answers a
pipeline after one fsync. While one pipeline is under way the next one fills.
"""

import asyncio
import hashlib
from collections import deque
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from worker.errors import StoreUnavailable

Argument = str | bytes | int

#: Calls sent in one pipeline at most: bounds how long a caller behind it waits.
_BATCH: Final = 128


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
    answer: asyncio.Future[Any] = field(repr=False)


class ScriptRunner:
    """Runs scripts on one Redis for the callers of one event loop."""

    def __init__(self, redis: "Redis", *, timeout_s: float) -> None:
        self._redis = redis
        self._timeout_s = timeout_s
        self._waiting: deque[_Call] = deque()
        self._sender: asyncio.Task[None] | None = None

    async def run(self, script: Script, keys: tuple[str, ...], *arguments: Argument) -> Any:  # noqa: ANN401 - Redis answers in any shape
        """Run one script and return its answer. Raises StoreUnavailable.

        Text is encoded here, so that what cannot be encoded fails its own caller and nobody else's.
        """
        encoded = tuple(each.encode() if isinstance(each, str) else each for each in arguments)
        call = _Call(script, keys, encoded, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_all())
        return await call.answer

    async def _send_all(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            try:
                async with asyncio.timeout(self._timeout_s):
                    answers = await self._send(batch)
            except (RedisError, OSError, TimeoutError) as error:
                answers = [error] * len(batch)
            for call, answer in zip(batch, answers, strict=True):
                _give(call.answer, answer)

    async def _send(self, batch: list[_Call]) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        for call in batch:
            pipeline.evalsha(call.script.sha, len(call.keys), *call.keys, *call.arguments)
        answers = await pipeline.execute(raise_on_error=False)
        for place, answer in enumerate(answers):
            if isinstance(answer, NoScriptError):
                # A fresh or flushed server: sending the text runs the verb and teaches it for the next time.
                call = batch[place]
                answers[place] = await self._redis.eval(
                    call.script.text, len(call.keys), *call.keys, *call.arguments
                )
        return answers


def _give(answer: asyncio.Future[Any], result: Any) -> None:  # noqa: ANN401 - Redis answers in any shape
    if answer.done():  # the caller went away
        return
    if isinstance(result, BaseException):
        answer.set_exception(unavailable(result))
    else:
        answer.set_result(result)


def unavailable(error: BaseException) -> StoreUnavailable:
    """Return the error that stands for a fault of Redis or of the way to it."""
    return StoreUnavailable(f"the store does not answer: {str(error) or type(error).__name__}")
