"""What counts as an answer of a policy engine; everything else is a fault."""

from __future__ import annotations

import json
import re
from typing import Any

from governance.bundle import Bundle
from governance.errors import PolicyFault

ENTRY = "data.qayd.main.findings"
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
    """
    texts = {path: text for path, text in bundle.files if path.endswith(".rego")}
    packages = {path: found.group(1) for path, text in texts.items() if (found := _PACKAGE.search(text))}
    ordered: dict[str, str] = {}
    while len(ordered) < len(texts):
        waiting = {name for path, name in packages.items() if path not in ordered}
        ready = [
            path for path in texts if path not in ordered and not _refers(texts[path], waiting, packages.get(path))
        ]
        for path in ready or [path for path in texts if path not in ordered]:
            ordered[path] = texts[path]
    return tuple(ordered.items())


_PACKAGE = re.compile(r"^package\s+([\w.]+)", re.MULTILINE)


def _refers(text: str, packages: set[str], own: str | None) -> bool:
    return any(re.search(rf"\bdata\.{re.escape(name)}\b", text) for name in packages if name != own)
