"""The vault: values open for their entry alone, and whatever was touched since is lost or altered, never wrong."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import delete, select, update

from ledger.entry import Entry, commitment, parse_sealed
from ledger.errors import IntegrityError, Kind, Refused, StoreFault, Withheld
from ledger.kek import KekRing, epoch_of
from ledger.log import Log
from ledger.store import Store
from ledger.tables import PersonKeyRow, SealedRow, table_of
from ledger.vault import Vault
from ledger.writing import NoVault
from tests.ledger.logs import ORIGIN, START, TYPES, SetClock, create_log, heartbeat, make_vault, note, secret, stamp
from tests.ledger.test_canonical import VALUES

KEYS, VALUES_TABLE = table_of(PersonKeyRow), table_of(SealedRow)


def vault_of(log: Log) -> Vault:
    assert log.vault is not None
    return log.vault


def sealed_entry(log: Log, **data: Any) -> Entry:
    return log.entry(log.append(note(data=data or {"words": secret("زيد said so")})).index)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """One log for many examples."""
    directory = tmp_path_factory.mktemp("vault")
    store = Store.create(f"sqlite:///{directory}/ledger.db")
    yield create_log(store, vault=make_vault(store, directory / "kek", SetClock()))
    store.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(value=VALUES)
def test_what_is_sealed_is_opened(shared: Log, value: Any) -> None:
    """Any canonical value comes back, with whose it is."""
    entry = sealed_entry(shared, more=secret(value, "p-5"))
    assert vault_of(shared).recall(entry, "/data/more") == secret(value, "p-5")
    assert vault_of(shared).open(entry, "/data/more") == value


def test_a_value_opens_on_either_database(log: Log) -> None:
    """Two people and three fields in two entries; the bytes of neither hold the words."""
    data = {"words": secret("one", "p-1"), "more": secret({"k": "two"}, "p-2")}
    first, second = sealed_entry(log, **data), sealed_entry(log, words=secret("three", "p-1"))
    vault = vault_of(log)
    assert [vault.open(first, "/data/words"), vault.open(first, "/data/more")] == ["one", {"k": "two"}]
    assert vault.open(second, "/data/words") == "three"
    assert not any(word in first.raw + second.raw for word in (b"one", b"two", b"three", b"p-2"))


def test_the_entry_commits_to_the_value(log: Log) -> None:
    """The commitment is the published one over the salt that the vault keeps: another value does not fit."""
    entry = sealed_entry(log, words=secret("one"))
    seal, handle = parse_sealed(entry.data["words"])
    assert len(handle) == 16
    for value in ("two", "one "):
        assert commitment(ORIGIN, entry.source, entry.id, "/data/words", bytes(32), value) != seal


def test_handles_are_fresh_for_each_event_and_person(log: Log) -> None:
    """One person's fields in one event share a handle; no other two do."""
    data = {"words": secret("a", "p-1"), "more": secret("b", "p-1")}
    one, two = sealed_entry(log, **data), sealed_entry(log, words=secret("a", "p-1"), more=secret("b", "p-2"))
    handles = [parse_sealed(entry.data[name])[1] for entry in (one, two) for name in ("words", "more")]
    assert handles[0] == handles[1] and len(set(handles)) == 3


def test_what_the_tables_hold_is_not_readable(log: Log) -> None:
    """Neither value nor key is there in clear."""
    sealed_entry(log, words=secret("find me if you can"))
    with log._store.reading() as connection:
        everything = b"".join(
            value if isinstance(value, bytes) else str(value).encode()
            for table in (KEYS, VALUES_TABLE)
            for row in connection.execute(select(table))
            for value in row
        )
    assert b"find me" not in everything


@pytest.mark.parametrize("pointer", ["/data/level", "/data/none", "words", "/data", "", "/data/words/sealed"])
def test_where_nothing_is_sealed_nothing_opens(log: Log, pointer: str) -> None:
    """Other members, other paths."""
    entry = sealed_entry(log, words=secret(), level=1)
    with pytest.raises(Refused):
        vault_of(log).open(entry, pointer)


def kind_of(log: Log, entry: Entry) -> Kind:
    with pytest.raises(IntegrityError) as caught:
        vault_of(log).open(entry, "/data/words")
    return caught.value.kind


