"""Probes against replies that fit no switch: the answer is that nobody knows, with the reason."""

from dataclasses import replace

import pytest

from bridge.conformance import probes
from bridge.conformance.probes import AnyProbe, Unclear
from bridge.conformance.reply import Reply

_OK = Reply(200, b'{"id": "A", "userData": {"bridge_probe": "1", "SubmittedAt": "x"}}')


@pytest.mark.parametrize(
    ("probe", "replies", "why"),
    [
        (probes.envelope, (Reply(500),), "answered by 500"),
        (probes.envelope, (Reply(200, b"[1]"),), "it is other"),
        (probes.failure_in_200, (Reply(200),), "as if it were"),
        (probes.id_field, (Reply(200),), "no id is shown"),
        (probes.id_style, (Reply(200),), "no id is shown"),
        (probes.bad_key, (Reply(404), Reply(200)), "a wrong key is answered by 200"),
        (probes.unknown_service, (Reply(401),), "it is 401"),
        (probes.conflict_shows_id, (_OK, Reply(400)), "answered by 400, not by 409"),
        (probes.conflict_shows_id, (Reply(200), Reply(409)), "none can be compared"),
        (probes.create_after_stop, (_OK, Reply(200), Reply(400)), "answered by 400"),
        (probes.create_after_stop, (_OK, Reply(200), Reply(503)), "answered by 503"),
        (probes.conflict_for_s, (_OK, Reply(200), Reply(409, at=30.2)), "still in the way after 30 s"),
        (probes.conflict_for_s, (_OK, Reply(200), Reply(409, at=1.0), Reply(400, at=2.0)), "by 400"),
        (probes.racing_creates, (replace(_OK, twin=_OK),), "answered by the same id"),
        (probes.racing_creates, (replace(_OK, twin=Reply(400)),), "answered by 200 and 400"),
        (probes.racing_creates, (Reply(409, twin=Reply(409)),), "answered by 409 and 409"),
        (probes.after_stop, (_OK, Reply(200), Reply(200), Reply(404)), "a second stop by 404"),
        (probes.key_in_two_lists, (_OK, Reply(200), _OK), "the property stays"),
        (probes.reserved_properties, (_OK, _OK), "the property is kept"),
        (probes.changed_missing, (_OK, Reply(200), Reply(200)), "no user data is shown"),
        (probes.user_data_limit, (Reply(409),), "answered by 409"),
        (probes.user_data_limit, (Reply(400), Reply(413)), "not even 1000 bytes"),
    ],
)
def test_what_does_not_tell(probe: AnyProbe, replies: tuple[Reply, ...], why: str) -> None:
    """No answer is made up."""
    asked = probe()
    next(asked)
    *known, last = replies
    for reply in known:
        asked.send(reply)
    with pytest.raises(Unclear, match=why):
        asked.send(last)
