"""Replies and receipts as pieces of HTML for notebooks; every text from outside is escaped."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from ossicle.audio.html import BOX

if TYPE_CHECKING:
    from ossicle.messages.receipt import Line, Receipt
    from ossicle.messages.reply import Reply

_SHOWN_CHARACTERS = 20_000
_CELL = "style='text-align:left;vertical-align:top;padding:.15em .8em .15em 0'"


def escaped(text: str) -> str:
    """The text as HTML shows it, cut after 20,000 characters; half characters made visible."""
    if len(text) > _SHOWN_CHARACTERS:
        text = f"{text[:_SHOWN_CHARACTERS]}…"
    return html.escape(text.encode("utf-8", "backslashreplace").decode("utf-8"))


def receipt_html(receipt: Receipt) -> str:
    """A table of what was done, with what, and why."""
    rows = "".join(_row(line) for line in receipt.lines())
    head = "".join(f"<th {_CELL}>{name}</th>" for name in ("", "what", "why"))
    return f"<div {BOX}><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


def reply_html(reply: Reply) -> str:
    """What was heard and said, the voice, the tools that were called, and the receipt."""
    parts = []
    for label, text in (
        ("heard", reply.heard),
        ("said", reply.transcript),
        ("wrote", reply.content),
        ("declined", reply.refusal),
    ):
        if text:
            parts.append(_paragraph(label, text))
    for call in reply.tool_calls:
        parts.append(_paragraph("calls", f"{call.name}({call.arguments})"))
    if reply.audio is not None:
        parts.append(reply.audio._repr_html_())
    if reply.finish_reason != "stop":
        parts.append(_paragraph("ended", reply.finish_reason))
    if reply.receipt is not None:
        parts.append(f"<details><summary>receipt</summary>{receipt_html(reply.receipt)}</details>")
    return f"<div {BOX}>{''.join(parts)}</div>"


def _row(line: Line) -> str:
    tag = "td" if line.label.startswith(" ") else "th"
    label = f"{'&emsp;' if tag == 'td' else ''}{escaped(line.label.strip())}"
    return (
        f"<tr><{tag} {_CELL}>{label}</{tag}>"
        f"<td {_CELL}>{escaped(line.text)}</td><td {_CELL}>{escaped(line.reason)}</td></tr>"
    )


def _paragraph(label: str, text: str) -> str:
    return (
        f"<div style='white-space:pre-wrap' dir='auto'><b>{label}</b> "
        f"<bdi>{escaped(text)}</bdi></div>"
    )
