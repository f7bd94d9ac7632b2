#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gone_test.py BIN: nothing of the lab is left when it ends, however it ends, and none of its traffic is seen outside.

A session is ended by itself, by ^C, by kill -9 and by a failure. Afterwards its processes, its network namespaces, its
BPF programs and its files must be gone. Meanwhile a packet socket in this namespace sees every device of the machine."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(sys.argv[1])
ETH_P_ALL = 3
OURS = (socket.inet_aton("10.77.0.1")[:3], socket.inet_aton("10.78.0.1")[:3], socket.inet_pton(socket.AF_INET6, "fd77::1")[:8])


def processes():
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        yield int(path.name), path


def family(leader):
    """Pids of the session that `leader` leads."""
    found = set()
    for pid, path in processes():
        try:
            if os.getsid(pid) == leader:
                found.add(pid)
        except OSError:
            pass
    return found


def namespaces_held(pids):
    """Inodes of the network namespaces that the processes hold, but this one's."""
    found = set()
    for pid in pids:
        try:
            links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        found |= {link for link in links if link.startswith("net:[")}
    return found - {os.readlink("/proc/self/ns/net")}


def programs():
    """Ids of BPF programs under the names that the lab gives them."""
    done = subprocess.run(["bpftool", "-j", "prog", "show"], capture_output=True, text=True)
    return {program["id"] for program in json.loads(done.stdout or "[]") if program.get("name") in ("on_arrival", "on_state", "on_free")}


class Session:
    """A command in a session and a folder for temporary files of its own."""

    def __init__(self, *command):
        self.tmp = tempfile.TemporaryDirectory(prefix="tsaudit-gone.")
        self.programs_before = programs()
        self.process = subprocess.Popen([str(word) for word in command], env={**os.environ, "TMPDIR": self.tmp.name},
                                        start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.namespaces, self.programs = set(), set()

    def running_lab(self):
        """Waits until the session holds namespaces and programs."""
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            self.namespaces |= namespaces_held(family(self.process.pid))
            self.programs |= programs() - self.programs_before
            if len(self.namespaces) >= 4 and len(self.programs) >= 3:
                return
            time.sleep(0.05)
        raise AssertionError(f"no lab came up: {self.process.communicate()[0]}")

    def running_machine(self):
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            for pid in family(self.process.pid):
                try:
                    if pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("qemu"):
                        return time.sleep(1)
                except OSError:
                    pass
            time.sleep(0.05)
        raise AssertionError(f"no machine came up: {self.process.communicate()[0]}")

    def interrupt(self):
        """What a terminal does at ^C: every process of the group gets the signal."""
        os.killpg(self.process.pid, signal.SIGINT)

    def check_gone(self):
        try:
            output = self.process.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise AssertionError("the session did not end")
        end = time.monotonic() + 20
        left = None
        while time.monotonic() < end:
            everybody = {pid for pid, _ in processes()}
            left = {"processes": family(self.process.pid), "namespaces": self.namespaces & namespaces_held(everybody),
                    "BPF programs": self.programs & programs(), "files": set(os.listdir(self.tmp.name))}
            if not any(left.values()):
                self.tmp.cleanup()
                return self.process.returncode, output
            time.sleep(0.1)
        raise AssertionError(f"left behind: { {what: which for what, which in left.items() if which} }")


def lab_frames(tap):
    """Frames of the lab's addresses that this namespace saw."""
    count = 0
    while True:
        try:
            frame = tap.recv(2048)
        except BlockingIOError:
            return count
        count += any(address in frame[:80] for address in OURS)


def main():
    lab = BIN / "tsaudit_lab"
    if os.geteuid():
        print("SKIPPED: the lab needs root")
        return 77
    if not lab.exists():
        print("SKIPPED: the lab was not built")
        return 77
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
    tap.setblocking(False)

    print("ends by itself")
    with tempfile.TemporaryDirectory() as out:
        session = Session(lab, "play", "naive-restore-loss", out)
        session.running_lab()
        code, output = session.check_gone()
        assert code == 0, output
        # The frames were there, in the lab's own captures: the check below means something.
        assert OURS[0] in (pathlib.Path(out) / "peer.pcap").read_bytes(), "the lab's own capture is empty"

    print("^C")
    session = Session(HERE / "run", "--bin", BIN, "running")
    session.running_lab()
    session.interrupt()
    code, output = session.check_gone()
    assert code not in (0, 1, 77), f"exit code {code}: {output}"

    print("kill -9")
    with tempfile.TemporaryDirectory() as out:
        session = Session(lab, "random", out, "--connections", "1000")
        session.running_lab()
        session.process.kill()
        session.check_gone()

    print("a failure in the middle")
    with tempfile.TemporaryDirectory() as out:
        # A capture has no room for more than the first seconds: long enough to see that there is a lab.
        room = f"{out}/room"
        os.mkdir(room)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", room], check=True)
        try:
            os.symlink(f"{room}/peer.pcap", f"{out}/peer.pcap")
            session = Session(lab, "random", out, "--connections", "1000")
            session.running_lab()
            code, output = session.check_gone()
        finally:
            subprocess.run(["umount", room], check=True)
        assert code == 1 and "write capture" in output, f"exit code {code}: {output}"

    if subprocess.run([HERE.parent / "vm/fetch-kernel", "6.1"], capture_output=True).returncode == 0:
        print("^C in an emulated machine")
        session = Session(HERE / "run", "--bin", BIN, "6.1")
        session.running_machine()
        session.interrupt()
        session.check_gone()

    seen = lab_frames(tap)
    assert seen == 0, f"{seen} frames of the lab were seen outside of it"
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AssertionError as error:
        print(error)
        sys.exit(1)
