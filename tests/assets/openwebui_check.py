#!/usr/bin/env python3
"""Start the real Open WebUI and the real LiteLLM from the template's container definitions, before a Bedrock on the
loopback, and use them as a browser does. Run on purpose; the last result is in assets/docs/litellm.md.

    python3 -m venv L && L/bin/pip install -r tests/litellm.txt
    python3 -m venv W && W/bin/pip download --no-deps -d W open-webui==0.12.4
    unzip -j W/open_webui-*.whl '*/requirements-slim.txt' -d W
    W/bin/pip install -r W/requirements-slim.txt && W/bin/pip install --no-deps W/open_webui-*.whl
    L/bin/python tests/assets/openwebui_check.py --webui W/bin

Ports, folders and host names differ from what ECS runs, and so does USE_SLIM_DOCKER: the requirements are those of
the slim image, without local embeddings. Exit status 1 on any surprise.
"""

import argparse
import contextlib
import json
import os
import pathlib
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import template  # noqa: E402
from bedrock import PNG, Program, Report, bedrock, free_port  # noqa: E402
from litellm_check import KEY, litellm  # noqa: E402

EMAIL, PASSWORD = "admin@example.com", "B" * 24
SECRETS = {
    "${LiteLLMAPIKeySecret}:api_key::": KEY,
    "${OpenWebUIAdminSecret}:email::": EMAIL,
    "${OpenWebUIAdminSecret}:password::": PASSWORD,
    "${OpenWebUISecretKey}": "C" * 64,
}
OUTSIDE = "http://litellm.bedrock-image-chat.internal:4000"


@contextlib.contextmanager
def open_webui(program, litellm_url, folder):
    """Open WebUI, as the template has it, on the files of `folder`; ends with the block."""
    port = free_port()
    stack = template.Filled(known={"ALB.DNSName": f"127.0.0.1:{port}"})
    container = stack.container("OpenWebUITaskDefinition")
    given = stack.environment("OpenWebUITaskDefinition")
    environment = {name: value.replace(OUTSIDE, litellm_url) for name, value in given.items()}
    environment |= {s["Name"]: SECRETS[s["ValueFrom"]] for s in container["Secrets"]}
    environment |= {"DATA_DIR": f"{folder}/data", "HOME": folder, "PATH": os.environ["PATH"], "USE_SLIM_DOCKER": "true"}
    os.makedirs(environment["DATA_DIR"], exist_ok=True)
    server = Program([program, "serve", "--host", "127.0.0.1", "--port", str(port)], environment, port, "/health", 300)
    try:
        yield server
    finally:
        server.stop()


def sign_in(webui, password=PASSWORD):
    status, text = webui.call("/api/v1/auths/signin", {"email": EMAIL, "password": password})
    return status, json.loads(text)


def image(webui, token, prompt):
    status, text = webui.call("/api/v1/images/generations", {"prompt": prompt, "size": "1024x1024"}, token)
    return status, json.loads(text)


def first_start(webui, aws, expect):
    status, _ = sign_in(webui, "wrong")
    expect(f"a wrong password is refused ({status})", status == 400)
    status, text = webui.call("/api/v1/auths/signup", {"name": "x", "email": "x@example.com", "password": PASSWORD})
    expect(f"nobody can sign up ({status})", status == 403, text)
    status, user = sign_in(webui)
    expect("the administrator of the secret signs in", status == 200 and user.get("role") == "admin", user)
    token = user["token"]
    status, text = webui.call("/api/models", key=token)
    names = sorted(m["id"] for m in json.loads(text)["data"])
    expect("it offers " + " ".join(names), names == ["claude-sonnet", "nova-canvas"], names)
    status, made = image(webui, token, "a lighthouse")
    path = made[0]["url"] if status == 200 else None
    expect("an image is made", path is not None, made)
    expect("what Bedrock was sent for it", aws.seen[-1] == ("/model/stability.stable-image-core-v1:1/invoke", {"prompt": "a lighthouse"}), aws.seen[-1])
    expect("its file is a PNG", webui.call(path, key=token)[1].startswith(PNG))
    expect("without a token nobody gets it", webui.call(path)[0] in (401, 403))
    return token, path


