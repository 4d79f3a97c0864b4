"""`ossicle models`: what known models can do and cost."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import click

from ossicle_cli.document import write_document
from ossicle_cli.options import json_option
from ossicle_cli.session import Session
from ossicle_cli.tables import pairs_table

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
    rows = [(str(model), " · ".join(_facts(model))) for model in known]
    session.console().print(pairs_table(rows, title="Models"))
    for row in dict.fromkeys(row for model in known for row in model.rows.get("respond", ())):
        session.note(f"{row.name}: {row}")
    if any(model.prices is not None for model in known):
        session.note("Prices: USD per million tokens in/out, t text, a audio, unless it says more.")


def _facts(model: Capabilities) -> list[str]:
    tasks = [
        task if len(rows) == 1 else f"{task} ({len(rows)} ways)"
        for task, rows in model.rows.items()
    ]
    output = model.audio_output
    spoken = () if output is None else (*output.whole, *output.streamed)
    facts = [", ".join(tasks)]
    if model.audio_input is not None:
        facts.append(f"hears {_formats(model.audio_input.formats)}")
    if spoken:
        facts.append(f"speaks {_formats(spoken)}")
        facts.append(_voices(model))
    facts.append(_prices(model.prices))
    if model.shutdown is not None:
        then = f", then {model.successor}" if model.successor else ""
        is_over = model.shutdown < datetime.datetime.now(datetime.UTC).date()
        facts.append(f"{'gone since' if is_over else 'ends'} {model.shutdown}{then}")
    return facts


def _formats(rules: Iterable[FormatRule]) -> str:
    names = {("raw" if rule.container == "raw" else rule.container): None for rule in rules}
    return ", ".join({"raw": "pcm", "adts": "aac", "ogg": "opus"}.get(name, name) for name in names)


def _voices(model: Capabilities) -> str:
    voices = model.voices
    if voices is None:
        return "voices: an open list"
    names = ", ".join(voices[:3]) + (f" and {len(voices) - 3} more" if len(voices) > 3 else "")
    return f"voices {names}"


def _prices(prices: Prices | None) -> str:
    if prices is None:
        return "price unknown"
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
    currency = "" if prices.currency == "USD" else f" {prices.currency}"
    return f"{', '.join(parts)}{currency}" if parts else "price unknown"


def _amount(price: object) -> str:
    return (
        "?" if price is None else f"{price:g}" if not hasattr(price, "normalize") else _plain(price)
    )


def _plain(price: object) -> str:
    text = f"{price:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
