"""Charts as inline SVG: text and shapes only, no script, no style attribute, colours from the page's classes.

Each function returns one `<svg>` element with a title and a description, so that a screen reader tells what it shows.
All words are escaped. Values are the decimal strings of the evidence; what is not a number is not drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape as escape_html

from reports.text import visible

WIDTH = 720
LABEL = 190  # where bars begin; their names stand to the left
RIGHT = 590  # where a full bar ends; the values stand in a column to its right
ROW = 30
BAR = 16
CROWDED = 16  # pixels between two dots, below which no number fits into them


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its value as a decimal string, a remark that stands beside the value."""

    name: str
    value: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """One event on a life-line: its lane, its words, and whether it is `good`, `bad` or neither ("")."""

    lane: str
    words: str
    tone: str = ""


def number(value: str) -> float | None:
    """The number a decimal string says; None when it says none, or one without end."""
    try:
        said = float(value)
    except ValueError:
        return None
    return said if math.isfinite(said) else None


def group_bars(title: str, bars: Sequence[Bar], limit: str) -> str:
    """A rate per group from 0 to 1, and the line no group may fall below: the highest rate less the limit.

    Bars below the line are drawn in the tone `bad`. Without a numeric limit there is no line.
    """
    rates = [(bar, rate) for bar in bars if (rate := number(bar.value)) is not None]
    allowed = number(limit)
    floor = None if allowed is None or not rates else max(rate for _, rate in rates) - allowed
    parts = [_axis(len(rates))]
    for row, (bar, rate) in enumerate(rates):
        tone = "bad" if floor is not None and rate < floor - 1e-9 else "plain"
        parts.append(_bar(row, bar, rate, tone))
    if floor is not None and floor > 0:
        parts.append(_limit_line(floor, len(rates), f"lowest allowed {floor:.3f}"))
    told = "; ".join(f"{bar.name}: {bar.value} {bar.remark}".strip() for bar, _ in rates)
    return _svg(title, f"{told}. Largest difference allowed: {limit or 'not set'}.", ROW * len(rates) + 52, parts)


def metric_bars(title: str, bars: Sequence[tuple[Bar, str, str]]) -> str:
    """Metrics from 0 to 1, each with its own threshold: (bar, bound "min", "max" or "", threshold)."""
    rows = [(bar, bound, limit, rate) for bar, bound, limit in bars if (rate := number(bar.value)) is not None]
    parts, told = [_axis(len(rows))], []
    for row, (bar, bound, limit, rate) in enumerate(rows):
        threshold = number(limit)
        parts.append(_bar(row, bar, rate, _against(rate, bound, threshold)))
        if threshold is not None and bound:
            parts.append(_tick(row, threshold))
        told.append(f"{bar.name}: {bar.value}" + (f", threshold {bound} {limit}" if limit else ""))
    return _svg(title, "; ".join(told) + ".", ROW * len(rows) + 46, parts)


def windows(title: str, bars: Sequence[Bar], limit: str, drifted: Sequence[bool]) -> str:
    """One column per monitoring window, in time order; those in which drift was found are drawn in the tone `bad`."""
    height, base, top = 190, 150, 24
    shares = [(bar, number(bar.value), bad) for bar, bad in zip(bars, drifted, strict=True)]
    threshold = number(limit)
    numbers = [share for _, share, _ in shares if share is not None]
    scale = max([*numbers, threshold or 0.0, 1e-9]) * 1.1
    step = min(72.0, (WIDTH - 60) / max(len(shares), 1))
    parts = [f'<line class="axis" x1="40" y1="{base}" x2="{WIDTH - 10}" y2="{base}"/>']
    for column, (bar, share, bad) in enumerate(shares):
        x, rise = 46 + column * step, (share or 0.0) / scale * (base - top)
        tone = "bad" if bad else "good"
        parts.append(
            f'<rect class="{tone}" x="{x:.1f}" y="{base - rise:.1f}" width="{step * 0.7:.1f}" height="{rise:.1f}">'
            f"<title>{escape(bar.name)}: {escape(bar.value)} {escape(bar.remark)}</title></rect>"
        )
        middle = x + step * 0.35
        parts.append(_text(middle, base - rise - 5, bar.value, "value", "middle"))
        parts.append(_text(middle, base + 16, str(column + 1), "label", "middle"))
    if threshold is not None:
        y = base - threshold / scale * (base - top)
        parts.append(f'<line class="limit" x1="40" y1="{y:.1f}" x2="{WIDTH - 10}" y2="{y:.1f}"/>')
        parts.append(_text(WIDTH - 10, y - 5, f"limit {limit}", "limit-label", "end"))
    parts.append(_text(40, base + 34, "monitoring window, in order of time", "label", "start"))
    told = "; ".join(
        f"window {place} {bar.name}: {bar.value}, {'drift' if bad else 'no drift'}"
        for place, (bar, _, bad) in enumerate(shares, start=1)
    )
    return _svg(title, f"{told}. Limit: {limit or 'not set'}.", height, parts)


