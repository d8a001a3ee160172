"""Gate inputs for tests. What is good is written down once, in the bundle's own `lib/fixtures_test.rego`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from adapters.policy.answer import modules
from adapters.policy.bundle import load_bundle, load_tests
from adapters.policy.embedded_regorus import parse
from governance.bundle import DATA, Bundle

Path = tuple[str | int, ...]
_RULES = {
    "ingest": "at_train",
    "train": "at_train",
    "register": "at_register",
    "production": "good",
    "in_production": "live",
}


def good_inputs() -> dict[str, dict[str, Any]]:
    """By gate, the input of the Rego fixtures that passes it."""
    bundle, tests = load_bundle(), load_tests()
    fixtures = {path: text for path, text in tests.items() if path == "lib/fixtures_test.rego"}
    engine = parse((*modules(bundle), *fixtures.items()), dict(bundle.files)[DATA])
    rule = "data.qayd.lib.fixtures_test."
    return {gate: {**json.loads(engine.eval_rule_as_json(rule + name)), "gate": gate} for gate, name in _RULES.items()}


def places(document: Any, path: Path = ()) -> Iterator[Path]:
    """The path of everything inside a document, outermost first."""
    if path:
        yield path
    if isinstance(document, dict):
        for key, value in document.items():
            yield from places(value, (*path, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from places(value, (*path, index))


def changed(document: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy with `value` at `path`."""
    copy = deepcopy(document)
    _holder(copy, path)[path[-1]] = value
    return copy


def removed(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """A copy without what is at `path`."""
    copy = deepcopy(document)
    del _holder(copy, path)[path[-1]]
    return copy


def _holder(document: Any, path: Path) -> Any:
    for step in path[:-1]:
        document = document[step]
    return document


def small(bundle: Bundle, files: dict[str, str]) -> Bundle:
    """A bundle with one gate, one control that is content, and the findings library; `files` replaced or added."""
    data = {"qayd": {"gates": {"train": ["CB-AI-F"]}, "packages": {"CB-AI-F": "fairness"}, "params": {}}}
    kept = {path: text for path, text in bundle.files if path in {".manifest", "lib/finding.rego", "main/main.rego"}}
    content = "package qayd.controls.fairness\n\nfindings contains 1 if false\n"
    return Bundle.of({**kept, DATA: json.dumps(data), "controls/fairness/fairness.rego": content, **files})
