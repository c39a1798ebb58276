"""Recorded answer keys, and how they are recorded."""
