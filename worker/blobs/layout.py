"""Layout: how a blob's name becomes a path, the same in a directory and in a bucket."""

from worker.blob import BlobName

#: How many digits of the digest name the folder a blob lies in: 256 folders a channel.
SHARD_DIGITS = 2


def path_of(name: BlobName) -> str:
    """Return where a blob lies."""
    return f"{name.channel}/{name.digest[:SHARD_DIGITS]}/{name.digest}"


def name_at(path: str) -> BlobName | None:
    """Return whose place a path is, None where nobody of ours put anything there."""
    channel, _, rest = path.partition("/")
    shard, _, digest = rest.partition("/")
    name = BlobName.read(f"{channel}/{digest}")
    return name if name and digest.startswith(shard) and path == path_of(name) else None
