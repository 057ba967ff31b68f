"""Tells systemd that the service is ready (sd_notify(3)); nothing where there is no systemd."""

from __future__ import annotations

import contextlib
import os
import socket


def tell_ready() -> None:
    """Send `READY=1` to whoever started us and wants to know; a failure stops nothing."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    # "@" stands for the zero byte of Linux's abstract names.
    path = "\0" + address[1:] if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(b"READY=1", path)
