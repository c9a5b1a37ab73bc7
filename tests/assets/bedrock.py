"""A Bedrock on the loopback, and programs that run before it. Standard library only."""

import base64
import binascii
import contextlib
import http.server
import json
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib

# A prompt with `please WORD` is answered with this: status, name and words of Bedrock's errors.
FAULTS = {
    "deny-role": (
        403,
        "AccessDeniedException",
        "User: arn:aws:sts::123456789012:assumed-role/chat-ECSTaskRole/1 is not authorized to perform: bedrock:InvokeModel on resource: "
        "arn:aws:bedrock:us-west-2::foundation-model/stability.stable-image-core-v1:1 because no identity-based policy allows the "
        "bedrock:InvokeModel action",
    ),
    "deny-account": (403, "AccessDeniedException", "You don't have access to the model with the specified model ID."),
    "distrust": (403, "UnrecognizedClientException", "The security token included in the request is invalid."),
    "throttle": (429, "ThrottlingException", "Too many requests, please wait before trying again."),
    "hurry": (429, "ModelNotReadyException", "Model is not ready for inference. Please wait and try again."),
    "mistype": (400, "ValidationException", "The provided model identifier is invalid."),
    "bypass": (
        400,
        "ValidationException",
        "Invocation of model ID anthropic.claude-sonnet-4-6 with on-demand throughput isn't supported. Retry your request with the ID or "
        "ARN of an inference profile that contains this model.",
    ),
    "offend": (
        400,
        "ValidationException",
        "This request has been blocked by our content filters. Our filters automatically flagged this prompt because it may conflict our "
        "AUP or AWS Responsible AI Policy. Please adjust your text prompt to submit a new request.",
    ),
    "retire": (
        404,
        "ResourceNotFoundException",
        "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in the last 15 days. "
        "Please upgrade to an active model on Amazon Bedrock",
    ),
    "expire": (
        404,
        "ResourceNotFoundException",
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
    ),
    "stall": (408, "ModelTimeoutException", "The model took too long to process the request."),
    "stumble": (424, "ModelErrorException", "The request failed due to an error while processing the model."),
    "crash": (500, "InternalServerException", "The system encountered an unexpected error during processing. Try your request again."),
    "close": (503, "ServiceUnavailableException", "Bedrock is unable to process your request."),
}
PNG = b"\x89PNG\r\n\x1a\n"


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", binascii.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([y * 16, y * 16, 128]) * 16 for y in range(16))
    return PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


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


def deltas(asked):
    """The blocks of a streamed answer. One that may use tools and is asked to draw calls the first tool."""
    tools = asked.get("toolConfig", {}).get("tools", [])
    draw = [t["toolSpec"]["name"] for t in tools if "generate_image" in t["toolSpec"]["name"]]
    last = json.dumps(asked["messages"][-1])
    if draw and "draw" in last and "toolResult" not in last:
        call = {"toolUse": {"toolUseId": "tool-1", "name": draw[0]}}
        yield "contentBlockStart", {"contentBlockIndex": 0, "start": call}
        yield "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": json.dumps({"prompt": "a lighthouse"})}}}
    else:
        for text in ("Hel", "lo"):
            yield "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}}


class _Handler(http.server.BaseHTTPRequestHandler):
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
        asked = json.loads(text)
        self.server.seen.append((self.path, asked))
        for word, (status, name, message) in FAULTS.items():
            if f"please {word}" in text:
                return self.answer(status, {"message": message}, x_amzn_ErrorType=name)
        if self.path.endswith("/invoke"):
            return self.answer(200, {"seeds": [1], "finish_reasons": [None], "images": [base64.b64encode(png()).decode()]})
        usage = {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}
        if self.path.endswith("/converse-stream"):
            blocks = list(deltas(asked))
            reason = "tool_use" if blocks[0][0] == "contentBlockStart" else "end_turn"
            events = [("messageStart", {"role": "assistant"}), *blocks]
            events += [("contentBlockStop", {"contentBlockIndex": 0}), ("messageStop", {"stopReason": reason})]
            events += [("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})]
            return self.answer(200, b"".join(frame(k, b) for k, b in events), "application/vnd.amazon.eventstream")
        message = {"role": "assistant", "content": [{"text": "Hello"}]}
        return self.answer(200, {"output": {"message": message}, "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": 1}})


@contextlib.contextmanager
def bedrock():
    """A server; its `seen` are the paths and bodies that it was asked."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.seen, server.url = [], f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Program:
    """A program that serves HTTP on the loopback, from its start to its SIGTERM."""

    def __init__(self, command, environment, port, health, patience=180):
        self.base = f"http://127.0.0.1:{port}"
        self.log = tempfile.TemporaryFile("w+")
        begun = time.monotonic()
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)
        while True:
            with contextlib.suppress(OSError):
                if self.call(health)[0] == 200:
                    break
            if self.process.poll() is not None or time.monotonic() - begun > patience:
                self.log.seek(0)
                said = self.log.read()[-3000:]
                self.stop()
                raise SystemExit(f"{command[0]} does not start: {said}")
            time.sleep(0.3)
        self.seconds = time.monotonic() - begun

    def call(self, path, body=None, key=None):
        """Status and text of an answer; a body is sent as JSON."""
        request = urllib.request.Request(self.base + path, None if body is None else json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        if key:
            request.add_header("Authorization", "Bearer " + key)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                data = reply.read()
                return reply.status, data if data.startswith(PNG) else data.decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def megabytes(self):
        """Resident memory."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))

    def stop(self):
        """Asks it to stop, as ECS does; whether it obeyed."""
        if self.process.poll() is not None:
            return False
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
            return True
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False


class Report:
    """One line for each thing that was seen, and the exit status."""

    def __init__(self):
        self.bad = 0

    def __call__(self, what, good, shown=""):
        print(("ok   " if good else "FAIL ") + what + ("" if good else f": {str(shown)[:400]}"), flush=True)
        self.bad += not good
