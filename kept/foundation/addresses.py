"""Network addresses as something to count strangers by."""

from ipaddress import IPv6Network, ip_address


def neighbourhood(address: str) -> str:
    """Of an IPv6 address the first 64 bits, since whoever has one has all that follow; any other as it is."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False))
