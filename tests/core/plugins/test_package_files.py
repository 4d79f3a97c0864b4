"""No file of a plugin's package can change, come, go or hide without a change of the digest."""

from __future__ import annotations

import importlib
import os
import py_compile
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried

from ossicle.plugins import Behaviour, CapabilityReport, PluginHost, verify_module
from ossicle.plugins.package_files import REPORT_NAME, PackageFiles, package_files
from ossicle.plugins.verification import SignedReport

PROVED = "WHO = 'proved'\n"
OTHER = "WHO = 'never proved'\n"
REPORT = CapabilityReport(
    kind="provider",
    subject="acme",
    behaviours=(Behaviour(name="test_a", says="does a", outcome="passed"),),
)

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Writes files onto the path, and signs the plugin of a module."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def write(module: str, files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        sign(module)
        assert verify_module(module).is_verified
        return tmp_path

    yield write
    for name in set(sys.modules) - before:
        if name.startswith(("acme_", "shared_")):
            del sys.modules[name]


def sign(module: str) -> Path:
    package = package_files(module)
    assert package is not None
    signed = SignedReport(plugins=("acme",), files=package.digest(), reports=(REPORT,))
    package.report.write_text(signed.sealed().model_dump_json())
    return package.report


def runs(module: str) -> str:
    """What is run when the module is imported."""
    importlib.invalidate_caches()
    return str(importlib.import_module(module).WHO)


def test_a_plugin_in_a_subpackage_is_the_whole_package(make: Make) -> None:
    root = make(
        "acme_whole.hooks.plugin",
        {
            "acme_whole/__init__.py": "",
            "acme_whole/engine.py": PROVED,
            "acme_whole/hooks/__init__.py": "",
            "acme_whole/hooks/plugin.py": "from acme_whole.engine import WHO",
        },
    )
    assert (root / "acme_whole" / REPORT_NAME).is_file()
    root.joinpath("acme_whole/engine.py").write_text(OTHER)
    assert verify_module("acme_whole.hooks.plugin").state == "stale"
    assert runs("acme_whole.hooks.plugin") == "never proved"


def test_compiled_code_that_hides_a_module_is_noticed(make: Make) -> None:
    root = make(
        "acme_hidden.plugin",
        {
            "acme_hidden/__init__.py": "",
            "acme_hidden/plugin.py": "from .engine import WHO",
            "acme_hidden/engine.py": PROVED,
        },
    )
    source = root / "other.py"
    source.write_text(OTHER)
    place = root / "acme_hidden" / "engine" / "__init__.pyc"
    place.parent.mkdir()
    py_compile.compile(str(source), cfile=str(place), doraise=True)
    assert verify_module("acme_hidden.plugin").state == "stale"
    assert runs("acme_hidden.plugin") == "never proved"


def test_code_behind_a_link_counts(make: Make, tmp_path: Path) -> None:
    tmp_path.joinpath("elsewhere").mkdir()
    tmp_path.joinpath("elsewhere", "__init__.py").write_text(PROVED)
    tmp_path.joinpath("acme_linked").mkdir()
    tmp_path.joinpath("acme_linked", "engine").symlink_to(tmp_path / "elsewhere")
    make(
        "acme_linked.plugin",
        {"acme_linked/__init__.py": "", "acme_linked/plugin.py": "from .engine import WHO"},
    )
    tmp_path.joinpath("elsewhere", "__init__.py").write_text(OTHER)
    assert verify_module("acme_linked.plugin").state == "stale"
    assert runs("acme_linked.plugin") == "never proved"


