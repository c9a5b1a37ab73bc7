#!/usr/bin/env python3
"""Start the real LiteLLM from the template's own container definition, against a
Bedrock on the loopback that this script plays.

    python3 -m venv V && V/bin/pip install 'litellm[proxy]==1.106.2' pyyaml
    V/bin/python tests/assets/litellm_check.py --bin V/bin

Only the port and the folder of the configuration differ from what ECS runs.
Exit status 1 if an answer is not the one that the console relies on.
"""

import argparse
import base64
import binascii
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import template  # noqa: E402

KEY = "A" * 40
GONE = "This model version has reached the end of its life."
FAULTS = {
    "deny": (403, "AccessDeniedException", "You don't have access to the model with the specified model ID."),
    "throttle": (429, "ThrottlingException", "Too many requests, please wait before trying again."),
    "invalid": (400, "ValidationException", "The provided model identifier is invalid."),
    "gone": (404, "ResourceNotFoundException", GONE),
    "down": (503, "ServiceUnavailableException", "Bedrock is unable to process your request."),
}


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", binascii.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([x * 16, y * 16, 128]) * 1 * 16 for y in range(16) for x in [y])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def frame(kind, body):
    """One message of an AWS event stream."""
    headers = b""
    for name, value in ((":message-type", "event"), (":event-type", kind), (":content-type", "application/json")):
        headers += bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    payload = json.dumps(body).encode()
    head = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    head += struct.pack(">I", binascii.crc32(head))
    message = head + headers + payload
    return message + struct.pack(">I", binascii.crc32(message))


