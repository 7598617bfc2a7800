"""Addresses of IPv6, which need brackets where a port follows them."""

from ipaddress import IPv6Address


def is_ipv6(host: str) -> bool:
    """Say whether this is an address of IPv6, without brackets."""
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True


def bracketed(address: str) -> str:
    """Put an IPv6 address before a port into brackets, as where $(NODE_IP):4317 stands for one."""
    host, _, port = address.rpartition(":")
    return f"[{host}]:{port}" if is_ipv6(host) else address
