"""Search works from the disk: a browser starts no worker under `file://`, so a shim stands in.

MkDocs Material's plugin `offline` fetches that shim from the network whenever a page is opened. The
site brings it along instead.
"""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import Any

FETCHED = "https://unpkg.com/iframe-worker/shim"
BROUGHT_ALONG = "assets/iframe-worker.js"


def on_post_page(output: str, *, page: Any, **_: Any) -> str:
    """The page, with the shim of the site."""
    return output.replace(FETCHED, shim_of(page.file.dest_uri))


def on_post_template(output_content: str, *, template_name: str, **_: Any) -> str:
    """The same for a page that is none of ours, such as `404.html`."""
    return output_content.replace(FETCHED, shim_of(template_name))


def shim_of(page: str) -> str:
    """Where the shim is, seen from a page of the site."""
    return os.path.relpath(BROUGHT_ALONG, PurePosixPath(page).parent)
