"""The governance kernel: subjects, evidence, gates, decisions, approvals, promotion. Pure; see `ports.py`."""
