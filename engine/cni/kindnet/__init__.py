"""kindnet, kind's own CNI: a routed veth for each pod, plain routes between nodes, one masquerading chain.

No rule is evaluated here, and no other plugin is named.
"""
