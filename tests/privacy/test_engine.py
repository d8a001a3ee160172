"""Presidio with our recognisers: what it finds in text, in both scripts, and that it stays at home."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from adapters.privacy.engine import LONGEST, Engine, Hit, resolve
from adapters.privacy.nlp_spacy import load_model
from adapters.privacy.recognisers_presidio import GulfNameRecogniser, ShapeRecogniser
from adapters.privacy.shapes import Shape
from governance.errors import ToolFault


def found(engine: Engine, text: str) -> list[tuple[str, str]]:
    """(entity, text found) in order."""
    return [(hit.entity, text[hit.start : hit.end]) for hit in engine.find([text])[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Emirates ID 784-1990-1234567-6.", [("AE_EMIRATES_ID", "784-1990-1234567-6")]),
        ("رقم الهوية ٧٨٤-١٩٩٠-١٢٣٤٥٦٧-٦", [("AE_EMIRATES_ID", "٧٨٤-١٩٩٠-١٢٣٤٥٦٧-٦")]),
        ("the ID 784199012345670 has a wrong digit", [("AE_EMIRATES_ID", "784199012345670")]),
        ("TRN 100123456700003", [("AE_TRN", "100123456700003")]),
        ("card 4111 1111 1111 1111", [("CREDIT_CARD", "4111 1111 1111 1111")]),
        ("card 4111 1111 1111 1112", []),
        ("pay AE07 0331 2345 6789 0123 456 now", [("IBAN_CODE", "AE07 0331 2345 6789 0123 456")]),
        ("SA0380000000608010167519", [("IBAN_CODE", "SA0380000000608010167519")]),
        ("call 050 123 4567 or 04-1234567", [("AE_PHONE", "050 123 4567"), ("AE_PHONE", "04-1234567")]),
        ("هاتف ٠٥٠١٢٣٤٥٦٧", [("AE_PHONE", "٠٥٠١٢٣٤٥٦٧")]),
        ("ring +44 20 7946 0958", [("PHONE_NUMBER", "+44 20 7946 0958")]),
        ("passport A1234567", [("AE_PASSPORT", "A1234567")]),
        ("جواز السفر A1234567", [("AE_PASSPORT", "A1234567")]),
        ("order A1234567", []),
        ("mail a.b@exam\u200bple.com", [("EMAIL_ADDRESS", "a.b@exam\u200bple.com")]),
        ("فاطمة بنت خالد المنصوري", [("PERSON", "فاطمة بنت خالد المنصوري")]),
        ("السيد راجيش شارما وصل", [("PERSON", "السيد راجيش شارما")]),
        ("قرض سيارة جديدة", []),
        ("model=fraud_v2.pkl, train.parquet, 3f2a9c1e-77aa-4b0e-9d1c-5a6b7c8d9e0f", []),
        ("amount 1169 since 2024-01-31, code A43", []),
    ],
)
def test_what_is_found_in_a_text(engine: Engine, text: str, expected: list[tuple[str, str]]) -> None:
    """Each identifier is found where it stands in the original, and nothing where there is none."""
    assert found(engine, text) == expected


@pytest.mark.parametrize("name", ["Rajesh Sharma", "RAJESH SHARMA", "rajesh sharma", "Mohammed bin Rashid Al Ketbi"])
def test_names_in_latin_letters_in_every_case(engine: Engine, name: str) -> None:
    """Capitals or none, a bare name is a person."""
    assert found(engine, name) == [("PERSON", name)]


TEMPLATES = (
    "Customer holds {0} since March.",
    "{0}",
    "Ref: {0}; see file",
    "العميل يحمل {0} منذ سنة",
    "تم التحقق من ({0}) أمس",
    "Please verify {0}, thanks",
)


def invent(draw: random.Random) -> tuple[str, str]:
    """An invented identifier (entity, text) of the Emirates, in one of its written forms."""
    year, serial = draw.randint(1950, 2010), draw.randint(0, 9_999_999)
    bank, account = draw.randint(0, 999), draw.randint(0, 10**16 - 1)
    check = 98 - int(f"{bank:03d}{account:016d}101400") % 97
    gap = draw.choice(["-", " ", "", "\u2011", "\u00a0"])
    entity, parts = draw.choice(
        [
            ("AE_EMIRATES_ID", ["784", f"{year}", f"{serial:07d}", f"{draw.randint(0, 9)}"]),
            ("IBAN_CODE", [f"AE{check:02d}", f"{bank:03d}", f"{account:016d}"]),
            ("AE_PHONE", ["+971", "50", f"{draw.randint(2_000_000, 9_999_999)}"]),
            ("AE_PHONE", ["054", f"{draw.randint(2_000_000, 9_999_999)}"]),
        ]
    )
    text = gap.join(parts)
    if draw.random() < 0.4:
        text = text.translate({ord("0") + digit: chr(0x660 + digit) for digit in range(10)})
    if draw.random() < 0.3:
        place = draw.randint(1, len(text) - 1)
        text = text[:place] + draw.choice("\u200b\u200f\u202a") + text[place:]
    return entity, text


def test_identifiers_of_the_emirates_are_found_however_written(engine: Engine) -> None:
    """Recall at least .99 and precision at least .98 on 600 invented texts: scripts, dashes, gaps, invisible marks."""
    draw = random.Random(20)
    cases = [(*invent(draw), draw.choice(TEMPLATES)) for _ in range(600)]
    texts = [template.format(value) for _, value, template in cases]
    expected = {
        (number, entity, template.format(value).index(value), template.format(value).index(value) + len(value))
        for number, (entity, value, template) in enumerate(cases)
    }
    hits = {
        (number, hit.entity, hit.start, hit.end)
        for number, each in enumerate(engine.find(texts))
        for hit in each
        if hit.entity != "PERSON"
    }
    assert len(hits & expected) >= 0.99 * len(expected)
    assert len(hits & expected) >= 0.98 * len(hits)


@pytest.mark.slow
def test_an_identifier_across_the_cut_of_a_long_text_is_found_once(engine: Engine) -> None:
    """Texts longer than what is read at a time are cut with an overlap."""
    for start in range(LONGEST - 160, LONGEST + 40, 11):
        text = ("x " * LONGEST)[:start] + " 784-1990-1234567-6 " + "y " * 200
        identifiers = [find for find in found(engine, text) if find[0] != "PERSON"]
        assert identifiers == [("AE_EMIRATES_ID", "784-1990-1234567-6")]


def test_hits_that_overlap_are_resolved() -> None:
    """The surer hit stays, then the longer; those apart all stay, in order."""
    sure, long, short, apart = (Hit("A", 5, 9, 0.9), Hit("B", 0, 8, 0.5), Hit("C", 0, 4, 0.5), Hit("D", 20, 22, 0.4))
    assert resolve([apart, short, long, sure]) == [short, sure, apart]
    assert resolve([short, long]) == [long]


def test_a_pattern_that_takes_too_long_counts_as_a_find() -> None:
    """A time-out is never read as clean: the whole text is reported."""
    slow = ShapeRecogniser(Shape("SLOW", r"(?:x|xx)+[yz]", 0.5))
    text = "x" * 60
    assert list(slow.find(text)) == [(0, 60, 1.0)]
    assert list(slow.find("xz")) == [(0, 2, 0.5)]
    assert list(GulfNameRecogniser().find("Saif Al Ketbi")) == [(0, 13, 0.7)]


def test_the_engine_names_all_its_parts(engine: Engine) -> None:
    """Presidio, model and recogniser set, each with its version, as one token."""
    presidio, model, ours = engine.id.split("+")
    assert presidio == "presidio-2.2.366" and ours == "qayd-gcc-1"
    assert model in {"en_core_web_sm-3.8.0", "en_core_web_md-3.8.0"}


@pytest.mark.parametrize(
    ("packages", "says"), [(["qayd_no_such_model"], "no language model"), (["json"], "does not load")]
)
def test_a_missing_or_broken_model_is_a_fault_with_advice(packages: list[str], says: str) -> None:
    """Nothing is downloaded in its place: the message says what to install."""
    with pytest.raises(ToolFault, match=says) as caught:
        load_model(packages)
    assert "install" in caught.value.hint


def test_a_failure_inside_presidio_becomes_our_fault() -> None:
    """The door to the tool lets no foreign error through, nor the text it failed on."""

    class Broken:
        nlp_engine: Any = None

    with pytest.raises(ToolFault) as caught:
        Engine(Broken(), "broken").find(["Fatima"])
    assert "Fatima" not in caught.value.message + caught.value.hint


CLOSED = """
    import sys
    from pathlib import Path

    def refuse(event, args):
        if event.startswith("socket.") or event.startswith("urllib.") or event == "subprocess.Popen":
            raise RuntimeError(event)

    sys.addaudithook(refuse)
    from adapters.datasets.table import from_rows
    from adapters.privacy.scan import scan
    heavy = {"presidio_analyzer", "spacy", "pandas"} & set(sys.modules)
    assert not heavy, heavy
    names = ["Fatima Khan", "Omar Khan", "Sara Khan"] * 9
    rows = [[f"x{n}@mail.example.ae", name, f"entry {n}", f"+97150{n:07d}"] for n, name in enumerate(names)]
    report = scan(from_rows(["a", "b", "c", "d"], rows))
    print(report.identified_columns, Path(sys.argv[1]).exists())
"""


def test_a_scan_opens_no_socket_and_starts_no_program(tmp_path: Path) -> None:
    """With every socket, URL and child process refused, a fresh process scans all the same; imports stay light."""
    home = tmp_path / "home"
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CLOSED), str(home)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"HOME": str(home), "PATH": "", "PYTHONIOENCODING": "utf-8"},
    )
    assert run.stdout.split() == ["3", "False"], run.stderr
