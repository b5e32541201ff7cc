"""Settings about whole messages: where they are read and kept, and the links that lead to them."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from worker.blob import ObjectName
from worker.frozen import Frozen
from worker.measures import Seconds, SecretReference

_DAY_S = 24 * 3600.0
_MIB = 1024 * 1024

#: How long something is kept: up to ten years.
KeepSeconds = Annotated[float, Field(gt=0, le=3660 * _DAY_S)]


class BucketAccess(Frozen):
    """How a bucket that speaks S3 is reached."""

    #: Where the bucket is, as in `https://s3.example.com`; empty is Amazon's own place for the region.
    endpoint: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s/?#]+)?$")] = ""
    #: The bucket's region.
    region: str = ""
    #: The key that asks, and its secret; without them the usual places of Amazon's tools are looked at.
    access_key: SecretReference | None = None
    secret_key: SecretReference | None = None
    #: How long one call to the bucket may take, with its further tries.
    timeout_s: Seconds = 10.0

    @model_validator(mode="after")
    def _keys_are_a_pair(self) -> Self:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key belong together: set both, or neither")
        return self


class BlobSettings(BucketAccess):
    """Where whole messages are kept for as long as an agent may want to see them."""

    #: `file:DIR` or `s3://BUCKET/PREFIX`; `none` keeps nothing. Relative directories begin at the settings
    #: file. Empty is `blobs` in the data directory. Processes on several machines need one place for all.
    url: Annotated[str, StringConstraints(pattern=r"^(|none|file:.+|s3://[a-z0-9.-]{3,63}(/[^\s?#]*)?)$")] = (
        ""
    )
    #: How long a message is kept after it came last; a channel may say otherwise.
    retention_s: KeepSeconds = 90 * _DAY_S


class BucketSettings(BucketAccess):
    """A bucket into which a provider puts the mail of a channel, to be read there."""

    #: `s3://BUCKET/PREFIX`: of that bucket, only what begins with the prefix is read.
    url: Annotated[str, StringConstraints(pattern=r"^s3://[a-z0-9.-]{3,63}(/[^\s?#]*)?$")]
    #: The largest mail that is read, in bytes. Amazon SES takes 40 MB.
    max_message_bytes: int = Field(default=40 * _MIB, gt=0)

    def holds(self, name: ObjectName) -> bool:
        """Say whether something lies where this bucket is read."""
        bucket, _, prefix = self.url.removeprefix("s3://").partition("/")
        return name.bucket == bucket and name.key.startswith(prefix)


class LinkSettings(Frozen):
    """Links in an interaction that lead an agent to the whole message; without a key there are none."""

    #: What links are signed with. The first one signs, all are accepted: a new one goes before the old.
    keys: tuple[SecretReference, ...] = ()
    #: How long after its message came a link leads to it.
    lifetime_s: KeepSeconds = 30 * _DAY_S
