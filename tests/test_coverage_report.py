from __future__ import annotations

from pathlib import Path

from tests.coverage_report import rooms_of

SOURCE = """
def called():
    return 1

def uncalled():
    if 1:
        raise ValueError("x")

class Thing:
    def method(self):
        raise KeyError

    def _private(self):
        return 2
"""


def test_what_no_test_entered_is_named(tmp_path: Path) -> None:
    home = tmp_path / "core" / "ossicle" / "rest"
    home.mkdir(parents=True)
    (home / "thing.py").write_text(SOURCE)
    report: dict[str, object] = {
        "files": {
            "core/ossicle/rest/thing.py": {
                "executed_lines": [2, 3, 5, 9, 10, 13],
                "missing_lines": [6, 7, 11, 14],
            }
        }
    }
    rooms = rooms_of(report, tmp_path)
    assert list(rooms) == ["ossicle.rest"]
    room = rooms["ossicle.rest"]
    assert (room.run, room.lines, room.percent) == (6, 10, 60.0)
    assert room.uncalled == [
        "core/ossicle/rest/thing.py:5 uncalled",
        "core/ossicle/rest/thing.py:10 method",
    ]
    assert room.unraised == [
        "core/ossicle/rest/thing.py:7 ValueError",
        "core/ossicle/rest/thing.py:11 KeyError",
    ]
