"""Settings of the console."""

import pytest
from pydantic import ValidationError

from worker.console_settings import ConsoleSettings


def test_people_have_to_log_in_once_anybody_is_named() -> None:
    """Accounts or a provider; clients of the admin API are no people."""
    assert not ConsoleSettings().knows_people
    client = {"clients": {"ci": {"role": "viewer", "tokens": ["env:TOKEN"]}}}
    assert not ConsoleSettings.model_validate(client).knows_people
    account = {"accounts": {"ann": {"role": "viewer", "password": "env:HASH"}}}
    assert ConsoleSettings.model_validate(account).knows_people
    oidc = {"oidc": {"issuer": "https://login.example.com", "client_id": "x"}}
    assert ConsoleSettings.model_validate(oidc).knows_people


def test_a_password_is_no_setting() -> None:
    """Its hash is, or where that is to be found; and it is never printed."""
    with pytest.raises(ValidationError):
        ConsoleSettings.model_validate({"accounts": {"ann": {"role": "viewer", "password": "secret"}}})
    hashed = {"accounts": {"ann": {"role": "viewer", "password": "$argon2id$v=19$hidden"}}}
    assert "hidden" not in repr(ConsoleSettings.model_validate(hashed))
