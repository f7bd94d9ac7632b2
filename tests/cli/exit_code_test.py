#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every exit code, and what is said on stderr with it."""
import gzip
import lzma
import os
import resource
import signal
import subprocess
import time

from support import *


class Done(CliTest):
    def test_findings_are_no_failure_without_a_gate(self):
        self.assertIn("Timestamps stalled 1 of 1 flow", self.expect(OK, run("analyze", self.stalled())).stdout)

    def test_nothing_on_stderr(self):
        self.assertEqual(self.expect(OK, run("analyze", self.healthy())).stderr, "")

    def test_stdin(self):
        with open(self.healthy(), "rb") as file:
            self.assertIn("not the problem", self.expect(OK, run("analyze", "-", stdin=file)).stdout)


class Gate(CliTest):
    def test_error_fails_the_gate(self):
        process = self.expect(FINDINGS, run("analyze", "--fail-on", "error", self.stalled()))
        self.assertIn("tsaudit: gate: 3 findings of severity error or above\n", process.stderr)
        self.assertIn("Timestamps stalled", process.stdout)

    def test_quiet_gate_says_nothing(self):
        self.assertEqual(self.expect(FINDINGS, run("analyze", "-q", "--fail-on", "note", self.stalled())).stderr, "")

    def test_healthy_passes(self):
        self.expect(OK, run("analyze", "--fail-on", "error", self.healthy()))

    def test_nothing_seen_is_not_green(self):
        empty = self.write("empty.pcap", pcap([]))
        process = self.expect(FINDINGS, run("analyze", "--fail-on", "error", empty))
        self.assertIn("no flow with timestamps, but 1 wanted", process.stderr)
        self.expect(OK, run("analyze", "--fail-on", "error", "--min-flows", "0", empty))
        self.expect(OK, run("analyze", empty))

    def test_flows_without_timestamps_are_not_green(self):
        plain = self.write("plain.pcap", connection(timestamps=False))
        process = self.expect(FINDINGS, run("analyze", "--fail-on", "error", plain))
        self.assertIn("Inconclusive", process.stdout)

    def test_min_flows_is_a_gate_of_its_own(self):
        self.expect(FINDINGS, run("analyze", "--min-flows", "2", self.healthy()))
        self.expect(OK, run("analyze", "--min-flows", "1", self.stalled()))


