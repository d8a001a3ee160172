"""A bank in which something can be measured, for tests of facts."""

from __future__ import annotations

from typing import Any

from tests.world import World

ACCURATE = {"metrics": {"accuracy": "0.80"}}
FAIR = {"attributes": [{"attribute": "sex", "parity_difference": "0.05", "decidable": True}], "floor": 10}
POOR = {"metrics": {"accuracy": "0.69"}}
UNFAIR = {"attributes": [{"attribute": "sex", "parity_difference": "0.1001", "decidable": True}]}
DRIFT = {"columns": [{"column": "a", "method": "ks", "limit": "0.12"}], "window": 200}


class Bank(World):
    """A world with a scanned data set, a model of it, and the people of its approval matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.trainer, self.risk = self.person("engineer"), self.person("risk-officer")
        self.validator, self.outsider = self.person("validator"), self.person("engineer")
        self.made = self.model(by=self.trainer)

    def measure(self, values: Any, kind: str = "performance", /, **changes: Any) -> int:
        self.clock.advance(hours=1)
        return self.evidence(self.made, kind, values, by=self.trainer, **changes)

    def fact(self, kind: str = "performance") -> dict[str, Any]:
        found: dict[str, Any] = self.gather("production", self.made).input["evidence"][kind]
        return found
