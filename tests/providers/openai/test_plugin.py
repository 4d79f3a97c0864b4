import subprocess
import sys

from ossicle_openai import plugin


def test_the_plugin_announces_one_provider_and_its_models() -> None:
    (spec,) = plugin.ossicle_register_providers()
    assert spec.name == "openai"
    assert spec.requires[0].package == "openai"
    assert spec.requires[0].fix == 'pip install "ossicle[openai]"'
    assert set(spec.default_models) == {"respond", "speak", "transcribe"}
    models = {record.model for record in plugin.ossicle_register_models()}
    assert set(spec.default_models.values()) <= models


def test_announcing_imports_no_sdk() -> None:
    code = (
        "import sys; from ossicle_openai import plugin; plugin.ossicle_register_providers(); "
        "plugin.ossicle_register_models(); "
        "sys.exit(any(name in sys.modules for name in ('openai', 'httpx2', 'numpy')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
