"""Out-of-fold prediction: every row by a model that never saw it, the same way every time, or a reason why not."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.training.artifacts import digest_plain
from adapters.training.folds import FoldPlan, OutOfFold, Unpredicted, assign_folds, out_of_fold
from governance.errors import InputError, ToolFault
from tests.training.scripts import LEARN, MAJORITY, PREDICT, environment, write_data, write_script


@pytest.fixture
def plan(tmp_path: Path) -> FoldPlan:
    """Three folds of the small script on the small table."""
    data, digest = write_data(tmp_path)
    script = write_script(tmp_path, MAJORITY)
    return FoldPlan(
        command=("python", "train.py", *LEARN, *PREDICT),
        data=data,
        data_digest=digest,
        label="y",
        work=tmp_path,
        directory=tmp_path,
        environment=environment(),
        folds=3,
        script=digest_plain(script)[0],
    )


def predictor(plan: FoldPlan, code: str) -> FoldPlan:
    """The same plan with a line of Python that sees `rows` (of the score file) and `out` (the predictions)."""
    body = "import csv,sys\nrows=list(csv.DictReader(open(sys.argv[2])))\nout=open(sys.argv[3],'w')\n" + code
    write_script(plan.directory, body, "predict.py")
    return replace(plan, command=("python", "predict.py", "{data}", "{score}", "{predictions}"), script="")


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=20, max_size=200), st.integers(2, 10), st.integers())
def test_folds_are_even_and_stratified(labels: list[str], folds: int, seed: int) -> None:
    """Sizes, and each class's share of them, differ by one at most; the same seed gives the same folds."""
    fold_of = assign_folds(labels, folds, seed)
    sizes = Counter(fold_of)
    assert set(fold_of) <= set(range(folds))
    assert max(sizes.values()) - min(sizes[fold] for fold in range(folds)) <= 1
    for name in set(labels):
        share = Counter(fold for fold, label in zip(fold_of, labels, strict=True) if label == name)
        assert max(share[fold] for fold in range(folds)) - min(share[fold] for fold in range(folds)) <= 1
    assert assign_folds(labels, folds, seed) == fold_of


def test_another_seed_deals_otherwise() -> None:
    """The split hangs on the seed that was registered before."""
    assert assign_folds(["a", "b"] * 50, 5, 1) != assign_folds(["a", "b"] * 50, 5, 2)


def test_every_row_is_predicted_by_a_model_that_never_saw_it(plan: FoldPlan) -> None:
    """The script refuses a label in its score file; the rule x -> y is found again."""
    done: list[tuple[int, int]] = []
    found = out_of_fold(plan, 7, progress=lambda part, whole: done.append((part, whole)))
    assert isinstance(found, OutOfFold)
    assert len(found.predictions) == len(found.labels) == 60
    hits = sum(guess == label for guess, label in zip(found.predictions, found.labels, strict=True))
    assert hits == 51
    assert found.scores is not None
    assert done[-1] == (3, 3)
    assert not list(plan.work.glob(".folds-*"))


def test_rows_do_not_leak_into_their_own_fold(plan: FoldPlan) -> None:
    """A script that remembers every training row finds none of the rows it is asked about."""
    rows = [f"r{row},{'yes' if row % 2 else 'no'}" for row in range(12)]
    plan.data.write_text("\n".join(["id,y", *rows]) + "\n")
    code = (
        "seen={r['id']: r['y'] for r in csv.DictReader(open(sys.argv[1]))}\n"
        "print('row,prediction', file=out)\n"
        "for i, r in enumerate(rows): print(i, 'yes' if r['id'] in seen else 'no', sep=',', file=out)\n"
    )
    found = out_of_fold(replace(predictor(plan, code), data_digest=digest_plain(plan.data)[0]), 0)
    assert isinstance(found, OutOfFold)
    assert set(found.predictions) == {"no"}
    assert found.scores is None


def test_the_result_is_the_same_every_time(plan: FoldPlan) -> None:
    """One process or two, now or later; another seed is another result."""
    first = out_of_fold(plan, 7)
    again = out_of_fold(replace(plan, parallel=1), 7)
    other = out_of_fold(plan, 8)
    assert isinstance(first, OutOfFold)
    assert isinstance(again, OutOfFold)
    assert isinstance(other, OutOfFold)
    assert first.digest == again.digest != other.digest


@pytest.mark.parametrize("missing", ["data", "score", "predictions"])
def test_a_command_that_cannot_predict_is_told_apart(plan: FoldPlan, missing: str) -> None:
    """No placeholder, no measurement; the reason names it."""
    command = tuple(word for word in plan.command if word != f"{{{missing}}}")
    found = out_of_fold(replace(plan, command=command), 0)
    assert isinstance(found, Unpredicted)
    assert f"{{{missing}}}" in found.reason