def life_line(title: str, lanes: Sequence[str], marks: Sequence[Mark]) -> str:
    """Events from left to right in the order of the ledger, each a dot in the lane of its kind, numbered from 1."""
    used = [lane for lane in lanes if any(mark.lane == lane for mark in marks)]
    left, gap = 130, 34
    step = (WIDTH - left - 24) / max(len(marks) - 1, 1)
    parts = []
    for row, lane in enumerate(used):
        y = 24 + row * gap
        parts.append(_text(0, y + 4, lane, "label", "start"))
        parts.append(f'<line class="axis" x1="{left - 10}" y1="{y}" x2="{WIDTH - 10}" y2="{y}"/>')
    for place, mark in enumerate(marks):
        if mark.lane in used:
            x, y = left + place * step, 24 + used.index(mark.lane) * gap
            parts.append(
                f'<circle class="{_tone(mark.tone)}" cx="{x:.1f}" cy="{y}" r="9">'
                f"<title>{place + 1}. {escape(mark.words)}</title></circle>"
            )
            if step >= CROWDED:
                parts.append(_text(x, y + 3.5, str(place + 1), "in-dot", "middle"))
    told = "; ".join(f"{place}. {mark.words}" for place, mark in enumerate(marks, start=1))
    return _svg(title, told, 24 + len(used) * gap, parts)


# -- pieces ------------------------------------------------------------------------------------------------------


def escape(words: str) -> str:
    """Words as text of the page: nothing in them is markup, nothing hides."""
    return escape_html(visible(words))


def _svg(title: str, description: str, height: int, parts: Iterable[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" direction="ltr">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(parts)}</svg>"
    )


def _x(rate: float) -> float:
    return LABEL + min(max(rate, 0.0), 1.0) * (RIGHT - LABEL)


def _axis(rows: int) -> str:
    bottom = ROW * rows + 16
    lines = [f'<line class="axis" x1="{LABEL}" y1="12" x2="{LABEL}" y2="{bottom}"/>']
    for tenth in (0, 25, 50, 75, 100):
        x = _x(tenth / 100)
        lines.append(f'<line class="grid" x1="{x:.1f}" y1="12" x2="{x:.1f}" y2="{bottom}"/>')
        lines.append(_text(x, bottom + 16, f"{tenth / 100:g}", "label", "middle"))
    return "".join(lines)


def _bar(row: int, bar: Bar, rate: float, tone: str) -> str:
    y = 16 + row * ROW
    beside = ", ".join(filter(None, (bar.value, bar.remark)))
    return (
        _text(LABEL - 10, y + 13, bar.name, "label", "end")
        + f'<rect class="{tone}" x="{LABEL}" y="{y}" width="{_x(rate) - LABEL:.1f}" height="{BAR}"/>'
        + _text(RIGHT + 12, y + 13, beside, "value", "start")
    )


def _limit_line(rate: float, rows: int, words: str) -> str:
    x, bottom = _x(rate), ROW * rows + 16
    return (
        f'<line class="limit" x1="{x:.1f}" y1="4" x2="{x:.1f}" y2="{bottom}"/>'
        f"{_text(x - 4, bottom + 31, words, 'limit-label', 'middle')}"
    )


def _tick(row: int, rate: float) -> str:
    x, y = _x(rate), 16 + row * ROW
    return f'<line class="limit" x1="{x:.1f}" y1="{y - 5}" x2="{x:.1f}" y2="{y + BAR + 5}"/>'


def _against(rate: float, bound: str, threshold: float | None) -> str:
    if threshold is None or bound not in ("min", "max"):
        return "plain"
    return "good" if (rate >= threshold if bound == "min" else rate <= threshold) else "bad"


def _tone(tone: str) -> str:
    return tone if tone in ("good", "bad") else "plain"


def _text(x: float, y: float, words: str, kind: str, anchor: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
