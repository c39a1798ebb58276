"""Canal: flannel between nodes, Calico at the pod. Neither is known here; both are handed in.

No rule is evaluated here, and nothing of the two plugins is written a second time.
"""
