"""Every question asked under the head lock is answered from an index, however long the log is."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from ledger import queries
from ledger.log import Log
from ledger.store import Store
from tests.ledger.logs import create_log, heartbeat, note

QUESTIONS = {
    "last_of": (queries._LAST_OF, ["ledger_entry_subject (log=? AND subject=?)"]),
    "by_id": (queries._BY_ID, ["ledger_entry_id (log=? AND source=? AND id=?)"]),
    "claimed": (queries._CLAIMED, ["ledger_entry_claim (log=? AND claim=?)"]),
    "touched": (
        queries._TOUCHED,
        ["ledger_entry_subject (log=? AND subject=? AND sequence>?)", "KEY (log=? AND key=? AND sequence>?)"],
    ),
}
VALUES = {"log": 1, "source": "cli", "keys": '["a","b"]', "as_of": 0}


@pytest.mark.parametrize("name", QUESTIONS)
def test_sqlite_seeks_each_key(sqlite_log: Log, name: str) -> None:
    """The list of keys leads; each key is one seek in the index that holds it."""
    query, seeks = QUESTIONS[name]
    with sqlite_log._store.reading() as connection:
        rows = connection.execute(text(f"EXPLAIN QUERY PLAN {query['sqlite']}"), VALUES).all()
    plan = [str(row[3]) for row in rows]
    assert plan[0].startswith("SCAN k")
    assert [seek for seek in seeks if not any(seek in step for step in plan)] == []
    assert not any(step.startswith("SCAN") for step in plan[1:])


@pytest.mark.parametrize("name", QUESTIONS)
def test_postgresql_seeks_each_key(emptied_postgres: str, name: str) -> None:
    """No scan of the whole table, even before its statistics were ever gathered."""
    log = create_log(Store.create(emptied_postgres))
    log.append_many([heartbeat(number, id=f"e{number}", claim=f"c{number}") for number in range(3000)])
    log.append_many([note(f"n{number}") for number in range(500)])
    with log._store.reading() as connection:
        rows = connection.execute(text(f"EXPLAIN {QUESTIONS[name][0]['postgresql']}"), VALUES).all()
    log.close()
    plan = "\n".join(str(row[0]) for row in rows)
    assert "Seq Scan" not in plan, plan


def test_the_answers_are_those_of_the_keys(log: Log) -> None:
    """Each question, on both databases: known keys, unknown ones, quotes in them, none at all."""
    log.append_many([heartbeat(1, id="a", claim="x"), heartbeat(2, id="b", name="two"), heartbeat(3)])
    number, last = log._log, log.entry(3).leaf_hash
    with log._store.reading() as connection:
        assert queries.last_of(connection, number, ["source/app", "source/none", 'q"\\']) == {"source/app": last}
        assert queries.by_id(connection, number, "cli", ["a", "z", "b"]) == {
            "a": (1, log.entry(1).raw),
            "b": (2, log.entry(2).raw),
        }
        assert queries.by_id(connection, number, "other", ["a"]) == {}
        assert queries.claimed(connection, number, ["x", "y"]) == {"x"}
        assert queries.touched(connection, number, 2, ["source/two", "thing/a"]) == "source/two"
        assert queries.touched(connection, number, 3, ["source/two"]) is None
        assert queries.touched(connection, number, 0, []) is None and queries.last_of(connection, number, []) == {}
