#!/usr/bin/env python3
"""Measure the log tail beside the tools that people use for it, on the same lines in the same run.

    cargo build --release && cargo bench --no-run
    benches/logs.py target/release/bic-tui [--write README.md]

Prints a table; with --write also puts it between the `log-figures` marks of that page. The lines come from an endpoint
on this machine that answers `FilterLogEvents` from bytes encoded before the run; what it takes to fetch them raw is in
the table. `aws` is needed, since all is measured against it; `lnav` and `awslogs` are left out where they are not
installed. `aws` and `lnav` are Debian packages, `awslogs` is one of PyPI.
The rows of the line store are those of `cargo bench --bench lines`. Linux, Python 3 and its standard library.
"""

import argparse
import bisect
import datetime
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from console import machine, write

EVENTS = 200_000
LINES = 1_000_000
PAGE = 10_000
PAGE_BYTES = 1_000_000
RUNS = 5
START = 1_790_000_000_000
STREAMS = ["litellm/litellm/0af3b1c277aa4f0e9c1d2b6f0a1e5d44", "openwebui/openwebui/7d1e4c0a11114222833394445555aaaa"]
GROUP = "/ecs/bedrock-image-chat"
HERE = pathlib.Path(__file__).resolve().parent


def message(number):
    """Lines like the application's, 225 bytes long."""
    if number % 50 == 0:
        head = "08:15:30 - LiteLLM Proxy:ERROR: router.py:9 - no deployment - litellm_call_id=7d1e4c0a-1111-4222-8333-9444"
    elif number % 2:
        head = "2027-02-03 08:15:30.118 | INFO     | open_webui.routers.images:image:5 - generated"
    else:
        head = 'INFO:     10.0.1.9:40112 - "POST /v1/images/generations HTTP/1.1" 200 OK'
    return f"{head} #{number} {'words and numbers 12345 ' * 10}"[:225]


class Endpoint:
    """Answers `FilterLogEvents` by window and token. Each event was encoded before the run."""

    def __init__(self, count):
        self.times = [START + number * 3 for number in range(count)]
        self.events = []
        for number, at in enumerate(self.times):
            event = {"logStreamName": STREAMS[number % 2], "timestamp": at, "message": message(number)}
            event |= {"ingestionTime": at + 400, "eventId": f"37{number:054}"}
            self.events.append(json.dumps(event, separators=(",", ":")).encode())
        # As many as AWS puts on a page: 10,000, or a megabyte of messages and what AWS counts beside each.
        self.page = min(PAGE, PAGE_BYTES // (225 + 26))
        self.pages = {first: self.body(first, first + self.page) for first in range(0, count, self.page)}
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def body(self, first, end):
        return b",".join(self.events[first:end])

    def serve(self):
        while True:
            client, _ = self.socket.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.talk, args=(client,), daemon=True).start()

    def talk(self, client):
        stream = client.makefile("rb")
        with client:
            while line := stream.readline():
                length = 0
                while (header := stream.readline().strip().lower()):
                    if header.startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                parts = self.answer(json.loads(stream.read(length) or b"{}"))
                head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nx-amzn-RequestId: r\r\n"
                head += f"Content-Length: {sum(map(len, parts))}\r\n\r\n"
                client.sendall(head.encode())
                for part in parts:
                    client.sendall(part)

    def answer(self, asked):
        last = bisect.bisect_right(self.times, asked.get("endTime", 1 << 62))
        if token := asked.get("nextToken"):
            first = int(token)
        else:
            first = bisect.bisect_left(self.times, asked.get("startTime", 0))
        end = min(first + self.page, last)
        is_whole = end - first == min(self.page, len(self.times) - first) and first in self.pages
        events = self.pages[first] if is_whole else self.body(first, end)
        token = b',"nextToken":"%d"' % end if end < last else b""
        return [b'{"events":[', events, b"]", token, b',"searchedLogStreams":[]}']


def environment(home, url):
    """Nothing of the user's."""
    return {
        "HOME": home,
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ENDPOINT_URL": url,
    }


# The kernel counts what a process held before it became another program, so a small one does the starting.
LAUNCH = """
import os, subprocess, sys, time
begun = time.perf_counter()
with open(sys.argv[1], "wb") as sink:
    child = subprocess.Popen(sys.argv[2:], stdout=sink)
    _, status, usage = os.wait4(child.pid, 0)
print(time.perf_counter() - begun, usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status))
"""


