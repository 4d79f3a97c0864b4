"""onnxruntime as we want it: one thread, no spinning, nothing sent."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

from ossicle_local.packages import load_package

TELEMETRY_SWITCH = "ORT_DISABLE_TELEMETRY"
"""From 1.29 on, onnxruntime uploads usage data unless this variable is 1 before its first import.
It is silent anyway when `CI` is set, so only a run without that can show it.
Source: onnxruntime release notes 1.29, and the files it leaves in the cache folder, 2026-11."""


def load_onnxruntime() -> ModuleType:
    """Import onnxruntime with its telemetry off.

    The variable is set for this process, unless the user has set it already; it has to stand in
    the environment because the library reads it there and nowhere else.

    Raises:
        DependencyMissingError: onnxruntime is not installed or does not load here.
    """
    was_loaded = "onnxruntime" in sys.modules
    if TELEMETRY_SWITCH not in os.environ:
        os.environ[TELEMETRY_SWITCH] = "1"
        if was_loaded:
            warnings.warn(
                "onnxruntime was imported before ossicle could switch its telemetry off; "
                f"set {TELEMETRY_SWITCH}=1 before the program imports it",
                RuntimeWarning,
                stacklevel=2,
            )
            sys.modules["onnxruntime"].disable_telemetry_events()
    return load_package("onnxruntime", extra="local")


def open_session(model: Path) -> Any:
    """An inference session over a model file.

    One thread, and none that spins: on a machine of few cores, two spinning threads made answers
    eight times slower (measured 2026-11).
    """
    onnxruntime = load_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
