"""One dead letter."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from bridge.letter import preview
from worker.commands import Create, Update
from worker.wiring import utc_now

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator


def test_a_dead_command_tells_everything(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """What it asks for, why it is dead, each call, what waits behind it and what helps."""
    command = a_create()
    (letter_id,) = operator.buries(command)
    operator.accepts(
        Update(
            service="support",
            external_id="c-1",
            idempotency_key="mail:2",
            channel="mail",
            received_at=utc_now(),
        )
    )
    told = " ".join(operator.reads("dead", "show", "support", letter_id, "--utc"))
    for line in (
        "cause rejected",
        "reason 400 no such queue",
        "key mail:c-1",
        f"fingerprint {command.fingerprint}",
        "conversation new, commands waiting: 1",
        "parked nothing of this conversation moves until its create is replayed or discarded",
        "see also `bridge show support c-1`",
        '"Skill": "none"',
        "2026-11-23 12:00:00 UTC CreateInteraction (act) → Rejected 400 no such queue [request q-1]",
        "what to do: mend what the API named and replay it with `bridge dead edit`, or discard it",
    ):
        assert line in told


def test_a_delivery_shows_its_body_only_when_asked(operator: "Operator") -> None:
    """Bodies are other people's words; their bytes cannot move the cursor."""
    letter_id = operator.keeps(b'{"said": "\x1b[2J"}')
    told = " ".join(operator.reads("dead", "show", "support", letter_id))
    assert "cause unreadable" in told
    assert "body 16 bytes; --body shows them, and the headers" in told
    assert "said" not in told
    told = " ".join(operator.reads("dead", "show", "support", letter_id, "--body"))
    assert '{"said": "\\x1b[2J"}' in told
    assert "Content-Type application/json" in told
    fields = json.loads(operator.types("dead", "show", "support", letter_id, "--json").stdout)
    assert "body" not in fields
    fields = json.loads(operator.types("dead", "show", "support", letter_id, "--json", "--body").stdout)
    assert fields["body"] == "eyJzYWlkIjogIhtbMkoifQ=="


def test_a_preview_is_text_or_hex_and_never_endless() -> None:
    """Bytes that are no text are shown as a dump; what is cut off is counted."""
    assert preview(b"a\r\nb") == "a\nb"
    assert preview(b"x" * 5000).endswith("x\n… and 1000 characters more")
    assert preview(b"\xffA\x00").split() == ["000000", "ff", "41", "00", ".A."]
    assert preview(b"\x00" * 600).splitlines()[-1] == "… and 88 bytes more"
    assert preview(b"") == ""
