#!/usr/bin/env python3
"""Start the real LiteLLM from the template's own container definition, against a Bedrock on the loopback.

    python3 -m venv V && V/bin/pip install -r tests/litellm.txt
    V/bin/python tests/assets/litellm_check.py [--record]

Only the port and the folder of the configuration differ from what ECS runs. The answers to Bedrock's errors must
be those of litellm-answers.json, from which the console's tests learn what it has to recognise; `--record` writes
that file. Exit status 1 if an answer is another one.
"""

import argparse
import base64
import contextlib
import json
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import template  # noqa: E402
from bedrock import FAULTS, PNG, Program, Report, bedrock, free_port  # noqa: E402

ANSWERS = HERE / "litellm-answers.json"
KEY = "A" * 40
PROVISIONED = "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/abcdefghij12"
IMAGE = {"model": "nova-canvas", "prompt": "a lighthouse", "n": 1, "size": "1024x1024", "response_format": "b64_json"}
CHAT = {"model": "claude-sonnet", "messages": [{"role": "user", "content": "hi"}]}


@contextlib.contextmanager
def litellm(bedrock_url, parameters=None):
    """LiteLLM, as the template has it; ends with the block."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        stack = template.Filled(parameters)
        container = stack.container("LiteLLMTaskDefinition")
        command = container["Command"][0].replace("/tmp/", folder + "/").replace("0.0.0.0 --port 4000", f"127.0.0.1 --port {port}")
        if str(port) not in command or folder not in command:
            raise SystemExit(f"the command of the container is another one: {command}")
        environment = {
            **stack.environment("LiteLLMTaskDefinition"),
            **{s["Name"]: KEY for s in container["Secrets"]},
            "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"],
            "HOME": folder,
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_BEDROCK_RUNTIME_ENDPOINT": bedrock_url,
        }
        program = Program([*container["EntryPoint"], command], environment, port, "/health/liveliness")
        try:
            yield program
        finally:
            program.stop()


def is_png(text):
    return base64.b64decode(json.loads(text)["data"][0]["b64_json"]).startswith(PNG)


def good_ways(program, aws, expect, parameters):
    names = [m["id"] for m in json.loads(program.call("/v1/models", key=KEY)[1])["data"]]
    wanted = ["nova-canvas", "claude-sonnet"] + (["image-provisioned"] if parameters else [])
    expect("models " + " ".join(wanted), sorted(names) == sorted(wanted), names)
    status, text = program.call("/v1/images/generations", IMAGE, KEY)
    expect("image, asked for as Open WebUI asks", status == 200 and is_png(text), text)
    sent = ("/model/stability.stable-image-core-v1:1/invoke", {"prompt": "a lighthouse"})
    expect("what Bedrock was sent for it", aws.seen[-1] == sent, aws.seen[-1])
    if parameters:
        status, text = program.call("/v1/images/generations", {**IMAGE, "model": "image-provisioned"}, KEY)
        path, body = aws.seen[-1]
        expect("image by provisioned throughput", status == 200 and is_png(text), text)
        expect("what Bedrock was sent for it", "provisioned-model" in path and body.get("taskType") == "TEXT_IMAGE", aws.seen[-1])
    status, text = program.call("/v1/chat/completions", CHAT, KEY)
    expect("chat", status == 200 and json.loads(text)["choices"][0]["message"]["content"] == "Hello", text)
    status, text = program.call("/v1/chat/completions", {**CHAT, "stream": True}, KEY)
    parts = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    said = [p["choices"][0]["delta"].get("content") for p in parts if p["choices"]]
    expect("streamed chat", [s for s in said if s] == ["Hel", "lo"] and "data: [DONE]" in text, text)
    sent = "/model/us.anthropic.claude-sonnet-4-6/converse-stream"
    expect("what Bedrock was sent for it", aws.seen[-1][0].replace("%3A", ":") == sent, aws.seen[-1][0])


def failures(program):
    """Name, status and body of each answer that is not well."""
    for word, (_, name, _) in FAULTS.items():
        yield f"{word}: {name}", program.call("/v1/images/generations", {**IMAGE, "prompt": f"please {word}"}, KEY)
    yield "unknown model", program.call("/v1/images/generations", {**IMAGE, "model": "titan-image"}, KEY)
    yield "wrong key", program.call("/v1/images/generations", IMAGE, "wrong")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", action="store_true", help="write the answers instead of comparing them")
    options = parser.parse_args()
    expect = Report()
    for parameters in ({}, {"ProvisionedModelArn": PROVISIONED}):
        with bedrock() as aws, litellm(aws.url, parameters) as program:
            print(f"LiteLLM {'with' if parameters else 'without'} throughput: {program.seconds:.0f} s to start, {program.megabytes()} MB")
            good_ways(program, aws, expect, parameters)
            if parameters:
                continue
            answers = {name: {"status": status, "body": json.loads(text)} for name, (status, text) in failures(program)}
            if options.record:
                ANSWERS.write_text(json.dumps(answers, indent=1) + "\n")
            recorded = json.loads(ANSWERS.read_text())
            expect("the same errors are known", list(answers) == list(recorded), list(answers))
            for name, answer in answers.items():
                expect(f"{name}, seen as {answer['status']}, is the answer on record", answer == recorded.get(name), answer)
            status, text = program.call("/v1/images/generations", IMAGE, KEY)
            expect("the model answers again right after the errors", status == 200, text)
            status, text = program.call("/v1/chat/completions", {**CHAT, "stream": True, "messages": [{"role": "user", "content": "please expire"}]}, KEY)
            expect("a streamed chat says so when its model is gone", status == 404 and "end of its life" in text, text)
            expect("no key is refused", program.call("/v1/images/generations", IMAGE)[0] in (401, 500))
            expect("SIGTERM ends it", program.stop())
    return 1 if expect.bad else 0


if __name__ == "__main__":
    sys.exit(main())
