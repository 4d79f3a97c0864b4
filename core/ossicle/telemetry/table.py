"""Figures over calls as plain aligned text; the one place that decides how they read."""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.telemetry.metrics import DurationSummary
from ossicle.telemetry.snapshot import CallStats, StatsSnapshot

_HEAD = (
    "model",
    "tenant",
    "task",
    "calls",
    "failed",
    "refused",
    "retries",
    "tokens in (audio)",
    "tokens out (audio)",
    "audio in",
    "audio out",
    "cost",
    "p50",
    "p95",
    "first audio",
)
_N_WORDS = 3
"""Columns of words, to the left; the others hold figures, to the right."""


def stats_table(snapshot: StatsSnapshot) -> str:
    """The table, the total in its last line, then errors and findings where there are any."""
    rows = stats_rows(snapshot)
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join([*(_line(row, widths) for row in rows), *stats_notes(snapshot)])


def stats_rows(snapshot: StatsSnapshot) -> list[tuple[str, ...]]:
    """The headings, a row for each group, and the total where there is not just one."""
    rows = [_HEAD, *(_row(group) for group in snapshot.groups)]
    if len(snapshot.groups) != 1:
        rows.append(("all", *_row(snapshot.total)[1:]))
    return rows


def stats_notes(snapshot: StatsSnapshot) -> list[str]:
    """Lines for below the table: errors, findings, and costs that nobody knows."""
    total = snapshot.total
    lines = _counted("errors", total.errors) + _counted("findings", total.findings)
    if total.unpriced_calls:
        lines.append(f"cost unknown: {total.unpriced_calls} calls")
    return lines


def _line(row: Iterable[str], widths: list[int]) -> str:
    cells = [
        f"{cell:<{width}}" if column < _N_WORDS else f"{cell:>{width}}"
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _row(stats: CallStats) -> tuple[str, ...]:
    usage = stats.usage
    model = ":".join(name for name in (stats.provider, stats.model) if name is not None)
    return (
        _visible(model or "-"),
        _visible(stats.tenant or "-"),
        stats.task or "-",
        str(stats.calls),
        str(stats.failed),
        str(stats.refused),
        str(stats.retries),
        _tokens(usage.input_tokens, usage.input_audio_tokens),
        _tokens(usage.output_tokens, usage.output_audio_tokens),
        f"{stats.audio_in_s:.1f} s",
        f"{stats.audio_out_s:.1f} s",
        ", ".join(f"{amount:.4f} {code}" for code, amount in stats.costs.items()) or "-",
        *_seconds(stats.latency),
        _seconds(stats.first_audio)[0],
    )


def _tokens(total: int | None, audio: int | None) -> str:
    return "-" if total is None else f"{total} ({audio or 0})"


def _seconds(summary: DurationSummary | None) -> tuple[str, str]:
    if summary is None:
        return "-", "-"
    return f"{summary.p50_s:.3f} s", f"{summary.p95_s:.3f} s"


def _counted(title: str, counts: dict[str, int]) -> list[str]:
    listed = ", ".join(f"{code} {count}" for code, count in counts.items())
    return [f"{title}: {listed}"] if counts else []


def _visible(name: str) -> str:
    """A tenant's or model's name without anything that acts on a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)
