"""The governance kernel: subjects, evidence, gates, decisions, approvals, promotion. Pure; the outside comes in by ports."""
