"""libmagic, asked from here alone; one of its handles for each thread.

A C program on hostile bytes: the bridge runs intake in a process of its own, with limits,
and so does whoever examines files before they are sent.
"""

from __future__ import annotations

import os
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Final

from souspli_exchange.patterns import MEDIA_TYPE

if TYPE_CHECKING:
    import magic

_MOST_LOOKED_AT: Final = 65_536
_MOST_TYPE_CHARACTERS = 100  # of a manifest

_loading = threading.Lock()
_handles = threading.local()


def magic_type(content: bytes) -> str | None:
    """Return the media type that libmagic gives, None if it has none that may travel."""
    handle: magic.Magic | None = getattr(_handles, "magic", None)
    if handle is None:
        handle = _handles.magic = _open()  # handles are not safe to share
    try:
        told = handle.from_buffer(content[:_MOST_LOOKED_AT]).lower()
    except Exception:  # noqa: BLE001  (python-magic raises its own, and whatever it stumbles over)
        return None
    fits = MEDIA_TYPE.fullmatch(told) and len(told) <= _MOST_TYPE_CHARACTERS
    return told if fits else None


def _open() -> magic.Magic:
    """Load libmagic, and leave our own environment as it was.

    pylibmagic says where its library is in variables that every later child would inherit,
    with the current folder among them.
    """
    with _loading:
        before = dict(os.environ)
        try:
            signatures = import_module("pylibmagic").data.joinpath("magic.mgc")
            opened: magic.Magic = import_module("magic").Magic(
                mime=True, magic_file=str(signatures)
            )
            return opened
        finally:
            for name in os.environ.keys() - before.keys():
                del os.environ[name]
            os.environ.update(before)
