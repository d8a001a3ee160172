"""Commands: placeholders are replaced once and without a shell, programs and scripts are found as a shell would."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.training.command import check_command, fill, find_program, find_script, placeholders
from governance.errors import InputError, ToolFault


def test_placeholders_are_replaced_anywhere_in_a_word() -> None:
    """`--data={data}` works, and so does a word that is nothing else."""
    assert fill(["p", "--data={data}", "{out}", "{seed}{seed}"], {"data": "d", "out": "o", "seed": "7"}) == [
        "p",
        "--data=d",
        "o",
        "77",
    ]


def test_a_value_is_never_expanded_again() -> None:
    """A path that holds braces is a path."""
    assert fill(["p", "{data}"], {"data": "/tmp/{out}", "out": "o"}) == ["p", "/tmp/{out}"]


def test_other_braces_stay() -> None:
    """JSON on a command line, or somebody else's template, is not ours to touch."""
    word = '{"lr": 0.1, "x": {y}} {} {{'
    assert fill(["p", word], {}) == ["p", word]
    assert placeholders(["p", word]) == ()


def test_a_placeholder_without_a_value_is_refused() -> None:
    """Better no run than one that reads a file called `{score}`."""
    with pytest.raises(InputError, match=r"\{score\}"):
        fill(["p", "{score}"], {"data": "d"})


@pytest.mark.parametrize("command", [[], [""], ["p", "a\0b"], ["p", "\ud800"], ["p"] * 257, ["p", "x" * 4097]])
def test_commands_that_cannot_be_run_are_refused(command: list[str]) -> None:
    """Empty, endless, or holding what no program can be given."""
    with pytest.raises(InputError):
        check_command(command)


def test_programs_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    """By PATH of the child's environment, or relative to the directory it runs in."""
    tool = tmp_path / "bin" / "tool"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    assert find_program("tool", tmp_path, {"PATH": str(tool.parent)}) == tool
    assert find_program("./bin/tool", tmp_path, {}) == tmp_path / "bin/tool"


def test_absent_and_unexecutable_programs_are_faults(tmp_path: Path) -> None:
    """The message names the program, the hint says what to do."""
    (tmp_path / "plain").write_text("text")
    with pytest.raises(ToolFault, match="not found"):
        find_program("no-such-program", tmp_path, {"PATH": str(tmp_path)})
    with pytest.raises(ToolFault, match="no program"):
        find_program("./absent", tmp_path, {})
    with pytest.raises(ToolFault, match="not executable") as fault:
        find_program("./plain", tmp_path, {})
    assert "chmod" in fault.value.hint


def test_the_script_is_the_first_that_looks_like_one(tmp_path: Path) -> None:
    """A configuration file before it does not hide it; a module has none; a program by path is its own."""
    for name in ("settings.yaml", "train.py", "run"):
        (tmp_path / name).write_text("")
    assert find_script(["launch", "--config", "settings.yaml", "train.py", "{data}"], tmp_path) == tmp_path / "train.py"
    assert find_script(["launch", "settings.yaml"], tmp_path) == tmp_path / "settings.yaml"
    assert find_script(["python", "-m", "package"], tmp_path) is None
    assert find_script(["./run", "x" * 4000], tmp_path) == tmp_path / "run"
