"""Web addresses: http and https only, host in lower case and without surprises, no user names or passwords inside."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from guanxi.kit.problems import BadValue
from guanxi.kit.text import clean, half_width

VERSION = 1
MAX_LENGTH = 2000

_HOST = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})\.?", re.ASCII
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])", re.ASCII)


def normalise(raw: object) -> str:
    """``www.Acme.com/About`` → ``https://www.acme.com/About``. A missing scheme becomes https; a lone / goes. Raises :class:`BadValue`."""
    if len(str(raw)) > 2 * MAX_LENGTH:
        raise BadValue("url.invalid", value=raw)
    text = clean(half_width(str(raw))).replace("。", ".").strip("<>\"'")
    if not text:
        raise BadValue("url.empty")
    if len(text) > MAX_LENGTH or re.search(r"[\s\\<>\"`{}|^\x00-\x1f]", text):
        raise BadValue("url.invalid", value=text)
    lower = text[:8].lower()
    if lower.startswith("//"):
        text = "https:" + text
    elif not lower.startswith(("http://", "https://")):
        if _SCHEME.match(text):
            raise BadValue("url.scheme", value=text)
        text = "https://" + text
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise BadValue("url.invalid", value=text)
    if parts.username is not None or "@" in parts.netloc:
        raise BadValue("url.credentials", value=text)
    host = (parts.hostname or "").rstrip(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise BadValue("url.host", value=text)
    if not (_HOST.fullmatch(host) or _IPV4.fullmatch(host)):
        raise BadValue("url.host", value=text)
    scheme = parts.scheme.lower()
    netloc = host if port is None or port == {"http": 80, "https": 443}[scheme] else f"{host}:{port}"
    path = "" if parts.path == "/" and not parts.query and not parts.fragment else parts.path
    return urlunsplit((scheme, netloc, path, parts.query, parts.fragment))


def host(url: str) -> str:
    """The host without ``www.``, for comparing: two addresses of one site share it."""
    name = urlsplit(url).hostname or ""
    return name.removeprefix("www.")


def display(url: str) -> str:
    """Without scheme, ``www.`` and the trailing slash."""
    return re.sub(r"^https?://(?:www\.)?", "", url).rstrip("/")
