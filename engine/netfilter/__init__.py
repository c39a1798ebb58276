"""Netfilter as the kernel runs it: rules as data, evaluated, printed and read back; conntrack and NAT.

Nothing here knows Kubernetes or kube-proxy.
"""