def test_another_script_is_not_the_one_that_made_the_model(plan: FoldPlan) -> None:
    """Changed or gone since the run: its predictions would be somebody else's."""
    write_script(plan.directory, MAJORITY + "#\n")
    changed = out_of_fold(plan, 0)
    (plan.directory / "train.py").unlink()
    gone = out_of_fold(plan, 0)
    assert isinstance(changed, Unpredicted)
    assert isinstance(gone, Unpredicted)
    assert "script" in changed.reason
    assert changed == gone


def test_wrong_data_are_refused(plan: FoldPlan) -> None:
    """The measurement is of the registered bytes or of nothing."""
    plan.data.write_text(plan.data.read_text() + "a,f,yes\n")
    with pytest.raises(InputError, match="digest differs"):
        out_of_fold(plan, 0)


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (["yes"] * 12, "1 classes"),
        (["yes", ""] * 6, "no label"),
        (["yes"] * 10 + ["no"] * 2, "rarest class has 2 rows"),
        ([str(number) for number in range(101)] * 3, "101 classes"),
    ],
)
def test_labels_that_cannot_be_split(plan: FoldPlan, labels: list[str], reason: str) -> None:
    """One class, gaps, too few, or a number that is no class."""
    plan.data.write_text("\n".join(["x,y", *(f"a,{label}" for label in labels)]) + "\n")
    found = out_of_fold(replace(plan, data_digest=digest_plain(plan.data)[0]), 0)
    assert isinstance(found, Unpredicted)
    assert reason in found.reason


GOOD = "print('row,prediction', file=out)\nfor i in range(len(rows)): print(i, 'yes', sep=',', file=out)\n"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("sys.exit(3)", "ended with code 3"),
        ("", "empty"),
        ("out.close(); import os; os.unlink(sys.argv[3])", "no file"),
        (GOOD.replace("row,prediction", "prediction,row"), "header"),
        (GOOD.replace("len(rows)", "len(rows)-1"), "cover 19 of 20"),
        (GOOD.replace("len(rows)", "len(rows)+1"), "more than 20 rows"),
        (GOOD.replace("print(i,", "print(i//2,"), "predicted before"),
        (GOOD.replace("print(i,", "print(i+1,"), "not the number of a row"),
        (GOOD.replace("print(i,", "print('0'+str(i),"), "not the number of a row"),
        (GOOD.replace("'yes'", "'Yes'"), "not one of the classes"),
        (
            GOOD.replace("'yes'", "'yes',float('nan')").replace("prediction'", "prediction,score'"),
            "not a finite number",
        ),
        (GOOD.replace("'yes'", "'yes','1_0'").replace("prediction'", "prediction,score'"), "not a finite number"),
        (GOOD.replace("'yes'", "'yes'*1000"), "larger than"),
    ],
)
def test_predictions_are_read_strictly(plan: FoldPlan, code: str, reason: str) -> None:
    """Each row once, classes that exist, numbers that are numbers; the reason names fold and line, never a cell."""
    found = out_of_fold(predictor(plan, code), 0)
    assert isinstance(found, Unpredicted)
    assert "in fold 1 of 3" in found.reason
    assert reason in found.reason


def test_predictions_may_come_in_any_order(plan: FoldPlan) -> None:
    """The row's number says which row it is."""
    straight = out_of_fold(plan, 0)
    backwards = MAJORITY.replace("for i, row in enumerate(scored)", "for i, row in reversed(list(enumerate(scored)))")
    write_script(plan.directory, backwards)
    turned = out_of_fold(replace(plan, script=""), 0)
    assert isinstance(straight, OutOfFold)
    assert isinstance(turned, OutOfFold)
    assert straight.digest == turned.digest


@pytest.mark.slow
def test_a_fold_that_hangs_is_ended(plan: FoldPlan) -> None:
    """With a reason, not for ever."""
    found = out_of_fold(replace(predictor(plan, "import time; time.sleep(60)"), timeout_seconds=1), 0)
    assert isinstance(found, Unpredicted)
    assert "too long" in found.reason


def test_being_told_to_stop_ends_all_folds(plan: FoldPlan) -> None:
    """A signal ends the running folds, starts no other, and is a fault; no process and no file stays."""
    slow = predictor(plan, "open(sys.argv[2] + '.started', 'w'); import time; time.sleep(60)")

    def interrupt() -> None:
        while not list(plan.work.glob(".folds-*/*/*.started")):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(ToolFault, match="stopped by SIGTERM"):
        out_of_fold(slow, 0)
    thread.join(10)
    assert not list(plan.work.glob(".folds-*"))


def test_no_place_to_work_is_a_fault(plan: FoldPlan) -> None:
    """A disk that takes no directory is the world's fault, not the data's."""
    with pytest.raises(ToolFault, match="temporary directory"):
        out_of_fold(replace(plan, work=plan.work / "absent"), 0)
