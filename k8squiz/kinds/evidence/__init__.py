"""Kind evidence: what tools print on a cluster in which something is broken; what it is, and where."""
