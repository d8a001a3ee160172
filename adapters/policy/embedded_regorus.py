"""The embedded engine: Regorus, in this process. Needs nothing installed and no server."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from adapters.policy.answer import ENTRY, HINT, modules, well_formed
from governance.bundle import DATA, Bundle
from governance.errors import PolicyFault

NAME = "regorus"
DISTRIBUTION = "gordon-to-regorus"


class RegorusEngine:
    """Evaluates one bundle; parsed once per thread, because an engine of Regorus may not leave its thread.

    Raises PolicyFault when the bundle does not compile, naming file and line. Regorus looks up functions when it comes
    to them, so each gate is tried once on an input that says nothing: a policy must bear that.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._local = threading.local()
        for gate in bundle.gates:
            self._evaluate({"gate": gate})

    @property
    def name(self) -> str:
        """`regorus`, as recorded with each decision."""
        return NAME

    @property
    def version(self) -> str:
        """The version of the distribution that is installed."""
        return version(DISTRIBUTION)

    @property
    def bundle(self) -> Bundle:
        """What it evaluates."""
        return self._bundle

    def evaluate(self, gate: str, document: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The raw findings of all controls of `gate`. Raises PolicyFault for anything but a well-formed answer."""
        if document.get("gate") != gate:
            raise PolicyFault(f"the input is not about the gate {gate}", "gather the facts for this gate")
        return well_formed(self._evaluate(document), gate)

    def _evaluate(self, document: Mapping[str, Any]) -> object:
        """One evaluation on a copy of the parsed engine. Every error of the vendor comes out as PolicyFault."""
        try:
            engine = self._engine().clone()
            engine.set_input_json(json.dumps(document))
            return json.loads(engine.eval_rule_as_json(ENTRY))
        except Exception as error:
            raise fault(error) from error

    def _engine(self) -> Any:
        if not hasattr(self._local, "engine"):
            self._local.engine = parse(modules(self._bundle), dict(self._bundle.files)[DATA])
        return self._local.engine


def parse(files: tuple[tuple[str, str], ...], data: str) -> Any:
    """An engine of Regorus with these Rego files and this JSON text as data; the vendor's errors come through."""
    import regorus

    engine = regorus.Engine()
    for path, text in files:
        engine.add_policy(path, text)
    engine.add_data_json(data)
    return engine


def fault(error: Exception) -> PolicyFault:
    """The vendor's error in our words, with the file and the line where it names them."""
    text = str(error).split("Stack backtrace")[0]
    place = re.search(r"--> (\S+?):(\d+):(\d+)", text)
    said = re.search(r"error: (.+)", text)
    reason = (said.group(1) if said else text.strip().split("\n")[0])[:200]
    where = f"{place.group(1)}:{place.group(2)}: " if place else ""
    return PolicyFault(f"the policy cannot be evaluated: {where}{reason}", HINT)