def run(command, env, out):
    """Seconds of wall time, and the most resident bytes."""
    done = subprocess.run([sys.executable, "-S", "-c", LAUNCH, out, *command], env=env, capture_output=True, text=True)
    took, used, status = done.stdout.split()
    if status != "0":
        sys.exit(f"{command[0]} ended with {status}: {done.stderr[-400:]}")
    return float(took), int(used)


def raw(endpoint):
    """Seconds to fetch all pages and throw them away."""
    host = endpoint.url.removeprefix("http://")
    begun = time.perf_counter()
    connection = http.client.HTTPConnection(host)
    asked, got = {"logGroupName": GROUP}, 0
    while True:
        connection.request("POST", "/", json.dumps(asked))
        body = connection.getresponse().read()
        got += len(body)
        token = re.search(rb'"nextToken":"(\d+)"', body[-80:])
        if not token:
            return time.perf_counter() - begun
        asked["nextToken"] = token[1].decode()


def fetching(binary, aws, home):
    """(what, seconds, bytes, lines) of each tool that fetches the same events."""
    endpoint = Endpoint(EVENTS)
    env = environment(home, endpoint.url)
    since = datetime.datetime.fromtimestamp(START / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    until = datetime.datetime.fromtimestamp(START / 1000 + EVENTS, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    ours = [binary, "logs", "--endpoint-url", endpoint.url, "--since", since, "--until", until]
    tools = {
        "`bic-tui logs`": ours,
        "`bic-tui logs --output json`": [*ours, "--output", "json"],
        "`bic-tui logs --grep ID`": [*ours, "--grep", "#199999 "],
    }
    # The Debian package knows no endpoint of the environment.
    tools["`aws logs tail`"] = [aws, "logs", "tail", GROUP, "--since", since, "--endpoint-url", endpoint.url]
    if awslogs := tool("awslogs"):
        tools["`awslogs get`"] = [awslogs, "get", GROUP, "ALL", "--start", since, "--aws-endpoint-url", endpoint.url]
    yield "the endpoint alone, raw", statistics.median(raw(endpoint) for _ in range(RUNS)), 0, EVENTS
    for what, command in tools.items():
        out = pathlib.Path(home) / "out"
        samples = [run(command, env, out) for _ in range(RUNS if what.startswith("`bic-tui") else 2)]
        with open(out, "rb") as lines:
            count = sum(1 for _ in lines)
        yield what, statistics.median(took for took, _ in samples), max(used for _, used in samples), count


def tools_named(name):
    """The programs of a name: beside this script's Python, those of Debian, those of the path."""
    folders = [pathlib.Path(sys.executable).parent, "/usr/bin", *os.environ["PATH"].split(os.pathsep)]
    found = (shutil.which(name, path=folder) for folder in map(str, folders))
    return list(dict.fromkeys(filter(None, found)))


def tool(name):
    """The first of them."""
    return next(iter(tools_named(name)), None)


def usable_aws(home):
    """The first AWS CLI that tails log groups, and its version. A shim of a version manager is none where that has none."""
    env = environment(home, "http://127.0.0.1:9")
    tried = []
    for path in tools_named("aws"):
        told = quietly([path, "--version"], env)
        version = re.match(r"aws-cli/(\S+)", told.stdout)
        if not version:
            tried.append(f"{path} does not start")
        elif not re.search(r"^tail\b", quietly([path, "logs", "help-of-no-such-command"], env).stderr, re.M):
            tried.append(f"{path}, version {version[1]}, has no `logs tail`")
        else:
            return path, version[1]
    sys.exit(f"benches/logs.py: no usable `aws` (version 2): {'; '.join(tried) or 'none is installed'}.")


def quietly(command, env):
    return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)


def searching(home):
    """Seconds of other tools to look through the million lines of the store's own benchmark."""
    page = pathlib.Path(home) / "lines.log"
    with open(page, "w") as lines:
        for number in range(LINES):
            at = datetime.datetime.fromtimestamp((START + number) / 1000, datetime.timezone.utc)
            lines.write(f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z {message(number)}\n")
    env = environment(home, "")
    for pattern, what in [("payload", "literal"), ("no .*id=[a-f0-9]+", "regex")]:
        for name, command in {
            "grep": ["grep", "-cE", pattern, page],
            "lnav": ["lnav", "-n", "-c", f":filter-in {pattern}", page],
        }.items():
            if tool(name):
                took = min(timed([tool(name), *map(str, command[1:])], env) for _ in range(3))
                yield f"`{name}`, {what}", took


def timed(command, env):
    begun = time.perf_counter()
    # Not to /dev/null: there grep stops at the first match.
    subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - begun


def store():
    """Rows of `cargo bench --bench lines`: name and median seconds; and what memory it says."""
    done = subprocess.run(
        ["cargo", "bench", "--bench", "lines"], cwd=HERE.parent, capture_output=True, text=True, check=True
    ).stdout
    units = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1}
    rows = {}
    for name, low, unit in re.findall(r"^(\S[^\n]*?)\s+time:\s+\[[\d.]+ \S+ ([\d.]+) (\S+)", done, re.M):
        rows[name] = float(low) * units[unit]
    told = re.search(r"a million lines: (\d+) bytes of text, (\d+) bytes held; a frame: p50 \d+ µs, p99 (\d+) µs", done)
    key = re.search(r"a key and its frame as 10,000 lines come: p50 \d+ µs, p99 (\d+) µs", done)
    new = re.search(r"detached, a million new: p50 \d+ µs, p99 (\d+) µs", done)
    storm = re.search(r"a million errors: ([\d.]+) M lines/s.*\n50 errors more and a frame meanwhile: p50 \d+ µs, p99 (\d+) µs", done)
    return rows, *map(int, told.groups()), int(key[1]), int(new[1]), (float(storm[1]), int(storm[2]))


def of_store():
    """(what, measured, target, number, limit) of the line store."""
    rows, text, held, p99, key, new, (errors, storm) = store()
    yield "a frame 200×60 of 1,000,000 lines, following, p99", f"{p99 / 1000:.2f} ms", "≤ 2 ms", p99 / 1000, 2
    yield "a key and its frame, a page of 10,000 lines coming first, p99", f"{key / 1000:.1f} ms", "≤ 16 ms", key / 1000, 16
    yield "a frame for who reads above 1,000,000 new lines, p99", f"{new / 1000:.2f} ms", "≤ 2 ms", new / 1000, 2
    append = 10_000 / rows["append/a page of 10,000 lines"]
    yield "append", f"{append / 1e6:.2f} million lines/s", "≥ 1 million", -append, -1e6
    yield "append of errors, sorted by shape meanwhile", f"{errors:.2f} million lines/s", "≥ 1 million", -errors, -1
    yield "a frame while a million errors are sorted, p99", f"{storm / 1000:.2f} ms", "≤ 2 ms", storm / 1000, 2
    beside = (held - 1.5 * text) / LINES
    yield "memory", f"{held / 1e6:.0f} MB for {text / 1e6:.0f} MB of text", "≤ 1.5 × text + 48 B a line", beside, 48
    for pattern, what, limit in [
        ("litellm_call_id=7d1e", "a literal that 2 % have", 60),
        ("payload", "a literal that none has", 60),
        (r"no .*id=[a-f0-9]+", "a regex that 2 % match", 250),
        (r"#\d*777 ", "a regex that 0.1 % match", 250),
        ("!numbers", "all without a word that each has", 250),
    ]:
        took = rows[f"filter by {pattern.strip()}"] * 1000
        yield f"filter: {what}, `{pattern.strip()}`", f"{took:.0f} ms", f"≤ {limit} ms", took, limit


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--no-store", action="store_true", help="leave the rows of the line store out")
    parser.add_argument("--write", metavar="PAGE", help="page with the log-figures marks")
    options = parser.parse_args()
    binary = str(pathlib.Path(options.binary).resolve())
    lines = []

    def say(line):
        lines.append(line)
        print(line, file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="bic-tui-bench-") as home:
        aws_path, version = usable_aws(home)
        say(f"| {EVENTS:,} events from a local endpoint | wall | against `aws logs tail` | memory | lines printed |")
        say("| --- | --- | --- | --- | --- |")
        rows = list(fetching(binary, aws_path, home))
        aws = next(took for what, took, *_ in rows if what == "`aws logs tail`")
        for what, took, used, count in rows:
            say(f"| {what} | {took:.2f} s | {aws / took:.1f} × | {f'{used / 1e6:.0f} MB' if used else ''} | {count:,} |")
        if not options.no_store:
            say("\n| 1,000,000 lines held, 225 MB | measured | target | |")
            say("| --- | --- | --- | --- |")
            for what, measured, target, number, limit in of_store():
                say(f"| {what} | {measured} | {target} | {'' if number <= limit else '**missed**'} |")
            for what, took in searching(home):
                say(f"| {what}, the same lines in a file | {took * 1000:.0f} ms | | |")
    arguments = "target/release/bic-tui"
    say(f"\n{datetime.date.today()}, {machine()}; `aws` {version} is {aws_path}; `benches/logs.py {arguments}`.\n")
    text = "\n".join(lines)
    if options.write:
        write(options.write, text, "log-figures")


if __name__ == "__main__":
    main()
