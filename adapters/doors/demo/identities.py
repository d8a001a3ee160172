"""From the Statlog credit records to a governed CSV: real attributes, invented identities, later windows.

All is drawn from `random.Random(seed)`: the same seed writes the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from adapters.datasets.digest import FileDigest, open_regular
from adapters.datasets.table import Table, from_rows
from adapters.datasets.write import write_table
from adapters.doors.demo.names import COMMUNITIES, Community, Name
from governance.errors import InputError

ATTRIBUTES = (
    "status",
    "duration_months",
    "credit_history",
    "purpose",
    "amount",
    "savings",
    "employment_since",
    "installment_rate",
    "personal_status",
    "guarantors",
    "residence_since",
    "property",
    "age",
    "other_installments",
    "housing",
    "existing_credits",
    "job",
    "dependants",
    "telephone",
    "foreign_worker",
)
IDENTITIES = ("name_en", "name_ar", "emirates_id", "mobile", "iban")
FEATURES = (*ATTRIBUTES, "sex", "age_group", "class")
LABELS = {"1": "good", "2": "bad"}
FEMALE = frozenset({"A92", "A95"})
YEAR = 2026
SERIALS = 100_000
LONGEST = 72  # months; the longest term in the records


def build_credit_csv(source: Path, target: Path, seed: int, *, overwrite: bool = False) -> FileDigest:
    """Write all records, each with an invented identity: five identity columns, then `FEATURES`.

    Raises InputError when `source` is not the Statlog file or `target` exists.
    """
    records = read_records(source)
    people = _people(records, random.Random(seed))
    rows = [[*person, *record] for person, record in zip(people, records, strict=True)]
    return write_table(target, from_rows([*IDENTITIES, *FEATURES], rows), overwrite=overwrite)


def build_window_csv(
    source: Path, target: Path, seed: int, *, shifted: bool, rows: int = 200, overwrite: bool = False
) -> FileDigest:
    """Write a later window: `rows` records drawn without replacement, without identities, shifted when asked.

    Raises InputError when `source` is not the Statlog file, `rows` does not fit it, or `target` exists.
    """
    records = read_records(source)
    if not 0 < rows <= len(records):
        raise InputError(f"a window of {rows} rows cannot be drawn from {len(records)} records")
    draw = random.Random(seed)
    table = from_rows(FEATURES, draw.sample(records, rows))
    return write_table(target, shift(table, draw) if shifted else table, overwrite=overwrite)


def shift(table: Table, draw: random.Random) -> Table:
    """The same applicants in worse times: larger amounts, longer terms, more overdrawn accounts."""
    changed = {
        "amount": [str(round(int(cell) * draw.uniform(1.5, 2.2))) for cell in table.column("amount")],
        "duration_months": [str(min(LONGEST, int(cell) + 12)) for cell in table.column("duration_months")],
        "status": ["A11" if draw.random() < 0.6 else cell for cell in table.column("status")],
    }
    columns = tuple(changed.get(name, cells) for name, cells in table.items())
    return Table(table.names, columns, table.delimiter)


def read_records(source: Path) -> list[list[str]]:
    """The records as cells in the order of `FEATURES`; InputError when a line is not such a record."""
    with open_regular(source) as file:
        lines = file.read(1 << 20).decode("ascii", "replace").split("\n")
    return [_record(line.split(" "), source, number) for number, line in enumerate(lines, start=1) if line]


def _record(cells: Sequence[str], source: Path, number: int) -> list[str]:
    if len(cells) != 21 or cells[20] not in LABELS or not cells[12].isdigit():
        raise InputError(
            f"{source} line {number} is not a Statlog credit record",
            hint="use the german.data that comes with Qayd",
        )
    sex = "female" if cells[8] in FEMALE else "male"
    group = "25-and-under" if int(cells[12]) <= 25 else "over-25"
    return [*cells[:20], sex, group, LABELS[cells[20]]]


def _people(records: Sequence[Sequence[str]], draw: random.Random) -> list[tuple[str, str, str, str, str]]:
    serials = draw.sample(range(SERIALS), len(records))
    subscribers = draw.sample(range(1_000_000), len(records))
    accounts = draw.sample(range(10**12), len(records))
    age, sex = FEATURES.index("age"), FEATURES.index("sex")
    people = []
    for record, serial, subscriber, account in zip(records, serials, subscribers, accounts, strict=True):
        latin, arabic = _name(record[sex], draw)
        emirates_id = format_emirates_id(YEAR - int(record[age]), serial)
        people.append((latin, arabic, emirates_id, f"+971500{subscriber:06d}", format_iban("000", account)))
    return people


def _name(sex: str, draw: random.Random) -> Name:
    community: Community = draw.choices(COMMUNITIES, weights=[c.weight for c in COMMUNITIES])[0]
    given = draw.choice(community.female if sex == "female" else community.male)
    family = draw.choice(community.family)
    if not community.patronymic:
        return f"{given[0]} {family[0]}", f"{given[1]} {family[1]}"
    father = draw.choice(community.male)
    link = {"female": ("bint", "بنت"), "male": ("bin", "بن")}[sex]
    latin, arabic = (" ".join((given[i], link[i], father[i], family[i])) for i in (0, 1))
    return latin, arabic


def format_emirates_id(year: int, serial: int) -> str:
    """784-YYYY-NNNNNNN-C; C makes the Luhn sum (ISO/IEC 7812-1, annex B) of all 15 digits end in 0."""
    digits = f"784{year:04d}{serial:07d}"
    total = sum(sum(divmod(int(digit) * weight, 10)) for digit, weight in zip(reversed(digits), _WEIGHTS, strict=True))
    return f"784-{year:04d}-{serial:07d}-{-total % 10}"


_WEIGHTS = (2, 1) * 7


def format_iban(bank: str, account: int) -> str:
    """A UAE IBAN: AE, two check digits (ISO 7064 mod 97-10), bank code (3 digits), account (16)."""
    basic = f"{bank}{account:016d}"
    check = 98 - int(f"{basic}101400") % 97  # A=10, E=14, 00 in place of the check digits
    return f"AE{check:02d}{basic}"
