"""Data sets as governed files: strict reading, digests, deterministic writing."""
