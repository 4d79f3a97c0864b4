from __future__ import annotations

import subprocess
import sys

from ossicle_gemini import plugin


def test_what_is_announced() -> None:
    (spec,) = plugin.ossicle_register_providers()
    models = {one.model for one in plugin.ossicle_register_models()}
    assert spec.name == "gemini"
    assert set(spec.default_models.values()) <= models
    assert spec.requires[0].fix == 'pip install "ossicle[gemini]"'
    assert not spec.is_local


def test_announcing_imports_no_http_client() -> None:
    code = (
        "import sys, ossicle_gemini.plugin as p; p.ossicle_register_providers(); "
        "p.ossicle_register_models(); "
        "sys.exit(any(name in sys.modules for name in ('httpx2', 'ssl', 'numpy')))"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()[-500:]
