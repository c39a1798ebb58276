"""What --help says. The commands' one-line summaries in both languages; options in English with their Chinese.

Plain tuples and dicts: `k8squiz --help` reads this file and hardly anything else.
"""

from __future__ import annotations

DESCRIPTION = (
    "Kubernetes networking interview practice. Every answer is computed by a model of the dataplane, none is typed in.",
    "Kubernetes 网络面试练习。所有答案都由数据面模型计算得出，没有一个是手写的。",
)

# In the order of the contract, which is the order a newcomer meets them.
COMMANDS: dict[str, tuple[str, str]] = {
    "practice": ("Answer questions about real packet walks.", "练习：回答关于真实数据包路径的问题。"),
    "explain": ("A guided story with a live trace, topic by topic.", "讲解：按主题讲述，附实时计算的数据包路径。"),
    "mock": (
        "A timed mock interview, saved as you go, with a report at the end.",
        "模拟面试：限时作答，随时保存，结束后给出报告。",
    ),
    "report": ("What a mock interview came to.", "报告：查看一场模拟面试的结果。"),
    "trace": (
        "Walk a packet through your own cluster, there and back.",
        "追踪：让一个数据包走过你自己的集群，往返全程。",
    ),
    "rules": ("Print the rules kube-proxy writes on a node.", "规则：打印 kube-proxy 在某个节点上写入的规则。"),
    "shell": (
        "A shell on the hosts of your own cluster, answered by the model.",
        "终端：登录你自己集群的主机执行命令，由模型给出输出。",
    ),
    "incident": (
        "A broken cluster to look into and mend, graded by what works then.",
        "故障演练：在出了问题的集群里排查并修复，按修复后的实际效果评分。",
    ),
    "scale": (
        "What Services cost: rules, packets and updates in each mode, and how they grow.",
        "规模：各模式下 Service 的规则、数据包与更新的开销，以及随规模的增长。",
    ),
    "schedulers": (
        "Every IPVS scheduler under one workload, measured against a requirement.",
        "调度算法：在同一负载下实测每种 IPVS 调度算法是否满足要求。",
    ),
    "stats": ("How it is going: streak, what is due, strength by topic.", "统计：连续天数、到期题目、各主题掌握程度。"),
    "plan": (
        "What to do each day until the interview: to repeat, new themes, mock interviews.",
        "计划：到面试那天为止每天做什么——复习、新知识点、模拟面试。",
    ),
    "questions": ("List, show, check and write questions.", "题库：列出、查看、检查和编写题目。"),
    "data": (
        "Your own data: export, import, delete, rescue, and where it lies.",
        "数据：导出、导入、删除、抢救你的数据，或显示其位置。",
    ),
    "lab": ("The same cluster on this machine's real kernel.", "实验：在本机的真实内核上搭建同一个集群。"),
}

# Words of the help pages themselves.
WORDS: dict[str, str] = {
    "Usage": "用法",
    "Commands": "命令",
    "Arguments": "参数",
    "Options": "选项",
    "default": "默认",
    "required": "必填",
    "may be repeated": "可重复",
    "Examples": "示例",
}

VERSION = ("Print the version and exit.", "打印版本号并退出。")
COMPLETION = ("Complete commands and options in this shell from now on.", "让当前 shell 自动补全命令和选项。")
HELP = ("Show this help and exit.", "显示此帮助并退出。")
LANG = (
    "Language, en or zh (default: K8SQUIZ_LANG, else the locale).",
    "语言，en 或 zh（默认取 K8SQUIZ_LANG，否则取系统区域设置）。",
)
THEME = (
    "Colours for this background; none uses no colour at all (default: K8SQUIZ_THEME, else auto).",
    "按背景选择配色；none 表示完全不用颜色（默认取 K8SQUIZ_THEME，否则为 auto）。",
)
BANK = (
    "Questions of this folder or zip file instead (default: K8SQUIZ_BANK, else those that come along).",
    "改用该目录或 zip 文件中的题目（默认取 K8SQUIZ_BANK，否则为自带题库）。",
)
MORE = ("'k8squiz COMMAND --help' says more about a command.", "“k8squiz 命令 --help” 显示该命令的详细说明。")

