"""Opening: which blobs the settings mean."""

from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from worker.blob_settings import BlobSettings
from worker.blobs.bucket import BucketBlobs
from worker.blobs.directory import DirectoryBlobs
from worker.ports import Blobs

#: Keeps nothing.
NONE: Final = "none"

#: Returns what a reference leads to. Raises SecretMissing.
Secret = Callable[[str], str]


def open_blobs(settings: BlobSettings, *, directory: Path, secret: Secret) -> Blobs | None:
    """Return where whole messages are kept, None where none are. Nothing is made or asked yet.

    Args:
        settings: What is said of it.
        directory: Where they are kept if not in a bucket.
        secret: Reads the bucket's credentials.

    Raises SecretMissing.
    """
    if settings.url == NONE:
        return None
    if settings.url.startswith("s3:"):
        return _bucket(settings, secret)
    return DirectoryBlobs(directory.absolute())


def _bucket(settings: BlobSettings, secret: Secret) -> BucketBlobs:
    url = urlsplit(settings.url)
    return BucketBlobs.open(
        url.netloc,
        prefix=url.path.strip("/"),
        endpoint=settings.endpoint,
        region=settings.region,
        access_key=secret(settings.access_key) if settings.access_key else "",
        secret_key=secret(settings.secret_key) if settings.secret_key else "",
        timeout_s=settings.timeout_s,
    )
