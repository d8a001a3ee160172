"""What counts as an answer of a policy engine; everything else is a fault."""

from __future__ import annotations

import json
import re
from typing import Any

from governance.bundle import Bundle
from governance.errors import PolicyFault

ROOT = "qayd"
ENTRY = f"data.{ROOT}.main.findings"
"""The rule every engine evaluates."""

MAX_FINDINGS = 1_000
HINT = "run `qayd policy test`; it names what is wrong with the bundle"
_TEXTS = frozenset({"control", "kind", "field", "value", "limit", "evidence", "next", "passes", "detail"})


def well_formed(value: object, gate: str) -> list[dict[str, Any]]:
    """Return `value` if it is a list of findings in the one shape they have, sorted so that engines compare equal.

    Raises PolicyFault: undefined (None), no list, too many, or anything in it that is no finding.
    """
    if not isinstance(value, list):
        raise PolicyFault(f"the policy gave no answer for the gate {gate}", HINT)
    if len(value) > MAX_FINDINGS:
        raise PolicyFault(f"the policy gave {len(value)} findings; at most {MAX_FINDINGS} are taken", HINT)
    for item in value:
        if not (isinstance(item, dict) and item.keys() == _TEXTS | {"requires"}):
            raise PolicyFault(f"the policy gave something that is no finding for the gate {gate}", HINT)
        if not all(isinstance(item[name], str) for name in _TEXTS) or not _slots(item["requires"]):
            raise PolicyFault(f"the policy gave a malformed finding of {item['control']!r}", HINT)
    return sorted(value, key=lambda item: json.dumps(item, sort_keys=True))


def _slots(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(slot, dict)
        and slot.keys() == {"role", "count"}
        and isinstance(slot["role"], str)
        and type(slot["count"]) is int
        for slot in value
    )


def modules(bundle: Bundle) -> tuple[tuple[str, str], ...]:
    """The bundle's Rego files as (path, text), each after those it refers to: a server takes them one by one.

    Where files refer to each other in a circle, they come in the order of their paths, for the engine to complain.
    Raises PolicyFault for a path that leads elsewhere and for a package outside `qayd`, where others' policies are.
    """
    texts = {path: text for path, text in bundle.files if path.endswith(".rego")}
    packages = {path: _package(path, text) for path, text in texts.items()}
    wants = {path: _references(text) & (set(packages.values()) - {packages[path]}) for path, text in texts.items()}
    ordered: dict[str, str] = {}
    while len(ordered) < len(texts):
        open_ = [path for path in texts if path not in ordered]
        waiting = {packages[path] for path in open_}
        ready = [path for path in open_ if not wants[path] & waiting]
        ordered |= {path: texts[path] for path in ready or open_}
    return tuple(ordered.items())


_PACKAGE = re.compile(r"^package\s+([\w.]+)", re.MULTILINE)
_REFERENCE = re.compile(rf"\bdata\.({ROOT}(?:\.\w+)*)")
_PATH = re.compile(r"([A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+\.rego")


def _package(path: str, text: str) -> str:
    named = _PACKAGE.findall(text)
    if not _PATH.fullmatch(path):
        raise PolicyFault("the bundle has a policy under a path that is none", HINT)
    if len(named) != 1 or not named[0].startswith(f"{ROOT}."):
        raise PolicyFault(f"{path}:1: the package is not one package under {ROOT}", HINT)
    return str(named[0])


def _references(text: str) -> set[str]:
    """Every dotted name under `data` that the text mentions, and each of its beginnings."""
    names: set[str] = set()
    for found in set(_REFERENCE.findall(text)):
        parts = found.split(".")
        names |= {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return names
