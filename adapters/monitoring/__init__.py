"""Monitoring: what live models see, window by window."""
