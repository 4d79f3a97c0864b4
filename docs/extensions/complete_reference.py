"""Refuse a site whose reference lacks a public name."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig

sys.path.insert(0, str(Path(__file__).parent))

from repository_pages import exported, public_modules

_LOG = logging.getLogger(f"mkdocs.{__name__}")  # what is warned of here fails `--strict`


def missing(site: Path) -> list[str]:
    """Public names that have no place on the page of their module."""
    return [
        f"{module}.{name}"
        for module in public_modules()
        for name in exported(module)
        if f'id="{module}.{name}"'
        not in (site / "reference" / f"{module}.html").read_text(encoding="utf-8")
    ]


def on_post_build(config: MkDocsConfig) -> None:
    """Look for each name in what was built."""
    for name in missing(Path(config.site_dir)):
        _LOG.warning("the reference lacks %s", name)
