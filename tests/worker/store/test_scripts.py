"""Scripts are sent by their digest, many in one round trip, and each caller gets its own answer or error."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import uvloop
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from worker.errors import StoreUnavailable
from worker.store.scripts import Script, ScriptRunner, unavailable

VERBS = sorted(
    each.name.removesuffix(".lua") for each in resources.files("worker.store").joinpath("lua").iterdir()
)


def script_of(text: str) -> Script:
    """Return a script that is none of the verbs."""
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


#: Returns what it is given.
ECHO = script_of("return {KEYS[1], ARGV[1]}")
#: Fails on the server.
BROKEN = script_of("return redis.call('NOSUCH')")


def with_runner(url: str, body: Callable[[ScriptRunner, Redis], Awaitable[Any]], timeout_s: float = 5) -> Any:  # noqa: ANN401 - whatever the body returns
    """Run a body with a runner of its own."""

    async def main() -> Any:  # noqa: ANN401 - as above
        async with Redis.from_url(url) as redis:
            return await body(ScriptRunner(redis.connection_pool.get_connection, timeout_s=timeout_s), redis)

    return asyncio.run(main())


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_draws_its_keys_and_arguments(verb: str) -> None:
    """The header says the verb's name, every key and every argument that the text uses."""
    text = Script.named(verb).text
    header = "\n".join(line for line in text.splitlines() if line.startswith("--"))
    assert header.startswith(f"-- {verb}: ")
    keys = {int(number) for number in re.findall(r"KEYS\[(\d+)\]", text)}
    arguments = {int(number) for number in re.findall(r"ARGV\[(\d+)\]", text)}
    drawn_keys, drawn_arguments = header.split("-- ARGV")
    for number in keys:
        assert re.search(rf"(KEYS|--)\s+{number} ", drawn_keys), (verb, number)
    for number in arguments:
        assert re.search(rf"(^|·|--)\s*{number} ", drawn_arguments), (verb, number)


@pytest.mark.parametrize("verb", VERBS)
def test_redis_knows_each_verb_by_its_digest(redis_url: str, verb: str) -> None:
    """The digest is the server's own, and the text compiles there."""
    script = Script.named(verb)

    async def body(_runner: ScriptRunner, redis: Redis) -> str:
        return await redis.script_load(script.text)

    answer = with_runner(redis_url, body)
    assert (answer.decode() if isinstance(answer, bytes) else answer) == script.sha


def test_a_server_that_forgot_is_taught_again(redis_url: str) -> None:
    """A fresh or flushed server gets the text once; no caller notices."""

    async def body(runner: ScriptRunner, redis: Redis) -> list[Any]:
        await redis.script_flush()
        return [await runner.run(ECHO, ("k",), "a") for _ in range(2)]

    assert with_runner(redis_url, body) == [[b"k", b"a"], [b"k", b"a"]]


