"""Where alerts go: Slack, e-mail and whatever else apprise speaks, each by a URL that is a secret."""

from __future__ import annotations

import logging
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from app_schema.errors import ExtraMissing, SettingsError
from app_schema.urls import split_url

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from app_schema.settings import Settings

BETWEEN = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")  # a list of addresses inside a URL has commas, too
SLACK, URLS = "SLACK_WEBHOOK_URL", "APP_SCHEMA_ALERT_URLS"
SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
# What the policy's own script posts, {"text": …}: a relay, Mattermost or Rocket.Chat take it as Slack does.
AS_SLACK = "?:message=text&:version=&:title=&:type=&:attachments="


class Channel(NamedTuple):
    """One place to tell.

    Attributes:
        key: names it in the memory, without telling its secret.
        name: for people: what it is and where, without the secret.
        url: as apprise takes it; a secret.
        place: where it was given, for whoever has to mend it.
    """

    key: str
    name: str
    url: str
    place: str


def channels(settings: Settings) -> list[Channel]:
    """Return the channels of ``SLACK_WEBHOOK_URL`` and ``APP_SCHEMA_ALERT_URLS``.

    Raises:
        SettingsError: none of them is set.
    """
    found = []
    if settings.slack_webhook_url is not None:
        found.append(_channel(_slack(settings.slack_webhook_url.get_secret_value().strip()), SLACK, "slack"))
    if settings.alert_urls is not None:
        urls = [url for url in BETWEEN.split(settings.alert_urls.get_secret_value().strip()) if url]
        found += [_channel(url, f"address {number} of {len(urls)} in {URLS}") for number, url in enumerate(urls, 1)]
    if not found:
        raise SettingsError("there is nobody to alert; set SLACK_WEBHOOK_URL, or APP_SCHEMA_ALERT_URLS=mailtos://user:password@host?to=you")
    return found


def send(channel: Channel, *, title: str, body: str, bad: bool) -> str | None:
    """Send one message; return why the channel did not take it, None if it did.

    Raises:
        ExtraMissing: apprise is not installed.
    """
    apprise = _apprise()
    try:
        plugin = apprise.Apprise.instantiate(channel.url) if _parts(channel.url) else None
    except Exception as error:  # noqa: BLE001 (as below)
        return f"{type(error).__name__} in its library"
    if plugin is None:
        return f"{channel.place} is no URL that apprise understands"
    plugin.redirects = False  # it would lead messages to an address that nobody chose
    if channel.url.endswith(AS_SLACK):
        title, body = "", f"{title}\n\n{body}"  # it has but one text
    kind = apprise.NotifyType.FAILURE if bad else apprise.NotifyType.SUCCESS
    try:
        taken = plugin.notify(body=body, title=title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT)
    except Exception as error:  # noqa: BLE001 (a channel must never stop the monitor, whatever its library raises)
        return f"{type(error).__name__} in its library"
    return None if taken else "it did not take the message; check its URL and that it can be reached"


def _apprise() -> Any:
    try:
        import apprise  # noqa: PLC0415 (an optional extra)
    except ModuleNotFoundError:
        raise ExtraMissing("alerts need apprise: pip install 'app-schema[alerts]'") from None
    log = logging.getLogger("apprise")  # it writes URLs, which are secrets
    log.propagate = False
    log.addHandler(logging.NullHandler())
    return apprise


def _slack(url: str) -> str:
    """Return the address for apprise; one that is no URL stays as it is, and :func:`send` says so: other channels are told all the same."""
    parts = _parts(url)
    if parts is None or _is_misread(url, parts):
        return url
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError("SLACK_WEBHOOK_URL is no http URL; write https://hooks.slack.com/services/…")
    if parts.hostname in SLACK_HOSTS:
        return url
    return f"{'jsons' if parts.scheme == 'https' else 'json'}://{parts.netloc}{parts.path or '/'}{AS_SLACK}"


def _channel(url: str, place: str, kind: str | None = None) -> Channel:
    key = sha256(url.encode(errors="surrogateescape")).hexdigest()[:16]
    parts = _parts(url)
    if parts is None:
        return Channel(key, place, url, place)
    host = (
        parts.hostname if not _is_misread(url, parts) and parts.scheme in ("http", "https", "json", "jsons", "mailto", "mailtos") else None
    )
    name = (
        f"{kind or parts.scheme}{f' ({host})' if host else ''}" if kind or parts.scheme else place
    )  # elsewhere apprise keeps a token in the host's place
    return Channel(key, name, url, place)


def _is_misread(url: str, parts: SplitResult) -> bool:
    """Whether a piece of a password may have been taken for the host: one with @ / ? or # that is not percent-encoded."""
    return url.count("@") > 1 or ("@" in url and parts.username is None)


def _parts(url: str) -> SplitResult | None:
    try:
        return split_url(url)
    except ValueError:  # such as a bracket that is not closed
        return None
