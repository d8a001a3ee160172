"""A place of its own for each bundle on a server that others use too.

A server holds policies and data under names. Ours are all under `qayd`, so two revisions of the bundle cannot be there
at once, and while one replaces the other, gates would be judged by a mixture. So each bundle is published under
`qayd_<the first 32 hex digits of its digest>`: what is there under that name is that bundle or a part of it, never
another one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from adapters.policy.answer import HINT, ROOT, modules
from governance.bundle import DATA, Bundle
from governance.errors import PolicyFault

_REFERENCES = re.compile(rf"\b(package\s+|data\.){ROOT}\b")
_BRACKETS = re.compile(r"\bdata\s*\[")


@dataclass(frozen=True, slots=True)
class Published:
    """A bundle as it stands on a server: modules as (id, path in the bundle, text) and data by key, under `root`."""

    root: str
    modules: tuple[tuple[str, str, str], ...]
    data: dict[str, Any]


def publish_as(bundle: Bundle) -> Published:
    """The bundle under a name of its own. Raises PolicyFault where a module's references cannot be followed."""
    root = f"{ROOT}_{bundle.digest.removeprefix('sha256:')[:32]}"
    moved = tuple((f"{root}/{path}", path, _move(path, text, root)) for path, text in modules(bundle))
    return Published(root, moved, json.loads(dict(bundle.files)[DATA])[ROOT])


def _move(path: str, text: str, root: str) -> str:
    if _BRACKETS.search(text):
        raise PolicyFault(f"{path} refers to data by brackets; write data.{ROOT} instead", HINT)
    return _REFERENCES.sub(lambda found: found.group(1) + root, text)
