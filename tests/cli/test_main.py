"""Every way a command can end."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import click
import pytest

from ossicle.errors import FileAccessError, OssicleError, ProviderError, QualityRefusedError
from ossicle.messages import Finding
from ossicle_cli import main as rim
from ossicle_cli.session import Session


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def call() -> NoReturn:
        raise error

    return call


def test_success_is_zero_and_a_status_is_handed_on() -> None:
    assert rim.run(lambda: None, Session()) == 0
    assert rim.run(lambda: 1, Session()) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupt_is_130(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert rim.run(raising(error), Session()) == 130
    assert "interrupted" in capsys.readouterr().err


def test_wrong_usage_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert rim.run(raising(click.UsageError("no such thing")), Session()) == 2
    assert "no such thing" in capsys.readouterr().err


def test_an_error_is_1_with_what_and_fix_and_no_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = OssicleError("the file '\x1b[2Jx' is bad.", fix="Take another.")
    assert rim.run(raising(error), Session()) == 1
    shown = capsys.readouterr()
    assert shown.err == "error: the file '\\x1b[2Jx' is bad.\nTake another.\n"
    assert shown.out == ""


def test_an_error_that_is_an_os_error_is_still_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert rim.run(raising(FileAccessError("cannot write 'x'")), Session()) == 1
    assert "cannot write" in capsys.readouterr().err


def test_a_refusal_lists_what_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    found = Finding(code="no_speech", severity="error", message="Nobody speaks.")
    assert rim.run(raising(QualityRefusedError("refused", findings=[found])), Session()) == 1
    assert "error: Nobody speaks." in capsys.readouterr().err


def test_the_vendors_id_of_a_request_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    error = ProviderError("failed", provider="p", request_id="req_1")
    assert rim.run(raising(error), Session()) == 1
    assert "req_1" in capsys.readouterr().err


def test_programs_get_the_error_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert rim.run(raising(OssicleError("bad")), Session(wants_json=True)) == 1
    assert '"what": "bad"' in capsys.readouterr().out


def test_a_bug_is_1_and_its_text_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert rim.run(raising(RuntimeError("sk-secret")), Session()) == 1
    shown = capsys.readouterr().err
    assert "RuntimeError at test_main.py:" in shown
    assert "secret" not in shown
    assert "Traceback" not in shown


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert rim.run(raising(OssicleError("bad")), Session(debug=True)) == 1
    assert "Traceback" in capsys.readouterr().err
