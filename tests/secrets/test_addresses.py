"""Addresses from a user that a server must not call."""

import socket
from ipaddress import ip_address

import pytest

from app_schema.addresses import holds_credentials, is_public, reachable
from app_schema.errors import AddressRefused

HOSTS = [
    *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "localhost"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
    *("169.254.169.254", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "[fe80::1]", "[fe80::1%25lo]", "168.63.129.16", "100.100.100.200"),
    *("10.0.0.1", "172.16.0.1", "192.168.0.1", "[fc00::1]", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("scheme", ["https", "ws"])
def test_an_address_of_the_own_network(host, scheme):
    with pytest.raises(AddressRefused):
        reachable(f"{scheme}://{host}:8080/c4nary")


@pytest.mark.parametrize("host", ["8.8.8.8", "134744072", "[2001:4860:4860::8888]", "[64:ff9b::808:808]"])
def test_a_public_one(host):
    [found] = reachable(f"https://{host}/mcp?page=1")
    assert is_public(found)


def test_a_name_with_one_private_address_is_refused(monkeypatch):
    """A name of the attacker's own, which leads to both."""
    places = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: places)
    with pytest.raises(AddressRefused, match="private network"):
        reachable("https://both.example/")
    places.pop()
    assert reachable("https://both.example/") == (ip_address("8.8.8.8"),)


@pytest.mark.parametrize(
    "url",
    [
        *("https://u:c4nary@8.8.8.8/", "https://c4nary@8.8.8.8/", "https://8.8.8.8\\@c4nary/", "ftp://8.8.8.8/c4nary", "file:///c4nary"),
        *("https://h℀x/c4nary", "http://[c4nary/", "https://8.8.8.8:c4nary/", "https:///c4nary", "", "https://8.8.8.8/\nc4nary"),
        *(f"https://8.8.8.8/?{name}=c4nary" for name in ("sig", "X-Amz-Signature", "code", "jwt", "token[]", "t%6Fken", "a=1&api%5Fkey")),
        *(f"https://8.8.8.8/{part}=c4nary" for part in ("#access_token", "?x;password", "?t%256Fken", "?token%5B%5D", "?SIG")),
    ],
)
def test_one_that_cannot_be_called(url):
    with pytest.raises(AddressRefused) as caught:
        reachable(url)
    assert "c4nary" not in str(caught.value)


@pytest.mark.parametrize("query", ["page=1", "design=x", "encode=1", "country_code=82", "tokens=5", "q=token=x".replace("=x", ""), ""])
def test_what_is_no_credential(query):
    assert not holds_credentials(query)
