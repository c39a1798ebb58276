"""What kubectl says of words that it does not take, and of those that are not simulated."""

from __future__ import annotations

# The one context of kubectl's configuration.
CONTEXT = "kubernetes-admin@kubernetes"


class BadWords(Exception):
    """What kubectl says of words that it does not take."""


# Verbs of the real one: what to use in their place.
NOT_SIMULATED = {
    "proxy": "kubectl get is there",
    "cp": "kubectl exec POD -- cat FILE is there",
    "attach": "kubectl logs and kubectl exec are there",
    "taint": "kubectl cordon and drain are there",
    "autoscale": "kubectl scale is there",
    "explain": "the fields of an object are those of kubectl get -o yaml",
    "diff": "kubectl get -o yaml is there",
    "plugin": "there are none",
    "certificate": "there are no certificates",
    "kustomize": "kubectl apply -f is there",
    "completion": "Tab completes",
    "options": "kubectl VERB --help tells of each verb's",
    "alpha": "there is none",
    "convert": "every object is of one version",
}
# Kinds of the real one, by the names that one types: what to use in their place.
_KINDS = {
    ("serviceaccounts", "serviceaccount", "sa"): "accounts decide nothing here",
    ("roles", "role", "rolebindings", "rolebinding", "clusterroles", "clusterrole", "clusterrolebindings", "clusterrolebinding"): "everything is allowed here",
    ("persistentvolumes", "persistentvolume", "pv", "storageclasses", "storageclass", "sc", "volumeattachments"): "no volume is part of it",
    ("customresourcedefinitions", "customresourcedefinition", "crds", "crd", "apiservices", "apiservice"): "kubectl api-resources lists what is there",
    ("componentstatuses", "componentstatus", "cs"): "kubectl get nodes is there",
    ("leases", "lease"): "a node's state is that of kubectl get nodes",
    ("resourcequotas", "resourcequota", "quota", "limitranges", "limitrange", "limits"): "resources are no part of it",
    ("ingressclasses", "ingressclass", "gateways", "gateway", "httproutes", "httproute"): "nothing of layer 7 is part of it",
    ("mutatingwebhookconfigurations", "validatingwebhookconfigurations", "priorityclasses", "priorityclass", "pc"): "kubectl api-resources lists what is there",
}  # fmt: skip


def not_simulated_kind(name: str) -> str | None:
    """What is said of a kind that an API server has and this one has not; None where none has it."""
    plain = name.lower().partition(".")[0]
    why = next((why for names, why in _KINDS.items() if plain in names), None)
    return None if why is None else f"error: kubectl get {plain} is not simulated here: {why}"
