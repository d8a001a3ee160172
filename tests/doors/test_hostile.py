"""What somebody hostile, hurried or merely unlucky does at the doors: races, odd words, broken ledgers and pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest

from adapters.doors.explain import finding_lines
from adapters.doors.output import printable, to_json
from adapters.operations import approvals, deployments, people
from adapters.serving.local_store import LocalStore
from adapters.settings import read_settings
from adapters.storage.files import write_atomically
from adapters.wiring import Home, open_home
from governance import notices
from governance.finding import Slots
from governance.ports import Placement, Receipt
from ledger.canonical import encode
from ledger.entry import NewEvent
from ledger.errors import Conflict, IntegrityError, Kind
from tests.doors.cli import expect, key_pair, qayd, sign_statement

ROOT = Path(__file__).resolve().parents[2]
SAID = (
    *("--purpose", "scoring", "--legal-basis", "contract", "--location", "azure/public/uaenorth"),
    *("--retention-days", "30", "--label", "outcome", "--positive", "yes", "--source", "books", "--licence", "own"),
)
CONFIG = {"provider": "azure", "realm": "public", "region": "uaenorth", "fallback": "human-queue"}


@pytest.fixture
def trained(home: Path, tmp_path: Path) -> Path:
    """A data set `rows`, and model `m@1` trained on it by a shell command; the data's file."""
    rows = tmp_path / "rows.csv"
    rows.write_text("age,outcome\n" + "".join(f"{20 + n % 40},{'yes' if n % 3 else 'no'}\n" for n in range(90)))
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    expect(0, "dataset", "register", "rows", "--file", rows, *SAID)
    expect(0, "dataset", "scan", "rows")
    expect(0, "training", "run", "m", "--dataset", "rows", "--", "sh", "-c", "echo 1 > {out}/model")
    expect(0, "model", "register", "m")
    return rows


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A real tenant with two officers; their private keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QAYD_HOME", str(tmp_path / "home"))
    one, two = key_pair(tmp_path, "one"), key_pair(tmp_path, "two")
    tenant = tmp_path / "tenant.json"
    tenant.write_text('{"establishment": "onshore", "licences": [], "sectors": []}')
    expect(0, "init", "--officer", f"{one}.pub", "--officer", f"{two}.pub", "--tenant", tenant)
    return one, two


class Overtaken:
    """A home in which somebody else is a moment faster: `rival` runs just before anything is appended."""

    def __init__(self, home: Home, rival: Callable[[], object]) -> None:
        self._home, self._rival = home, rival

    def append(self, *events: NewEvent, as_of: int | None = None, keys: Collection[str] = ()) -> Sequence[Receipt]:
        """Let the rival go first."""
        self._rival()
        return self._home.append(*events, as_of=as_of, keys=keys)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._home, name)


def overtaken(identity: Path, act: Callable[[Home], object], *rival: str | Path) -> None:
    """Do `act` as the owner of a key, while the command line `rival` is run in between."""
    home = open_home(read_settings(identity=identity))
    try:
        act(cast(Home, Overtaken(home, lambda: expect(0, *rival))))
    finally:
        home.close()


def test_two_officers_who_revoke_each_other(real: tuple[Path, Path]) -> None:
    """One is a moment late and refused; were both written, no officer would be left and nothing could be read."""
    one, two = real
    with pytest.raises(Conflict):
        overtaken(
            one,
            lambda home: people.revoke(home, f"{two}.pub", ""),
            *("person", "revoke", f"{one}.pub", "--identity", two),
        )
    expect(0, "person", "list")


def test_two_officers_who_enrol_one_key(real: tuple[Path, Path], tmp_path: Path) -> None:
    """A key stands for one person; were both enrolments written, the ledger could not be read again."""
    one, two = real
    key = Path(f"{key_pair(tmp_path, 'new')}.pub")
    with pytest.raises(Conflict):
        overtaken(
            one,
            lambda home: people.enrol(home, "A", key, ["validator"]),
            *("person", "add", "B", "--key", key, "--role", "validator", "--identity", two),
        )
    assert len(expect(0, "person", "list", "--json").json["people"]) == 3


