"""What the API server makes of an object that somebody typed: what it refuses, in its own words, and what it fills in.

No packet is walked here; what an object means is the engine's affair.
"""
