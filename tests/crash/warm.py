"""Imported by the server of forks: boto3's client, which takes half a second to make.

The forks find it in the store's own cache. It has no connection yet, which two of them
would share.
"""

from __future__ import annotations

import json
import os
from typing import Final

from souspli_storage.s3 import _make_client
from souspli_storage.s3_location import Credentials, S3Location

VARIABLE: Final = "SOUSPLI_CRASH_S3"


def described(place: S3Location) -> str:
    """Say in a variable where the store is."""
    assert place.credentials is not None
    keys = place.credentials.access_key, place.credentials.secret_key
    return json.dumps([place.endpoint, place.region, place.addressing, *keys])


if VARIABLE in os.environ:
    _endpoint, _region, _addressing, *_keys = json.loads(os.environ[VARIABLE])
    _make_client(_endpoint, _region, _addressing, Credentials(*_keys))
