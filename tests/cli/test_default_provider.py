"""Who is asked when nobody says."""

from __future__ import annotations

from types import SimpleNamespace

from ossicle.abc import ProviderSettings, ProviderSpec, Requirement, hookimpl
from ossicle.plugins import PluginHost
from ossicle_cli.default_provider import choose_provider


def host(*needs: str, name: str = "local") -> PluginHost:
    def build(_settings: ProviderSettings) -> None: ...

    spec = ProviderSpec(
        name=name,
        summary="",
        factory=build,  # type: ignore[arg-type]  # never built
        default_models={},
        requires=tuple(Requirement(package=need) for need in needs),
    )

    @hookimpl
    def ossicle_register_providers() -> list[ProviderSpec]:
        return [spec]

    plugin = SimpleNamespace(ossicle_register_providers=ossicle_register_providers)
    return PluginHost(plugins=[plugin], entry_points=list)


def test_a_name_counts_most_and_is_not_remarked_on() -> None:
    choice = choose_provider("openai:x", host(), environment={"OSSICLE_PROVIDER": "echo"})
    assert (choice.reference, choice.remark) == ("openai:x", None)


def test_the_environment_counts_next() -> None:
    choice = choose_provider(None, host(), environment={"OSSICLE_PROVIDER": " openai "})
    assert (choice.reference, choice.remark) == ("openai", None)


def test_local_is_taken_when_all_of_it_is_here() -> None:
    choice = choose_provider(None, host("json"), environment={})
    assert choice.reference == "local"
    assert choice.remark is not None
    assert "nothing leaves this machine" in choice.remark


def test_echo_is_taken_when_local_misses_something_and_says_what_to_install() -> None:
    for incomplete in (host("no_such_package"), host(name="other")):
        choice = choose_provider(None, incomplete, environment={"OSSICLE_PROVIDER": ""})
        assert choice.reference == "echo"
        assert 'pip install "ossicle[local]"' in (choice.remark or "")
