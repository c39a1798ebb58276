"""All hosts of a cluster, wired: who owns which address, which Service, and what may be taken away.

No packet moves here and no rule is evaluated: that is engine.walk and engine.netfilter.
"""
