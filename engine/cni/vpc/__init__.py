"""CNIs whose pods have addresses of the nodes' own network (AWS VPC CNI, Azure CNI): plain routes, no tunnel, no bridge.

No rule is evaluated here, and no other plugin is named.
"""
