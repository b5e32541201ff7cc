"""S3: a bucket, opened."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from obstore.store import S3Store

if TYPE_CHECKING:
    from obstore.store import S3Config  # is there for types only

#: Of another part of S3 than ours nobody asks which region it is in, but the signature needs one.
_ANY_REGION: Final = "us-east-1"
#: Further tries of a call within its time.
_RETRIES: Final = 2


def open_s3(
    bucket: str,
    *,
    prefix: str = "",
    endpoint: str = "",
    region: str = "",
    access_key: str = "",
    secret_key: str = "",
    timeout_s: float,
) -> S3Store:
    """Return a bucket; nothing is asked of it yet.

    Args:
        bucket: Its name.
        prefix: What every path begins with.
        endpoint: Where it is, as `https://HOST`; Amazon's own by region if nothing is said.
        region: As the signature names it.
        access_key: Who asks; without it, the usual places of Amazon's tools are looked at.
        secret_key: That one's secret.
        timeout_s: How long one call may take.
    """
    config: S3Config = {"region": region or _ANY_REGION, "virtual_hosted_style_request": not endpoint}
    if access_key:
        config |= {"access_key_id": access_key, "secret_access_key": secret_key}
    if endpoint:
        config["endpoint"] = endpoint
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "timeout": timedelta(seconds=timeout_s),
            "connect_timeout": timedelta(seconds=timeout_s),
        },
        retry_config={"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=timeout_s)},
    )


def said(error: Exception) -> str:
    """Return the first line of what the library says: it goes on for lines, with the request in it."""
    return str(error).partition("\n")[0]
