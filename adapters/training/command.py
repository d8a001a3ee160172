"""The command a training run wraps: placeholders, the program behind its first word, the script it names.

A command knows nothing of Qayd; `{data}`, `{out}`, `{seed}`, `{score}` and `{predictions}` in its words are replaced
before it is started. Other braces stay as they are, and no shell reads any of it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from governance.errors import InputError, ToolFault

PLACEHOLDERS = ("data", "out", "seed", "score", "predictions")
SCRIPTS = (".py", ".sh", ".r", ".jl", ".ipynb")
MAX_WORDS = 256
MAX_WORD = 4096

_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")
_PATH_HINT = "give the program's full path, or check PATH"


def check_command(command: Sequence[str]) -> tuple[str, ...]:
    """The command as a tuple; raises InputError when it is empty, endless or holds what no program can be given."""
    words = tuple(command)
    if not words or not words[0]:
        raise InputError(
            "there is no command to run", "put it after `--`: -- python train.py --data {data} --out {out}"
        )
    if len(words) > MAX_WORDS or any(len(word) > MAX_WORD for word in words):
        raise InputError(
            f"the command has more than {MAX_WORDS} words, or one longer than {MAX_WORD} characters",
            "put long settings into a file",
        )
    if any("\0" in word or not _encodable(word) for word in words):
        raise InputError("the command holds a NUL character or text that is not UTF-8", "write it as plain text")
    return words


def placeholders(command: Sequence[str]) -> tuple[str, ...]:
    """The placeholders the command uses, in the order of PLACEHOLDERS."""
    used = {match.group(1) for word in command for match in _PLACEHOLDER.finditer(word)}
    return tuple(name for name in PLACEHOLDERS if name in used)


def fill(command: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """The command with its placeholders replaced, each once: what a value holds is never expanded again.

    Raises InputError when the command uses a placeholder that has no value here.
    """
    missing = [name for name in placeholders(command) if name not in values]
    if missing:
        raise InputError(f"the command uses {{{missing[0]}}}, which has no value here", "leave that placeholder out")
    return [_PLACEHOLDER.sub(lambda match: values[match.group(1)], word) for word in command]


def find_program(word: str, directory: Path, environment: Mapping[str, str]) -> Path:
    """The executable file that `word` names, looked up as a shell would from `directory`; raises ToolFault."""
    if os.sep in word:
        path = directory / word
        if not path.is_file():
            raise ToolFault(f"there is no program {word}", _PATH_HINT)
        if not os.access(path, os.X_OK):
            raise ToolFault(
                f"{word} is not executable", f"make it so (chmod +x), or name its interpreter: python {word}"
            )
        return path
    found = shutil.which(word, path=environment.get("PATH", os.defpath))
    if found is None:
        raise ToolFault(f"the command {word} was not found", _PATH_HINT)
    return directory / found


def find_script(command: Sequence[str], directory: Path) -> Path | None:
    """The file that holds the code: a script named after the program (as in `python train.py`), or any other file
    named there, or the program where it was given by its path; None when it cannot be told.
    """
    words = [word for word in command[1:] if not word.startswith("-") and not _PLACEHOLDER.search(word)]
    files = [directory / word for word in words if _is_file(directory / word)]
    scripts = [path for path in files if path.suffix.lower() in SCRIPTS]
    if files:
        return (scripts or files)[0]
    own = directory / command[0]
    return own if os.sep in command[0] and _is_file(own) else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long to be one
        return False


def _encodable(word: str) -> bool:
    try:
        word.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
