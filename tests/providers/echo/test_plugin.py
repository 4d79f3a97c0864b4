from __future__ import annotations

import subprocess
import sys

import pytest

from ossicle.abc import AudioProvider, ProviderSettings
from ossicle.errors import ConfigurationError
from ossicle.plugins import PluginHost
from ossicle_echo import EchoProvider, plugin
from ossicle_echo.models import MODELS


def test_host_finds_provider_and_models() -> None:
    host = PluginHost(plugins=[plugin], entry_points=lambda: ())
    assert [listing.state for listing in host.listings()] == ["ready"]
    spec = host.provider("echo")
    assert spec.is_local
    provider = spec.factory(ProviderSettings())
    assert isinstance(provider, AudioProvider)
    assert [str(model) for model in host.models()] == ["echo:chat", "echo:speak", "echo:transcribe"]
    for task, model in spec.default_models.items():
        assert task in provider.capabilities(model).tasks


def test_settings_become_the_script() -> None:
    (spec,) = plugin.ossicle_register_providers()
    assert isinstance(spec.factory(ProviderSettings(options={"answer": "yes"})), EchoProvider)
    with pytest.raises(ConfigurationError, match="loud"):
        spec.factory(ProviderSettings(options={"loud": 1}))


def test_importing_the_plugin_loads_nothing_heavy() -> None:
    code = (
        "import sys, ossicle_echo.plugin as p; p.ossicle_register_providers(); "
        "p.ossicle_register_models(); "
        "sys.exit(str([m for m in ('numpy', 'anyio', 'soundfile') if m in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
        check=False,
    )
    assert done.stderr.strip() == "[]"


def test_unknown_attribute_of_the_package_is_an_attribute_error() -> None:
    import ossicle_echo

    with pytest.raises(AttributeError, match="nonsense"):
        getattr(ossicle_echo, "nonsense")  # noqa: B009 - mypy knows that it is not there


@pytest.mark.parametrize("model", MODELS.values(), ids=str)
def test_record_is_stable_in_json(model: object) -> None:
    kind = type(model)
    assert kind.model_validate_json(model.model_dump_json()) == model  # type: ignore[attr-defined]  # a pydantic model
