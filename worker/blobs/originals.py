"""Originals: mail that a provider left in a bucket, and of which only a notification came."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from worker.blob import ObjectName
from worker.blob_settings import BucketSettings
from worker.blobs.opening import Secret
from worker.blobs.s3 import open_s3, said
from worker.errors import BlobsUnavailable, OriginalMissing, SecretMissing
from worker.mail_ports import Take

#: What Amazon's encryption client notes beside what it encrypted: the key, in its old or its present way.
_ENCRYPTED: Final = frozenset({"x-amz-key", "x-amz-key-v2"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that is read for a channel."""

    settings: BucketSettings
    store: S3Store = field(repr=False)

    @classmethod
    def open(cls, settings: BucketSettings, secret: Secret) -> "Bucket":
        """Return it; nothing is asked of it yet. Raises SecretMissing."""
        store = open_s3(
            settings.url.removeprefix("s3://").partition("/")[0],
            endpoint=settings.endpoint,
            region=settings.region,
            access_key=secret(settings.access_key) if settings.access_key else "",
            secret_key=secret(settings.secret_key) if settings.secret_key else "",
            timeout_s=settings.timeout_s,
        )
        return cls(settings, store)

    def read(self, name: ObjectName, take: Take) -> bytes:
        """Return what lies there. Raises OriginalMissing or BlobsUnavailable."""
        try:
            found = obstore.get(self.store, name.key)
            size, limit = found.meta["size"], self.settings.max_message_bytes
            if size > limit:
                raise OriginalMissing(
                    f"{name} has {size} bytes, over the bucket's max_message_bytes ({limit})"
                )
            if _ENCRYPTED & {str(each).lower() for each in found.attributes}:
                raise OriginalMissing(
                    f"{name} was encrypted by Amazon SES, and only its owner's key opens it: switch message "
                    "encryption of the receipt rule off, and encrypt the bucket instead"
                )
            take(size)
            return bytes(found.bytes())
        except FileNotFoundError as error:
            raise OriginalMissing(f"{name} is not there") from error
        except (PermissionDeniedError, UnauthenticatedError) as error:
            # S3 answers like this for what is not there as well, to whoever may not list the bucket.
            raise OriginalMissing(f"{name} may not be read, or is not there: {said(error)}") from error
        except ValueError as error:
            raise OriginalMissing(f"{name} is no place where a mail can lie: {said(error)}") from error
        except (BaseError, OSError) as error:
            raise BlobsUnavailable(f"{name} cannot be reached: {said(error)}") from error


class BucketOriginals:
    """Implements `worker.mail_ports.Originals`."""

    def __init__(self, buckets: Mapping[str, Sequence[BucketSettings]], secret: Secret) -> None:
        """Prepare; a bucket is opened when something is to be read in it, with the credentials of that time.

        Args:
            buckets: Those of each channel.
            secret: Reads their credentials.
        """
        self._buckets = buckets
        self._secret = secret

    async def fetch(self, channel: str, name: ObjectName, *, take: Take) -> bytes:
        """See `worker.mail_ports.Originals.fetch`."""
        settings = next((each for each in self._buckets.get(channel, ()) if each.holds(name)), None)
        if settings is None:
            raise OriginalMissing(
                f"{name} lies in none of the buckets that channels.{channel}.buckets names, so it is not read"
            )
        try:
            bucket = Bucket.open(settings, self._secret)
        except SecretMissing as error:
            raise OriginalMissing(f"{name} cannot be read: {error}") from error
        return await asyncio.to_thread(bucket.read, name, take)
