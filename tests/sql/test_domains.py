import pytest
from rows import insert
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError


@pytest.mark.parametrize(
    "url",
    [
        "https://mcp.example.kr/mcp",
        "HTTP://localhost:8080",
        "wss://[::1]:9000/socket?room=1#top",
        "https://registry.example.kr/@scope/server",
        "https://예시.한국/도구?max_tokens=5",
        "ws://10.0.0.1?who=a@b.kr",
    ],
)
def test_public_url_takes(connection, url):
    assert connection.scalar(text("SELECT CAST(:url AS public_url)"), {"url": url}) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://user:password@example.kr/mcp",
        "https://user@example.kr/mcp",
        "https://:password@example.kr",
        "https://good.kr\\@evil.kr/",
        "https://example.kr/mcp?api_key=abc",
        "https://example.kr/mcp?a=1&access_token=abc",
        "ftp://example.kr",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "example.kr",
        "https://example.kr/a b",
        "x\nhttps://example.kr",
        "https://example.kr\n",
        "",
    ],
)
def test_public_url_refuses(connection, url):
    with pytest.raises(IntegrityError, match="public_url"):
        connection.execute(text("SELECT CAST(:url AS public_url)"), {"url": url})


@pytest.mark.parametrize("token", ["A" * 64, "a" * 63, "a" * 65, "a" * 63 + "\n", "g" * 64])
def test_sha256_hex_refuses(connection, token):
    with pytest.raises(IntegrityError, match="sha256_hex"):
        connection.execute(text("SELECT CAST(:token AS sha256_hex)"), {"token": token})


@pytest.mark.parametrize("password_hash", ["hunter2", "$2b$09$" + "a" * 53, "$2b$32$" + "a" * 53, "$2b$12$" + "a" * 52])
def test_bcrypt_hash_refuses_and_does_not_print(connection, password_hash):
    with pytest.raises(IntegrityError) as raised:
        insert(connection, "users", password_hash=password_hash)
    assert password_hash not in str(raised.value.orig)
