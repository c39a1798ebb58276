"""What kube-proxy writes on a node, by mode; modes do not know each other.

No packet is evaluated here.
"""
