"""The settings decide where whole messages are kept."""

from pathlib import Path

from worker.blob_settings import BlobSettings
from worker.blobs.bucket import BucketBlobs
from worker.blobs.directory import DirectoryBlobs
from worker.blobs.opening import open_blobs


def secret(reference: str) -> str:
    """Return the secret of a reference."""
    return f"secret of {reference}"


def test_a_directory_is_the_usual_place(tmp_path: Path) -> None:
    """Nothing is made before there is something to keep."""
    blobs = open_blobs(BlobSettings(), directory=tmp_path / "blobs", secret=secret)
    assert isinstance(blobs, DirectoryBlobs)
    assert blobs._root == tmp_path / "blobs"
    assert not (tmp_path / "blobs").exists()


def test_none_keeps_nothing(tmp_path: Path) -> None:
    """Whoever wants no copies of mail says so."""
    assert open_blobs(BlobSettings(url="none"), directory=tmp_path, secret=secret) is None


def test_a_bucket_is_opened_with_its_credentials(tmp_path: Path) -> None:
    """The prefix, the endpoint and the keys reach the library."""
    settings = BlobSettings(
        url="s3://my-mails/kept/here/",
        endpoint="https://s3.example.com",
        region="eu-1",
        access_key="env:A",
        secret_key="env:B",
    )
    blobs = open_blobs(settings, directory=tmp_path, secret=secret)
    assert isinstance(blobs, BucketBlobs)
    store = blobs._store
    assert store.prefix == "kept/here"
    assert store.config["bucket"] == "my-mails"
    assert store.config["endpoint"] == "https://s3.example.com"
    assert store.config["access_key_id"] == "secret of env:A"
    assert store.config["secret_access_key"] == "secret of env:B"
