"""Kind scheduler: which IPVS schedulers meet a requirement.

No scheduler is known here: engine.ipvs runs and measures them.
"""
