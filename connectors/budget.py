"""Budget: a delivery whose user data cannot be made to fit is unreadable."""

from collections.abc import Mapping

from pydantic import JsonValue

from connectors.base import UnreadableDelivery
from worker import budget
from worker.errors import UserDataRefused


def fit(user_data: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the user data within the default budget. Raises UnreadableDelivery if it cannot be shortened."""
    try:
        return budget.fit(user_data)
    except UserDataRefused as error:
        raise UnreadableDelivery(str(error)) from error