class Bedrock(http.server.BaseHTTPRequestHandler):
    seen = []

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        Bedrock.seen.append((self.path, json.loads(text)))
        for word, (status, name, message) in FAULTS.items():
            if f"please {word}" in text:
                return self.answer(status, {"message": message}, x_amzn_ErrorType=name)
        if self.path.endswith("/invoke"):
            return self.answer(200, {"seeds": [1], "finish_reasons": [None], "images": [base64.b64encode(png()).decode()]})
        usage = {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}
        if self.path.endswith("/converse-stream"):
            events = [("messageStart", {"role": "assistant"})]
            events += [("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": t}}) for t in ("Hel", "lo")]
            events += [("contentBlockStop", {"contentBlockIndex": 0}), ("messageStop", {"stopReason": "end_turn"})]
            events += [("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})]
            return self.answer(200, b"".join(frame(k, b) for k, b in events), "application/vnd.amazon.eventstream")
        message = {"role": "assistant", "content": [{"text": "Hello"}]}
        return self.answer(200, {"output": {"message": message}, "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": 1}})


def container(folder, port, provisioned):
    """The command and the environment that ECS would start."""
    data = template.load()
    definition = data["Resources"]["LiteLLMTaskDefinition"]["Properties"]["ContainerDefinitions"][0]
    values = {k: str(v["Default"]) for k, v in data["Parameters"].items()}
    values.update({"AWS::Region": "us-west-2", "ProvisionedModelArn": provisioned})

    def text(value):
        if isinstance(value, dict) and "Ref" in value:
            return values[value["Ref"]]
        if isinstance(value, dict) and "Fn::If" in value:
            return text(value["Fn::If"][1 if provisioned else 2])
        if isinstance(value, dict) and "Fn::Sub" in value:
            body, more = value["Fn::Sub"] if isinstance(value["Fn::Sub"], list) else (value["Fn::Sub"], {})
            for name, part in {**values, **{k: text(v) for k, v in more.items()}}.items():
                body = body.replace("${%s}" % name, part)
            return body
        return value

    environment = {e["Name"]: text(e["Value"]) for e in definition["Environment"]}
    command = definition["Command"][0].replace("/tmp/", folder + "/").replace("--port 4000", f"--port {port}")
    command = command.replace("--host 0.0.0.0", "--host 127.0.0.1")
    return [*definition["EntryPoint"], command], environment


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, help="folder with the litellm command")
    parser.add_argument("--provisioned", action="store_true", help="with a ProvisionedModelArn")
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bedrock)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder, port = tempfile.mkdtemp(), free_port()
    arn = "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/abcdefghij12" if options.provisioned else ""
    command, environment = container(folder, port, arn)
    environment.update(
        PATH=os.path.abspath(options.bin) + os.pathsep + os.environ["PATH"],
        HOME=folder,
        LITELLM_MASTER_KEY=KEY,
        AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
        AWS_SECRET_ACCESS_KEY="secret",
        AWS_BEDROCK_RUNTIME_ENDPOINT=f"http://127.0.0.1:{server.server_address[1]}",
    )
    log = open(os.path.join(folder, "log"), "w+")
    started = time.time()
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    base, bad = f"http://127.0.0.1:{port}", []

    def call(path, body=None, key=KEY):
        request = urllib.request.Request(base + path, json.dumps(body).encode() if body else None)
        request.add_header("Content-Type", "application/json")
        if key:
            request.add_header("Authorization", "Bearer " + key)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def expect(name, good, shown=""):
        print(("ok   " if good else "FAIL ") + name, str(shown)[:200] if not good else "", flush=True)
        if not good:
            bad.append(name)

    try:
        while True:
            try:
                status, text = call("/health/liveliness", key=None)
                break
            except OSError:
                if process.poll() is not None or time.time() - started > 180:
                    log.seek(0)
                    print(log.read()[-3000:])
                    return 1
                time.sleep(0.5)
        expect(f"alive after {time.time() - started:.0f} s, without a key", status == 200, text)
        names = [m["id"] for m in json.loads(call("/v1/models")[1])["data"]]
        wanted = ["nova-canvas", "claude-sonnet"] + (["image-provisioned"] if arn else [])
        expect("models " + " ".join(wanted), sorted(names) == sorted(wanted), names)
        ask = {"model": "nova-canvas", "prompt": "a lighthouse", "n": 1, "size": "1024x1024", "response_format": "b64_json"}
        status, text = call("/v1/images/generations", ask)
        good = status == 200 and base64.b64decode(json.loads(text)["data"][0]["b64_json"])[:8] == b"\x89PNG\r\n\x1a\n"
        expect("image, asked for as Open WebUI asks", good, text)
        expect("image request", Bedrock.seen[-1] == ("/model/stability.stable-image-core-v1:1/invoke", {"prompt": "a lighthouse"}), Bedrock.seen[-1])
        if arn:
            status, text = call("/v1/images/generations", {**ask, "model": "image-provisioned"})
            path, body = Bedrock.seen[-1]
            good = "provisioned-model" in path and body.get("taskType") == "TEXT_IMAGE"
            expect("provisioned image request", good, Bedrock.seen[-1])
        chat = {"model": "claude-sonnet", "messages": [{"role": "user", "content": "hi"}]}
        status, text = call("/v1/chat/completions", chat)
        expect("chat", status == 200 and json.loads(text)["choices"][0]["message"]["content"] == "Hello", text)
        status, text = call("/v1/chat/completions", {**chat, "stream": True})
        parts = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
        said = "".join(p["choices"][0]["delta"].get("content") or "" for p in parts if p["choices"])
        expect("streamed chat", said == "Hello" and "data: [DONE]" in text, text)
        answers = {"deny": (403, "PermissionDeniedError"), "throttle": (429, "RateLimitError"), "invalid": (400, "BadRequestError"), "gone": (404, "NotFoundError"), "down": (503, "ServiceUnavailableError")}
        for word, (want, kind) in answers.items():
            status, text = call("/v1/images/generations", {**ask, "prompt": f"please {word}"})
            good = status == want and kind in text and FAULTS[word][2].split("'")[-1][:30] in text
            expect(f"{FAULTS[word][1]} is seen as {want} {kind}", good, f"{status} {text}")
        status, text = call("/v1/images/generations", ask)
        expect("the model answers again right after the errors", status == 200, text)
        status, text = call("/v1/images/generations", ask, key="wrong")
        expect(f"a wrong key is refused ({status})", status in (400, 401), text)
        expect("no key is refused", call("/v1/images/generations", ask, key=None)[0] in (401, 500))
        process.send_signal(signal.SIGTERM)
        expect("SIGTERM ends it", process.wait(30) is not None)
    finally:
        if process.poll() is None:
            process.kill()
        server.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