def test_a_request_that_cannot_be_opened_is_a_decision(trained: Path) -> None:
    """Not a fault: the outcome is the exit code, and the decision is printed with its id and findings."""
    words = ("promotion", "request", "m@1", "--target", "retail", "--config", "config.json")
    refused = expect(1, *words, "--json").json
    assert refused["request"] is None and refused["decision"]["outcome"] == "deny"
    text = expect(1, *words)
    assert text.out.startswith("DENY") and "decision d-" in text.out and "cannot be put to people" in text.err


def test_a_classification_is_confirmed_as_it_was_said(trained: Path) -> None:
    """Another word would never count, so it is refused; registering the run again with another word is too."""
    expect(0, "person", "add", "V", "--key", f"{key_pair(trained.parent, 'v')}.pub", "--role", "validator")
    refused = expect(2, "model", "confirm", "m@1", "--tier", "low", "--identity", trained.parent / "v")
    assert "registered as tier high" in refused.err
    assert "registered as tier high" in expect(2, "model", "register", "m", "--tier", "low").err
    assert "present" in expect(0, "model", "register", "m").out
    expect(0, "model", "confirm", "m@1", "--identity", trained.parent / "v")


def test_nobody_confirms_through_an_account_of_theirs(trained: Path) -> None:
    """A service account is the people who answer for it, here the maker."""
    trainer = expect(0, "person", "list", "--json").json["people"][0]["person"]
    robot = key_pair(trained.parent, "robot")
    service = ("--service", "--owner", trainer, "--role", "pipeline")
    expect(0, "person", "add", "Robot", "--key", f"{robot}.pub", *service)
    assert "you made model/m@1" in expect(2, "model", "confirm", "m@1", "--identity", robot).err


def test_results_that_cannot_be_relied_on_are_125(trained: Path) -> None:
    """The command ended well but changed the data under itself: a pipeline must not go on."""
    words = ("training", "run", "m", "--dataset", "rows", "--json", "--", "sh", "-c")
    done = expect(125, *words, "echo x > {out}/model; echo '1,yes' >> {data}")
    assert done.json["exit_code"] == 0 and "digest differs" in done.json["fault"] and "next:" not in done.err


def test_wrong_usage_of_a_training_run_is_125(home: Path) -> None:
    """2 would be taken for the training command's own code."""
    expect(125, "training", "run", "m", "--dataset", "rows", "--bogus", "--", "true")
    expect(125, "training", "run", "m")


def test_wrong_usage_is_one_json_document_too(home: Path) -> None:
    """Whoever asked for JSON gets it."""
    assert "bogus" in expect(2, "gate", "check", "--bogus", "--json").json["message"]
    assert expect(125, "training", "run", "--json").json["exit_code"] == 125
    assert qayd("training", "run", "m", "--dataset", "x", "--bogus", "--", "x", "--json").out == ""


def test_digits_that_are_no_index(trained: Path) -> None:
    """A superscript is a digit to Unicode, and to nobody else."""
    for cause in ("\u00b2", "\u0663", "9" * 5000):
        assert "there is no entry" in expect(2, "retraining", "request", "m", "--cause", cause).err


@pytest.mark.parametrize("identity", ["/", ""])
def test_an_identity_without_a_name(home: Path, identity: str) -> None:
    """Wrong input, not a fault."""
    key = key_pair(home.parent, "k")
    words = ("person", "add", "A", "--key", f"{key}.pub", "--role", "validator", "--identity", identity)
    assert "is no key file" in expect(2, *words).err


def test_a_hint_names_no_option_that_is_not_there(home: Path) -> None:
    """The name is an argument."""
    key = key_pair(home.parent, "k")
    assert "--name" not in expect(2, "person", "add", " ", "--key", f"{key}.pub", "--role", "validator").err


