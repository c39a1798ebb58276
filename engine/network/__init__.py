"""Hosts of a cluster as the kernel sees them: devices, routes, bridges, tunnels, sysctls. Frozen values, pure functions."""
