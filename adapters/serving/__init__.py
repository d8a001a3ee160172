"""Serving back ends: where a promoted model answers for real."""
