"""The house rules that a linter does not know, read from the syntax trees of the five packages."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("adapters", "governance", "ledger", "policies", "reports")
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
PICKLERS = {"pickle", "cloudpickle", "dill", "shelve", "marshal"}


@cache
def modules() -> tuple[Path, ...]:
    """Every Python file of the product."""
    return tuple(sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def place(path: Path, node: ast.AST) -> str:
    """`ledger/log.py:12`, for a message."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def imported(node: ast.AST) -> Iterator[str]:
    """Names of the modules an import statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        yield node.module or ""


def long_modules(path: Path) -> Iterator[str]:
    lines = path.read_text(encoding="utf-8").count("\n")
    if lines > MAX_MODULE_LINES:
        yield f"{path.relative_to(ROOT)} has {lines} lines; {MAX_MODULE_LINES} are allowed"


def long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{place(path, node)} {node.name} has {lines} lines; {MAX_FUNCTION_LINES} are allowed"


def environment_readers(path: Path) -> Iterator[str]:
    if path == ROOT / "adapters" / "settings.py":
        return
    for node in ast.walk(tree(path)):
        attribute = isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT
        named = isinstance(node, ast.ImportFrom) and node.module == "os"
        if attribute or (named and any(alias.name in ENVIRONMENT for alias in node.names)):
            yield f"{place(path, node)} touches the environment; only adapters/settings.py may"


def pickle_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        for name in imported(node):
            if name.split(".")[0] in PICKLERS:
                yield f"{place(path, node)} imports {name}: what it loads can run code"


def is_broad(handler: ast.ExceptHandler) -> bool:
    """True for `except:`, `except Exception`, `except BaseException`, also inside a tuple."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    return handler.type is None or bool(names & {"Exception", "BaseException"})


def swallowing_handlers(path: Path) -> Iterator[str]:
    if path == ROOT / "adapters" / "doors" / "main.py":
        return  # the outermost door turns the last unknown error into exit code 6
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler) and is_broad(node):
            raises = [inner for inner in ast.walk(node) if isinstance(inner, ast.Raise)]
            if not any(inner.exc is None or inner.cause is not None for inner in raises):
                yield f"{place(path, node)} catches everything and does not raise it again"


RULES = {
    "modules are short": long_modules,
    "functions are short": long_functions,
    "one module reads the environment": environment_readers,
    "nothing is unpickled": pickle_imports,
    "no error is swallowed": swallowing_handlers,
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_product_keeps_the_rule(rule: Callable[[Path], Iterator[str]]) -> None:
    """No module of the product breaks this house rule."""
    assert [finding for path in modules() for finding in rule(path)] == []


BREACHES = {
    "modules are short": "x = 1\n" * (MAX_MODULE_LINES + 1),
    "functions are short": "def f():\n" + "    x = 1\n" * MAX_FUNCTION_LINES,
    "one module reads the environment": "import os\nhome = os.environ['HOME']\n",
    "nothing is unpickled": "import pickle\n",
    "no error is swallowed": "try:\n    x = 1\nexcept (ValueError, Exception):\n    x = 2\n",
}


@pytest.mark.parametrize("name", RULES)
def test_a_breach_of_the_rule_is_found(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each rule complains about a file that breaks it, so an empty complaint means something."""
    monkeypatch.setattr("tests.architecture.test_house_rules.ROOT", tmp_path)
    breach = tmp_path / "breach.py"
    breach.write_text(BREACHES[name])
    assert len(list(RULES[name](breach))) == 1


def test_the_rules_read_the_whole_product() -> None:
    """The list of modules covers every package, so no rule passes on nothing."""
    assert {path.relative_to(ROOT).parts[0] for path in modules()} == set(PACKAGES)


@pytest.mark.parametrize("word", ["TODO", "FIXME", "NotImplementedError", "mock.patch", "pytest.skip"])
def test_nothing_is_left_half_done(word: str) -> None:
    """What is in the tree works: no note of unfinished work, no patched or skipped test."""
    files = [*modules(), *(ROOT / "tests").rglob("*.py"), *(ROOT / "tools").glob("*.py")]
    own = Path(__file__).resolve()
    assert [str(path.relative_to(ROOT)) for path in files if path != own and word in path.read_text()] == []


HEAVY = ("evidently", "fairlearn", "jinja2", "numpy", "pandas", "presidio_analyzer", "presidio_anonymizer", "regorus")
HEAVY_TOO = ("sklearn", "spacy", "sqlalchemy")


def test_help_is_quick_because_heavy_libraries_are_imported_late() -> None:
    """`qayd --help` loads the whole command line and not one heavy library."""
    program = (
        "import sys\n"
        "from adapters.doors.main import run\n"
        "code = run(['--help'])\n"
        f"print(sorted(set({(*HEAVY, *HEAVY_TOO)!r}) & set(sys.modules)), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "[]")
    assert "promotion" in done.stdout