@pytest.mark.parametrize("table", [VALUES_TABLE, KEYS])
def test_a_row_that_is_gone_is_a_loss(log: Log, table: Any) -> None:
    """Value or person's key deleted outside an erasure."""
    entry = sealed_entry(log)
    with log._store.writing() as connection:
        connection.execute(delete(table))
    assert kind_of(log, entry) == Kind.LOST


@pytest.mark.parametrize(("table", "column"), [(VALUES_TABLE, "sealed"), (KEYS, "wrapped")])
@pytest.mark.parametrize("place", [0, 12, -1])
def test_a_changed_bit_is_noticed(log: Log, table: Any, column: str, place: int) -> None:
    """In nonce, ciphertext or tag, of a value or of a person's key; so is a cut row."""
    entry = sealed_entry(log)
    with log._store.writing() as connection:
        content = bytearray(connection.execute(select(table.c[column])).scalar_one())
        content[place] ^= 1
        connection.execute(update(table).values({column: bytes(content)}))
    assert kind_of(log, entry) == Kind.ALTERED
    with log._store.writing() as connection:
        connection.execute(update(table).values({column: b"short"}))
    assert kind_of(log, entry) == Kind.ALTERED


def test_values_do_not_open_for_one_another(log: Log) -> None:
    """Swapped rows of one person, even of one pointer, are altered: each is bound to its event and handle."""
    one, two = sealed_entry(log, words=secret("one")), sealed_entry(log, words=secret("two"))
    handles = [parse_sealed(entry.data["words"])[1] for entry in (one, two)]
    with log._store.writing() as connection:
        for old, new in ((handles[0], b"x" * 16), (handles[1], handles[0]), (b"x" * 16, handles[1])):
            connection.execute(update(VALUES_TABLE).where(VALUES_TABLE.c.handle == old).values(handle=new))
    assert (kind_of(log, one), kind_of(log, two)) == (Kind.ALTERED, Kind.ALTERED)


def test_a_value_under_another_persons_name_does_not_open(log: Log) -> None:
    """The row's person leads to another key."""
    entry = sealed_entry(log, words=secret("one", "p-1"), more=secret("two", "p-2"))
    with log._store.writing() as connection:
        connection.execute(update(VALUES_TABLE).values(person="p-2"))
    assert kind_of(log, entry) == Kind.ALTERED


def test_a_value_that_its_entry_did_not_commit_to_is_altered(log: Log) -> None:
    """Properly sealed by a holder of the keys, after the fact: the commitment does not fit."""
    entry = sealed_entry(log, words=secret("before"))
    _, handle = parse_sealed(entry.data["words"])
    _, row = vault_of(log).seal(entry.id, entry.source, "/data/words", secret("after"), handle)
    with log._store.writing() as connection:
        connection.execute(update(VALUES_TABLE).values(sealed=row.sealed))
    assert kind_of(log, entry) == Kind.ALTERED


def test_without_the_key_encryption_key_values_are_withheld(store: Store, tmp_path: Path) -> None:
    """Another holder, with the database but not the keys, neither opens nor seals for that person."""
    clock = SetClock()
    log = create_log(store, clock=clock, vault=make_vault(store, tmp_path / "kek", clock))
    entry = sealed_entry(log)
    elsewhere = make_vault(store, tmp_path / "elsewhere", clock, seed=2)
    with pytest.raises(Withheld, match="epoch 692 is not here"):
        elsewhere.open(entry, "/data/words")
    other = Log.open(store, types=TYPES, clock=clock, random=random.Random(4).randbytes, vault=elsewhere)
    with pytest.raises(StoreFault, match="nothing can be sealed"):
        other.append_many([note(data={"words": secret()})])
    assert log.size() == 2


def test_without_a_vault_nothing_is_sealed_or_opened(log: Log) -> None:
    """The stand-in refuses both ways."""
    with pytest.raises(Refused):
        NoVault().seal("i", "s", "/data/words", secret(), bytes(16))
    with pytest.raises(Withheld):
        NoVault().recall(log.entry(0), "/data/words")


def test_a_vault_needs_its_log(store: Store, tmp_path: Path) -> None:
    """Before a log is begun there is nothing to be bound to."""
    with pytest.raises(StoreFault, match="no log"):
        make_vault(store, tmp_path, SetClock()).seal("i", "s", "/data/words", secret(), bytes(16))