class Usage(CliTest):
    def refused(self, *arguments):
        process = self.expect(USAGE, run(*arguments))
        self.assertEqual(process.stdout, "")
        self.assertTrue(process.stderr.startswith("tsaudit: "), process.stderr)
        self.assertRegex(process.stderr, r"\nTry 'tsaudit ([\w-]+ )?--help'\.\n$")
        return process.stderr

    def test_no_command(self):
        self.assertIn("no command given", self.refused())

    def test_unknown_command_suggests_the_nearest(self):
        self.assertIn("unknown command analyse; did you mean analyze?", self.refused("analyse", "x.pcap"))

    def test_capture_in_place_of_a_command(self):
        capture = self.healthy()
        self.assertIn(f"did you mean tsaudit analyze {capture}?", self.refused(capture))

    def test_unknown_option_suggests_the_nearest(self):
        self.assertIn("--recevier; did you mean --receiver?", self.refused("analyze", "--recevier", "x", "y.pcap"))
        self.assertIn("--fail_on; did you mean --fail-on?", self.refused("analyze", "--fail_on=error", "y.pcap"))
        self.assertNotIn("did you mean", self.refused("analyze", "--xyzzy", "y.pcap"))

    def test_no_capture(self):
        self.assertIn("no capture given", self.refused("analyze"))
        self.assertIn("no capture given", self.refused("segments", "--format", "csv"))

    def test_what_is_missing_is_named(self):
        self.assertIn("no BASELINE given", self.refused("compare"))
        self.assertIn("no CANDIDATE given", self.refused("compare", self.healthy()))
        self.assertIn("--outside is required", self.refused("verify-offset", "--inside", self.healthy()))
        self.assertIn("--inside is required", self.refused("verify-offset", "--outside", self.healthy()))

    def test_values_that_cannot_be(self):
        capture = self.healthy()
        for option, value, text in [
                ("--format", "xml", "'xml' is none of text, json, ndjson, csv"),
                ("--color", "green", "'green' is none of auto, always, never"),
                ("--fail-on", "fatal", "'fatal' is none of note, warning, error"),
                ("--fail-on", "none", "'none' is none of note, warning, error"),
                ("--profile", "lunix-6.12", "did you mean linux-6.12?"),
                ("--receiver", "10.0.0.2", "is not ADDR=PROFILE"),
                ("--receiver", "10.0.0.2=linux", "no receiver profile is called 'linux'"),
                ("--receiver", "nowhere=linux-6.12", "is not ADDR=PROFILE"),
                ("--cut", "0", "'0' is no whole number from 1 on"),
                ("--cut", "-1", "'-1' is no whole number from 1 on"),
                ("--max-flows", "1e3", "'1e3' is no whole number"),
                ("--max-flows", "99999999999999999999", "is no whole number"),
                ("--min-flows", "many", "'many' is no whole number from 0 on"),
                ("--json-out", "-", "--json-out wants a file")]:
            with self.subTest(option=option, value=value):
                stderr = self.refused("analyze", f"{option}={value}", capture)
                self.assertIn(option, stderr)
                self.assertIn(text, stderr)

    def test_durations_that_cannot_be(self):
        for value in ("abc", "nan", "inf", "0", "-1", "1e10", "1s", "0x10"):
            with self.subTest(value=value):
                self.assertEqual(self.refused("live", "-i", "lo", f"--duration={value}").splitlines()[0],
                                 f"tsaudit: --duration: '{value}' is no number of seconds above 0, up to 1000000000")

    def test_value_missing(self):
        self.assertIn("--format wants a value", self.refused("analyze", self.healthy(), "--format"))

    def test_two_reports_in_one_file(self):
        for other in ("x", "./x", os.path.abspath("x")):
            self.assertIn(f"--json-out and --csv-out name one file, {other}",
                          self.refused("analyze", "--json-out", "x", "--csv-out", other, self.healthy()))

    def test_filter_that_libpcap_rejects(self):
        process = self.expect(USAGE, run("analyze", "--filter", "tcp prt 3", self.healthy()))
        self.assertRegex(process.stderr, r"^tsaudit: .*tcp prt 3")

    def test_rule_that_is_not_there(self):
        self.assertIn("no rule 'TS01' (did you mean TS001?)", self.refused("explain", "TS01"))
        self.assertIn("did you mean paws-drop?", self.refused("explain", "paws-dorp"))

    def test_explain_what(self):
        self.assertIn("explain what?", self.refused("explain"))
        self.refused("explain", "--all", "TS001")
        self.refused("explain", "--format", "markdown", "TS001")

    def test_frame_that_is_not_there(self):
        process = self.expect(USAGE, run("explain", self.healthy(), "--frame", "100000"))
        self.assertIn("frame 100000 is no TCP segment", process.stderr)


class NothingMeant(CliTest):
    """Options that name what the capture does not have: one line, and no error."""

    def said(self, *arguments, code=OK):
        return self.expect(code, run(*arguments)).stderr

    def test_addresses(self):
        for option, value in (("--receiver", "=linux-5.10"), ("--captured-at", "")):
            for command in (["analyze"], ["check", "--fail-on", "error", "--min-flows", "0"], ["segments"],
                            ["explain", "--frame", "9"]):
                with self.subTest(option=option, command=command):
                    options = [*command, option, "10.0.0.1" + value, self.healthy()]
                    self.assertEqual(self.said(*options), "")
                    self.assertEqual(self.said(*options, option, "10.0.0.99" + value),
                                     f"tsaudit: {option} 10.0.0.99: no segment has this address\n")
                    self.assertEqual(self.said(*options, option, "10.0.0.99" + value, "-q"), "")

    def test_receivers_of_a_policy_may_be_elsewhere(self):
        policy = self.write("policy.toml", b'[receivers.address]\n"10.0.0.99" = "linux-5.10"\n')
        self.assertEqual(self.said("check", "--policy", policy, self.healthy()), "")

    def test_cuts(self):
        capture = self.healthy()
        self.assertEqual(self.said("analyze", "--cut", "40", capture), "")
        for frame in (1, 84, 10**18):
            self.assertEqual(self.said("analyze", "--cut", "40", "--cut", frame, capture),
                             f"tsaudit: --cut {frame}: no connection goes on with a new host at frame {frame}\n")

    def test_either_side_of_a_comparison_will_do(self):
        there = self.healthy()
        content = connection().replace(bytes((10, 0, 0, 1)), bytes((10, 0, 0, 7)))
        here = self.write("moved.pcap", content)
        options = ["compare", there, here, "--receiver", "10.0.0.1=linux-5.10", "--receiver", "10.0.0.7=linux-5.10"]
        self.assertEqual(self.said(*options), "")
        self.assertEqual(self.said(*options, "--captured-at", "10.0.0.99"),
                         "tsaudit: --captured-at 10.0.0.99: no segment has this address\n")

    def test_flows(self):
        self.assertEqual(self.said("segments", "--flow", "1", self.healthy()), "")
        self.assertEqual(self.said("segments", "--flow", "1", "--flow", "99", self.healthy()),
                         "tsaudit: --flow 99: there is no such flow (1 flow)\n")