def test_calls_of_one_loop_turn_travel_together(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three hundred callers share three round trips, and each gets its own answer."""
    batches: list[int] = []

    async def body(runner: ScriptRunner, redis: Redis) -> list[Any]:
        await redis.script_load(ECHO.text)
        send = runner._send

        async def counted(batch: list[Any]) -> list[Any]:
            batches.append(len(batch))
            return await send(batch)

        monkeypatch.setattr(runner, "_send", counted)
        return await asyncio.gather(*(runner.run(ECHO, ("k",), str(n)) for n in range(300)))

    answers = with_runner(redis_url, body)
    assert [answer[1] for answer in answers] == [str(n).encode() for n in range(300)]
    assert batches == [128, 128, 44]


def test_who_is_patient_travels_with_whoever_comes_next(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that wait leave with the third, which does not; alone, one leaves after a moment by itself."""
    batches: list[list[str]] = []

    async def body(runner: ScriptRunner, _redis: Redis) -> list[Any]:
        send = runner._send

        async def noted(batch: list[Any]) -> list[Any]:
            batches.append([call.arguments[0] for call in batch])
            return await send(batch)

        monkeypatch.setattr(runner, "_send", noted)
        await runner.run(ECHO, ("k",), "first", patience_s=0.2)
        both = [asyncio.create_task(runner.run(ECHO, ("k",), word, patience_s=0.2)) for word in ("a", "b")]
        await asyncio.sleep(0)
        answers = [await runner.run(ECHO, ("k",), "now"), *await asyncio.gather(*both)]
        return [*answers, await runner.run(ECHO, ("k",), "alone", patience_s=0.2)]

    answers = with_runner(redis_url, body)
    assert [answer[1] for answer in answers] == [b"now", b"a", b"b", b"alone"]
    assert batches == [["first"], ["a", "b", "now"], ["alone"]]


def test_who_has_more_patience_travels_with_who_has_less(redis_url: str) -> None:
    """Whichever of them came first: a minute's patience ends with that of a moment."""

    async def body(runner: ScriptRunner, _redis: Redis) -> list[Any]:
        answers = [await runner.run(ECHO, ("k",), "first", patience_s=60)]
        for order in ((60, 0.02), (0.02, 60)):
            async with asyncio.timeout(30):
                answers += await asyncio.gather(
                    *(runner.run(ECHO, ("k",), f"{patience}", patience_s=patience) for patience in order)
                )
        return answers

    answers = with_runner(redis_url, body)
    assert [answer[1] for answer in answers] == [b"first", b"60", b"0.02", b"0.02", b"60"]


def test_enough_of_them_wait_for_nobody(redis_url: str) -> None:
    """However patient: a minute's patience of sixteen ends with the sixteenth."""

    async def body(runner: ScriptRunner, _redis: Redis) -> list[Any]:
        await runner.run(ECHO, ("k",), "first")
        calls = [asyncio.create_task(runner.run(ECHO, ("k",), str(n), patience_s=60)) for n in range(16)]
        async with asyncio.timeout(30):
            return await asyncio.gather(*calls)

    answers = with_runner(redis_url, body)
    assert [answer[1] for answer in answers] == [str(n).encode() for n in range(16)]


def test_one_callers_error_is_its_own(redis_url: str) -> None:
    """A script that fails on the server fails for its caller; the others in the round trip are answered."""

    async def body(runner: ScriptRunner, redis: Redis) -> list[Any]:
        await redis.script_load(ECHO.text)
        await redis.script_load(BROKEN.text)
        calls = (runner.run(ECHO, ("k",), "a"), runner.run(BROKEN, ()), runner.run(ECHO, ("k",), "b"))
        return await asyncio.gather(*calls, return_exceptions=True)

    first, error, last = with_runner(redis_url, body)
    assert (first, last) == ([b"k", b"a"], [b"k", b"b"])
    assert isinstance(error, StoreUnavailable)


def test_a_caller_that_went_away_is_not_waited_for(redis_url: str) -> None:
    """Its call may take effect; the callers after it are answered."""

    async def body(runner: ScriptRunner, _redis: Redis) -> Any:  # noqa: ANN401 - Redis answers in any shape
        gone = asyncio.create_task(runner.run(ECHO, ("k",), "gone"))
        stays = asyncio.create_task(runner.run(ECHO, ("k",), "stays"))
        await asyncio.sleep(0)
        gone.cancel()
        answer = await stays
        assert gone.cancelled()
        return answer

    assert with_runner(redis_url, body) == [b"k", b"stays"]


def test_a_server_that_is_away_is_an_error_for_every_caller(tmp_path: Path) -> None:
    """Whoever waits hears of it, and the runner is as good as before."""

    async def body(runner: ScriptRunner, _redis: Redis) -> list[Any]:
        both = [runner.run(ECHO, ("k",), "a") for _ in range(2)]
        first = await asyncio.gather(*both, return_exceptions=True)
        return [*first, *await asyncio.gather(runner.run(ECHO, ("k",), "a"), return_exceptions=True)]

    errors = with_runner(f"unix://{tmp_path}/nothing.sock", body)
    assert [type(error) for error in errors] == [StoreUnavailable] * 3


def test_a_transport_that_was_closed_unseen_is_mended(redis_url: str) -> None:
    """With uvloop there is a RuntimeError of its own for it: nobody waits for ever, and the verb is run."""

    async def main() -> list[Any]:
        async with asyncio.timeout(10), Redis.from_url(redis_url, retry=Retry(NoBackoff(), 1)) as redis:
            runner = ScriptRunner(redis.connection_pool.get_connection, timeout_s=5)
            await runner.run(ECHO, ("k",), "a")
            runner._connection._writer.transport.abort()  # type: ignore[union-attr] # it is connected
            found: list[Any] = await runner.run(ECHO, ("k",), "b")
            return found

    assert uvloop.run(main()) == [b"k", b"b"]


def test_a_server_that_is_silent_is_away(tmp_path: Path) -> None:
    """After the time-out, not after the network's own patience."""
    path = str(tmp_path / "silent.sock")

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_unix_server(silent, path)
        async with Redis.from_url(f"unix://{path}") as redis:
            connect = redis.connection_pool.get_connection
            with pytest.raises(StoreUnavailable, match="TimeoutError"):
                await ScriptRunner(connect, timeout_s=0.05).run(ECHO, ("k",), "a")
        over.set()
        server.close()
        await server.wait_closed()

    over = asyncio.Event()
    asyncio.run(main())


def test_an_argument_that_cannot_be_sent_fails_its_own_caller(redis_url: str) -> None:
    """A lone surrogate is nobody's fault but that of who sends it; the others are answered."""

    async def body(runner: ScriptRunner, _redis: Redis) -> list[Any]:
        texts = ("a", "\ud800", "b")
        return await asyncio.gather(
            *(runner.run(ECHO, ("k",), each) for each in texts), return_exceptions=True
        )

    first, error, last = with_runner(redis_url, body)
    assert (first, last) == ([b"k", b"a"], [b"k", b"b"])
    assert isinstance(error, UnicodeEncodeError)


def test_a_fault_is_named_even_if_it_says_nothing() -> None:
    """An error without a text is told by its kind."""
    assert str(unavailable(TimeoutError())) == "the store does not answer: TimeoutError"
    assert str(unavailable(OSError("gone"))) == "the store does not answer: gone"
