"""One self-contained HTML page about a clip: picture, player, findings, figures.

Nothing is fetched: pictures, sound, style and script are inside. Every string is escaped, and a
content security policy forbids everything that is not in the page.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ossicle import __version__
from ossicle_cli.charts.png import LEFT, RIGHT, WIDTH, Caption, to_png
from ossicle_cli.palette import DARK, LIGHT
from ossicle_cli.tables import clock, places
from ossicle_cli.terminal import visible

if TYPE_CHECKING:
    from ossicle.messages import Finding
    from ossicle_cli.inspection import Inspection

PLAYED_BYTES = 8 << 20
"""Larger clips are not put into the page."""

_SHOWN_MARKS = 12

_STYLE = """
:root { color-scheme: light dark; --page: #f4f6fa; --card: #ffffff; --text: #181e2a;
  --faint: #5e687a; --line: #dfe4ec; --error: #d6202e; --warning: #b86e00; --info: #2468c8;
  --good: #2a8a4a; }
@media (prefers-color-scheme: dark) { :root { --page: #0b0f15; --card: #0f131a; --text: #e9eef6;
  --faint: #929eb2; --line: #2c3544; --error: #ff6b6b; --warning: #f7b23e; --info: #62a8ff;
  --good: #68c782; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; }
h1 { margin: 0; font-size: 1.6rem; overflow-wrap: anywhere; }
h2 { margin: 0 0 .6rem; font-size: 1.05rem; }
p { margin: .2rem 0 1rem; color: var(--faint); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 1.1rem 1.3rem; margin: 1.1rem 0; overflow-x: auto; }
.picture { position: relative; padding: 0; overflow: hidden; }
.picture img { display: block; width: 100%; }
.picture.plays { cursor: pointer; }
#head { position: absolute; top: 9%; bottom: 0; width: 2px; background: #ffffff; opacity: .8;
  mix-blend-mode: difference; pointer-events: none; display: none; }
audio { width: 100%; margin-top: .3rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-weight: 500; white-space: nowrap; }
tr:last-child > * { border-bottom: 0; }
.error { color: var(--error); } .warning { color: var(--warning); } .info { color: var(--info); }
.good { color: var(--good); } .sign { font-weight: 600; white-space: nowrap; }
.grid { display: grid; gap: 1.1rem; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); }
.grid section { margin: 0; }
button { font: inherit; color: var(--info); background: none; border: 1px solid var(--line);
  border-radius: 6px; padding: 0 .4rem; margin: 0 .25rem .25rem 0; cursor: pointer; }
footer { color: var(--faint); font-size: .85rem; }
"""

_SCRIPT = """
const sound = document.querySelector("audio");
const picture = document.querySelector(".picture.plays");
const head = document.getElementById("head");
if (sound && picture) {
  const left = Number(picture.dataset.left), span = Number(picture.dataset.span);
  const length = Number(picture.dataset.length);
  const draw = () => {
    head.style.display = "block";
    head.style.left = (left + span * Math.min(1, sound.currentTime / length)) * 100 + "%";
    if (!sound.paused) requestAnimationFrame(draw);
  };
  sound.addEventListener("play", draw);
  sound.addEventListener("seeked", draw);
  picture.addEventListener("click", (event) => {
    const box = picture.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width - left) / span;
    if (share < 0 || share > 1) return;
    sound.currentTime = share * length;
    sound.play();
  });
  for (const button of document.querySelectorAll("button[data-at]")) {
    button.addEventListener("click", () => {
      sound.currentTime = Number(button.dataset.at);
      sound.play();
    });
  }
}
"""


def to_html(inspection: Inspection, *, name: str) -> str:
    """The page.

    Args:
        inspection: What was found out.
        name: Of the file, for the title; escaped.
    """
    title = html.escape(visible(name))
    plays = inspection.clip.n_bytes <= PLAYED_BYTES
    return f"""<!doctype html>