def test_init_leaves_other_directories_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that is called as Qayd might call its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home.partial").mkdir()
    (tmp_path / "home.partial" / "thesis.txt").write_text("years of work")
    expect(0, "init", "--home", tmp_path / "home")
    assert (tmp_path / "home.partial" / "thesis.txt").read_text() == "years of work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "home.partial"]


@pytest.mark.parametrize("words", [("--home", "a?b"), ("--home", "h", "--database", "sqlite:///rel.db")])
def test_a_ledger_is_begun_where_it_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """A URL that means another file, now or from another directory, is refused and leaves nothing."""
    monkeypatch.chdir(tmp_path)
    expect(2, "init", *words)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_through_a_planted_link(tmp_path: Path) -> None:
    """In a directory others can write to, a temporary file of a known name would be a way in."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / f".statement.json.{os.getpid()}.tmp").symlink_to(victim)
    (tmp_path / "statement.json").symlink_to(victim)
    write_atomically(tmp_path / "statement.json", b"{}")
    assert victim.read_text() == "mine" and (tmp_path / "statement.json").read_bytes() == b"{}"


def test_a_name_forges_no_line_and_drives_no_terminal() -> None:
    """Line breaks, escapes, bidi marks and halves of surrogate pairs are shown as a mark; letters stay."""
    assert printable("a\nVERIFIED \x1b[31m\u202e\x9b\udcff\u2028 \u0642\u064a\u062f") == (
        "a\ufffdVERIFIED \ufffd[31m\ufffd\ufffd\ufffd\ufffd \u0642\u064a\u062f"
    )
    hostile = {"name": "\x9b31m\u202e\udcff\n \u0642\u064a\u062f"}
    line = to_json(hostile)
    assert json.loads(line) == hostile and "\u0642\u064a\u062f" in line
    assert not {"\x9b", "\u202e", "\udcff", "\n"} & set(line)


def test_a_file_name_that_is_not_utf_8(trained: Path) -> None:
    """It is named in a message as well as can be, in text and JSON."""
    name = os.fsdecode(b"x\xff.csv")
    assert expect(2, "dataset", "scan", "rows", "--file", name, "--json").json["exit_code"] == 2
    expect(2, "dataset", "scan", "rows", "--file", name)


def test_a_reader_who_goes_away_is_no_denial(home: Path) -> None:
    """1 would be a deny; that nobody read the answer is a fault."""
    environment = {**os.environ, "QAYD_HOME": str(home), "PYTHONPATH": str(ROOT)}
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "adapters.doors", "person", "list", "--json"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, env=environment, timeout=60, check=False)
    os.close(write)
    assert done.returncode == 6 and b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--column", "age=blah"), "is not NAME=CLASS"),
        (("--column", "age="), "is not NAME=CLASS"),
        (("--protected", "outcome"), "is named as protected"),
        (("--protected", "age", "--protected", "age"), "named twice"),
    ],
)
def test_nothing_is_said_of_columns_that_no_scan_or_measurement_could_use(
    trained: Path, words: tuple[str, ...], said: str
) -> None:
    """It is refused at once, not once the data set is registered for ever."""
    assert said in expect(2, "dataset", "register", "other", "--file", trained, *SAID, *words).err


def test_a_trail_that_could_not_be_verified_is_not_written(trained: Path, home: Path) -> None:
    """A document is gone: said when the trail is exported, not when somebody else verifies it."""
    for path in (home / "blobs").rglob("*"):
        if path.is_file():
            path.unlink()
    assert "LOST" in expect(5, "trail", "export", "trail.zip").err
    assert not Path("trail.zip").exists()


SCRIPT = """
awk -F, 'NR > 1 {n++} END {print n}' "$1" > "$2/model"
awk -F, 'NR == 1 {print "row,prediction"} NR > 1 {print NR - 2 "," ($1 > 39 ? "yes" : "no")}' "$3" > "$4"
"""


@pytest.mark.slow
def test_becoming_a_maker_while_approving(home: Path, tmp_path: Path) -> None:
    """Who attaches evidence a moment before their approval is written has made the model: the approval is refused.

    Written, it would be one that no command may write, and the request could never be read again.
    """
    rows, script = tmp_path / "rows.csv", tmp_path / "train.sh"
    cells = ((20 + n % 40, "fm"[n % 2], "yes" if n % 40 > 19 else "no") for n in range(400))
    rows.write_text("age,sex,outcome\n" + "".join(f"{age},{sex},{outcome}\n" for age, sex, outcome in cells))
    script.write_text(SCRIPT)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    mariam = key_pair(tmp_path, "mariam")
    expect(0, "person", "add", "M", "--key", f"{mariam}.pub", "--role", "risk-officer")
    expect(0, "person", "add", "Y", "--key", f"{key_pair(tmp_path, 'yusuf')}.pub", "--role", "validator")
    expect(0, "dataset", "register", "rows", "--file", rows, *SAID, "--protected", "sex")
    expect(0, "dataset", "scan", "rows")
    expect(0, "threshold", "register", "m", "--dataset", "rows", "--min", "accuracy=0.6")
    command = ("sh", script, "{data}", "{out}", "{score}", "{predictions}")
    expect(0, "training", "run", "m", "--dataset", "rows", "--", *command)
    expect(0, "model", "register", "m")
    measured = expect(0, "evidence", "measure", "all", "m@1", "--json").json["evidence"][0]["measurement"]
    (tmp_path / "declared.json").write_bytes(encode(measured))
    expect(0, "promotion", "request", "m@1", "--target", "retail", "--config", "config.json")
    expect(0, "approval", "show", "m@1", "--out", "by", "--identity", mariam)
    statement = tmp_path / "by" / "statement.json"
    signature = sign_statement(mariam, statement)
    with pytest.raises(Conflict):
        overtaken(
            mariam,
            lambda opened: approvals.take(opened, "m@1", "approve", signature, statement, None),
            *("evidence", "attach", "performance", "m@1", "--file", "declared.json", "--identity", mariam),
        )
    assert "risk-officer is 0" in expect(1, "promotion", "run", "m@1").out  # denied, not unreadable


def test_a_finding_without_a_value_says_no_empty_one() -> None:
    """What is missing is said in words."""
    first, *_ = finding_lines(notices.unmet([Slots("validator", 1)], "request/x")[0])
    assert "1 more in the role validator" in first and "is ," not in first


def _broken() -> NoReturn:
    raise IntegrityError(Kind.ALTERED, "an entry was altered", 3)


def test_a_stop_does_not_wait_for_the_ledger(tmp_path: Path) -> None:
    """Requests are refused at once; a stop that stands already stays, and what never served is not invented."""
    store = LocalStore(tmp_path)
    store.shift("retail", Placement("human-queue", None, None, "promotion/1"))
    done = deployments.stop(_broken, store, "deployment/retail", reason="", now="2026-01-01T00:00:00.000000Z")
    assert isinstance(done, deployments.Unrecorded) and done.document()["index"] is None
    placed = store.current("retail")
    assert placed is not None and placed.model == "refusal"
    store.shift("cards", Placement("human-queue", None, None, "stop/cards/1"))
    deployments.stop(_broken, store, "cards", reason="", now="2026-01-01T00:00:00.000000Z")
    kept = store.current("cards")
    assert kept is not None and kept.model == "human-queue"
    with pytest.raises(IntegrityError):
        deployments.stop(_broken, store, "nowhere", reason="", now="2026-01-01T00:00:00.000000Z")


def test_a_broken_ledger_is_said_after_the_stop(home: Path) -> None:
    """The command stops what serves, and its exit code says what is wrong with the ledger."""
    LocalStore(home / "models").shift("retail", Placement("human-queue", None, None, "promotion/1"))
    (home / "ledger.db").write_bytes(b"no database")
    done = expect(6, "deployment", "suspend", "retail", "--json").json
    assert done["serving"] == "refusal" and done["index"] is None
