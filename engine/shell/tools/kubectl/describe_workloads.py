"""kubectl describe of what makes pods, and of the containers in them.

Source: staging/src/k8s.io/kubectl/pkg/describe/describe.go, v1.33 and v1.34.
"""

from __future__ import annotations

from engine.manifests.write import Document
from engine.shell.deployments import replica_set_of
from engine.shell.live import LiveCluster
from engine.shell.readiness import probe_text
from engine.shell.tools.kubectl.tables import selector_text
from engine.shell.tools.kubectl.words import documents, resource_of


def containers(many: list[Document], title: str = "", name: str = "  ") -> str:
    """Containers of a pod, or of a template, whose title and names stand deeper by `title` and `name`."""
    text = f"{title}Containers:\n"
    for one in many:
        ports = [f"{p['containerPort']}/{p.get('protocol', 'TCP')}" for p in one.get("ports", [])]
        outside = [f"{p.get('hostPort', 0)}/{p.get('protocol', 'TCP')}" for p in one.get("ports", [])]
        text += f"{name}{one['name']}:\n    Image:\t{one.get('image', '')}\n"
        for what, shown in (("Port", ports), ("Host Port", outside)):
            text += f"    {what}{'s' if len(shown) > 1 else ''}:\t{', '.join(shown) or '<none>'}\n"
        if one.get("readinessProbe"):
            text += f"    Readiness:\t{probe_text(one['readinessProbe'])}\n"
        text += "    Environment:\t<none>\n    Mounts:\t<none>\n"
    return text


def deployment(o: Document, header: str, pairs: str, created: str) -> str:
    """A Deployment with its ReplicaSet."""
    spec, status = o["spec"], o["status"]
    replicas, updated, available = status["replicas"], status["updatedReplicas"], status["availableReplicas"]
    rolling = spec["strategy"]["rollingUpdate"]
    text = f"{header}CreationTimestamp:\t{created}\n{pairs}Selector:\t{selector_text(spec['selector'])}\n"
    text += f"Replicas:\t{spec['replicas']} desired | {updated} updated | {replicas} total | {available} available | {status.get('unavailableReplicas', 0)} unavailable\n"  # fmt: skip
    text += f"StrategyType:\t{spec['strategy']['type']}\nMinReadySeconds:\t0\n"
    text += f"RollingUpdateStrategy:\t{rolling['maxUnavailable']} max unavailable, {rolling['maxSurge']} max surge\n"
    text += _template(spec["template"])
    text += "Conditions:\n  Type\tStatus\tReason\n  ----\t------\t------\n"
    text += "".join(f"  {one['type']} \t{one['status']}\t{one['reason']}\n" for one in status["conditions"])
    name = replica_set_of(f"{o['metadata']['namespace']}/{o['metadata']['name']}")
    return f"{text}OldReplicaSets:\t<none>\nNewReplicaSet:\t{name} ({replicas}/{spec['replicas']} replicas created)\nEvents:\t<none>\n"


def replica_set(o: Document, header: str, pairs: str, live: LiveCluster) -> str:
    """A ReplicaSet with its pods."""
    metadata, spec = o["metadata"], o["spec"]
    phases = [pod["status"]["phase"] for pod in documents(live, resource_of("pods")) if any(one["uid"] == metadata["uid"] for one in pod["metadata"].get("ownerReferences", []))]  # fmt: skip
    owner = metadata["ownerReferences"][0]
    text = f"{header}Selector:\t{selector_text(spec['selector'])}\n{pairs}Controlled By:\t{owner['kind']}/{owner['name']}\n"
    text += f"Replicas:\t{o['status']['replicas']} current / {spec['replicas']} desired\n"
    states = (("Running", "Running"), ("Waiting", "Pending"), ("Succeeded", "Succeeded"), ("Failed", "Failed"))
    text += "Pods Status:\t" + " / ".join(f"{phases.count(phase)} {shown}" for shown, phase in states) + "\n"
    return f"{text}{_template(spec['template'])}Events:\t<none>\n"


def _template(template: Document) -> str:
    labels = sorted(template["metadata"].get("labels", {}).items())
    shown = "\n\t".join(f"{name}={value}" for name, value in labels) or "<none>"
    text = f"Pod Template:\n  Labels:\t{shown}\n{containers(template['spec'].get('containers', []), '  ', '   ')}"
    return f"{text}  Volumes:\t<none>\n  Node-Selectors:\t<none>\n  Tolerations:\t<none>\n"