<html lang="en">
{_head(title)}
<body>
<main>
<h1>{title}</h1>
<p>{html.escape(inspection.subtitle())}</p>
{_picture(inspection, name, plays=plays)}
{_player(inspection) if plays else _too_large(inspection)}
{_findings(inspection.findings, plays=plays)}
<div class="grid">
{_pairs("Measured", inspection.figures())}
{_pairs("The file", inspection.facts())}
</div>
<footer>Made by ossicle {html.escape(__version__)}. Levels are relative to full scale; speech and
silence are where they were found, to 10 ms.</footer>
</main>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def _head(title: str) -> str:
    """The page's head; its policy lets nothing act or load but what is in the page."""
    script_hash = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{script_hash}'; base-uri 'none'; form-action 'none'"
    )
    return f"""<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{_STYLE}</style>
</head>"""


def caption_of(inspection: Inspection, *, name: str) -> Caption:
    """The words of the clip's picture."""
    return Caption(
        title=name,
        subtitle=inspection.subtitle(),
        findings=[(found.severity, found.message) for found in inspection.findings],
    )


def _picture(inspection: Inspection, name: str, *, plays: bool) -> str:
    """The picture for both colour schemes; the findings stand below it, so not in it."""
    drawing = inspection.drawing
    caption = Caption(title=name, subtitle=inspection.subtitle())
    dark, light = (
        _data_url("image/png", to_png(drawing, caption, theme=theme)) for theme in (DARK, LIGHT)
    )
    span = (WIDTH - LEFT - RIGHT) / WIDTH
    facts = (
        f'data-left="{LEFT / WIDTH:.6f}" data-span="{span:.6f}" '
        f'data-length="{drawing.duration_s:.6f}"'
    )
    return f"""<section class="picture{" plays" if plays else ""}" {facts}>
<picture><source srcset="{dark}" media="(prefers-color-scheme: dark)">
<img src="{light}" alt="Waveform and spectrogram over time"></picture>
<div id="head"></div>
</section>"""


def _player(inspection: Inspection) -> str:
    clip = inspection.clip
    source = _data_url(clip.format.media_type, clip.read_bytes())
    return f"""<section><h2>Listen</h2>
<audio controls preload="metadata" src="{source}"></audio>
</section>"""


def _too_large(inspection: Inspection) -> str:
    size = inspection.clip.n_bytes / 1_000_000
    return f"<p>The audio itself ({size:.1f} MB) is too large to be part of this page.</p>"


def _findings(findings: Sequence[Finding], *, plays: bool) -> str:
    if not findings:
        return '<section><h2>Findings</h2><div class="good">Nothing is wrong.</div></section>'
    rows = "\n".join(_finding(found, plays=plays) for found in findings)
    return f"""<section><h2>Findings</h2>
<table><tr><th>finding</th><th>what</th><th>where</th><th>what to do</th></tr>
{rows}
</table></section>"""


def _finding(found: Finding, *, plays: bool) -> str:
    code = html.escape(visible(found.code.replace("_", " ")))
    where = _jumps(found) if plays else html.escape(places(found))
    return (
        f'<tr><td class="sign {found.severity}">{code}</td>'
        f"<td>{html.escape(visible(found.message, limit=1024))}</td><td>{where}</td>"
        f"<td>{html.escape(visible(found.fix or '', limit=1024))}</td></tr>"
    )


def _jumps(found: Finding) -> str:
    """Places in time that play when clicked."""
    shown = "".join(
        f'<button type="button" data-at="{start:.3f}">{clock(start)}</button>'
        for start, _ in found.marks[:_SHOWN_MARKS]
    )
    more = len(found.marks) - _SHOWN_MARKS
    return f"{shown} {more} more" if more > 0 else shown


def _pairs(title: str, rows: Iterable[tuple[str, str]]) -> str:
    cells = "\n".join(
        f"<tr><th>{html.escape(label)}</th><td>{html.escape(visible(text, limit=1024))}</td></tr>"
        for label, text in rows
    )
    return f"<section><h2>{html.escape(title)}</h2><table>{cells}</table></section>"


def _data_url(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"
