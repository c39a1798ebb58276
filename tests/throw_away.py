"""Members that nobody has heard of, one of each family, to be registered with one line: a match, chains, a CNI plugin, a
scheduler, a stage, a tool, a fault; and questions that ask by them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cluster import CNIConfig, Node
from engine.cni.flannel.plugin import Flannel
from engine.cni.interface import LabNetwork, ManifestFields
from engine.faults.interface import Case, KnownFault, ToolEvidence
from engine.faults.scene import IncidentScene
from engine.ipvs.interface import Arrival, Scheduler
from engine.ipvs.server import RealServer
from engine.netfilter.chain_meaning import ChainMeaning, ChainWriter
from engine.shell.live import LiveCluster
from engine.trace import ReasonCode, Text
from k8squiz.kinds.stages import StageRow

# A whole part: its data, its text in both tools, how it decides.
EVEN_PORT = '''
from engine.netfilter.ipt_words import by_options
from engine.netfilter.part import ModelledMatch, Part
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class EvenPort(ModelledMatch):
    """`-m even --even-sport`: the source port is even."""

    def holds(self, context):
        return context.skb.flow.sport % 2 == 0

    def iptables_text(self, family, before):
        return " -m even --even-sport"

    def nft_text(self, ip):
        return "even sport"


PART = Part(
    classes=(EvenPort,),
    modules={"even": by_options(lambda name, options, family: (EvenPort(),) if options.keys() == {"--even-sport"} else None)},
    nft_matches=((r"even sport", lambda found, family: EvenPort()),),
)
'''

GATES = ChainWriter(
    "throwaway",
    (
        ChainMeaning(
            "GATE-", Text("the gate.", "闸门。"), Text("{host}: a gate", "{host}：闸门"), ReasonCode.SOURCE_RANGES
        ),
    ),
    prefix="GATE-",
)


class Throwaway(Flannel):
    """A plugin that is told by an annotation of its own."""

    name = "throwaway"
    backends = ("plain",)
    usual_backend = "plain"
    bridge = "gate0"
    in_lab = (LabNetwork("plain"),)

    def objects(self, config: CNIConfig) -> tuple[()]:
        return ()

    def from_node(self, node: Node, annotations: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        told = node.annotations.get("throwaway.example/backend")
        return CNIConfig("throwaway", told, assumed=False) if told else None

    def from_config_map(self, config_map: ManifestFields) -> None:
        return None

    def node_annotations(self, backend: str, address: str, tunnel_address: str) -> dict[str, str]:
        return {"throwaway.example/backend": backend or "plain"}


class First(Scheduler):
    """Always the server that was added first."""

    name = "throwaway"

    def select(self, arrival: Arrival) -> RealServer | None:
        return self.servers[-1] if self.servers else None


COIN = StageRow(
    "coin",
    Text("{host}: a coin is tossed", "{host}：抛硬币"),
    plausible=True,
    always=True,
    reveals=Text("Leaves it to chance.", "听天由命。"),
)

# A tool of the shell, and the module that holds it.
TOSS = """
from engine.shell.interface import Call, Tool, printed

TOOL = Tool(("toss",), lambda call: printed(f"heads on {call.host}"))
"""


def _deafened(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes:
        yield Case(
            (node,),
            ((node, "iptables -t raw -I PREROUTING -i eth0 -j DROP"),),
            (ToolEvidence(node, "iptables-save -t raw", "-A PREROUTING -i eth0 -j DROP"),),
            (((node, "iptables -t raw -D PREROUTING -i eth0 -j DROP"),),),
        )


DEAFENED = KnownFault(
    "deafened", 1,
    Text("a rule of the table raw drops whatever comes in at a node", "某个节点上 raw 表的一条规则丢弃收到的一切"),
    Text("on one node: a rule of its table raw", "在某个节点上：raw 表的一条规则"),
    Text("somebody cleaned the server room", "有人打扫过机房"),
    ("raw",), _deafened,
)  # fmt: skip

# One question asks by all of them at once: the cluster has the plugin and the scheduler, an option the fact `coin`.
_WORDS = """
prompt: {en: Which?, zh: 哪一个？}
hints: [{cost: 0.1, en: Look., zh: 看一看。}]
explanation: {en: That is how it is., zh: 就是这样。}
key_points: [{en: That there is one., zh: 有一个。}]
sources: [{ref: the mint}]
"""
QUESTIONS = {
    "which-side-is-up": """
kind: choice
title: {en: A coin, zh: 一枚硬币}
cluster:
  nodes: 2
  cni: throwaway/plain
  proxy: {mode: ipvs, ipvs: {scheduler: throwaway}}
  pods: {caller: node1}
  services: {web: {endpoints: {node1: 1, node2: 2}}}
request: {from: caller, to: web}
ask:
  options:
    - {text: {en: The coin shows heads., zh: 硬币正面朝上。}, when: {coin: heads}}
    - {text: {en: The coin shows tails., zh: 硬币反面朝上。}, when: {coin: tails}}
""",
    "where-it-is-tossed": """
kind: hop-order
title: {en: On its way, zh: 一路上}
cluster:
  nodes: 2
  cni: throwaway/plain
  pods: {caller: node1, pod-b: node2}
  services: {web: {endpoints: [pod-b]}}
request: {from: caller, to: web}
ask: {of: request, detail: stage, only: [connect, dnat, routing, encapsulate, decapsulate, socket], distractors: 3}
""",
    "who-is-always-first": """
kind: scheduler
title: {en: One server alone, zh: 只用一台}
cluster: {nodes: 1, pods: {caller: node1}, services: {web: {endpoints: {node1: 1}}}}
request: {from: caller, to: web}
ask:
  scenario: {servers: [{name: a}, {name: b}], connections: 60, requirements: "spread >= 2"}
  among: [throwaway, rr, wrr]
  show: 3
""",
}


def question_file(name: str) -> str:
    """One of QUESTIONS as its file has it."""
    return f"format_version: 1\nid: {name}\ntopic: coins\nlevel: 2\n{QUESTIONS[name].strip()}\n{_WORDS.strip()}\n"
