#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tsaudit verify-offset on a live router between two namespaces, where a kernel segments what another sent in one piece:
super-segments inside, segments of the MTU outside, checksums left to the NIC."""
import json
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


class Live(CliTest):
    def ip(self, *arguments):
        subprocess.run(["ip", *arguments], check=True, timeout=20)

    def inside_of(self, namespace, *command, **options):
        process = subprocess.Popen(["ip", "netns", "exec", namespace, *command], stdout=subprocess.DEVNULL, text=True,
                                   **options)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def namespace(self, end):
        name = f"tsverify-{os.getpid()}-{end}"
        self.ip("netns", "add", name)
        self.addCleanup(subprocess.run, ["ip", "netns", "del", name], check=False)
        self.ip("-n", name, "link", "set", "lo", "up")
        return name

    def test_segmentation_offload(self):
        a, router, b = (self.namespace(end) for end in "arb")
        for number, (device, end) in enumerate((("inside", a), ("outside", b)), 1):
            self.ip("-n", router, "link", "add", device, "type", "veth", "peer", "name", "router", "netns", end)
            for namespace, name, host in ((end, "router", 1), (router, device, 2)):
                self.ip("-n", namespace, "addr", "add", f"10.78.{number}.{host}/24", "dev", name)
                self.ip("-n", namespace, "link", "set", name, "up")
            self.ip("-n", end, "route", "add", "default", "via", f"10.78.{number}.2")
        for command in (["sysctl", "-qw", "net.ipv4.ip_forward=1"],
                        ["ethtool", "-K", "outside", "tso", "off", "gso", "off", "gro", "off"]):
            subprocess.run(["ip", "netns", "exec", router, *command], check=True, stdout=subprocess.DEVNULL, timeout=20)

        captures = {device: self.path(device + ".pcapng") for device in ("inside", "outside")}
        recorders = [self.inside_of(router, "dumpcap", "-q", "-B", "64", "-i", device, "-w", path, stderr=subprocess.PIPE)
                     for device, path in captures.items()]
        for recorder in recorders:
            self.addCleanup(recorder.stderr.close)
            for line in recorder.stderr:   # "File: ..." once it captures
                if line.startswith("File:"):
                    break
        server = self.inside_of(b, sys.executable, "-c", SERVER)
        for _ in range(100):
            listening = subprocess.run(["ip", "netns", "exec", b, "ss", "-Hltn"], capture_output=True, text=True, check=True)
            if ":5000" in listening.stdout:
                break
            time.sleep(0.1)
        client = self.inside_of(a, sys.executable, "-c", CLIENT)
        self.assertEqual(client.wait(60), 0)
        self.assertEqual(server.wait(60), 0)
        time.sleep(1.5)   # dumpcap writes what it has once a second
        for recorder in recorders:
            recorder.send_signal(signal.SIGINT)
            recorder.communicate(timeout=30)

        process = run("verify-offset", "--inside", captures["inside"], "--outside", captures["outside"], "--format", "json")
        self.expect(OK, process)
        report = json.loads(process.stdout)
        connection, = report["connections"]
        from_client = connection["from_client"]
        self.assertGreater(from_client["regrouped"], 5)
        self.assertGreater(from_client["outside"], from_client["inside"])
        self.assertGreater(from_client["checksum_offloaded"], 5)
        self.assertEqual((report["totals"]["missing"], connection["findings"]), (0, []))
        self.assertTrue(connection["client_is_inside"])
        self.assertGreater(report["latency"]["outward"]["min_ns"], 0)


if __name__ == "__main__":
    if os.geteuid() != 0:
        skip("namespaces need root")
    for tool in ("ip", "ss", "ethtool", "dumpcap"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    main()
