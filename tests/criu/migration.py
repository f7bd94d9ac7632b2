# SPDX-License-Identifier: Apache-2.0
"""A process with two TCP connections, and its move to another machine by CRIU.

The process is client of one connection and server of the other; both are with the peer, which captures. The address
SERVICE moves with the process.
"""
import json
import os
import random
import subprocess
import tempfile
import time

from machines import Failure, Meanwhile

SERVICE = "10.9.0.1"
MOVER_PORT, PEER_PORT = 5000, 6000
IMAGES, HOOK = "/tmp/images", "/bin/hook"
CRIU_OPTIONS = "--tcp-established --manage-cgroups=ignore -v4"
# Drops what comes for the address until the sockets are there, and what comes from it once it left: a reset in between
# would end the connections.
SILENCE = f"""nft -f - <<'RULES'
table inet moving {{
	chain in {{ type filter hook prerouting priority raw; ip daddr {SERVICE} tcp dport {{ {MOVER_PORT}, 40000-49999 }} drop; }}
	chain out {{ type filter hook output priority raw; ip saddr {SERVICE} tcp sport {{ {MOVER_PORT}, 40000-49999 }} drop; }}
}}
RULES"""


def wait_until(what, condition, timeout=20):
    """What the condition became, once it is true."""
    end = time.monotonic() + timeout
    while not (result := condition()):
        if time.monotonic() > end:
            raise Failure(f"not within {timeout} s: {what}")
        time.sleep(0.1)
    return result


class Capture:
    """What the peer's device sees of the moving address, with nanoseconds."""
    FILE = "/tmp/capture.pcapng"

    def __init__(self, peer):
        self.peer = peer
        peer.sh(f"""rm -f {self.FILE}
            setsid dumpcap -q -i eth0 -B 16 -f 'host {SERVICE} and (tcp or arp)' -w {self.FILE} >/dev/null 2>/tmp/capture.log &
            n=0; until [ -s {self.FILE} ]; do sleep 0.1; n=$((n+1)); [ $n -lt 100 ]; done; sleep 0.3""")
        self.before = peer.counters()

    def grown(self):
        """By how much the peer's counters grew."""
        after = self.peer.counters()
        return {name: after[name] - value for name, value in self.before.items() if after[name] != value}

    def stop(self, holder):
        """The file's bytes, and by how much the peer's counters grew over just these packets."""
        holder.sh(SILENCE)
        time.sleep(0.3)
        grown = self.grown()
        self.peer.sh("kill -INT $(pidof dumpcap); while pidof dumpcap >/dev/null; do sleep 0.1; done")
        holder.sh("nft delete table inet moving")
        return self.peer.get(self.FILE), grown


