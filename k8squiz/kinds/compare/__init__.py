"""Kind compare: two designs or three of one cluster, and which of them meets which requirement.

A design is a request with its own settings; what it has is computed like anything else, in its own world.
"""
