"""k8squiz: Kubernetes networking interview practice whose answers are computed by `engine`."""

__version__ = "0.1.0"