@pytest.mark.slow
def test_every_part_of_a_namespace_counts(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make("acme_space.plugin", {"acme_space/plugin.py": "from .engine import WHO"})
    part = root / "further" / "acme_space"
    part.mkdir(parents=True)
    part.joinpath("engine.py").write_text(PROVED)
    monkeypatch.syspath_prepend(str(root / "further"))
    assert verify_module("acme_space.plugin").state == "stale"
    report = sign("acme_space.plugin")
    assert report == root / "acme_space" / REPORT_NAME
    assert verify_module("acme_space.plugin").is_verified
    part.joinpath("engine.py").write_text(OTHER)
    assert verify_module("acme_space.plugin").state == "stale"
    assert runs("acme_space.plugin") == "never proved"
    sign("acme_space.plugin")
    root.joinpath("acme_space/plugin.py").write_text(PROVED)
    assert verify_module("acme_space.plugin").state == "stale"


def distribution(root: Path, name: str, *files: str) -> None:
    """The metadata of an installed distribution."""
    info = root / f"{name}-1.0.dist-info"
    info.mkdir(exist_ok=True)
    info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    info.joinpath("RECORD").write_text("".join(f"{file},,\n" for file in files))


@pytest.mark.slow
def test_what_others_install_into_a_namespace_does_not_count(make: Make, tmp_path: Path) -> None:
    mine = ("shared_space/acme/__init__.py", "shared_space/acme/plugin.py")
    distribution(tmp_path, "acme", *mine)
    root = make("shared_space.acme.plugin", {mine[0]: "", mine[1]: PROVED})
    assert (root / "shared_space" / "acme" / REPORT_NAME).is_file()
    other = root / "shared_space" / "other" / "__init__.py"
    other.parent.mkdir()
    other.write_text("")
    assert verify_module("shared_space.acme.plugin").state == "stale", "nobody says whose it is"
    distribution(tmp_path, "other", "shared_space/other/__init__.py")
    assert verify_module("shared_space.acme.plugin").is_verified
    distribution(tmp_path, "other", "shared_space/other/__init__.py", mine[0])
    assert verify_module("shared_space.acme.plugin").is_verified
    root.joinpath(mine[0]).write_text(OTHER)
    assert verify_module("shared_space.acme.plugin").state == "stale", "it brings that file too"


def test_plugins_of_the_core_are_their_room_and_others_in_it_all_of_it() -> None:
    import ossicle

    core = Path(ossicle.__file__).parent
    for room in ("intake", "preprocess", "validators"):
        package = package_files(f"ossicle.{room}.plugin")
        assert package is not None
        assert (package.places, package.report) == ((core / room,), core / room / REPORT_NAME)
    guest = package_files("ossicle.guest.plugin")
    assert guest is not None
    assert guest.places == (core,)
    found = [one for one in PluginHost().listings() if one.module.startswith("ossicle.")]
    assert {one.module.split(".")[1] for one in found} == {"intake", "preprocess", "validators"}


def test_names_that_are_no_text_are_taken_as_bytes(make: Make) -> None:
    root = make("acme_named.plugin", {"acme_named/__init__.py": "", "acme_named/plugin.py": ""})
    path = root / "acme_named" / os.fsdecode(b"caf\xe9.txt")
    path.touch()
    assert verify_module("acme_named.plugin").state == "stale"
    sign("acme_named.plugin")
    assert verify_module("acme_named.plugin").is_verified
    [listing] = strict_host("acme_named.plugin").listings()
    assert listing.state == "ready"
    path.rename(path.with_name(os.fsdecode(b"caf\xe8.txt")))
    assert verify_module("acme_named.plugin").state == "stale"


def strict_host(module: str) -> PluginHost:
    points = [EntryPoint(name="acme", value=module, group="ossicle")]
    return PluginHost(allow=["acme"], require_verified=True, entry_points=lambda: points)


def add_loop(folder: Path) -> None:
    folder.joinpath("again").symlink_to(folder)


def add_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def add_dangling_link(folder: Path) -> None:
    folder.joinpath("caf\udce9").symlink_to(folder / "nothing")


def add_report_folder(folder: Path) -> None:
    folder.joinpath(REPORT_NAME).unlink()
    folder.joinpath(REPORT_NAME).mkdir()


def add_report_pipe(folder: Path) -> None:
    folder.joinpath(REPORT_NAME).unlink()
    os.mkfifo(folder / REPORT_NAME)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("spoil", "state", "words"),
    [
        (add_loop, "failed", "again/ leads back to itself"),
        (add_pipe, "failed", "pipe is neither a file nor a folder"),
        (add_dangling_link, "failed", "caf\\udce9 is neither a file nor a folder"),
        (add_report_folder, "missing", "it ships no conformance report"),
        (add_report_pipe, "missing", "it ships no conformance report"),
    ],
)
def test_what_cannot_be_read_blocks_one_plugin_and_no_host(
    make: Make, spoil: Callable[[Path], None], state: str, words: str
) -> None:
    root = make("acme_odd.plugin", {"acme_odd/__init__.py": "", "acme_odd/plugin.py": ""})
    spoil(root / "acme_odd")
    found = verify_module("acme_odd.plugin")
    assert (found.state, words in (found.reason or "")) == (state, True), found.reason
    [listing] = strict_host("acme_odd.plugin").listings()
    assert listing.state == "blocked"
    assert words in (listing.reason or "")


def test_a_file_that_fails_while_it_is_read_is_no_end_of_the_host(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("acme_torn.plugin", {"acme_torn/__init__.py": "", "acme_torn/plugin.py": ""})

    def fail(self: Path, *args: object, **more: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    found = verify_module("acme_torn.plugin")
    assert found.state == "failed"
    assert "Input/output error" in (found.reason or "")


@pytest.mark.slow
def test_a_link_to_everything_ends_soon(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make("acme_wide.plugin", {"acme_wide/__init__.py": "", "acme_wide/plugin.py": ""})
    folder = root / "deep"
    folder.mkdir()
    for _ in range(40):  # two to the power of forty folders, seen through the links
        inner = folder / "in"
        inner.mkdir()
        folder.joinpath("too").symlink_to(inner)
        folder = inner
        if len(str(folder)) > 3000:
            break
    root.joinpath("acme_wide", "all").symlink_to(root / "deep")
    monkeypatch.setattr("ossicle.plugins.package_files._MOST_FILES", 1000)
    assert "more than 1000 files" in (verify_module("acme_wide.plugin").reason or "")


NAMES = st.sampled_from(["a.py", "b.py", "a.pyc", "sub/a.py", "sub/c.json", f"sub/{REPORT_NAME}"])
TREES = st.dictionaries(NAMES, st.binary(max_size=8))


def package(folder: Path, tree: dict[str, bytes]) -> PackageFiles:
    for name, data in {**tree, REPORT_NAME: os.urandom(4), "__pycache__/a.pyc": b"x"}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return PackageFiles(report=folder / REPORT_NAME, places=(folder,))


@settings(max_examples=tried(40), deadline=None)
@given(one=TREES, other=TREES)
def test_digests_are_equal_exactly_for_equal_files(
    tmp_path_factory: pytest.TempPathFactory, one: dict[str, bytes], other: dict[str, bytes]
) -> None:
    first, second = (tmp_path_factory.mktemp("tree") for _ in range(2))
    assert (package(first, one).digest() == package(second, other).digest()) == (one == other)
