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
    "a loop that reads": ("seq 2 | while read n; do echo got $n; done", "got 1\ngot 2\n"),
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
    "a time limit of a command with options": ("timeout -k 1 5 head -n1 /etc/hostname", "node1\n"),
    "arithmetic": ("x=5; echo $((x*2+1)) $(( x > 3 ? 10 : 20 )) \"$(( $(echo 4) + 1 ))\"", "11 10 5\n"),
    "a loop that counts": ("for ((i=0;i<3;i++)); do echo $i; done", "0\n1\n2\n"),
    "a loop that counts far": ("i=0; while [ $i -lt 90 ]; do i=$((i+1)); done; echo $i", "90\n"),
    "an expression as a command": ("((i=3, i++)); if ((i > 3)); then echo $i; fi; let 'a=1+1' b=a*2; echo $a $b", "4\n2 4\n"),
    "a case": ("case abc in x) echo X;; a*|b) echo A;; *) echo no;; esac", "A\n"),
    "a case of a quoted pattern": ("case ab in 'a*') echo no;; (ab) echo yes; esac", "yes\n"),
    "a function": ("f() { echo \"$1 $#\"; return 3; }; f 'a b' c || echo $?", "a b 2\n3\n"),
    "a function's own variable": ("f() { local y=2; for a in \"$@\"; do echo \"<$a>$y\"; done; }; f 'a b' c; echo [$y]", "<a b>2\n<c>2\n[]\n"),
    "a function that reads": ("function f { grep b; }; seq 3 | tr 2 b | f", "b\n"),
    "out of a loop": ("for i in 1 2 3 4; do [ $i = 1 ] && continue; [ $i = 3 ] && break; echo $i; done", "2\n"),
    "out of two": ("for i in 1 2; do for j in 1 2; do echo $i$j; break 2; done; done", "11\n"),
    "a test of bash's": ("[[ abc == a* && -n x ]] && [[ 10.1 =~ ^10\\. ]] && [[ 'a b' = $Z ]] || echo no", "no\n"),
    "parts of a value": ("x=foo.tar.gz; echo ${x%.gz} ${x%%.*} ${x#*.} ${x##*.} ${#x} ${x/foo/bar}", "foo.tar foo tar.gz gz 10 bar.tar.gz\n"),
    "a value where there is none": ("echo ${y:-$HOSTNAME} ${y:=z} ${y:+set} $y", "node1 z set z\n"),
    "letters and padded numbers by braces": ("echo {a..c} {08..10} {2..1}", "a b c 08 09 10 2 1\n"),
    "escapes in quotes": ("echo $'a\\tb\\'c'", "a\tb'c\n"),
    "fields by IFS": ("IFS=: read a b <<< x:y:z; echo $b; l=1,2; IFS=,; for i in $l; do echo $i; done", "y:z\n1\n2\n"),
    "lines as they are": ("printf ' a  b\\n' | while IFS= read -r l; do echo \"[$l]\"; done", "[ a  b]\n"),
    "words of a line of another shell": ("sh -c 'echo $1 $#' sh 'a b' c", "a b 2\n"),
    "words given": ("set -- a b; echo $# $2; shift; echo \"$@\"", "2 b\nb\n"),
    "a file of lines": ("echo 'f() { echo from a file; }' > /tmp/f; . /tmp/f; f", "from a file\n"),
    "in the shell's place": ("exec echo a; echo b", "a\n"),
    "nothing": ("cat < /dev/null; echo a > /dev/null; echo b", "b\n"),
    "a connection": ("(> /dev/tcp/127.0.0.1/10256) && echo open; timeout 2 bash -c '</dev/tcp/127.0.0.1/9' 2>&1", "open\nsh: connect: Connection refused\nsh: /dev/tcp/127.0.0.1/9: Connection refused\n"),
    "a format": ("printf '%-3s|%03d|%s\\n' a 7 b c", "a  |007|b\nc  |000|\n"),
    "yes": ("yes | head -n2", "y\ny\n"),
    "escapes": ("echo -e 'a\\tb'; echo 'a\\tb'", "a\tb\na\\tb\n"),
    "two files' first lines": ("head -n1 /etc/hostname /etc/hosts", "==> /etc/hostname <==\nnode1\n\n==> /etc/hosts <==\n127.0.0.1\tlocalhost\n"),
    "characters of a file": ("head -c3 /etc/hostname", "nod"),
    "files moved": ("echo a > /tmp/a; cp /tmp/a /tmp/b; mv /tmp/b /tmp/c; rm /tmp/a; ls /tmp; cat /tmp/c", "c\na\n"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "printed"), PRINTED.values(), ids=PRINTED)
def test_a_line(line: str, printed: str) -> None:
    assert opened().run("node1", line).stdout == printed


def test_variables_and_the_folder_last() -> None:
    shell = opened().run("node1", "X=5; cd /etc; false").shell
    assert Shell(shell.live).run("node1", "echo $? $X; cat hostname").stdout == "1 5\nnode1\n"
    assert Shell(shell.live).run("node2", "echo [$X]").stdout == "[]\n"


def test_aliases_and_functions_last() -> None:
    shell = opened().run("node1", "alias ll='echo LL' e=e; f() { echo F $1; }").shell
    assert Shell(shell.live).run("node1", "ll a; f b; alias e; type ll f").stdout == (
        "LL a\nF b\nalias e='e'\nll is aliased to `echo LL'\nf is a function\n"
    )
    assert Shell(shell.live).run("node2", "ll").status == 127
    assert Shell(shell.live).run("node1", "unalias ll; unset -f f").shell.run("node1", "ll").status == 127


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