# How help pages call a command line of another program's.
COMMAND_LINE = "[WORD]..."
# What each argument is, by the name that help pages give it.
ARGUMENTS = {
    "CLUSTER...": "Kubernetes YAML: files, folders, or - for standard input.",
    "[CLUSTER]...": "Kubernetes YAML: files, folders, or - for standard input; or --question.",
    "[TOPIC]": "The topic; none lists them.",
    "ID": "The question's id, or a question file of your own.",
    "[SESSION]": "The interview's number (default: the latest).",
    "[N]": "With --resume: which interview (default: the latest).",
    "[PATH]...": "Files or folders (default: the whole bank).",
    "CLUSTER... [HOST] [COMMAND]": "Kubernetes YAML; then a node, pod/NAME or client, and a command to run there.",
    "[INCIDENT]": "FAULT.SEED of an incident that was drawn before.",
    "FILE": "What data export wrote, or - for standard input.",
    "FOLDER": "Folders of question files, TOPIC/NAME.yaml.",
    "HOST": "A node, a pod, client or router.",
    COMMAND_LINE: "A command to run instead of a shell.",
}

# The help text of each option, argument and subcommand, as written in cli.py, and its Chinese.
ZH: dict[str, str] = {
    **dict(COMMANDS.values()),
    DESCRIPTION[0]: DESCRIPTION[1],
    HELP[0]: HELP[1],
    LANG[0]: LANG[1],
    THEME[0]: THEME[1],
    BANK[0]: BANK[1],
    VERSION[0]: VERSION[1],
    "Draw by this seed: the same seed gives the same result.": "随机种子：相同的种子得到相同的结果。",
    "Print JSON.": "以 JSON 格式输出。",
    "Kubernetes YAML: files, folders, or - for standard input.": "Kubernetes YAML：文件、目录，或 -（标准输入）。",
    "iptables, ipvs or nftables (default: what KubeProxyConfiguration says).": (
        "iptables、ipvs 或 nftables（默认取 KubeProxyConfiguration 中的设置）。"
    ),
    "Only this topic.": "只选该主题。",
    "Only what is about this theme; stats --map names them.": "只选该知识点的题目；名称见 stats --map。",
    "The themes of interviews, and which of them you know.": "面试的各个知识点，以及你掌握了哪些。",
    "How long you have each day.": "每天可用的分钟数。",
    "Check a folder of questions and make one file of it, to be passed on.": "检查一个题目目录并打包成一个文件，便于分享。",
    "Folders of question files, TOPIC/NAME.yaml.": "存放题目文件的目录，形如“主题/名称.yaml”。",
    "Write to this file (default: FOLDER.zip).": "写入该文件（默认为 目录名.zip）。",
    "Write questions with their answers, as cards for Anki or as JSON lines.": "导出题目及答案：Anki 卡片或 JSON 行。",
    "Write it as a sheet for a human interviewer instead.": "改为写出一份供面试官使用的材料。",
    "Only this level.": "只选该难度。",
    "How many questions.": "题目数量。",
    "This question and no other; or a question file of your own.": "只做这一题；也可以是你自己的题目文件。",
    "Every question that fits, once.": "所有符合条件的题目，每题一次。",
    "The topic; none lists them.": "主题；不填则列出全部主题。",
    "Take this part away and see what breaks.": "去掉这一部分，看看会坏在哪里。",
    "Step by step: say what comes next, then see it.": "逐步进行：先预测下一步，再看结果。",
    "Write the story to FILE.html, FILE.svg or FILE.md.": "把讲解写入 FILE.html、FILE.svg 或 FILE.md。",
    "pod/NAME, pod/NS/NAME, node/NAME, IP[:port] or client.": (
        "pod/名称、pod/命名空间/名称、node/名称、IP[:端口] 或 client。"
    ),
    "svc/NAME[:PORT], node/NAME:NODEPORT, pod/NAME:PORT or IP:port; svc/NS/NAME and pod/NS/NAME too.": (
        "svc/名称[:端口]、node/名称:NodePort、pod/名称:端口 或 IP:端口；也可写 svc/命名空间/名称、pod/命名空间/名称。"
    ),
    "The node a foreign packet arrives at.": "来自集群外的数据包到达哪个节点。",
    "The node whole: what the CNI writes beside kube-proxy's rules, too.": (
        "整个节点：除 kube-proxy 的规则外，还包括 CNI 写入的规则。"
    ),
    "The transport protocol.": "传输层协议。",
    "How long a packet, with DF set, is sent once the connection stands: does it get through?": (
        "连接建立后发送的带 DF 的包有多长（字节）：能否通过？"
    ),
    "The protocol; icmp is an echo request.": "协议；icmp 为 echo 请求。",
    "Every way the packet can go, with its probability.": "列出数据包所有可能的路径及其概率。",
    "Walk through what was saved on NODE (or in pod/NAME) instead: iptables-save, ipset save, ipvsadm-save -n, nft list"
    " ruleset; may be repeated.": (
        "在 NODE 上（或在 pod/名称 内）改用所保存的规则：iptables-save、ipset save、ipvsadm-save -n、nft list ruleset；可重复。"
    ),
    "Say under each hop what happens there, and by which rule.": "在每一跳下说明发生了什么，以及由哪条规则决定。",
    "Draw it: hosts as lanes, a line for each visit.": "画成图：主机为泳道，每次到访一行。",
    "Write it to FILE.html (to step through), FILE.svg or FILE.md.": (
        "写入 FILE.html（可逐步查看）、FILE.svg 或 FILE.md。"
    ),
    "Beside another walk: another FILE, mode=MODE, release=1.N, without=PART, external-policy=Local,"
    " internal-policy=Local; may be repeated.": (
        "与另一条路径并排对照：另一个文件 FILE、mode=模式、release=1.N、without=某部分、external-policy=Local、"
        "internal-policy=Local；可重复。"
    ),
    "The node.": "节点。",
    "The address family.": "地址族。",
    "The address family (default: ipv4; in nftables mode all that the node has).": (
        "地址族（默认 ipv4；nftables 模式下为节点拥有的全部）。"
    ),
    "As this release of kube-proxy (default: what the nodes report, else the newest known).": (
        "按这个版本的 kube-proxy（默认：节点报告的版本，否则为已知最新版）。"
    ),
    "A scenario there is, or one in a YAML file.": "已有的场景，或 YAML 文件中的场景。",
    "What to require, as in: stickiness >= 1, spread <= 2": "要求，例如：stickiness >= 1, spread <= 2",
    "The figure to draw.": "要画成条形图的指标。",
    "How many Services.": "Service 的数量。",
    "How many endpoints each has.": "每个 Service 的端点数量。",
    "How it grows from 10 to 10000 Services, too.": "同时给出从 10 到 10000 个 Service 的增长情况。",
    "Time the real tools, in a network namespace of their own.": "在独立的网络命名空间中实测真实工具的耗时。",
    "Draw the growth into FILE.svg.": "把增长曲线画到 FILE.svg。",
    "How many of them not seen before.": "其中多少道是没见过的。",
    "The interview's day (YYYY-MM-DD): plan towards it.": "面试日期（YYYY-MM-DD）：按此安排复习。",
    "What is new in no order: no placement the first time, no path after it.": "新题不按顺序：首次不摸底，之后也不按路线。",
    "The cluster, and the request, of this question, drawn by --seed.": "使用这道题的集群与请求，由 --seed 抽取。",
    "Kubernetes YAML: files, folders, or - for standard input; or --question.": "Kubernetes YAML：文件、目录，或 - 表示标准输入；也可用 --question。",
    "Weakest first, and reschedule nothing.": "先练最薄弱的，且不改变复习安排。",
    "Write all your data as JSON.": "以 JSON 格式导出全部数据。",
    "Write to FILE instead of printing.": "写入 FILE，而不是打印出来。",
    "Merge exported data into yours; the same file twice changes nothing.": "合并导出的数据；重复导入同一文件不会有变化。",
    "What data export wrote, or - for standard input.": "data export 导出的文件，或 -（标准输入）。",
    "Delete all your data.": "删除你的全部数据。",
    "Do not ask.": "不询问，直接执行。",
    "Save what can be read of damaged data, and begin anew with it.": "保存损坏数据中能读出的内容，并以此重新开始。",
    "Print where your data lies.": "显示数据所在的位置。",
    "List the questions.": "列出题目。",
    "Draw a question and show it.": "抽取并显示一道题。",
    "The question's id, or a question file of your own.": "题目的 id，或你自己的题目文件。",
    "With the computed answer.": "同时显示计算出的答案。",
    "Check questions over many seeds; exit code 1 on a finding.": "用多个种子检查题目；有问题时退出码为 1。",
    "Files or folders (default: the whole bank).": "文件或目录（默认整个题库）。",
    "Over how many seeds to draw each.": "每道题用多少个种子抽取。",
    "Print a question file to start from.": "输出一份题目文件模板。",
    "The kind of question.": "题型。",
    "The topic.": "主题。",
    "Print the JSON schema of question files.": "输出题目文件的 JSON Schema。",
    "A node, a pod, client or router.": "节点、Pod、client 或 router。",
    "Kubernetes YAML; then a node, pod/NAME or client, and a command to run there.": (
        "Kubernetes YAML；其后可写节点、pod/名称或 client，以及要在那里执行的命令。"
    ),
    "FAULT.SEED of an incident that was drawn before.": "之前抽到的故障：故障名.种子。",
    "This fault; --list names them all.": "指定故障；--list 列出全部。",
    "How long one has (default: no limit).": "限时，单位分钟（默认不限）。",
    "Run the lines of FILE (or -) and print the grade as JSON.": "执行 FILE（或 -）里的各行命令，并以 JSON 输出评分。",
    "List the faults.": "列出所有故障。",
    "A command to run instead of a shell.": "要执行的命令（代替 shell）。",
    "Build the cluster in network namespaces and leave it running.": "用网络命名空间搭建集群，并保持运行。",
    "Send one request on this kernel, beside what the engine says; exit code 1 where they disagree.": (
        "在本机内核上发送一个请求，与引擎的结论逐点对照；不一致时退出码为 1。"
    ),
    "Hold the engine against this kernel in many drawn clusters; exit code 1 on a disagreement.": (
        "抽取大量集群，用本机内核检验引擎；有不一致时退出码为 1。"
    ),
    "A shell, or a command, inside a host of the lab that is up.": "在运行中的实验环境的某台主机内打开 shell 或执行命令。",
    "End all labs that are up, and what killed ones left behind.": "停止所有实验环境，并清理异常退出留下的环境。",
    "How many requests to draw.": "抽取多少个请求。",
    "Draw by this number.": "随机种子（整数）。",
    "How many clusters at once.": "同时运行多少个集群。",
    "The fixed, known paths first.": "先运行固定的已知路径。",
    "Every question's requests too, drawn N times.": "再加上题库中每道题的请求，每题抽取 N 次。",
    "What the simulated tools print, on N clusters, beside the real ones.": "在 N 个集群上，把模拟命令的输出与真实命令对照。",
    "N drawn incidents: their flows before, broken and mended.": "抽取 N 个故障：故障前、故障中、修复后的流量。",
    "With --incidents: of that fault alone.": "与 --incidents 同用：只抽取该故障。",
    "N drawn timelines: connections while pods and rules change.": "抽取 N 个时间线：Pod 和规则变化时的连接。",
    "What glibc and musl ask under N resolv.confs; NodeLocal DNSCache.": "在 N 份 resolv.conf 下 glibc 和 musl 的查询；NodeLocal DNSCache。",
    "Packets as long as links carry, in N clusters.": "在 N 个集群里发送接近链路 MTU 的数据包。",
    "On this machine's kernel: real tools in network namespaces (Linux, root).": "在本机内核上：网络命名空间里的真实命令（Linux，需要 root）。",
    "How long the interview lasts (default: 45).": "面试时长，单位分钟（默认 45）。",
    "How many questions (default: what the time holds).": "题目数量（默认按时长安排）。",
    "Of a track: junior, senior, expert, cka (like the exam), cn (China).": "只出某个方向的题：junior、senior、expert、cka（类似该考试）、cn（国内面试）。",
    "junior, senior, expert, cka or cn (default: senior); --list tells of each.": "junior、senior、expert、cka 或 cn（默认 senior）；--list 有各方向的说明。",
    "How far draws and answers spread, and how many there are of each sort.": "每道题的抽取与答案有多少种变化，以及各类题目的数量。",
    "Names, counts and constants that one looks up; not asked otherwise.": "只出查一下就知道的名称、数目与常数；不加此项时不出。",
    "Go on with an interview that is not finished.": "继续一场尚未结束的面试。",
    "With --resume: which interview (default: the latest).": "与 --resume 同用：继续哪一场（默认最近一场）。",
    "List all interviews, which can be resumed, and the tracks.": "列出所有面试、哪些可以继续，以及各个方向。",
    "Write it as a script for a human interviewer instead.": "不作答，改为写出一份供面试官使用的脚本。",
    "The interview's number (default: the latest).": "面试编号（默认最近一场）。",
    "In this format.": "输出格式。",
    "Write it to FILE.md, FILE.html or FILE.json.": "写入 FILE.md、FILE.html 或 FILE.json。",
    "Have this machine's kernel do it (Linux).": "让本机内核实际执行（仅 Linux）。",
    "Which lab, where several are up.": "有多个实验环境时，指定其中一个。",
}
