# SPDX-License-Identifier: Apache-2.0
"""Emulated machines on one Ethernet of their own, and a shell in each.

The bridge and the taps live in a network namespace that this process has for itself, so nothing leaves it, and the
kernel removes all of it when the process ends, however it ends.
"""
import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
VM = os.path.join(HERE, "../vm")
AGENT_PORT = 7000
BOOT_SECONDS = 240  # on a machine that is busy with other tests


class Skip(Exception):
    """This machine cannot do it; says why."""


class Failure(Exception):
    """What was tried did not work."""


def into_own_network():
    """Runs this program again in a network namespace of its own, with a bridge in it."""
    if os.environ.get("TSAUDIT_CRIU_NETWORK") != str(os.getppid()):
        if os.geteuid() != 0:
            raise Skip("needs root")
        for tool in ("unshare", "ip", "qemu-system-x86_64"):
            if not shutil.which(tool):
                raise Skip(f"{tool} is not installed")
        if not os.path.exists("/dev/net/tun"):
            raise Skip("there is no /dev/net/tun")
        os.environ["TSAUDIT_CRIU_NETWORK"] = str(os.getppid())
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    for command in ("link set lo up", "link add bridge0 type bridge", "address add 10.9.0.254/24 dev bridge0",
                    "link set bridge0 up"):
        ip(command)


def ip(command):
    result = subprocess.run(["ip", *command.split()], capture_output=True, text=True, check=False)
    if result.returncode:
        raise Skip(f"ip {command}: {result.stderr.strip()}")


class Machine:
    """`boot` are arguments for tests/vm/boot."""

    def __init__(self, name, number, kernel, boot, logs):
        self.name, self.kernel = name, kernel
        self.mac = f"52:54:00:00:00:{number:02x}"
        self.address = f"10.9.0.{10 + number}"
        self.dmesg = os.path.join(logs, f"{name}.dmesg")
        self.log = os.path.join(logs, f"{name}.log")
        tap = f"tap{number}"
        ip(f"tuntap add {tap} mode tap")
        ip(f"link set {tap} master bridge0 up")
        qemu = (f"-netdev tap,id=n0,ifname={tap},script=no,downscript=no "
                f"-device virtio-net-pci,netdev=n0,mac={self.mac},romfile=")
        bus = [] if kernel == "newest" else ["--module", "virtio_pci"]  # built in
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(  # its own process group: see stop()
                [os.path.join(VM, "boot"), "--qemu", qemu, *bus, "--module", "virtio_net",
                 "--file", os.path.join(VM, "real-root") + ":/bin/real-root",
                 "--file", os.path.join(HERE, "guest") + ":/bin/guest", "--dmesg", self.dmesg, *boot, kernel,
                 "--", "/bin/sh", "/bin/real-root", "/bin/sh", "/bin/guest", self.address],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)

    def wait_until_up(self):
        end = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    text = log.read().strip()
                if self.process.returncode == 77:
                    raise Skip(text.removeprefix("SKIPPED: "))
                raise Failure(f"{self.name} did not start:\n{text}")
            try:
                return self.sh("true", timeout=2)
            except (OSError, Failure):
                time.sleep(0.2)
        raise Failure(f"{self.name} did not answer within {BOOT_SECONDS} s")

    def sh(self, script, timeout=60):
        """Runs the script there, returns what it printed; Failure if it failed."""
        # The shell reads from the connection, and a group whole before it runs any of it.
        request = f'(\nset -e\n{script}\n) </dev/null 2>&1\necho "@exit $?"; exit\n'
        with socket.create_connection((self.address, AGENT_PORT), timeout=timeout) as connection:
            connection.sendall(request.encode())
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
        output, mark, status = answer.decode(errors="replace").rpartition("@exit ")
        if not mark:
            raise Failure(f"{self.name}: no answer to: {script}\n{answer.decode(errors='replace')}")
        if int(status) != 0:
            raise Failure(f"{self.name}: exit code {int(status)} of: {script}\n{output}")
        return output

    def get(self, path):
        return base64.b64decode(self.sh(f"base64 {path}"))

    def put(self, path, content):
        self.sh(f"base64 -d >{path} <<'END'\n{base64.encodebytes(content).decode()}END")

    def counters(self):
        """The kernel's TcpExt counters."""
        lines = [line.split() for line in self.sh("cat /proc/net/netstat").splitlines() if line.startswith("TcpExt:")]
        return {name: int(value) for name, value in zip(lines[0][1:], lines[1][1:])}

    def uptime_ms(self):
        return int(float(self.sh("cat /proc/uptime").split()[0]) * 1000)

    def shut_down(self):
        """Failure if the kernel logged a warning."""
        self.sh("touch /tmp/stop")
        try:
            status = self.process.wait(timeout=30)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"{self.name} did not shut down") from error
        if status:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                raise Failure(f"{self.name} ended with exit code {status}:\n{log.read()[-4000:]}")

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)


class Meanwhile:
    """A script that runs in a machine while other things happen."""

    def __init__(self, machine, script, timeout=60):
        self.error = None
        self.thread = threading.Thread(target=self.run, args=(machine, script, timeout), daemon=True)
        self.thread.start()

    def run(self, machine, script, timeout):
        try:
            machine.sh(script, timeout)
        except (OSError, Failure) as error:
            self.error = error

    def wait(self):
        self.thread.join()
        if self.error:
            raise Failure(str(self.error))
