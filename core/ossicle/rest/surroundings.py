"""What the environment tells the HTTP client: proxies and certificates. Names only, no values."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

_PROXIES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


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


def suspects(*, environment: Mapping[str, str] | None = None) -> list[str]:
    """Variables that are set and that the HTTP client reads when it is built."""
    environment = os.environ if environment is None else environment
    names = (*_PROXIES, *_CERTIFICATES)
    return [found for name in names if (found := _set(name, environment))]


def _set(name: str, environment: Mapping[str, str]) -> str | None:
    return next((one for one in (name, name.lower()) if environment.get(one)), None)
