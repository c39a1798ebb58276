"""Kind evidence: what tools print on a cluster in which something is broken; what it is, and where.

Nothing here prints what a tool would: that is engine.shell. What can be broken is engine.faults.placed.
"""
