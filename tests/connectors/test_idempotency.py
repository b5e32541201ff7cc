"""Idempotency keys."""

from connectors.idempotency import KEY_BYTES, idempotency_key


def test_the_senders_id_is_the_key() -> None:
    """A delivery's id becomes the key, with the channel in front."""
    assert idempotency_key("mail", "<m1>", b"any") == "mail:<m1>"


def test_bytes_are_the_last_resort() -> None:
    """Without an id the exact bytes tell deliveries apart."""
    one, same, other = (idempotency_key("t", None, body) for body in (b"1", b"1", b"2"))
    assert one == same != other
    assert one.startswith("t:sha256-")


def test_long_ids_are_hashed() -> None:
    """An id over the limit is replaced by its hash, and stays different from others."""
    long = "é" * KEY_BYTES
    keys = {idempotency_key("t", native, b"") for native in (long, long + "x", long)}
    assert len(keys) == 2
    assert all(key.startswith("t:hash-") and len(key.encode()) <= KEY_BYTES for key in keys)
    assert idempotency_key("t", "x" * (KEY_BYTES - 2), b"") == "t:" + "x" * (KEY_BYTES - 2)


def test_half_characters_are_hashed_too() -> None:
    """An id with half a surrogate pair does no harm."""
    assert idempotency_key("t", "\ud800" * KEY_BYTES, b"").startswith("t:hash-")
