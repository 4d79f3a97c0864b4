"""The notebook runs from top to bottom in a real kernel, and shows players, pictures and tables."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from ossicle import AudioClip

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

NOTEBOOK = Path(__file__).parents[2] / "examples" / "embedding" / "notebook.ipynb"
SOUND = re.compile(r"src='data:audio/[a-z0-9-]+;base64,([^']+)'")


def read() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_nothing_that_was_shown_is_kept_in_the_repository() -> None:
    notebook = read()
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.fixture(scope="module", params=["echo", pytest.param("local", marks=pytest.mark.models)])
def outputs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """What each code cell shows, by media type."""
    if request.param == "local":
        pytest.importorskip("hibari")
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OSSICLE_PROVIDER", request.param)
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("JUPYTER_CONFIG_DIR", str(folder / "jupyter"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        notebook = read()
        nbclient.NotebookClient(
            notebook, timeout=50, kernel_name="python3", resources={"metadata": {"path": folder}}
        ).execute()
    return [shown(cell) for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for output in cell.outputs:
        assert output.output_type != "error", output
        if output.output_type == "stream":
            assert output.name == "stdout", output.text
            found["text/plain"] = found.get("text/plain", "") + output.text
        else:
            found.update(output.data)
    return found


def test_every_cell_shows_what_it_is_there_for(outputs: list[dict[str, Any]]) -> None:
    nothing, question, reply, receipt, plan, refusal, talk, stats = outputs
    assert nothing == {}
    for page in (question, reply, talk):
        assert "<svg" in page["text/html"]
        sound = SOUND.search(page["text/html"])
        assert sound is not None
        clip = AudioClip.from_bytes(base64.b64decode(sound[1]))
        assert clip.to_pcm().samples.any()
    assert "<b>heard</b>" in reply["text/html"]
    assert "<table>" in receipt["text/html"]
    assert "why" in receipt["text/html"]
    assert "respond" in plan["text/plain"]
    assert "silen" in refusal["text/plain"].lower()
    assert "calls" in stats["text/plain"]


def test_the_plain_form_beside_it_tells_no_content(outputs: list[dict[str, Any]]) -> None:
    for page in outputs[1:3]:
        assert "time" not in page["text/plain"]
        assert len(page["text/plain"]) < 300
