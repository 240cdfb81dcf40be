"""Runs a capture through either engine with the same rules and settings; says which cases alerted with which rule."""
import collections
import json
import pathlib
import re
import shutil
import subprocess

from case import number_of

RULES = pathlib.Path(__file__).resolve().parent / "evasion.rules"
SURICATA_YAML = pathlib.Path("/etc/suricata/suricata.yaml")
VARIABLES = ("vars.address-groups.HOME_NET=any", "vars.address-groups.EXTERNAL_NET=any")
# Names of settings that are not the same in both.
OWN_NAMES = {"defrag.timeout": "defrag.timeout"}


def alerts_by_number(eve):
    found = collections.defaultdict(set)
    if eve.exists():
        for line in eve.read_text(errors="replace").splitlines():
            event = json.loads(line)
            if event["event_type"] == "alert":
                for end in ("src_ip", "dest_ip"):
                    number = number_of(event[end]) if event.get(end) else None
                    if number is not None:
                        found[number].add(event["alert"]["signature_id"])
    return found


def finish(command, folder):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return alerts_by_number(folder / "eve.json")


def bulkhead(program, capture, target, settings, folder):
    folder.mkdir()
    command = [program, "replay", "--quiet", "--pcap", capture, "--signatures", RULES, "--log-dir", folder, "--workers", 1]
    settings = VARIABLES + ("eve.types=[alert]", "pcap-file.checksum-checks=yes", "host-os-policy.windows=[]",
                            f"host-os-policy.{target}=[0.0.0.0/0]") + settings
    for setting in settings:
        command += ["--set", setting]
    return finish(command, folder)


def has_suricata():
    if not shutil.which("suricata") or not SURICATA_YAML.exists():
        return None
    version = re.search(r"version (7\.\d+\.\d+)", subprocess.run(["suricata", "-V"], capture_output=True, text=True,
                                                                 check=False).stdout)
    return version.group(1) if version else None


def suricata(capture, target, settings, folder):
    """As installed, but for the outputs, the checksums and the system of the receivers."""
    folder.mkdir()
    head, _, rest = SURICATA_YAML.read_text().partition("\noutputs:")
    text = head + ("\noutputs:\n  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [alert]}\n") + \
        rest[rest.index("\nlogging:"):]
    text = re.sub(r"^host-os-policy:\n(?:(?:[ \t#].*)?\n)+?(?=\S)", f"host-os-policy:\n  {target}: [0.0.0.0/0]\n\n", text,
                  flags=re.M)
    # Everything that bulkhead decodes and parses as it comes.
    (folder / "suricata.yaml").write_text(text)
    command = ["suricata", "-c", folder / "suricata.yaml", "-S", RULES, "-r", capture, "-l", folder, "-k", "all",
               "--runmode", "single"]
    for setting in VARIABLES + ("app-layer.protocols.http2.enabled=yes",) + settings:
        command += ["--set", setting]
    return finish(command, folder)
