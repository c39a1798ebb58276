"""kubenet as AKS has it: the plugin bridge on every node, routes in the virtual network, AKS' masquerading agent.

No rule is evaluated here, and no other plugin is named.
"""
