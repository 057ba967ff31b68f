"""Which names mean this very machine, so that nobody else's wire lies between."""

from ipaddress import ip_address


def is_this_machine(host: str) -> bool:
    """Say whether `host`, a name or an address, is this machine by its own words.

    Browsers count the same ones as trustworthy without TLS: Secure cookies work there.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
