"""`ossicle models`: what known models can do and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ossicle.cli.document import write_document
from ossicle.cli.options import json_option
from ossicle.cli.session import Session
from ossicle.cli.tables import columns_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ossicle.abc import Capabilities, FormatRule, Prices


@click.command("models")
@click.option("--provider", metavar="NAME", help="Only this provider's.")
@json_option
@click.pass_obj
def command(session: Session, provider: str | None, as_json: bool) -> None:
    """List known models: tasks, formats, prices, and the day they are shut down."""
    if provider is not None:
        provider = provider.partition(":")[0]
        if all(spec.name != provider for spec in session.host.providers()):
            session.host.provider(provider)  # raises, with the reason and the fix
    known = [model for model in session.host.models() if provider in (None, model.provider)]
    if as_json:
        write_document({"models": known})
        return
    headings = ("model", "takes → gives", "hears", "speaks", "voices", "price", "ends")
    session.console().print(columns_table(headings, [_row(model) for model in known]))
    if any(model.prices is not None for model in known):
        session.note("Prices: per million tokens in/out, in the currency shown; t text, a audio.")


def _row(model: Capabilities) -> tuple[str, ...]:
    tasks = [f"{task}: {', '.join(str(row) for row in rows)}" for task, rows in model.rows.items()]
    output = model.audio_output
    spoken = () if output is None else (*output.whole, *output.streamed)
    return (
        str(model),
        "\n".join(tasks),
        "" if model.audio_input is None else _formats(model.audio_input.formats),
        _formats(spoken),
        _voices(model),
        _prices(model.prices),
        _end(model),
    )


def _formats(rules: Iterable[FormatRule]) -> str:
    names = {("raw" if rule.container == "raw" else rule.container): None for rule in rules}
    return ", ".join({"raw": "pcm", "adts": "aac", "ogg": "opus"}.get(name, name) for name in names)


def _voices(model: Capabilities) -> str:
    if model.audio_output is None:
        return ""
    voices = model.voices
    if voices is None:
        return "open list"
    return ", ".join(voices[:3]) + (f" and {len(voices) - 3} more" if len(voices) > 3 else "")


def _prices(prices: Prices | None) -> str:
    if prices is None:
        return "unknown"
    tokens = (
        ("t", prices.text_in, prices.text_out),
        ("a", prices.audio_in, prices.audio_out),
    )
    parts = [
        f"{name} {_amount(before)}/{_amount(after)}"
        for name, before, after in tokens
        if before is not None or after is not None
    ]
    others = (
        ("per minute in", prices.second_in, 60),
        ("per minute out", prices.second_out, 60),
        ("per million characters", prices.million_characters, 1),
    )
    parts += [f"{_amount(price * n)} {name}" for name, price, n in others if price is not None]
    amounts = [value for name, value in prices if name != "currency" and value is not None]
    if amounts and not any(amounts):
        return "free"
    return f"{', '.join(parts)} {prices.currency}" if parts else "unknown"


def _amount(price: object) -> str:
    return (
        "?" if price is None else f"{price:g}" if not hasattr(price, "normalize") else _plain(price)
    )


def _plain(price: object) -> str:
    text = f"{price:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _end(model: Capabilities) -> str:
    if model.shutdown is None:
        return ""
    return f"{model.shutdown}" + (f", then {model.successor}" if model.successor else "")