class Input(CliTest):
    def unreadable(self, path):
        process = self.expect(INPUT, run("analyze", path))
        self.assertRegex(process.stderr, r"\Atsaudit: [^\n]+\n\Z")
        self.assertEqual(process.stdout, "")
        return process.stderr

    def test_absent(self):
        self.assertIn("No such file", self.unreadable(self.path("absent.pcap")))

    def test_directory(self):
        self.assertIn("directory", self.unreadable(self.folder).lower())

    def test_dev_null(self):
        self.assertIn("/dev/null", self.unreadable("/dev/null"))

    def test_three_bytes(self):
        self.assertIn("three", self.unreadable(self.write("three", b"\xd4\xc3\xb2")))

    def test_text(self):
        self.assertIn("text", self.unreadable(self.write("notes.txt", b"this is no capture\n" * 10)))

    def test_what_gzip_packed_is_read(self):
        self.expect(OK, run("analyze", self.write("capture.pcap.gz", gzip.compress(connection()))))

    def test_xz_says_how(self):
        stderr = self.unreadable(self.write("capture.pcap.xz", lzma.compress(connection())))
        self.assertIn("xzcat", stderr)

    def test_truncated_is_reported_and_so_is_what_came_before(self):
        cut = self.write("cut.pcap", connection(step=-4_000_000)[:-30])
        process = self.expect(INPUT, run("analyze", cut))
        self.assertRegex(process.stderr, r"\Atsaudit: [^\n]*cut\.pcap[^\n]+\n\Z")
        self.assertIn("Timestamps stalled 1 of 1 flow", process.stdout)
        self.assertIn("warning:", process.stdout)

    def test_truncated_is_allowed_on_request(self):
        cut = self.write("cut.pcap", connection()[:-30])
        self.assertEqual(self.expect(OK, run("analyze", "--allow-truncated", cut)).stderr, "")

    def test_corrupt_is_never_allowed(self):
        content = bytearray(connection())
        content[24 + 8:24 + 16] = b"\xff" * 8  # lengths of the first packet
        corrupt = self.write("corrupt.pcap", bytes(content))
        self.expect(INPUT, run("analyze", "--allow-truncated", corrupt))

    def test_unreadable_one_of_several(self):
        process = self.expect(INPUT, run("analyze", self.healthy(), self.path("absent.pcap")))
        self.assertIn("absent.pcap", process.stderr)

    def test_limit_outranks_the_gate(self):
        cut = self.write("cut.pcap", connection(step=-4_000_000)[:-30])
        self.expect(INPUT, run("analyze", "--fail-on", "error", cut))
        self.expect(FINDINGS, run("analyze", "--allow-truncated", "--fail-on", "error", cut))

    def test_other_commands_too(self):
        cut = self.write("cut.pcap", connection()[:-30])
        self.assertEqual(self.expect(INPUT, run("segments", cut)).stdout.count("\n"), 83)
        self.assertIn("verdict", self.expect(INPUT, run("explain", cut, "--frame", "5")).stdout)