def test_a_refused_event_leaves_no_value(log: Log) -> None:
    """Values are written with their entry or not at all."""
    log.append(heartbeat(claim="c"))
    log.append_many([note(data={"words": secret()}, claim="c"), note(data={"words": secret()})])
    with log._store.reading() as connection:
        assert len(connection.execute(select(VALUES_TABLE)).all()) == 1


def test_epochs_are_thirty_days() -> None:
    """Every moment belongs to one; a person's key made in a later epoch is wrapped by a later key."""
    assert epoch_of("1970-01-01T00:00:00.000000Z") == 0
    assert epoch_of("1970-01-30T23:59:59.999999Z") == 0
    assert epoch_of("1970-01-31T00:00:00.000000Z") == 1
    assert epoch_of(stamp(START)) == 692


def test_each_epoch_has_its_key(log: Log, clock: SetClock, tmp_path: Path) -> None:
    """Old values open after the epoch turned; files are their owner's alone."""
    old = sealed_entry(log, words=secret("old", "p-1"))
    clock.moment += timedelta(days=30)
    new = sealed_entry(log, words=secret("new", "p-2"))
    again = make_vault(log._store, tmp_path / "kek", clock, seed=3)
    assert [again.open(old, "/data/words"), again.open(new, "/data/words")] == ["old", "new"]
    files = sorted((tmp_path / "kek").iterdir())
    assert [path.name for path in files] == ["000692.kek", "000693.kek"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "kek").stat().st_mode & 0o777 == 0o700


def test_two_holders_agree_on_the_key_of_an_epoch(tmp_path: Path) -> None:
    """Whoever comes second takes what is there."""
    rings = [KekRing(tmp_path / "kek", random=random.Random(seed).randbytes) for seed in (1, 2)]
    now = stamp(START)
    assert rings[0].current(now) == rings[1].current(now) == rings[1].current(now)
    assert rings[1].get(692) == rings[0].current(now)[1]


@pytest.mark.parametrize(
    "content", [b"", b"x", b"[]", b'{"epoch":692,"key":"AA=="}', b'{"epoch":691,"key":"' + b"A" * 43 + b'="}']
)
def test_a_damaged_key_file_is_a_fault(tmp_path: Path, content: bytes) -> None:
    """It is never taken for a key, nor replaced; the message holds no key."""
    directory = tmp_path / "kek"
    directory.mkdir()
    path = directory / "000692.kek"
    path.write_bytes(content)
    for act in (lambda: KekRing(directory).current(stamp(START)), lambda: KekRing(directory).get(692)):
        with pytest.raises(StoreFault, match="holds no key-encryption key"):
            act()
    assert path.read_bytes() == content


def test_key_files_are_plain_documents(tmp_path: Path) -> None:
    """Epoch and base64 key, so that a custodian can check and carry them."""
    epoch, key = KekRing(tmp_path).current(stamp(START))
    document = json.loads((tmp_path / "000692.kek").read_bytes())
    assert document["epoch"] == epoch == 692 and len(key) == 32


def test_a_folder_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    """A file stands where the folder of keys should be."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreFault, match="could not make a key-encryption key"):
        KekRing(tmp_path / "file" / "kek").current(stamp(START))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_sealed SET sealed = 'text'",
        "UPDATE ledger_sealed SET sealed = 5",
        "UPDATE ledger_sealed SET person = x'00'",
        "UPDATE ledger_person_key SET wrapped = 5",
        "UPDATE ledger_person_key SET wrapped = 'text'",
        "UPDATE ledger_person_key SET epoch = 'text'",
        "UPDATE ledger_person_key SET epoch = 1.5",
    ],
)
def test_a_vault_with_values_of_another_kind_is_altered(sqlite_log: Log, change: str) -> None:
    """SQLite lets any column hold anything; opening and retrying name it instead of crashing."""
    event = note(id="n1", data={"words": secret()})
    sqlite_log.append(event)
    with sqlite_log._store.writing() as connection:
        connection.exec_driver_sql(change)
    assert sqlite_log.vault is not None
    with pytest.raises(IntegrityError, match="ALTERED"):
        sqlite_log.vault.open(sqlite_log.entry(1), "/data/words")
    with pytest.raises(IntegrityError, match="ALTERED"):
        sqlite_log.append(event)
