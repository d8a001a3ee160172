"""Pseudonyms are the same for the same person under one key, unlinkable otherwise, and let nothing through."""

from __future__ import annotations

import base64
import re

import pytest

from adapters.datasets.table import Table, from_rows
from adapters.datasets.write import digest_table, render
from adapters.doors.demo.identities import FEATURES, IDENTITIES
from adapters.privacy.engine import Engine
from adapters.privacy.normalise import fold, fold_name
from adapters.privacy.pseudonymise import pseudonymise
from adapters.privacy.scan import scan
from adapters.privacy.tokens import PREFIXES, Tokeniser, canonical, entity_of
from governance.errors import InputError
from ledger.canonical import encode

KEY = bytes(range(32))


def pseudonymised(table: Table, engine: Engine, key: bytes = KEY, domain: str = "credit") -> Table:
    """The table without identities."""
    return pseudonymise(table, scan(table, engine=engine), key, "k1", domain)[0]


def test_nothing_of_an_identity_survives(engine: Engine, credit: Table) -> None:
    """Canaries: no original value stands in the output raw, folded, in canonical form, as digits, hex or base64."""
    report = scan(credit, engine=engine)
    result, _ = pseudonymise(credit, report, KEY, "k1", "credit")
    written = b"".join(render(result)).decode()
    entities = {column.name: column.entity for column in report.columns}
    for name in IDENTITIES:
        for cell in set(credit.column(name)):
            digits = re.sub(r"[^0-9]", "", cell)
            forms = {cell, fold(cell), fold_name(cell), canonical(entities[name], cell), cell.encode().hex()}
            forms |= {base64.b64encode(cell.encode()).decode().rstrip("="), digits if len(digits) > 5 else cell}
            leaked = [form for form in forms if form in written]
            assert not leaked, f"column {name} leaks in {len(leaked)} forms"


def test_a_second_scan_finds_pseudonyms_only(engine: Engine, credit: Table) -> None:
    """The output has no direct column, knows its own tokens, and leaves every other column untouched."""
    result, transform = pseudonymise(credit, scan(credit, engine=engine), KEY, "k1", "credit")
    again = scan(result, engine=engine)
    assert (again.identified_columns, again.unclassified_columns) == (0, 0)
    assert {column.name for column in again.columns if column.kind == "pseudonym"} == set(IDENTITIES)
    assert all(result.column(name) == credit.column(name) for name in FEATURES)
    assert transform.source_digest == credit.digest
    assert transform.digest == again.data_digest == digest_table(result)
    assert [(change.name, change.action) for change in transform.changes] == [(n, "tokenised") for n in IDENTITIES]
    raw = encode(transform.document()).decode()
    assert not [cell for name in IDENTITIES for cell in credit.column(name) if cell in raw]


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes(engine: Engine, credit: Table) -> None:
    """Deterministic under one key and domain; all tokens change with the key, and with the domain."""
    first = pseudonymised(credit, engine)
    assert first.columns == pseudonymised(credit, engine).columns
    for other in (pseudonymised(credit, engine, key=bytes(32)), pseudonymised(credit, engine, domain="fraud")):
        for name in IDENTITIES:
            assert not set(first.column(name)) & set(other.column(name))


def test_one_person_one_pseudonym_across_tables_and_spellings(engine: Engine) -> None:
    """Two tables that write numbers and names differently can be joined on the tokens; empty cells stay empty."""
    left = from_rows(["mobile", "name"], [["+971501234567", "فاطمة أحمد"], ["+971501234568", "Al-Ketbi, O."], ["", ""]])
    right = from_rows(["tel", "full_name"], [["050 123 4567", "فاطمه احمد"], ["٠٥٠١٢٣٤٥٦٨", "AL KETBI O"], ["", "-"]])
    ours, theirs = pseudonymised(left, engine), pseudonymised(right, engine)
    for name, other in (("mobile", "tel"), ("name", "full_name")):
        assert ours.column(name)[:2] == theirs.column(other)[:2]
        assert len(set(ours.column(name))) == 3
    assert ours.column("mobile")[2] == ours.column("name")[2] == theirs.column("tel")[2] == ""


