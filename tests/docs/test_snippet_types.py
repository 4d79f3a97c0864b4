"""Snippets of the README, the guides and the cookbook are accepted by mypy.

One kind of report is let through: `Reply.audio` and `Reply.receipt` are optional to a type checker,
also where a call was made that always sets them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "docs" / "cookbook.md",
    *sorted((ROOT / "docs" / "coming-from").glob("*.md")),
    *sorted((ROOT / "docs" / "guides").glob("*.md")),
]
OPTIONAL = re.compile(
    r'Item "None" of "(AudioClip|Receipt|Usage|Cost)( \| Any)? \| None"'
    r'|Argument 1 to "transcribe" of "Client" has incompatible type "AudioClip \| None"'
)
SETTINGS = f"""
[mypy]
mypy_path = {ROOT / "core"},{ROOT / "providers"},{ROOT / "converters"}
namespace_packages = True
explicit_package_bases = True
plugins = pydantic.mypy
check_untyped_defs = True
ignore_missing_imports = True
"""


def errors_in(folder: Path) -> list[str]:
    """What mypy says of the modules in a folder, a line for each error."""
    settings = folder / "mypy.ini"
    settings.write_text(SETTINGS, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--no-pretty", "--no-error-summary"]
    modules = sorted(path.name for path in folder.glob("*.py"))
    done = subprocess.run(
        [*command, "--config-file", str(settings), *modules],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if ": error:" in line]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_snippets_type_check(tmp_path: Path) -> None:
    count = 0
    for page in PAGES:
        found = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        for number, block in enumerate(found):
            name = f"{page.parent.name}_{page.stem}_{number}".replace("-", "_")
            (tmp_path / f"{name}.py").write_text(block, encoding="utf-8")
            count += 1
    assert count > 50
    (tmp_path / "wrong.py").write_text(
        "import ossicle\nossicle.Client('echo').speak('x', voize='y')\n", encoding="utf-8"
    )
    errors = errors_in(tmp_path)
    assert [line for line in errors if line.startswith("wrong.py:2:")]  # it is looked at
    rest = [
        line for line in errors if not line.startswith("wrong.py") and not OPTIONAL.search(line)
    ]
    assert rest == []
