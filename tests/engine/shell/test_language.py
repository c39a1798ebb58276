"""What a line prints that has more than commands and pipes in it: variables, loops, choices, other lines' output, files."""

from __future__ import annotations

import pytest

from engine.shell import Shell

from .clusters import opened

# A line on a node, and what it prints.
PRINTED = {
    "a loop": ("for i in 1 2 3; do echo $i; done", "1\n2\n3\n"),
    "a loop over two lines": ("for i in a b\ndo\n  echo $i\ndone", "a\nb\n"),
    "a loop over braces": ("for i in {1..3} {x,y}z; do echo $i; done", "1\n2\n3\nxz\nyz\n"),
    "a loop over a line's output": ("for i in $(seq 2); do echo n$i; done", "n1\nn2\n"),
    "a loop into a pipe": ("for i in 1 2 3; do echo $i; done | wc -l", "3\n"),
    "a loop in a loop": ("for i in a b; do for j in 1 2; do echo $i$j; done; done", "a1\na2\nb1\nb2\n"),
    "a loop that reads": ("printf 'x\\n' || seq 2 | while read n; do echo got $n; done", "got 1\ngot 2\n"),
    "a loop that reads a file": ("while read a b; do echo $b; done < /etc/hosts", "localhost\n"),
    "until": ("until true; do echo a; done; echo b", "b\n"),
    "a choice": ("if ip r | grep -q default; then echo yes; else echo no; fi", "yes\n"),
    "another one": ("if false; then echo a; elif true; then echo b; fi", "b\n"),
    "a test": ("[ 1 -lt 2 ] && [ a != b ] && test -f /etc/hosts && echo ok", "ok\n"),
    "not": ("! false && echo ok", "ok\n"),
    "a group": ("{ echo a; echo b; } | wc -l", "2\n"),
    "a subshell": ("(X=1; echo $X); echo [$X]", "1\n[]\n"),
    "a variable": ("X=1; Y=${X}2; echo $Y ${Z:-none} \"$X  $Y\"", "12 none 1  12\n"),
    "an empty variable is no word": ("for i in $NOTHING; do echo a; done; echo \"$NOTHING\" | wc -l", "1\n"),
    "a variable of one command": ("X=1 echo a; echo [$X]", "a\n[]\n"),
    "the status": ("false; echo $?; echo $?", "1\n0\n"),
    "the host's own": ("echo $HOSTNAME $USER ~", "node1 root /root\n"),
    "single quotes": ("echo '$HOME $(id) *'", "$HOME $(id) *\n"),
    "a line's output": ("echo a$(echo b)c `echo d`", "abc d\n"),
    "a line's output in quotes": ('echo "$(echo a; echo b)"', "a\nb\n"),
    "one in the other": ("echo $(echo $(echo a))", "a\n"),
    "a pattern": ("cat /proc/sys/net/ipv4/conf/e*/rp_filter", "0\n"),
    "a pattern that nothing matches": ("echo /nope/*", "/nope/*\n"),
    "a pattern in quotes": ("echo '/etc/h*'", "/etc/h*\n"),
    "a folder": ("cd /etc && pwd && cat hostname; cd -; pwd", "/etc\nnode1\n/root\n"),
    "a here-document": ("cat << EOF\na $USER\nEOF\necho b", "a root\nb\n"),
    "one with a quoted end": ("cat << 'EOF'\na $USER\nEOF", "a $USER\n"),
    "a here-string": ("wc -w <<< 'a b'", "2\n"),
    "a here-document into a file": ("cat > /tmp/f << EOF\na\nEOF\ncat /tmp/f", "a\n"),
    "another host": ("ssh node2 hostname", "node2\n"),
    "each host": ("for h in node1 node2; do ssh $h 'hostname | tr a-z A-Z'; done", "NODE1\nNODE2\n"),
    "another user": ("sudo hostname", "node1\n"),
    "another shell": ("sh -c 'echo a | wc -l'", "1\n"),
    "words from a pipe": ("seq 3 | xargs -n1 echo n", "n 1\nn 2\nn 3\n"),
    "words in their place": ("seq 2 | xargs -I{} echo {}-{}", "1-1\n2-2\n"),
    "fields": ("echo a:b:c | cut -d: -f1,3; echo abc | cut -c2-", "a:c\nbc\n"),
    "characters": ("echo 'a  b' | tr -s ' ' | tr a-z A-Z", "A B\n"),
    "lines": ("seq 5 | sed -n 2,3p; seq 3 | sed 's/2/two/; /3/d'", "2\n3\n1\ntwo\n"),
    "columns": ("echo 'a b' | column -t", "a  b\n"),
    "into a file and on": ("echo 0 | tee /proc/sys/net/ipv4/ip_forward; sysctl net.ipv4.ip_forward", "0\nnet.ipv4.ip_forward = 0\n"),
    "a page": ("echo a | less", "a\n"),
    "where a tool is": ("which ip nope; command -v cd", "/usr/sbin/ip\ncd\n"),
    "a time limit": ("timeout 5 echo a", "a\n"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "printed"), PRINTED.values(), ids=PRINTED)
def test_a_line(line: str, printed: str) -> None:
    assert opened().run("node1", line).stdout == printed


def test_variables_and_the_folder_last() -> None:
    shell = opened().run("node1", "X=5; cd /etc; false").shell
    assert Shell(shell.live).run("node1", "echo $? $X; cat hostname").stdout == "1 5\nnode1\n"
    assert Shell(shell.live).run("node2", "echo [$X]").stdout == "[]\n"


LOGINS = {
    "ssh": ("node1", "ssh node2", "node2"),
    "ssh by address": ("node1", "ssh root@192.168.1.12", "node2"),
    "a shell in a pod": ("", "kubectl exec -it a -- bash", "pod/a"),
    "one in a Deployment's": ("", "kubectl exec -ti pod/a -c main -- /bin/sh", "pod/a"),
    "a debugger": ("", "kubectl debug -it a --image=nicolaka/netshoot", "pod/a"),
    "a node's debugger": ("", "kubectl debug node/node2 -it --image=busybox", "node2"),
    "other rights": ("node1", "sudo -i", "node1"),
    "another shell": ("node1", "bash", "node1"),
    "a command there": ("node1", "ssh node2 hostname", None),
    "no terminal": ("", "kubectl exec a -- sh", None),
}


@pytest.mark.parametrize(("host", "line", "to"), LOGINS.values(), ids=LOGINS)
def test_who_goes_where(host: str, line: str, to: str | None) -> None:
    shell = opened()
    reply = shell.run(host, line)
    assert reply.status == 0
    assert reply.login == (None if to is None else shell.live.host_named(to) if to.startswith("pod/") else to)
