"""Charts draw the values they are given, to scale, and mark what is past its limit."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.charts import Bar, Mark, group_bars, life_line, metric_bars, number, windows


def shapes(svg: str, tag: str) -> list[dict[str, str]]:
    return [element.attrib for element in ElementTree.fromstring(svg).iter(tag)]


def told(svg: str) -> str:
    return ElementTree.fromstring(svg).findtext("desc") or ""


def test_the_width_of_a_bar_is_its_rate() -> None:
    """Half the rate is half the width."""
    full, half = shapes(group_bars("t", [Bar("a", "1"), Bar("b", "0.5")], ""), "rect")
    assert float(full["width"]) == pytest.approx(2 * float(half["width"]))


@pytest.mark.parametrize(
    ("rates", "limit", "tones"),
    [
        (("0.8", "0.6"), "0.1", ["plain", "bad"]),
        (("0.8", "0.7"), "0.1", ["plain", "plain"]),
        (("0.8", "0.6999"), "0.1", ["plain", "bad"]),
        (("0.8", "0.1"), "", ["plain", "plain"]),
    ],
    ids=["beyond", "at the limit", "a step beyond", "no limit"],
)
def test_groups_too_far_below_the_highest_are_marked(rates: tuple[str, ...], limit: str, tones: list[str]) -> None:
    """A group is marked when it is further below the highest than the limit allows; at the limit it is not."""
    svg = group_bars("t", [Bar(rate, rate) for rate in rates], limit)
    assert [rect["class"] for rect in shapes(svg, "rect")] == tones
    assert len([line for line in shapes(svg, "line") if line["class"] == "limit"]) == (1 if limit else 0)


@pytest.mark.parametrize(
    ("value", "bound", "limit", "tone"),
    [
        ("0.77", "min", "0.77", "good"),
        ("0.76", "min", "0.77", "bad"),
        ("0.20", "max", "0.20", "good"),
        ("0.21", "max", "0.20", "bad"),
        ("0.5", "", "", "plain"),
    ],
)
def test_a_metric_is_judged_against_its_own_threshold(value: str, bound: str, limit: str, tone: str) -> None:
    """The tone follows the bound, and the threshold's tick stands where the bar of that value would end."""
    svg = metric_bars("t", [(Bar("m", value), bound, limit)])
    assert [rect["class"] for rect in shapes(svg, "rect")] == [tone]
    ticks = [line for line in shapes(svg, "line") if line["class"] == "limit"]
    assert len(ticks) == (1 if limit else 0)


def test_windows_stand_in_order_and_drift_is_marked() -> None:
    """One column per window, as high as its score; those with drift are marked, and all are told in words."""
    svg = windows("t", [Bar("w1", "0.1"), Bar("w2", "0.4"), Bar("w3", "oops")], "0.3", [False, True, True])
    rects = shapes(svg, "rect")
    assert [rect["class"] for rect in rects] == ["good", "bad", "bad"]
    assert float(rects[1]["height"]) == pytest.approx(4 * float(rects[0]["height"]), abs=0.3)
    assert float(rects[2]["height"]) == 0
    assert "window 2 w2: 0.4, drift" in told(svg)
    assert "Limit: 0.3" in told(svg)


def test_windows_without_a_limit_have_no_line() -> None:
    """A limit that is not set is not drawn at zero."""
    svg = windows("t", [Bar("w", "0.1")], "", [False])
    assert [line["class"] for line in shapes(svg, "line")] == ["axis"]


def test_life_line_keeps_the_order_and_drops_empty_lanes() -> None:
    """Dots go from left to right as given, each in its lane; a lane without events is not drawn."""
    marks = [Mark("data", "first", "good"), Mark("people", "second", "odd"), Mark("data", "third", "bad")]
    svg = life_line("t", ("data", "training", "people"), marks)
    dots = shapes(svg, "circle")
    places = [float(dot["cx"]) for dot in dots]
    assert places == sorted(places)
    assert [dot["class"] for dot in dots] == ["good", "plain", "bad"]
    assert dots[0]["cy"] == dots[2]["cy"] != dots[1]["cy"]
    assert "training" not in svg
    assert told(svg) == "1. first; 2. second; 3. third"


def test_many_dots_have_no_numbers() -> None:
    """Where dots are too near to each other their numbers are left to the table."""
    few = life_line("t", ("data",), [Mark("data", "x")] * 5)
    many = life_line("t", ("data",), [Mark("data", "x")] * 200)
    assert few.count('class="in-dot"') == 5
    assert many.count('class="in-dot"') == 0
    assert len(shapes(many, "circle")) == 200


@given(st.text(max_size=40), st.text(max_size=12))
def test_any_words_make_well_formed_svg(words: str, value: str) -> None:
    """Whatever a name or value holds, the chart parses, and has no element or attribute it should not have."""
    bar = Bar(words, value, words)
    for svg in (
        group_bars(words, [bar, Bar("a", "0.5", words)], value),
        metric_bars(words, [(bar, words, value)]),
        windows(words, [bar], value, [True]),
        life_line(words, (words,), [Mark(words, words, words)]),
    ):
        elements = list(ElementTree.fromstring(svg).iter())
        assert {element.tag for element in elements} <= {"svg", "title", "desc", "line", "rect", "text", "circle"}
        assert re.search(r"nan|inf", " ".join(" ".join(element.attrib.values()) for element in elements)) is None


@pytest.mark.parametrize(
    ("text", "value"), [("0.5", 0.5), ("-1", -1.0), ("", None), ("n/a", None), ("nan", None), ("inf", None)]
)
def test_only_numbers_are_numbers(text: str, value: float | None) -> None:
    """A value that is no finite number is not drawn."""
    assert number(text) == value
