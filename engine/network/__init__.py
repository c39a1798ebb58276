"""Hosts of a cluster as the kernel sees them: devices, routes, bridges, tunnels, sysctls. Frozen values, pure functions.

No Kubernetes and no CNI here: engine.cni says which devices and routes there are.
"""
