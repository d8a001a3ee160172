"""Reading a policy bundle from a directory."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path, PurePosixPath

from governance.bundle import DATA, MANIFEST, MAX_BYTES, MAX_FILES, Bundle
from governance.errors import PolicyFault

MAX_FILE_BYTES = 512 * 1024
MAX_DEPTH = 8
TEST_SUFFIX = "_test.rego"
_HINT = "point --policies at a directory with .manifest, data.json, *.rego and catalogue/*.yaml"


def default_directory() -> Path:
    """The bundle that comes with Qayd."""
    return Path(str(files("policies")))


def load_bundle(directory: Path | None = None) -> Bundle:
    """Read the bundle in `directory`, or the one that comes with Qayd, without its tests.

    Raises PolicyFault: no such directory, a file that is no UTF-8, too large, or a link, too many files, a data file
    other than data.json at the top (OPA would read it, the embedded engine would not), or a malformed bundle.
    """
    bundle = Bundle.of(_read_all(directory or default_directory(), tests=False))
    _ = bundle.revision, bundle.gates, bundle.params, bundle.catalogue  # malformed now, not at the first gate
    return bundle


def load_tests(directory: Path | None = None) -> dict[str, str]:
    """The text of each `*_test.rego` in `directory`, by its path in the bundle. Raises PolicyFault."""
    found = _read_all(directory or default_directory(), tests=True)
    return {path: text for path, text in found.items() if path.endswith(TEST_SUFFIX)}


def _read_all(directory: Path, *, tests: bool) -> dict[str, str]:
    if not directory.is_dir():
        raise PolicyFault(f"{directory} is not a directory with policies", _HINT)
    found: dict[str, str] = {}
    size = 0
    for path in _paths(directory):
        name = path.relative_to(directory).as_posix()
        if not _belongs(name) or (not tests and name.endswith(TEST_SUFFIX)):
            continue
        found[name] = _read(path, name)
        size += len(found[name])
        if len(found) > MAX_FILES or size > MAX_BYTES:
            raise PolicyFault(f"the bundle has more than {MAX_FILES} files or {MAX_BYTES} characters", _HINT)
    return found


def _paths(directory: Path, depth: int = 0) -> Iterator[Path]:
    if depth > MAX_DEPTH:
        raise PolicyFault(f"the bundle's folders are nested more than {MAX_DEPTH} deep", _HINT)
    try:
        children = sorted(directory.iterdir())
    except OSError as error:
        raise PolicyFault(f"{directory} cannot be read: {error.strerror}", _HINT) from error
    for child in children:
        if child.is_symlink():
            raise PolicyFault(f"{child} is a link; a bundle holds files only", _HINT)
        if child.is_dir():
            yield from _paths(child, depth + 1)
        else:
            yield child


def _belongs(name: str) -> bool:
    path = PurePosixPath(name)
    if name in {MANIFEST, DATA} or path.suffix == ".rego":
        return True
    if path.name in {"data.json", "data.yaml", "data.yml"}:
        raise PolicyFault(f"{name} is a second data file; only {DATA} at the top counts", _HINT)
    return path.parts[0] == "catalogue" and path.suffix == ".yaml"


def _read(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PolicyFault(f"{name} has more than {MAX_FILE_BYTES} bytes", _HINT)
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PolicyFault(f"{name} is not UTF-8 text", _HINT) from error
    except OSError as error:
        raise PolicyFault(f"{name} cannot be read: {error.strerror}", _HINT) from error
