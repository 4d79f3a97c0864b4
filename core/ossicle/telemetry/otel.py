"""`OpenTelemetryListener`: calls as OpenTelemetry spans and metrics, where that is installed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ossicle.abc import CallInfo, hookimpl
from ossicle.errors import OssicleError
from ossicle.messages import Receipt
from ossicle.telemetry.ended_call import EndedCall

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())  # the host program decides what is shown


class OpenTelemetryListener:
    """Tells OpenTelemetry of each call when it has ended: one span, and the metrics.

    Use it with `Client(..., plugins=[OpenTelemetryListener()])`. It needs the package
    `opentelemetry-api` (extra `otel`) and does nothing without it. Numbers, ids and names leave;
    audio, words and keys never do.

    Args:
        tracer_provider: Where spans go; `None`: the global one.
        meter_provider: Where metrics go; `None`: the global one.
        now_ns: Unix time in nanoseconds, for tests.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._export: Callable[[EndedCall], None] | None = None
        try:
            from ossicle.telemetry.otel_exporter import OtelExporter
        except ImportError as error:
            _LOG.warning(
                "no spans and metrics: %s is not installed; install ossicle[otel]", error.name
            )
        else:
            self._export = OtelExporter(tracer_provider, meter_provider, now_ns=now_ns).export

    @property
    def is_active(self) -> bool:
        """Whether OpenTelemetry is installed, so that anything is told at all."""
        return self._export is not None

    # ---- what the plugin host calls

    @hookimpl
    def ossicle_call_finished(self, call: CallInfo, receipt: Receipt) -> None:
        """Tell of an answered call."""
        if self._export is not None:
            self._export(EndedCall(call=call, outcome="finished", receipt=receipt))

    @hookimpl
    def ossicle_call_failed(self, call: CallInfo, error: OssicleError) -> None:
        """Tell of a failed call."""
        if self._export is not None:
            self._export(
                EndedCall(call=call, outcome="failed", receipt=error.receipt, error=error.code)
            )

    @hookimpl
    def ossicle_call_refused(self, call: CallInfo, error: OssicleError) -> None:
        """Tell of a call that was not sent."""
        if self._export is not None:
            self._export(
                EndedCall(call=call, outcome="refused", receipt=error.receipt, error=error.code)
            )

    @hookimpl
    def ossicle_call_abandoned(self, call: CallInfo, receipt: Receipt) -> None:
        """Tell of a call that was left before its end."""
        if self._export is not None:
            self._export(EndedCall(call=call, outcome="abandoned", receipt=receipt))
