"""The dossier: one safe file that says what the view says, the same bytes each time."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

import pytest

from reports.dossier import DossierView, render_dossier
from tests.reports.sample import DENIED, FINDING, VIEW

VOID = {"meta", "br", "hr", "img", "input", "link"}
HOSTILE = "<script>alert(1)</script>'\"&{{7*7}}</style><img src=x onerror=y>\u202etxt.\x07"


class Page(HTMLParser):
    """Reads a page strictly: every element is closed in order. Keeps tags, ids, attributes and the text by section."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.section = ""
        self.text: dict[str, str] = {}
        self.feed(content.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self.section = dict(attrs).get("id") or ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.section = "" if tag == "section" else self.section

    def handle_data(self, data: str) -> None:
        self.text[self.section] = self.text.get(self.section, "") + data

    def count(self, tag: str) -> int:
        """How many elements of this name the page has."""
        return sum(1 for name, _ in self.tags if name == tag)


def page(view: DossierView) -> Page:
    return Page(render_dossier(view).content)


def hostile(value: Any, seen: list[int]) -> Any:
    """The same tree with every string made hostile, except those the page's logic asks about."""
    if isinstance(value, str):
        seen[0] += 1
        return HOSTILE
    if isinstance(value, tuple):
        return tuple(hostile(item, seen) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: hostile(getattr(value, field.name), seen) for field in fields(value)})
    return value


def test_sections_stand_in_order_and_hold_their_facts() -> None:
    """Each section has its heading and names what the view puts into it."""
    read = page(VIEW)
    expected = {
        "standing": ("suspended, fallback serving", "pending", "high", "p-trainer001"),
        "life": ("data set registered", "suspended after drift"),
        "data": ("contract", "abu-dhabi", "1825 days", "dataset/german@1", "pseudonymised", "CC-BY-4.0"),
        "training": ("9f2c41d0aa17", "1 min 23.4 s", "at least", "0.72"),
        "evidence": ("0.772", "fairlearn-0.15.0", "310", "lowest allowed 0.681"),
        "decisions": ("CB-AI-F", "0.197", "at 0.10 or below", "A drift baseline exists for this digest", "1 validator"),
        "people": ("p-validator1", "SHA256:riskkey", "made the model", "used"),
        "deployments": ("drift in 2 of 3 windows",),
        "monitoring": ("deployment/credit", "200", "found"),
        "proof": (
            VIEW.proof.vkey,
            VIEW.proof.root,
            "qayd trail verify",
            VIEW.digest,
            "entries from 38 on are not signed",
        ),
    }
    assert [attributes["id"] for tag, attributes in read.tags if tag == "section"] == list(expected)
    for section, words in expected.items():
        assert [word for word in words if word not in read.text[section]] == []


def test_each_citation_carries_its_verification_state() -> None:
    """A sourced article and an unverified one are told apart, next to the citation, wherever it is printed."""
    text = " ".join(page(VIEW).text["decisions"].split())
    assert "section 3 (guidance; read in the cited source)" in text
    assert "A.5.4 (in force; not verified: check before relying on it)" in text


def test_the_title_of_a_control_is_also_arabic() -> None:
    """Where a control has an Arabic title it stands beside the English one, marked as Arabic, right to left."""
    content = render_dossier(VIEW).content.decode()
    assert f'<span lang="ar" dir="rtl">{FINDING.title_ar}</span>' in content


def test_identifiers_are_isolated_from_the_direction_around_them() -> None:
    """Digests and subjects stand inside <bdi dir="ltr">, so that they do not reorder in Arabic text."""
    content = render_dossier(VIEW).content.decode()
    for name in (VIEW.subject, VIEW.run.subject, VIEW.proof.vkey):
        assert re.search(rf'<bdi dir="ltr">(<code>)?{re.escape(name)}', content)


def test_same_view_same_bytes() -> None:
    """Rendering reads no clock, and the digest is that of the bytes."""
    first, second = render_dossier(VIEW), render_dossier(VIEW)
    assert first == second
    assert first.digest == "sha256:" + hashlib.sha256(first.content).hexdigest()


def test_another_value_gives_other_bytes() -> None:
    """The digest tells two views apart."""
    other = replace(VIEW, standing="serving")
    assert render_dossier(other).digest != render_dossier(VIEW).digest


