"""The demonstration's people are invented, well formed and the same for the same seed."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

import phonenumbers
import pytest

from adapters.datasets.digest import digest_file
from adapters.datasets.read import read_table
from adapters.datasets.table import Table
from adapters.doors.demo.identities import (
    ATTRIBUTES,
    FEATURES,
    IDENTITIES,
    build_credit_csv,
    build_window_csv,
    read_records,
)
from governance.errors import InputError


def test_the_source_is_the_attributed_file(source: Path) -> None:
    """The copy in the tree is the file whose digest the attribution states."""
    assert digest_file(source).digest.removeprefix("sha256:") in (source.parent / "ATTRIBUTION.md").read_text()


def test_every_record_is_kept_with_names_for_its_attributes(credit: Table, source: Path) -> None:
    """1,000 records, 20 attributes as they stood, sex and age group derived, 700 good and 300 bad."""
    assert credit.height == 1000
    assert credit.names == (*IDENTITIES, *FEATURES)
    originals = [line.split()[:20] for line in source.read_text().splitlines()]
    assert [list(row) for row in zip(*(credit.column(name) for name in ATTRIBUTES), strict=True)] == originals
    assert Counter(credit.column("class")) == {"good": 700, "bad": 300}
    assert Counter(credit.column("sex")) == {"male": 690, "female": 310}
    assert Counter(credit.column("age_group")) == {"over-25": 810, "25-and-under": 190}


def test_identifiers_are_distinct_and_well_formed(credit: Table) -> None:
    """Emirates IDs pass Luhn, IBANs mod 97, mobile numbers the numbering plan; all are unique."""
    for identifier in credit.column("emirates_id"):
        digits = [int(digit) for digit in reversed(identifier.replace("-", ""))]
        assert len(digits) == 15 and identifier.startswith("784-")
        total = sum(d if place % 2 == 0 else sum(divmod(2 * d, 10)) for place, d in enumerate(digits))
        assert total % 10 == 0
    for iban in credit.column("iban"):
        moved = iban[4:] + iban[:4]
        assert len(iban) == 23 and int("".join(str(int(character, 36)) for character in moved)) % 97 == 1
    for mobile in credit.column("mobile"):
        number = phonenumbers.parse(mobile)
        assert phonenumbers.region_code_for_number(number) == "AE" and phonenumbers.is_valid_number(number)
    for name in ("emirates_id", "iban", "mobile"):
        assert len(set(credit.column(name))) == 1000


def test_each_person_has_one_name_in_two_scripts(credit: Table) -> None:
    """Latin and Arabic forms have the same number of parts, each in its script only."""
    for latin, arabic in zip(credit.column("name_en"), credit.column("name_ar"), strict=True):
        assert latin.isascii() and arabic
        assert all(unicodedata.name(c).startswith("ARABIC") for c in arabic if c != " ")
        assert (" bint " in latin) == (" بنت " in arabic)


def test_the_seed_decides_the_bytes(tmp_path: Path, source: Path) -> None:
    """The same seed writes the same file, another seed another; an existing file is kept."""
    digests = [build_credit_csv(source, tmp_path / f"{n}.csv", seed).digest for n, seed in enumerate([1, 1, 2])]
    assert digests[0] == digests[1] != digests[2]
    windows = [
        build_window_csv(source, tmp_path / f"w{n}.csv", seed, shifted=shifted).digest
        for n, (seed, shifted) in enumerate([(1, True), (1, True), (1, False), (2, True)])
    ]
    assert windows[0] == windows[1] and len(set(windows)) == 3
    with pytest.raises(InputError, match="exists already"):
        build_credit_csv(source, tmp_path / "0.csv", 1)


def test_a_window_shifts_what_it_says_and_nothing_else(tmp_path: Path, source: Path) -> None:
    """Amounts, terms and account status move; every other column is the same draw of the same records."""
    build_window_csv(source, tmp_path / "calm.csv", 3, shifted=False, rows=150)
    build_window_csv(source, tmp_path / "storm.csv", 3, shifted=True, rows=150)
    calm, storm = read_table(tmp_path / "calm.csv"), read_table(tmp_path / "storm.csv")
    assert calm.height == storm.height == 150 and calm.names == storm.names == FEATURES
    differing = {name for name in calm.names if calm.column(name) != storm.column(name)}
    assert differing == {"amount", "duration_months", "status"}
    for name in ("amount", "duration_months"):
        assert sum(map(int, storm.column(name))) > 1.3 * sum(map(int, calm.column(name)))
    known = {tuple(record) for record in read_records(source)}
    assert set(calm.rows()) <= known


def test_another_file_is_refused(tmp_path: Path, source: Path) -> None:
    """A file that is not the Statlog data is named with its line; too large a window cannot be drawn."""
    (tmp_path / "other").write_text(source.read_text().replace("A12 48", "48", 1))
    with pytest.raises(InputError, match="line 2 is not a Statlog credit record"):
        read_records(tmp_path / "other")
    for rows in (0, 1001):
        with pytest.raises(InputError, match="cannot be drawn"):
            build_window_csv(source, tmp_path / "w.csv", 1, shifted=False, rows=rows)
    assert not (tmp_path / "w.csv").exists()
