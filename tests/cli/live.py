# SPDX-License-Identifier: Apache-2.0
"""What the tests on a live kernel share: two hosts and what is between them, as namespaces; a talk; dumpcap."""
import shutil
import signal
import time

from support import *

SERVER = """
import socket
with socket.create_server(("10.78.2.1", 5000)) as listener:
    connection, _ = listener.accept()
    while data := connection.recv(65536):
        connection.sendall(data[:len(data) // 3])
    connection.close()
"""
CLIENT = """
import socket, threading
connection = socket.create_connection(("10.78.2.1", 5000))
def read():
    while connection.recv(65536):
        pass
reader = threading.Thread(target=read)
reader.start()
for number in range(12):
    connection.sendall(bytes([number]) * 70000)
connection.shutdown(socket.SHUT_WR)
reader.join()
"""
SENT = 12 * 70000
CHATTY_CLIENT = """
import socket, time
connection = socket.create_connection(("10.78.2.1", 5000))
while True:
    connection.sendall(bytes(300))
    time.sleep(0.1)
"""


class LiveTest(CliTest):
    """Host `a` sends in large pieces and leaves checksums to the NIC; what is between the hosts has two devices, `inside`
    towards `a` and `outside` towards `b`, where segments are of the MTU."""

    def setUp(self):
        super().setUp()
        # What two processors handle at once has no order that all captures agree on.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    def ip(self, *arguments):
        subprocess.run(["ip", *arguments], check=True, timeout=20)

    def inside_of(self, namespace, *command, **options):
        process = subprocess.Popen(["ip", "netns", "exec", namespace, *command], stdout=subprocess.DEVNULL, text=True,
                                   **options)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def namespace(self, end):
        name = f"tsaudit-{os.getpid()}-{end}"
        self.ip("netns", "add", name)
        self.addCleanup(subprocess.run, ["ip", "netns", "del", name], check=False)
        self.ip("-n", name, "link", "set", "lo", "up")
        return name

    def hosts(self, bridge=False):
        self.a, self.between, self.b = (self.namespace(end) for end in "amb")
        if bridge:
            self.ip("-n", self.between, "link", "add", "bridge", "type", "bridge")
            self.ip("-n", self.between, "link", "set", "bridge", "up")
        for number, (device, end) in enumerate((("inside", self.a), ("outside", self.b)), 1):
            self.ip("-n", self.between, "link", "add", device, "type", "veth", "peer", "name", "router", "netns", end)
            self.ip("-n", end, "addr", "add", f"10.78.{number}.1/{16 if bridge else 24}", "dev", "router")
            if bridge:
                self.ip("-n", self.between, "link", "set", device, "master", "bridge")
            else:
                self.ip("-n", self.between, "addr", "add", f"10.78.{number}.2/24", "dev", device)
            for namespace, name in ((end, "router"), (self.between, device)):
                self.ip("-n", namespace, "link", "set", name, "up")
            if not bridge:
                self.ip("-n", end, "route", "add", "default", "via", f"10.78.{number}.2")
        for command in (["sysctl", "-qw", "net.ipv4.ip_forward=1"],
                        ["ethtool", "-K", "outside", "tso", "off", "gso", "off", "gro", "off"]):
            subprocess.run(["ip", "netns", "exec", self.between, *command], check=True, stdout=subprocess.DEVNULL,
                           timeout=20)

    def record_a_talk(self, *recordings, meanwhile=None):
        """Each is (name, argument of dumpcap...), between the hosts. Returns the files. The talk ends by itself, or is
        broken off when `meanwhile` has been called."""
        files = {name: self.path(f"{name}.pcapng") for name, *_ in recordings}
        recorders = [self.inside_of(self.between, "dumpcap", "-q", "-B", "64", *how, "-w", files[name], stderr=subprocess.PIPE)
                     for name, *how in recordings]
        for recorder in recorders:
            self.addCleanup(recorder.stderr.close)
            for line in recorder.stderr:   # "File: ..." once it captures
                if line.startswith("File:"):
                    break
        server = self.inside_of(self.b, sys.executable, "-c", SERVER)
        for _ in range(100):
            listening = subprocess.run(["ip", "netns", "exec", self.b, "ss", "-Hltn"], capture_output=True, text=True,
                                       check=True)
            if ":5000" in listening.stdout:
                break
            time.sleep(0.1)
        client = self.inside_of(self.a, sys.executable, "-c", CLIENT if meanwhile is None else CHATTY_CLIENT)
        if meanwhile is None:
            self.assertEqual(client.wait(60), 0)
            self.assertEqual(server.wait(60), 0)
        else:
            meanwhile()
            for end in client, server:
                end.kill()
                end.wait(60)
        time.sleep(1.5)   # dumpcap writes what it has once a second
        for recorder in recorders:
            recorder.send_signal(signal.SIGINT)
            recorder.communicate(timeout=30)
        return files


def live_main():
    if os.geteuid() != 0:
        skip("namespaces need root")
    for tool in ("ip", "ss", "ethtool", "dumpcap"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    main()
