#!/usr/bin/env python3
"""Measure the whole program, beside what it has to reach.

    cargo build --release
    benches/console.py target/release/bic-tui [--venv target/venv] [--write README.md]

Prints a table; with --write also puts it between the `figures` marks of that page. The venv is the one that
tests/run makes: its emulator is the endpoint on which calls are counted and `status` is timed. Without a venv
those rows are left out. Linux, Python 3 and its standard library. Takes eight minutes.
"""

import argparse
import collections
import datetime
import fcntl
import http.client
import http.server
import os
import pathlib
import platform
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "assets"))
from emulator import Emulator  # noqa: E402

SIZE = (120, 40)
RUNS = 20
STACK = "bedrock-image-chat"
REGION = "us-west-2"
# The last word of the last line: what is drawn after it belongs to the next frame.
END_OF_FRAME = b" help"


class Tty:
    """The program in a terminal that answers as a dark one."""

    def __init__(self, binary, args, home, env=None):
        self.master, slave = os.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        path = os.ttyname(slave)
        self.out = bytearray()
        self.begun = time.perf_counter()
        self.pid = os.posix_spawn(
            binary,
            [binary, *args],
            environment(home, env),
            # Opened as the leader of a session, it is the terminal that controls it.
            file_actions=[(os.POSIX_SPAWN_OPEN, fd, path, os.O_RDWR, 0) for fd in range(3)],
            setsid=True,
            setsigdef=[signal.SIGINT, signal.SIGPIPE],
        )
        os.close(slave)

    def read(self, until):
        """Takes what comes until `until()` or a time of the clock; true when it was `until()`."""
        is_done = until if callable(until) else lambda: False
        last = time.perf_counter() + 30 if callable(until) else until
        while not is_done():
            left = last - time.perf_counter()
            if left <= 0:
                return False
            if select.select([self.master], [], [], left)[0]:
                try:
                    got = os.read(self.master, 1 << 16)
                except OSError:
                    return is_done()
                self.out += got
                if b"\x1b]11;?" in got:
                    os.write(self.master, b"\x1b]11;rgb:1010/1212/1818\x1b\\")
                if b"\x1b[c" in got:
                    os.write(self.master, b"\x1b[?62;22c")
        return True

    def sleep(self, seconds):
        self.read(time.perf_counter() + seconds)

    def shows(self, text):
        if not self.read(lambda: text in self.out):
            sys.exit(f"{text} was never shown; the last bytes: {bytes(self.out[-400:])}")

    def type(self, keys):
        os.write(self.master, keys)

    def draws(self):
        """Frames so far: each ends with the end of a synchronized update, or with the cursor being hidden."""
        return self.out.count(b"\x1b[?2026l") or self.out.count(b"\x1b[?25l")

    def cpu(self):
        """Seconds of processor time so far."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Resident bytes."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.master)


def environment(home, more=None):
    """Nothing of the user's."""
    base = {"HOME": home, "TERM": "xterm-256color", "LANG": "C.UTF-8", "TZ": "UTC", "AWS_EC2_METADATA_DISABLED": "true"}
    keys = {"AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "none", "AWS_REGION": REGION}
    return {**base, **keys, **(more or {})}


class Counter(http.server.BaseHTTPRequestHandler):
    """Passes each request on to the endpoint, and counts it by its operation."""

    protocol_version = "HTTP/1.1"
    endpoint = None
    calls = collections.Counter()

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        action = re.search(rb"(?:^|&)Action=(\w+)", body)
        name = self.headers.get("X-Amz-Target", "").split(".")[-1] or (action[1].decode() if action else self.path)
        self.calls[name] += 1
        upstream = http.client.HTTPConnection(self.endpoint, timeout=60)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            data = answer.read()
        except OSError as error:
            return self.send_error(502, str(error))
        finally:
            upstream.close()
        self.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = pass_on

    def log_message(self, *_):
        pass


class Account(Emulator):
    """The emulator, and what a script may do in it."""

    def cloudformation(self, action, **fields):
        """One request that nobody counts."""
        scope = f"Credential=123456789012/20260101/{REGION}/cloudformation/aws4_request"
        request = urllib.request.Request(
            self.url,
            urllib.parse.urlencode({"Action": action, "Version": "2010-05-15", **fields}).encode(),
            {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.read().decode()

    def begin_update(self):
        """Puts the stack into an update that waits for a signal which never comes."""
        found = self.cloudformation("GetTemplate", StackName=STACK)
        template = found.split("<TemplateBody>")[1].split("</TemplateBody>")[0]
        for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")):
            template = template.replace(entity, char)
        gate = "\nResources:\n  GateHandle: {Type: AWS::CloudFormation::WaitConditionHandle}\n"
        gate += "  Gate: {Type: AWS::CloudFormation::WaitCondition, Properties: {Handle: !Ref GateHandle, Timeout: 3600}}\n"
        names = re.findall(r"<ParameterKey>(\w+)<", self.cloudformation("DescribeStacks", StackName=STACK))
        kept = {}
        for number, name in enumerate(names, 1):
            kept[f"Parameters.member.{number}.ParameterKey"] = name
            kept[f"Parameters.member.{number}.UsePreviousValue"] = "true"
        self.cloudformation(
            "UpdateStack",
            StackName=STACK,
            TemplateBody=template.replace("\nResources:\n", gate, 1),
            **{"Capabilities.member.1": "CAPABILITY_NAMED_IAM"},
            **kept,
        )
        status = re.search(r"<StackStatus>(\w+)<", self.cloudformation("DescribeStacks", StackName=STACK))[1]
        if status != "UPDATE_IN_PROGRESS":
            sys.exit(f"the update does not wait: {status}")


def milliseconds(samples):
    return f"{statistics.median(samples) * 1000:.0f} ms (slowest {max(samples) * 1000:.0f})"


def first_frame(binary, home):
    samples = []
    for _ in range(RUNS):
        tty = Tty(binary, ["--demo"], home)
        tty.shows(END_OF_FRAME)
        samples.append(time.perf_counter() - tty.begun)
        tty.end()
    return samples


def idle(tty, seconds):
    """Percent of a core and draws a second."""
    cpu, draws, begun = tty.cpu(), tty.draws(), time.perf_counter()
    tty.sleep(seconds)
    passed = time.perf_counter() - begun
    return 100 * (tty.cpu() - cpu) / passed, (tty.draws() - draws) / passed


def answers(tty):
    """From a key to the frame that answers it. What comes by itself at that moment may be taken for it: look at the slowest."""
    samples = []
    for number in range(2 * RUNS):
        tty.sleep(0.31)
        draws, begun = tty.draws(), time.perf_counter()
        tty.type(b"jk"[number % 2 :][:1])
        tty.read(lambda: tty.draws() > draws)
        samples.append(time.perf_counter() - begun)
    return samples


def calls(tty, seconds):
    """Calls a minute, and of what."""
    before = Counter.calls.copy()
    begun = time.perf_counter()
    tty.sleep(seconds)
    passed = time.perf_counter() - begun
    made = Counter.calls - before
    each = ", ".join(f"{name} {count * 60 / passed:.1f}" for name, count in made.most_common())
    print(f"  {sum(made.values())} calls in {passed:.0f} s; a minute: {each}", file=sys.stderr)
    return sum(made.values()) * 60 / passed


def run(binary, args, home):
    """Wall time of a subcommand that has to do well."""
    begun = time.perf_counter()
    done = subprocess.run([binary, *args], env=environment(home), capture_output=True, text=True)
    took = time.perf_counter() - begun
    if done.returncode != 0:
        sys.exit(f"{' '.join(args)} ended with {done.returncode}: {done.stderr}")
    return took


def alone(binary, home, options):
    """What needs no endpoint: (what, measured, number, target)."""
    yield "exec → first frame, `--demo`", *timed(first_frame(binary, home), 25)
    tty = Tty(binary, ["--demo=running", "--speed", "1"], home)
    tty.shows(END_OF_FRAME)
    tty.sleep(10)
    cpu, draws = idle(tty, options.idle)
    yield f"idle for {options.idle} s, demo at `--speed 1`: CPU", f"{cpu:.2f} % of a core", cpu, 0.5, "≤ 0.5 %"
    yield "the same: draws", f"{draws:.2f} a second", draws, 1.05, "≤ 1 a second"
    yield "a key → its frame, the same", *timed(answers(tty), 16)
    yield "memory after that", f"{tty.memory() / 1e6:.0f} MB", tty.memory() / 1e6, 60, "≤ 60 MB"
    tty.end()
    size = pathlib.Path(binary).stat().st_size / 1e6
    yield "binary, stripped", f"{size:.1f} MB", size, 40, "≤ 40 MB"


def timed(samples, target):
    return milliseconds(samples), statistics.median(samples) * 1000, target, f"≤ {target} ms"


def on_endpoint(binary, home, options, account):
    """What is asked of an endpoint that counts."""
    Counter.endpoint = account.url.removeprefix("http://")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    straight = ["--endpoint-url", account.url]
    # The emulator's Bedrock offers older models than the template names, and none that makes images.
    models = ["--override", "image-model", "--param", "ImageModelId=amazon.nova-pro-v1:0", "--param", "ChatModelId=us.anthropic.claude-3-5-sonnet-20241022-v2:0"]
    run(binary, ["deploy", "--yes", *models, *straight], home)
    run(binary, ["status", *straight], home)
    yield "`bic-tui status`, local endpoint", *timed([run(binary, ["status", *straight], home) for _ in range(RUNS)], 100)

    tty = Tty(binary, ["--endpoint-url", f"http://127.0.0.1:{server.server_port}"], home)
    tty.shows(b"openwebui")
    tty.sleep(10)
    cpu, draws = idle(tty, options.idle)
    yield f"idle for {options.idle} s, that endpoint: CPU", f"{cpu:.2f} % of a core", cpu, 0.5, "≤ 0.5 %"
    yield "the same: draws", f"{draws:.2f} a second", draws, 1.05, "≤ 1 a second"
    made = calls(tty, options.count)
    yield "AWS calls a minute, Overview", f"{made:.1f}", made, 20, "≤ 20"
    tty.type(b"4")
    tty.sleep(5)
    made = calls(tty, options.count)
    yield "AWS calls a minute, Logs following", f"{made:.1f}", made, 45, "≤ 45"
    account.begin_update()
    tty.type(b"1")
    tty.shows(b"UPDATE_IN_PROGRESS")
    tty.sleep(10)
    made = calls(tty, options.count)
    yield "AWS calls a minute, an update runs", f"{made:.1f}", made, 90, "≤ 90"
    tty.end()
    server.shutdown()


def machine():
    release = platform.freedesktop_os_release()
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    cpu = model[1] if model else platform.machine()
    return f"{os.cpu_count()} cores of {cpu}, {release['NAME'].split()[0]} {release.get('VERSION_ID', '')}".strip()


def write(page, text, marks="figures"):
    """Puts a text between the marks of a page."""
    page = pathlib.Path(page)
    begin, end = rf"(<!-- {marks}:begin[^>]*-->\n)", rf"(<!-- {marks}:end)"
    page.write_text(re.sub(rf"(?s){begin}.*?{end}", lambda m: m[1] + text + m[2], page.read_text()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--venv", help="folder of the Python environment that has the emulator")
    parser.add_argument("--idle", type=int, default=30, help="seconds of each idle measurement")
    parser.add_argument("--count", type=int, default=120, help="seconds of each count of calls")
    parser.add_argument("--write", metavar="PAGE", help="page with the figures marks")
    options = parser.parse_args()
    binary = str(pathlib.Path(options.binary).resolve())
    lines = ["| what | measured | target | |", "| --- | --- | --- | --- |"]

    def take(rows):
        for what, measured, number, limit, target in rows:
            lines.append(f"| {what} | {measured} | {target} | {'' if number <= limit else '**missed**'} |")
            print(lines[-1], file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="bic-tui-bench-") as home:
        take(alone(binary, home, options))
        if options.venv:
            with Account(pathlib.Path(options.venv).resolve() / "bin/ministack", REGION) as account:
                take(on_endpoint(binary, home, options, account))
    arguments = "target/release/bic-tui" + (" --venv target/venv" if options.venv else "")
    lines.append(f"\n{datetime.date.today()}, {machine()}; `benches/console.py {arguments}`.\n")
    text = "\n".join(lines)
    print(text)
    if options.write:
        write(options.write, text)


if __name__ == "__main__":
    main()
