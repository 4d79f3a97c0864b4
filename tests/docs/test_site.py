"""The built site: without a warning, and without anything that comes from the network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mkdocs")

ROOT = Path(__file__).parents[2]
ATTRIBUTE = re.compile(r'<(?:script|img|iframe|link)\b[^>]*?(?:src|href)="([^"]+)"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_page_loads_files_of_the_site_alone(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 60
    for page in pages:
        loaded = ATTRIBUTE.findall(page.read_text(encoding="utf-8"))
        assert loaded, page
        for target in loaded:
            file = os.path.normpath(page.parent / target.split("?", 1)[0])
            # 404.html is shown at any address, so its own targets begin at the root.
            assert page.name == "404.html" or Path(file).is_file(), f"{page.name}: {target}"
            assert "://" not in target, f"{page.name}: {target}"


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_search_knows_guides_recipes_and_public_names(site: Path) -> None:
    index = (site / "search" / "search_index.js").read_text(encoding="utf-8")
    for words in ("guides/storage.html", "cookbook.html#captions", "AsyncClient", "EndpointRules"):
        assert words in index, words