class Internal(CliTest):
    def test_stdout_is_full(self):
        for arguments in (["analyze", self.healthy()], ["segments", self.healthy()], ["--help"], ["explain", "TS001"],
                          ["analyze", "--format", "json", self.healthy()]):
            with self.subTest(arguments=arguments), open("/dev/full", "w", encoding="ascii") as full:
                process = run(*arguments, capture_output=False, stdout=full, stderr=subprocess.PIPE)
                self.expect(INTERNAL, process)
                self.assertEqual(process.stderr, "tsaudit: standard output: No space left on device\n")

    def test_file_cannot_be_made(self):
        process = self.expect(INTERNAL, run("analyze", "--json-out", self.path("no/such/folder/x"), self.healthy()))
        self.assertRegex(process.stderr, r"\Atsaudit: .*/no/such/folder/x: No such file or directory\n\Z")

    def test_out_of_memory(self):
        """From too little to load the program to enough, at some limit it is the analysis that fails."""
        with open(TSAUDIT, "rb") as program:
            if b"__asan_init" in program.read():
                self.skipTest("AddressSanitizer needs more address space than any limit")
        seen = set()
        for megabytes in range(6, 40):
            limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
            process = run("analyze", self.stalled(), preexec_fn=limit)
            seen.add(process.returncode)
            if process.returncode == INTERNAL:
                self.assertEqual(process.stderr, "tsaudit: out of memory\n")
            elif process.returncode == -signal.SIGABRT:
                # So little that the C++ runtime was loaded without the reserve that it throws from.
                self.assertNotIn(OK, seen)
                self.assertNotIn(INTERNAL, seen)
                self.assertEqual(process.stderr, "terminate called without an active exception\n")
            else:
                self.assertIn(process.returncode, (OK, 127), process.stderr)  # 127: not loaded
        self.assertIn(INTERNAL, seen)


class Signals(CliTest):
    def start(self, *arguments, **options):
        return subprocess.Popen([TSAUDIT, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=False, **options)

    def wait_until_it_sleeps(self, process):
        """It has read what there was, and waits for more."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
                state = file.read().rsplit(")", 1)[1].split()[0]
            with open(f"/proc/{process.pid}/wchan", encoding="ascii") as file:
                where = file.read()
            if state == "S" and ("pipe" in where or where == "0"):
                return
            time.sleep(0.01)
        self.fail("it does not wait for input")

    def test_interrupt_reports_what_was_read(self):
        for form in ("text", "json"):
            with self.subTest(format=form):
                process = self.start("analyze", "--format", form, "-")
                process.stdin.write(connection(step=-4_000_000))
                process.stdin.flush()
                time.sleep(0.2)
                self.wait_until_it_sleeps(process)
                process.send_signal(signal.SIGINT)
                stdout, stderr = process.stdout.read(), process.stderr.read()  # its stdin is still open
                process.communicate(timeout=30)
                self.assertEqual(process.returncode, INTERRUPTED, stderr)
                self.assertIn(b"interrupted at frame 83" if form == "text" else b'"stopped_at_frame":83', stdout)
                self.assertIn(b"TS001", stdout)
                self.assertEqual(stderr, b"tsaudit: interrupted\n")

    def test_closed_pipe_ends_it_quietly(self):
        many = self.write("many.pcap", pcap([(i / 1000, segment(CLIENT, SERVER, i, 0, ACK, (i, 1))) for i in range(20000)]))
        process = self.start("segments", "--format", "ndjson", many)
        process.stdin.close()
        process.stdout.readline()
        process.stdout.close()
        stderr = process.stderr.read()
        process.stderr.close()
        self.assertEqual((process.wait(timeout=30), stderr), (-signal.SIGPIPE, b""))

    def test_file_is_complete_although_the_pipe_is_closed(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        result = self.path("result.json")
        process = run("analyze", "--json-out", result, self.healthy(), capture_output=False, stdout=write_end,
                      stderr=subprocess.PIPE)
        os.close(write_end)
        self.assertEqual((process.returncode, process.stderr), (-signal.SIGPIPE, ""))
        self.assertEqual(os.listdir(self.folder).count("result.json"), 1)

    def test_killed_it_leaves_no_temporary_file(self):
        process = self.start("analyze", "--json-out", self.path("result.json"), "-")
        process.stdin.write(connection())
        process.stdin.flush()
        time.sleep(0.2)
        self.wait_until_it_sleeps(process)
        self.assertEqual(len(os.listdir(self.folder)), 1)
        process.terminate()
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, -signal.SIGTERM)
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    main()
