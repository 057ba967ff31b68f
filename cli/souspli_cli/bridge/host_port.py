"""`host:port`, as settings have it."""

from __future__ import annotations

import ipaddress


def host_and_port(text: str) -> tuple[str, int]:
    """Give the two; an IPv6 address loses its brackets. Raises ValueError."""
    host, _, port = text.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def is_loopback(host: str) -> bool:
    """Say whether this is this very machine, so that nobody else's wire lies between."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
