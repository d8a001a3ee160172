"""The policy bundle: Rego, parameters and the control catalogue, usable by any OPA. Data, not code."""