def test_nothing_outside_the_file_is_named() -> None:
    """No script, image, font, form or link out: the page is one file, and asks for nothing."""
    read, content = page(VIEW), render_dossier(VIEW).content.decode()
    assert {tag for tag, _ in read.tags} & {
        "script",
        "img",
        "link",
        "iframe",
        "object",
        "form",
        "base",
        "image",
    } == set()
    assert re.search(r"https?:|//[a-z]|url\(|@import|javascript:", content) is None
    targets = [attributes["href"] or "" for tag, attributes in read.tags if tag == "a"]
    ids = {attributes["id"] for _, attributes in read.tags if "id" in attributes}
    assert all(target.startswith("#") and target[1:] in ids for target in targets)


def test_the_policy_of_the_page_allows_only_its_own_style() -> None:
    """The content security policy names the style sheet by its digest; there are no style attributes or handlers."""
    read, content = page(VIEW), render_dossier(VIEW).content.decode()
    style = content.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    metas = [attributes for tag, attributes in read.tags if tag == "meta" and "http-equiv" in attributes]
    expected = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert [meta["content"] for meta in metas] == [expected]
    assert [
        name for _, attributes in read.tags for name in attributes if name == "style" or name.startswith("on")
    ] == []


def test_hostile_strings_stay_text() -> None:
    """Markup, template code and direction overrides in any string of the view come out as harmless text."""
    seen = [0]
    view = hostile(VIEW, seen)
    assert seen[0] > 200
    read, plain = page(view), page(VIEW)
    assert {tag for tag, _ in read.tags} <= {tag for tag, _ in plain.tags} | {"p", "span"}
    content = render_dossier(view).content.decode()
    assert not set("\u202e\x07") & set(content)
    assert "{{7*7}}" in content
    assert [name for _, attributes in read.tags for name in attributes if name.startswith("on")] == []


EMPTY = {
    "datasets",
    "thresholds",
    "evidence",
    "decisions",
    "requests",
    "deployments",
    "windows",
    "events",
    "verify",
    "makers",
}


def test_a_model_with_nothing_yet_says_so() -> None:
    """An empty part of the view becomes a sentence, never an empty table."""
    bare = replace(
        VIEW,
        **dict.fromkeys(EMPTY, ()),
        standing="",
        confirmed=False,
        run=replace(VIEW.run, exit_code=None, authors=(), dirty=True, facts=()),
        proof=replace(VIEW.proof, mode="real", checkpoint_size=40),
    )
    read = page(bare)
    text = " ".join(" ".join(read.text.values()).split())
    for words in (
        "never promoted",
        "never asked",
        "not confirmed by anybody but its makers",
        "No entries.",
        "No data set is registered",
        "No thresholds were registered",
        "No evidence was recorded",
        "No gate was asked",
        "No request was opened",
        "never deployed",
        "No monitoring window",
        "not yet",
        "with uncommitted changes",
    ):
        assert words in text
    assert "Play tenant" not in text
    assert "are not signed yet" not in text
    assert read.count("svg") == 0


def test_the_newest_production_decision_gives_the_standing() -> None:
    """The standing shows the findings of the decision with the highest index, whatever the order in the view."""
    later = replace(DENIED, index=99)
    for decisions in ((later, *VIEW.decisions[1:]), (*VIEW.decisions[1:], later)):
        assert "CB-AI-F" in page(replace(VIEW, decisions=decisions)).text["standing"]
    assert "CB-AI-F" not in page(VIEW).text["standing"]


@pytest.mark.parametrize("table", ["caption", "scope"])
def test_tables_can_be_read_aloud(table: str) -> None:
    """Every header cell says whether it heads a row or a column; every chart has a title and a description."""
    read = page(VIEW)
    if table == "scope":
        assert {attributes.get("scope") for tag, attributes in read.tags if tag == "th"} == {"row", "col"}
    else:
        charts = read.count("svg")
        assert charts == 5
        assert read.count("desc") == charts
        assert all(attributes.get("role") == "img" for tag, attributes in read.tags if tag == "svg")


def test_every_shortened_digest_is_printed_in_full_in_the_annex() -> None:
    """What the page shortens can be compared to the last digit on paper."""
    content, proof = render_dossier(VIEW).content.decode(), page(VIEW).text["proof"]
    shortened = set(re.findall(r'<code title="(sha256:[0-9a-f]{64})">', content))
    assert len(shortened) >= 8
    assert [digest for digest in shortened if digest not in proof] == []