class Service:
    """The endpoints: `place` is the machine that the moving one is in."""

    def __init__(self, place, peer):
        self.place, self.peer = place, peer
        # A process keeps its number, which must be free where it goes: far from those that come and go there.
        self.pid = 5000
        self.address_to(place)

    def address_to(self, machine):
        machine.sh(f"ip address replace {SERVICE}/24 dev eth0; arping -U -c 1 -I eth0 {SERVICE} >/dev/null")
        self.place = machine

    def start(self, ports):
        """`ports`: of the moving process as client, of the peer as client."""
        self.place.sh(f"echo {self.pid} >/proc/sys/kernel/ns_last_pid")
        run = "setsid criu_endpoint /tmp/status {} >/dev/null 2>&1 </dev/null &"
        self.place.sh(run.format(f"{MOVER_PORT} {SERVICE} {ports[0]} {self.peer.address} {PEER_PORT}"))
        self.peer.sh(run.format(f"{PEER_PORT} {self.peer.address} {ports[1]} {SERVICE} {MOVER_PORT}"))
        wait_until("connections", lambda: min(self.progress(self.place).values()) > 0)

    def start_with_clocks(self, low, high):
        """Both of the mover's sockets have a TSval in this range. The kernel gives each pair of addresses and ports an
        offset by a secret of its boot, so other ports have another one, and the same ports have the same again."""
        ports = [random.randrange(40000, 49000), random.randrange(40000, 49000)]
        for _ in range(60):
            self.start(ports)
            status = self.status(self.place)
            self.stop()
            wrong = [not low <= status[role]["clock"] < high for role in ("client", "server")]
            if not any(wrong):
                return ports
            ports = [port + 1 if bad else port for port, bad in zip(ports, wrong)]
        raise Failure("found no ports with the timestamps wanted")

    def status(self, machine):
        for _ in range(30):
            text = machine.sh("cat /tmp/status 2>/dev/null || echo '{}'")
            status = json.loads(text or "{}")
            if "error" in status:
                raise Failure(f"{machine.name}: the process ended: {status['error']}")
            if status:
                return status
            time.sleep(0.1)
        raise Failure(f"{machine.name}: the process tells nothing")

    def progress(self, machine):
        """Bytes that were verified, by the role of the moving process."""
        status = self.status(machine)
        other = {"client": "server", "server": "client"}
        return {role: status[role if machine is self.place else other[role]]["received"] for role in other}

    def retransmitted(self):
        """How often the oldest segment was sent again, by the role of the moving process, at the end where that is more."""
        times = {"client": 0, "server": 0}
        for machine in (self.place, self.peer):
            for line in machine.sh("tail -n +2 /proc/net/tcp").splitlines():
                _, local, remote, state, _, _, retransmits = line.split()[:7]
                if state != "01":  # established
                    continue
                ports = {int(address.split(":")[1], 16) for address in (local, remote)}
                for role, port in (("server", MOVER_PORT), ("client", PEER_PORT)):
                    if port in ports:
                        times[role] = max(times[role], int(retransmits, 16))
        return times

    def bulk(self, timeout=60):
        """10 MB of question and as much of answer, on both connections, by and by verified at both ends."""
        before = self.progress(self.peer)
        for machine in (self.place, self.peer):
            machine.sh("kill -USR1 $(pidof criu_endpoint)")
        wait_until("10 MB each way", lambda: all(
            now - before[role] >= 10 << 20 for role, now in self.progress(self.peer).items()), timeout)

    def stop(self):
        for machine in (self.place, self.peer):
            machine.sh("kill -9 $(pidof criu_endpoint) || true; while pidof criu_endpoint >/dev/null; do sleep 0.1; done\n"
                       "rm -f /tmp/status")

    def move(self, to, change=None, action=None):
        """Dump, copy, restore. `change` gets each tcp-stream image as crit's JSON and changes it; `action` is CRIU's
        action script. Returns, for each role, the socket's clock when it was dumped, and what the image says now."""
        here = self.place
        script = f"--action-script {action}" if action else ""
        here.sh(f"""rm -rf {IMAGES}; mkdir {IMAGES}
            criu dump -t $(pidof criu_endpoint) -D {IMAGES} -o dump.log --network-lock nftables {CRIU_OPTIONS} {script} ||
                {{ tail -20 {IMAGES}/dump.log; false; }}
            # It may have been about to write its status: CRIU wants to find an open file again.
            [ ! -e /tmp/status.new ] || mv /tmp/status.new {IMAGES}""")
        done = self.change_images(change)
        receiver = Meanwhile(to, f"rm -rf {IMAGES}; mkdir {IMAGES}; nc -l -p 9000 -e tar -x -C {IMAGES}")
        here.sh(f"""n=0; until tar -c -C {IMAGES} . | nc {to.address} 9000; do sleep 0.1; n=$((n+1)); [ $n -lt 50 ]; done""")
        receiver.wait()
        here.sh(f"ip address del {SERVICE}/24 dev eth0; nft flush ruleset")
        to.sh(SILENCE)
        self.address_to(to)
        self.restore(action)
        return done

    def restore(self, action=None):
        """Where the images are. May be repeated when it failed."""
        # The address is opened after the action has succeeded, and while the sockets are still silent.
        self.place.sh(f"""cat >{HOOK} <<'SCRIPT'
#!/bin/sh
set -e
{action or ""}
[ $CRTOOLS_SCRIPT_ACTION != post-restore ] || nft delete table inet moving
SCRIPT
            chmod +x {HOOK}; rm -f /tmp/status
            [ ! -e {IMAGES}/status.new ] || cp {IMAGES}/status.new /tmp
            criu restore -d -D {IMAGES} -o restore.log {CRIU_OPTIONS} --action-script {HOOK} ||
                {{ grep Error {IMAGES}/restore.log; false; }}""")

    def change_images(self, change):
        """Of the dump that is in this place; returns as move() does."""
        files = self.decode(self.place.get(f"{IMAGES}/files.img"))
        sockets = [entry["isk"] for entry in files["entries"] if "isk" in entry]
        return {"server" if socket["src_port"] == MOVER_PORT else "client":
                self.change_image(f"{IMAGES}/tcp-stream-{socket['ino']:x}.img", change)
                for socket in sockets if socket["dst_port"]}  # not the listener

    @staticmethod
    def crit(command, content):
        with tempfile.TemporaryDirectory() as folder:
            before, after = os.path.join(folder, "before"), os.path.join(folder, "after")
            with open(before, "wb") as file:
                file.write(content)
            subprocess.run(["crit", command, "-i", before, "-o", after], check=True)
            with open(after, "rb") as file:
                return file.read()

    def decode(self, image):
        return json.loads(self.crit("decode", image))

    def change_image(self, path, change):
        decoded = self.decode(self.place.get(path))
        entry = decoded["entries"][0]
        before = entry["timestamp"]
        if change:
            change(entry)
            self.place.put(path, self.crit("encode", json.dumps(decoded).encode()))
        return before, entry.get("timestamp")
