"""Where a bucket is, and what of it clients get to see. Opens nothing; knows no boto3."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

Addressing = Literal["path", "virtual"]
"""The bucket's name in the path, or in front of the host's name."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key. Prints as `…`."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Location:
    """Where the bucket is. `credentials` None: boto3 looks in its usual places."""

    endpoint: str
    region: str
    bucket: str
    prefix: str = ""
    """In front of every name; empty, or ends with a slash."""
    addressing: Addressing = "path"
    client_endpoint: str | None = None
    """Where clients reach the store, if not where the service does."""
    credentials: Credentials | None = None

    @property
    def address_for_clients(self) -> str:
        """What every address that a client is given begins with; ends with a slash."""
        url = urlsplit(self.client_endpoint or self.endpoint)
        if self.addressing == "virtual":
            return f"{url.scheme}://{self.bucket}.{url.netloc}/"
        return f"{url.scheme}://{url.netloc}/{self.bucket}/"