def test_a_token_tells_its_kind_and_key_and_nothing_else() -> None:
    """`<prefix>_<key id>_<32 letters>`: no digits that could be mistaken for another identifier."""
    tokeniser = Tokeniser(KEY, "k7", "credit")
    for entity, prefix in PREFIXES.items():
        token = tokeniser.token(entity, "784199012345676")
        assert re.fullmatch(rf"{prefix}_k7_[a-p]{{32}}", token)
        kind = entity_of(token)
        assert kind is not None and PREFIXES[kind] == prefix
    assert entity_of(tokeniser.token("NEW_KIND", "x")) == ""
    assert len({tokeniser.token(entity, "x") for entity in PREFIXES}) == len(set(PREFIXES.values()))
    for cell in ("person_k7_abc", "Fatima", "", "person_k7_" + "z" * 32, "xxx_k7_" + "a" * 32):
        assert entity_of(cell) is None


def test_one_identity_among_pseudonyms_is_seen(engine: Engine, credit: Table) -> None:
    """A column is pseudonymous only if every cell of it is."""
    tokens = pseudonymised(credit, engine).column("emirates_id")
    spoilt = from_rows(["emirates_id"], [[cell] for cell in [*tokens[:-1], credit.column("emirates_id")[-1]]])
    (column,) = scan(spoilt, engine=engine).columns
    assert column.kind in {"direct", "free_text"}


@pytest.fixture
def mixed() -> Table:
    """A table with an identity, free text and an attribute."""
    rows = [[f"050{n:07d}", f"spoke to the customer about case {n}", str(n % 3)] for n in range(2_000_000, 2_000_060)]
    return from_rows(["phone", "notes", "grade"], rows)


def test_free_text_is_dropped_or_refused(engine: Engine, mixed: Table) -> None:
    """A column nobody has classified does not pass by silence."""
    report = scan(mixed, engine=engine)
    with pytest.raises(InputError, match="'notes'") as caught:
        pseudonymise(mixed, report, KEY, "k1", "credit")
    assert "drop" in caught.value.hint
    result, transform = pseudonymise(mixed, report, KEY, "k1", "credit", ["notes"])
    assert result.names == ("phone", "grade")
    assert [(change.name, change.action) for change in transform.changes] == [
        ("phone", "tokenised"),
        ("notes", "dropped"),
    ]


def test_a_copy_of_an_identifier_elsewhere_is_refused(engine: Engine, mixed: Table) -> None:
    """One number repeated in a column that stays, however written, stops the whole; its value is not repeated."""
    phones = mixed.column("phone")
    for copy in (phones[7], "050-" + phones[7][3:], "+971" + phones[7][1:], "unrelated text"):
        table = Table((*mixed.names, "other"), (*mixed.columns, [*["good", "fair", "poor"] * 19, "bad", "odd", copy]))
        report = scan(table, {"notes": "attribute", "other": "attribute"}, engine)
        if copy == "unrelated text":
            assert pseudonymise(table, report, KEY, "k1", "credit")[0].column("other") == table.column("other")
            continue
        with pytest.raises(InputError, match="'other' repeats identifiers") as caught:
            pseudonymise(table, report, KEY, "k1", "credit")
        assert phones[7][3:] not in caught.value.message
        assert "other" not in pseudonymise(table, report, KEY, "k1", "credit", ["other"])[0].names


@pytest.mark.parametrize(
    ("key", "key_id", "domain", "drop", "says"),
    [
        (b"short", "k1", "credit", [], "shorter than 32 bytes"),
        (KEY, "K_1", "credit", [], "key's id"),
        (KEY, "", "credit", [], "key's id"),
        (KEY, "k1", "Credit Risk", [], "domain"),
        (KEY, "k1", "credit", ["absent"], "no column 'absent'"),
        (KEY, "k1", "credit", ["phone", "notes", "grade"], "no column would be left"),
    ],
)
def test_unfit_arguments_are_refused(
    engine: Engine, mixed: Table, key: bytes, key_id: str, domain: str, drop: list[str], says: str
) -> None:
    """Weak keys, names that would not parse, columns that are not there."""
    drop = drop or ["notes"]
    with pytest.raises(InputError, match=says):
        pseudonymise(mixed, scan(mixed, engine=engine), key, key_id, domain, drop)


def test_a_report_on_other_data_is_refused(engine: Engine, mixed: Table) -> None:
    """A scan vouches for the bytes it read, and for no others."""
    report = scan(mixed, engine=engine)
    changed = Table(mixed.names, (mixed.columns[0], mixed.columns[1], [*mixed.columns[2][:-1], "9"]))
    with pytest.raises(InputError, match="other data"):
        pseudonymise(changed, report, KEY, "k1", "credit", ["notes"])
