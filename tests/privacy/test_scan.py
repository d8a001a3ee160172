"""Every column gets a class: codes and numbers raise no alarm, identities do, the unknown stays unclassified."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from adapters.datasets.table import Table, from_rows
from adapters.doors.demo.identities import FEATURES, IDENTITIES
from adapters.privacy.engine import Engine
from adapters.privacy.report import ColumnReport, ScanReport
from adapters.privacy.scan import scan
from governance.errors import InputError
from ledger.canonical import encode

ROWS = 400
GIVEN = [
    "Owen",
    "Laura",
    "Henrik",
    "Maria",
    "Ghanim",
    "Shaikha",
    "Venkat",
    "Padma",
    "Nawaz",
    "Rubina",
    "Arvin",
    "Colin",
]
FAMILY = ["Harris", "Fischer", "Lindqvist", "Al Falasi", "Bin Thani", "Krishnan", "Agarwal", "Bhatti", "Gomez", "Doyle"]
ARABIC = ["محمد", "خالد", "سعيد", "راشد", "ناصر", "علي", "عمر", "زايد"]


def column(engine: Engine, name: str, cells: list[str], declared: str = "") -> ColumnReport:
    """The report on a column that stands alone."""
    return scan(from_rows([name], [[cell] for cell in cells]), {name: declared} if declared else None, engine).columns[
        0
    ]


def draw_cells(make: Callable[[random.Random], str], rows: int = ROWS) -> list[str]:
    """Seeded cells."""
    draw = random.Random(5)
    return [make(draw) for _ in range(rows)]


def test_the_demonstrations_data_are_read_rightly(engine: Engine, credit: Table) -> None:
    """Five identity columns and no other; the label, what is quasi-identifying, and not one false alarm."""
    started = time.monotonic()
    report = scan(credit, engine=engine)
    assert time.monotonic() - started < 5
    kinds = {each.name: str(each.kind) for each in report.columns}
    assert {name for name, kind in kinds.items() if kind == "direct"} == set(IDENTITIES)
    assert kinds["class"] == "label" and {kinds[name] for name in ("age", "sex", "age_group", "job")} == {"quasi"}
    assert {kinds[name] for name in FEATURES} == {"attribute", "quasi", "label"}
    assert (report.identified_columns, report.unclassified_columns, report.rows) == (5, 0, 1000)
    entities = {each.name: each.entity for each in report.columns if each.entity}
    assert entities == {
        "name_en": "PERSON",
        "name_ar": "PERSON",
        "emirates_id": "AE_EMIRATES_ID",
        "mobile": "AE_PHONE",
        "iban": "IBAN_CODE",
    }
    assert report.data_digest == credit.digest and report.engine == engine.id


def test_the_report_says_nothing_of_a_cell(engine: Engine, credit: Table) -> None:
    """The document is canonical, and no value of an identity column stands in it."""
    raw = encode(scan(credit, engine=engine).document()).decode()
    cells = {cell for name in IDENTITIES for cell in credit.column(name)}
    assert not [cell for cell in cells if cell in raw]


@pytest.mark.parametrize("name", ["x1", "reference"])
@pytest.mark.parametrize(
    ("entity", "make"),
    [
        ("AE_EMIRATES_ID", lambda draw: f"784{draw.randint(1950, 2005)}{draw.randint(10**7, 10**8 - 1)}"),
        ("AE_PHONE", lambda draw: f"05{draw.choice('024568')} {draw.randint(200, 999)} {draw.randint(1000, 9999)}"),
        ("EMAIL_ADDRESS", lambda draw: f"{draw.choice(GIVEN).lower()}{draw.randint(1, 999)}@mail.example.ae"),
        ("AE_TRN", lambda draw: f"100{draw.randint(10**11, 10**12 - 1)}"),
        ("IP_ADDRESS", lambda draw: ".".join(str(draw.randint(1, 254)) for _ in range(4))),
    ],
)
def test_a_form_betrays_a_column_whatever_its_name(
    engine: Engine, name: str, entity: str, make: Callable[[random.Random], str]
) -> None:
    """Identifiers with a form of their own are found on all distinct values, with no help from the header."""
    report = column(engine, name, draw_cells(make))
    assert (str(report.kind), report.entity, report.basis) == ("direct", entity, "form")
    assert report.sampled == report.unique == report.hits and report.share == "1"


@pytest.mark.parametrize(
    ("name", "entity", "make"),
    [
        ("phone", "PHONE_NUMBER", lambda draw: str(draw.randint(500_000_000, 599_999_999))),
        ("Date of Birth", "DATE_OF_BIRTH", lambda draw: f"{draw.randint(1, 28)}/{draw.randint(1, 12)}/1980"),
        ("nationalId", "NATIONAL_ID", lambda draw: str(draw.randint(10**9, 2 * 10**9))),
        ("passport_no", "PASSPORT", lambda draw: f"N{draw.randint(10**6, 10**7)}"),
        ("customer_id", "RECORD_ID", lambda draw: str(draw.randint(1, 10**6))),
        ("account number", "BANK_ACCOUNT", lambda draw: str(draw.randint(10**9, 10**10))),
        ("home_address", "ADDRESS", lambda draw: f"Villa {draw.randint(1, 99)}, Al Wasl Road, Dubai"),
        ("last_name", "PERSON", lambda draw: draw.choice(FAMILY)),
        ("الاسم الكامل", "PERSON", lambda draw: draw.choice(["راجيش شارما", "ليلى ناير", "جون دو"])),
        ("رقم الهوية", "NATIONAL_ID", lambda draw: str(draw.randint(10**9, 2 * 10**9))),
        ("raqm_hatif", "AE_PHONE", lambda draw: f"04{draw.randint(2_000_000, 9_999_999)}"),
        ("txn", "RECORD_ID", lambda draw: f"TX-{draw.randint(10**6, 10**7)}"),
    ],
)
def test_a_name_that_the_cells_bear_out_decides(
    engine: Engine, name: str, entity: str, make: Callable[[random.Random], str]
) -> None:
    """English, Arabic and transliterated headers, and columns of codes that hardly repeat."""
    report = column(engine, name, draw_cells(make))
    assert (str(report.kind), report.entity) == ("direct", entity)


@pytest.mark.parametrize(
    ("name", "kind", "make"),
    [
        ("telephone", "attribute", lambda draw: draw.choice(["A191", "A192"])),
        ("phone_model", "attribute", lambda draw: draw.choice(["iPhone 12", "Galaxy S21"])),
        ("contact", "attribute", lambda draw: draw.choice(["cellular", "telephone", "unknown"])),
        ("product_name", "attribute", lambda draw: draw.choice(["Gold Card", "Auto Loan", "Personal Loan"])),
        ("balance", "attribute", lambda draw: f"{draw.uniform(-500, 90_000):.2f}"),
        ("salary", "attribute", lambda draw: f"AED {draw.randint(3, 60)},{draw.randint(0, 999):03d}"),
        ("weight", "attribute", lambda draw: draw.choice(["?", "n/a", "", str(draw.randint(1, 10**6))])),
        ("epoch", "attribute", lambda draw: str(draw.randint(1_600_000_000, 1_700_000_000))),
        ("paid_on", "attribute", lambda draw: f"2024-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}T10:00:00Z"),
        ("native_country", "quasi", lambda draw: draw.choice(["United-States", "Jordan", "Jamaica", "India"])),
        ("zip", "quasi", lambda draw: str(draw.randint(10_000, 99_999))),
        ("city", "quasi", lambda draw: draw.choice(["Dubai", "Abu Dhabi", "Sharjah", "Al Ain"])),
        ("الجنس", "quasi", lambda draw: draw.choice(["ذكر", "أنثى"])),
        ("income", "label", lambda draw: draw.choice(["<=50K", ">50K"])),
        ("id", "attribute", lambda draw: str(draw.randint(10**10, 10**11))),
        ("empty", "attribute", lambda draw: ""),
    ],
)
def test_what_names_nobody_raises_no_alarm(
    engine: Engine, name: str, kind: str, make: Callable[[random.Random], str]
) -> None:
    """Codes, quantities, dates and categories pass, also under a name that sounds like an identifier."""
    report = column(engine, name, draw_cells(make))
    assert (str(report.kind), report.entity) == (kind, "")


@pytest.mark.parametrize(
    "make",
    [
        lambda draw: f"{draw.choice(GIVEN)} {draw.choice(FAMILY)} {draw.choice(FAMILY)}",
        lambda draw: f"{draw.choice(GIVEN)} {draw.choice(FAMILY)} {draw.choice(FAMILY)}".upper(),
        lambda draw: " ".join(draw.sample(ARABIC, 3)) + " الفلاسي",
    ],
)
def test_names_of_people_are_found_without_a_telling_header(
    engine: Engine, make: Callable[[random.Random], str]
) -> None:
    """Latin script in two cases, and Arabic: Presidio reads a bounded sample."""
    report = column(engine, "x1", draw_cells(make))
    assert (str(report.kind), report.entity, report.basis) == ("direct", "PERSON", "model")
    assert report.sampled <= 200


@pytest.mark.parametrize(
    ("make", "entity", "basis"),
    [
        (lambda draw: f"Customer asked about loan {draw.randint(1, 10**6)}", "", "text"),
        (lambda draw: draw.choice(["ok"] * 60 + ["see 784-1990-1234567-6"]), "AE_EMIRATES_ID", "embedded"),
        (lambda draw: str(draw.randint(2 * 10**9, 10**10)), "", "long_number"),
    ],
)
def test_what_is_not_known_stays_unclassified(
    engine: Engine, make: Callable[[random.Random], str], entity: str, basis: str
) -> None:
    """Free text, a single identifier among harmless cells, and long numbers that hardly repeat."""
    report = column(engine, "notes", draw_cells(make))
    assert (str(report.kind), report.entity, report.basis) == ("free_text", entity, basis)


def test_a_declaration_settles_what_is_unclassified_and_never_an_identity(engine: Engine) -> None:
    """What a person answers for is noted; it cannot talk an identifier away."""
    notes = draw_cells(lambda draw: f"Customer asked about loan {draw.randint(1, 10**6)}")
    phones = draw_cells(lambda draw: f"050{draw.randint(2_000_000, 9_999_999)}")
    leaky = [*notes, "784-1990-1234567-6"]
    settled = column(engine, "notes", notes, "attribute")
    assert (str(settled.kind), settled.basis, settled.declared) == ("attribute", "declared", "attribute")
    assert str(column(engine, "notes", notes, "direct").kind) == "direct"
    assert str(column(engine, "amount", ["1", "2"], "free_text").kind) == "free_text"
    for cells, kind in ((phones, "direct"), (leaky, "free_text")):
        denied = column(engine, "notes", cells, "attribute")
        assert (str(denied.kind), denied.declared) == (kind, "attribute")


def test_declarations_must_fit_the_table(engine: Engine) -> None:
    """An unknown column and an unknown class are refused, with the classes there are."""
    table = from_rows(["a"], [["1"]])
    with pytest.raises(InputError, match="does not have"):
        scan(table, {"b": "attribute"}, engine)
    with pytest.raises(InputError, match="declared as") as caught:
        scan(table, {"a": "pseudonym"}, engine)
    assert "attribute" in caught.value.hint


def test_a_file_without_a_header_is_noticed(engine: Engine) -> None:
    """An identifier among the column names means that the first line is data; the message does not repeat it."""
    with pytest.raises(InputError, match="column 2") as caught:
        scan(from_rows(["a", "784-1990-1234567-6"], [["1", "2"]]), None, engine)
    assert "784" not in caught.value.message


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_well_under_a_minute(engine: Engine, credit: Table) -> None:
    """Distinct values and samples, not cells, decide the time: 100,000 rows of 26 columns, five all distinct."""
    columns = []
    for name, cells in list(credit.items())[:26]:
        many = cells * 100
        if name in IDENTITIES:
            cut = len if name.startswith("name") else lambda cell: len(cell) - 6
            many = [f"{cell[: cut(cell)]}{n:06d}" for n, cell in enumerate(many)]
        columns.append(many)
    started = time.monotonic()
    report: ScanReport = scan(Table(credit.names[:26], tuple(columns)), engine=engine)
    assert time.monotonic() - started < 40
    assert report.rows == 100_000 and report.identified_columns == 5