def chats(webui, aws, token, expect):
    asked = {"model": "claude-sonnet", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    status, text = webui.call("/api/chat/completions", asked, token)
    parts = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    said = [p["choices"][0]["delta"].get("content") for p in parts if p.get("choices")]
    expect("a chat is streamed", status == 200 and [s for s in said if s] == ["Hel", "lo"] and "[DONE]" in text, text)
    expect("what Bedrock was sent for it", aws.seen[-1][0].endswith("/converse-stream"), aws.seen[-1][0])
    status, text = webui.call("/api/chat/completions", {**asked, "messages": [{"role": "user", "content": "please expire"}]}, token)
    expect(f"a chat says that its model is gone ({status})", "end of its life" in text, text)


def drawn_in_a_chat(webui, aws, token, expect):
    """An image in the way of the user interface: the chat model calls the tool that makes it."""
    begun = len(aws.seen)
    asked = {
        "model": "claude-sonnet",
        "stream": True,
        "messages": [{"role": "user", "content": "draw a lighthouse"}],
        "features": {"image_generation": True},
        "session_id": "session-1",
        "chat_id": "local:1",
        "id": "message-1",
    }
    status, text = webui.call("/api/chat/completions", asked, token)
    for _ in range(300):
        ways = [path.rsplit("/", 1)[1] for path, _ in aws.seen[begun:]]
        if len(ways) > 2:
            break
        time.sleep(0.1)
    result = json.dumps(aws.seen[-1][1]) if len(ways) > 2 else text
    good = status == 200 and ways[:3] == ["converse-stream", "invoke", "converse-stream"] and "toolResult" in result
    expect("an image is drawn in a chat, by the tool that the model calls", good, f"{status} {ways} {result}")


def failures(webui, token, expect):
    for word, want in (("deny-account", "Forbidden"), ("throttle", "Too Many Requests"), ("mistype", "Bad Request"), ("expire", "Not Found")):
        status, text = image(webui, token, f"please {word}")
        said = text.get("detail", "") if isinstance(text, dict) else text
        expect(f"{word}: {status} {said}", status == 400 and want in said, text)


def crowd(webui, token, expect):
    """Several images at once on SQLite with one connection."""
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(image(webui, token, "a lighthouse")[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect("eight images at once", answers == [200] * 8, answers)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--webui", required=True, help="folder with the open-webui command")
    options = parser.parse_args()
    program, expect = os.path.abspath(f"{options.webui}/open-webui"), Report()
    with bedrock() as aws, litellm(aws.url) as behind, tempfile.TemporaryDirectory() as folder:
        with open_webui(program, behind.base, folder) as webui:
            print(f"Open WebUI: {webui.seconds:.0f} s to its first start, {webui.megabytes()} MB")
            token, path = first_start(webui, aws, expect)
            chats(webui, aws, token, expect)
            drawn_in_a_chat(webui, aws, token, expect)
            failures(webui, token, expect)
            crowd(webui, token, expect)
            print(f"Open WebUI: {webui.megabytes()} MB after that")
            expect("SIGTERM ends it", webui.stop())
        with open_webui(program, behind.base, folder) as webui:
            print(f"Open WebUI: {webui.seconds:.0f} s to start again")
            expect("the token is still good, and the image still there", webui.call(path, key=token)[1].startswith(PNG))
            status, text = webui.call("/api/v1/auths/signup", {"name": "x", "email": "x@example.com", "password": PASSWORD})
            expect(f"nobody can sign up ({status})", status == 403, text)
    return 1 if expect.bad else 0


if __name__ == "__main__":
    sys.exit(main())
