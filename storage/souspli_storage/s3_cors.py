"""The rule that lets a page read and put at a bucket from a browser, and nobody else's page.

A browser asks the store whether the page's origin may; programs are not asked. Of the
headers of an answer the page sees those that are exposed: without `Content-Range` it
could not tell which bytes it got.
"""

from __future__ import annotations

import json
from typing import Final
from xml.sax.saxutils import escape

METHODS: Final = ("GET", "HEAD", "PUT")
ALLOWED_HEADERS: Final = ("range", "content-type", "x-amz-checksum-sha256")
EXPOSED_HEADERS: Final = ("Accept-Ranges", "Content-Length", "Content-Range", "ETag")

# How long a browser remembers the answer: asking before every range would double them.
MAX_AGE_SECONDS: Final = 3_600


def cors_json(origin: str) -> str:
    """Return the rule as `aws s3api put-bucket-cors --cors-configuration` takes it."""
    rule = {
        "AllowedOrigins": [origin],
        "AllowedMethods": list(METHODS),
        "AllowedHeaders": list(ALLOWED_HEADERS),
        "ExposeHeaders": list(EXPOSED_HEADERS),
        "MaxAgeSeconds": MAX_AGE_SECONDS,
    }
    return json.dumps({"CORSRules": [rule]}, indent=2)


def cors_xml(origin: str) -> str:
    """Return the rule as S3's own request carries it, for tools and consoles that want that."""
    fields = (
        ("AllowedOrigin", (origin,)),
        ("AllowedMethod", METHODS),
        ("AllowedHeader", ALLOWED_HEADERS),
        ("ExposeHeader", EXPOSED_HEADERS),
        ("MaxAgeSeconds", (str(MAX_AGE_SECONDS),)),
    )
    lines = [f"    <{name}>{escape(value)}</{name}>" for name, values in fields for value in values]
    return "\n".join(
        (
            '<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
            "  <CORSRule>",
            *lines,
            "  </CORSRule>",
            "</CORSConfiguration>",
        )
    )
