"""Names and addresses for the roles of a question: drawn once, the same in every variant of its cluster.

Networks never overlap: nodes live in 192.168.0.0/16, 172.16.0.0/14 or 10.0.0.0/13, pods in a /16 of 10/8 from a
short list of real defaults, Services in another, params draw from 10.20.0.0 to 10.39.255.255.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from k8squiz.bank.rng import Rng

T = TypeVar("T")

_NODE_PREFIXES = ("node", "worker", "kube-", "k8s-", "w", "host-")
_POD_NETWORKS = ("10.244", "10.42", "10.128", "10.200", "10.217", "10.233")
_SERVICE_NETWORKS = ("10.96", "10.43", "10.100", "10.152", "172.30")
_CLIENTS = ("1.2.3", "198.51.100", "203.0.113", "192.0.2")
_NAMESPACES = ("default", "prod", "staging", "demo", "payments", "team-a", "retail", "lab")
_SERVICES = ("web", "shop", "cart", "api", "auth", "search", "orders", "billing", "users", "mail", "stock", "chat")
_CALLERS = ("curl", "tester", "batch", "probe", "debug", "cron", "toolbox", "shell")
_PORTS = (80, 443, 8000, 8081, 9000, 9090, 3000, 5000, 6000, 7070, 8888)
_TARGETS = (8080, 8443, 3000, 5000, 9376, 8181, 4000, 9898, 6543, 7777)


class Identity:
    """Draws a name or an address for a role when first asked, and gives the same one ever after."""

    def __init__(self, question: str, seed: str) -> None:
        self._question, self._seed = question, seed
        self._drawn: dict[tuple[str, ...], object] = {}
        self._taken: set[tuple[str, object]] = set()
        rng = self._dice("frame")
        self.lan = rng.pick((
            f"192.168.{rng.below(256)}", f"172.{rng.between(16, 19)}.{rng.below(256)}", f"10.{rng.below(8)}.{rng.below(256)}",
        ))  # fmt: skip
        self.pods = rng.pick(_POD_NETWORKS)
        self.services = rng.pick(_SERVICE_NETWORKS)
        self.node_prefix = rng.pick(_NODE_PREFIXES)
        self.namespace = rng.pick(_NAMESPACES)
        self.client = f"{rng.pick(_CLIENTS)}.{rng.between(2, 250)}"
        self.client_port = rng.between(32768, 60999)
        self._pod_subnets = rng.sample(range(1, 40), 30)
        self._service_names = rng.shuffled(_SERVICES)
        self._caller_names = rng.shuffled(_CALLERS)

    def _dice(self, *words: object) -> Rng:
        return Rng(self._question, self._seed, *words)

    def node_name(self, role: str) -> str:
        digits = "".join(char for char in role if char.isdigit())
        return f"{self.node_prefix}{digits}" if digits else role

    def node_ip(self, role: str) -> str:
        return self._fresh("node-ip", role, lambda rng: f"{self.lan}.{rng.between(10, 250)}")

    def extra_ip(self, role: str, index: int) -> str:
        """A further address of a node: a second network card."""
        third = self._once("extra-lan", str(index), lambda rng: rng.between(100, 199))
        return self._fresh("extra-ip", f"{role}/{index}", lambda rng: f"172.20.{third}.{rng.between(10, 250)}")

    def pod_subnet(self, role: str) -> str:
        """The first three numbers of a node's podCIDR."""
        count = sum(1 for key in self._drawn if key[0] == "subnet")
        third = self._once("subnet", role, lambda rng: self._pod_subnets[count % len(self._pod_subnets)])
        return f"{self.pods}.{third}"

    def pod_ip(self, role: str, node_role: str) -> str:
        subnet = self.pod_subnet(node_role)
        return self._fresh("pod-ip", f"{role}@{node_role}", lambda rng: f"{subnet}.{rng.between(2, 200)}")

    def service_name(self, role: str) -> str:
        count = sum(1 for key in self._drawn if key[0] == "service-name")
        return self._once("service-name", role, lambda rng: self._service_names[count % len(self._service_names)])

    def pod_name(self, role: str, service: str | None) -> str:
        if service is not None:
            return f"{service}-{role.rsplit('-', 1)[-1]}"
        count = sum(1 for key in self._drawn if key[0] == "caller")
        return self._once("caller", role, lambda rng: self._caller_names[count % len(self._caller_names)])

    def cluster_ip(self, role: str) -> str:
        return self._fresh("cluster-ip", role, lambda rng: f"{self.services}.{rng.below(256)}.{rng.between(10, 250)}")

    def port(self, role: str, name: str) -> int:
        return self._fresh(f"port/{role}", name, lambda rng: rng.pick(_PORTS))

    def target_port(self, role: str, name: str) -> int:
        return self._fresh(f"port/{role}", "target/" + name, lambda rng: rng.pick(_TARGETS))

    def node_port(self, purpose: str) -> int:
        return self._fresh("node-port", purpose, lambda rng: rng.between(30100, 32767))

    def outside_ip(self, purpose: str) -> str:
        """An address outside the cluster that is routed to it: a load balancer's, an external IP."""
        return self._fresh(
            "outside", purpose, lambda rng: f"100.{rng.between(64, 127)}.{rng.below(256)}.{rng.between(2, 250)}"
        )

    def pod_port(self, role: str) -> int:
        return self._once("pod-port", role, lambda rng: rng.pick(_TARGETS))

    def _once(self, family: str, key: str, draw: Callable[[Rng], T]) -> T:
        if (family, key) not in self._drawn:
            self._drawn[family, key] = draw(self._dice(family, key))
        return cast(T, self._drawn[family, key])

    def _fresh(self, family: str, key: str, draw: Callable[[Rng], T]) -> T:
        """As _once, and never a value that this family of draws gave to another key."""

        def retry(rng: Rng) -> T:
            for _ in range(500):
                value = draw(rng)
                if (family, value) not in self._taken:
                    break
            self._taken.add((family, value))
            return value

        return self._once(family, key, retry)
