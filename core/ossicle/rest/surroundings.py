"""What the environment says to the HTTP client: proxies and certificates. Names only, no values."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

_PROXIES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_PLAIN = ("http", "https")
_SOCKS = ("socks5", "socks5h")


def proxy_variable(base_url: str, *, environment: Mapping[str, str] | None = None) -> str | None:
    """The variable whose proxy requests to this URL take; `None` when they take none.

    Args:
        base_url: Of the endpoint.
        environment: `None` takes the process's own.
    """
    environment = os.environ if environment is None else environment
    parts = urlsplit(base_url)
    if proxy_bypass(parts.hostname or ""):
        return None
    wanted = (f"{parts.scheme}_proxy".upper(), "ALL_PROXY")
    return next((found for name in wanted if (found := _set(name, environment))), None)


def suspects(
    error: Exception, *, environment: Mapping[str, str] | None = None
) -> tuple[list[str], str]:
    """Variables because of which the HTTP client cannot be built, and what to do about them.

    Args:
        error: What building it raised: a package for SOCKS is missing, a proxy's URL cannot be
            one, or certificates cannot be read.
        environment: `None` takes the process's own.
    """
    environment = os.environ if environment is None else environment
    if isinstance(error, OSError):
        names = [found for name in _CERTIFICATES if (found := _set(name, environment))]
        gone = [name for name in names if not Path(environment[name]).exists()]
        return gone or names, "Name certificates that are there, or unset it."
    names = [found for name in _PROXIES if (found := _set(name, environment))]
    schemes = {name: environment[name].partition("://")[0].lower() for name in names}
    if isinstance(error, ImportError):
        return [name for name in names if schemes[name] in _SOCKS], (
            "Install httpx2[socks], or unset it."
        )
    odd = [name for name in names if schemes[name] not in (*_PLAIN, *_SOCKS)]
    return odd or names, "Name a proxy by a URL such as http://127.0.0.1:8080, or unset it."


def _set(name: str, environment: Mapping[str, str]) -> str | None:
    return next((one for one in (name, name.lower()) if environment.get(one)), None)
