"""The image mirror: the function that answers CloudFormation, and its build.

    python3 -m unittest discover -s tests/assets
"""

import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import types
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import template  # noqa: E402
import yaml  # noqa: E402

WANT = {"Project": "p-mirror", "WebUI": "v0.12.4", "LiteLLM": "v1.106.2", "Arch": "X86_64"}


class Builds:
    """A CodeBuild that answers with the given states, one after the other."""

    def __init__(self, *states, phases=(), refuse=None):
        self.states, self.phases, self.refuse, self.started = list(states), list(phases), refuse, []

    def build(self):
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"id": "p-mirror:1", "buildStatus": state, "phases": self.phases}

    def start_build(self, **given):
        if self.refuse:
            raise RuntimeError(self.refuse)
        self.started.append(given)
        return {"build": self.build()}

    def batch_get_builds(self, ids):
        assert ids == ["p-mirror:1"]
        return {"builds": [self.build()]}


class Context:
    def __init__(self, *left):
        self.left = list(left) or [900000]

    def get_remaining_time_in_millis(self):
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]


class Handler(unittest.TestCase):
    def run_handler(self, builds, request="Create", context=None, **more):
        code = template.block("ZipFile")
        self.assertLessEqual(len(code), 4096, "inline code is limited to 4096 characters")
        session = types.ModuleType("botocore.session")
        session.get_session = lambda: types.SimpleNamespace(create_client=lambda name: {"codebuild": builds}[name])
        botocore = types.ModuleType("botocore")
        botocore.session = session
        sent, slept = [], []
        with mock.patch.dict(sys.modules, {"botocore": botocore, "botocore.session": session}):
            space = {}
            exec(compile(code, "index.py", "exec"), space)
            space["time"] = types.SimpleNamespace(sleep=slept.append)
            event = {
                "RequestType": request,
                "StackId": "s",
                "RequestId": "r",
                "LogicalResourceId": "ImageMirror",
                "ResponseURL": "http://127.0.0.1/answer",
                "ResourceProperties": WANT,
                **more,
            }
            with mock.patch("urllib.request.urlopen", lambda q, timeout: sent.append(q)), mock.patch(
                "sys.stdout", io.StringIO()
            ):
                space["handler"](event, context or Context())
        self.assertEqual(len(sent), 1, "CloudFormation gets exactly one answer")
        self.assertEqual((sent[0].get_method(), sent[0].full_url), ("PUT", "http://127.0.0.1/answer"))
        self.slept = slept
        return json.loads(sent[0].data)

    def test_create_starts_one_build_and_waits(self):
        builds = Builds("IN_PROGRESS", "IN_PROGRESS", "SUCCEEDED")
        answer = self.run_handler(builds)
        self.assertEqual(answer["Status"], "SUCCESS")
        self.assertEqual(answer["PhysicalResourceId"], "image-mirror")
        self.assertEqual((answer["StackId"], answer["RequestId"], answer["LogicalResourceId"]), ("s", "r", "ImageMirror"))
        self.assertEqual(len(self.slept), 2)
        given = builds.started[0]
        self.assertEqual(given["projectName"], "p-mirror")
        names = {v["name"]: v["value"] for v in given["environmentVariablesOverride"]}
        self.assertEqual(names, {"WEBUI": "v0.12.4", "LITELLM": "v1.106.2", "ARCH": "X86_64"})

    def test_update_builds_again_under_the_same_id(self):
        builds = Builds("SUCCEEDED")
        answer = self.run_handler(builds, "Update", PhysicalResourceId="image-mirror")
        self.assertEqual((answer["Status"], answer["PhysicalResourceId"]), ("SUCCESS", "image-mirror"))
        self.assertEqual(len(builds.started), 1)

    def test_delete_builds_nothing(self):
        builds = Builds("SUCCEEDED")
        self.assertEqual(self.run_handler(builds, "Delete", PhysicalResourceId="x")["Status"], "SUCCESS")
        self.assertEqual(builds.started, [])

    def test_delete_after_a_create_that_never_answered(self):
        self.assertEqual(self.run_handler(Builds("SUCCEEDED"), "Delete")["Status"], "SUCCESS")

    def test_failed_build_says_why(self):
        phases = [{"contexts": [{"message": "manifest unknown"}]}, {}]
        answer = self.run_handler(Builds("IN_PROGRESS", "FAILED", phases=phases))
        self.assertEqual(answer["Status"], "FAILED")
        self.assertIn("manifest unknown", answer["Reason"])
        self.assertIn("p-mirror:1", answer["Reason"])

    def test_account_that_may_not_build(self):
        answer = self.run_handler(Builds("SUCCEEDED", refuse="Cannot have more than 0 builds in queue for the account"))
        self.assertEqual(answer["Status"], "FAILED")
        self.assertIn("0 builds in queue", answer["Reason"])

    def test_time_out_is_answered_before_the_function_dies(self):
        answer = self.run_handler(Builds("IN_PROGRESS"), context=Context(900000, 300000, 35000))
        self.assertEqual(answer["Status"], "FAILED")
        self.assertIn("still running", answer["Reason"])
        self.assertEqual(len(self.slept), 2)

    def test_long_reason_is_cut(self):
        self.assertLessEqual(len(self.run_handler(Builds("SUCCEEDED", refuse="x" * 9000))["Reason"]), 1000)


STUB = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$(basename "$0") $*" in
  "aws ecr get-login-password"*) echo token ;;
  "aws ecr describe-images"*) case " $PRESENT " in *" $4 "*) ;; *) exit 254 ;; esac ;;
  "docker login"*) cat > /dev/null ;;
esac
case "$(basename "$0") $*" in $BREAK) exit 7 ;; esac
"""


class Build(unittest.TestCase):
    def run_build(self, arch="X86_64", present="", broken="nothing"):
        spec = yaml.safe_load(template.block("BuildSpec"))
        self.assertEqual((spec["version"], spec["env"]["shell"]), (0.2, "bash"))
        with tempfile.TemporaryDirectory() as folder:
            for name in ("aws", "docker"):
                path = pathlib.Path(folder, name)
                path.write_text(STUB)
                path.chmod(0o755)
            calls = pathlib.Path(folder, "calls")
            calls.touch()
            environment = {
                "PATH": folder + os.pathsep + os.environ["PATH"],
                "CALLS": str(calls),
                "PRESENT": present,
                "BREAK": broken,
                "REGISTRY": "registry.example",
                "PROJECT": "chat",
                "WEBUI": "v0.12.4",
                "LITELLM": "v1.106.2",
                "ARCH": arch,
            }
            done = None
            for command in spec["phases"]["build"]["commands"]:
                done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True)
                if done.returncode:
                    break
            return done.returncode, calls.read_text().splitlines()

    def test_pulls_tags_and_pushes_both(self):
        code, calls = self.run_build()
        self.assertEqual(code, 0)
        self.assertTrue(calls[0].startswith(("aws ecr get-login-password", "docker login")))
        host = re.search(r'mirror "([^/]+)/', template.block("BuildSpec"))[1]
        webui, litellm = f"{host}/open-webui/open-webui:v0.12.4", f"{host}/berriai/litellm:v1.106.2"
        target = "registry.example/chat"
        self.assertEqual(
            [c for c in calls if c.startswith("docker") and "login" not in c],
            [
                f"docker pull --platform linux/amd64 {litellm}",
                f"docker tag {litellm} {target}/litellm:v1.106.2-X86_64",
                f"docker push {target}/litellm:v1.106.2-X86_64",
                f"docker pull --platform linux/amd64 {webui}",
                f"docker tag {webui} {target}/open-webui:v0.12.4-X86_64",
                f"docker push {target}/open-webui:v0.12.4-X86_64",
            ],
        )

    def test_arm(self):
        _, calls = self.run_build(arch="ARM64")
        self.assertEqual(sum("--platform linux/arm64" in c for c in calls), 2)
        self.assertTrue(any(c.endswith("/litellm:v1.106.2-ARM64") for c in calls))

    def test_what_is_there_is_not_pushed_again(self):
        code, calls = self.run_build(present="chat/litellm chat/open-webui")
        self.assertEqual(code, 0)
        self.assertFalse([c for c in calls if c.startswith(("docker pull", "docker push"))])

    def test_each_step_that_fails_fails_the_build(self):
        steps = (
            "aws ecr get-login-password*",
            "docker login*",
            "docker pull*litellm*",
            "docker tag*",
            "docker push*litellm*",
            "docker pull*open-webui*",
            "docker push*open-webui*",
        )
        for broken in steps:
            with self.subTest(broken):
                code, calls = self.run_build(broken=broken)
                self.assertNotEqual(code, 0)
                if "login" in broken:  # the two ends of the pipe start together
                    self.assertEqual(len(calls), 2)
                else:
                    self.assertTrue(calls[-1].startswith(broken.split("*")[0]), f"went on after {broken}: {calls[-1]}")

    def test_tag_is_the_one_that_the_tasks_ask_for(self):
        text = template.PATH.read_text()
        self.assertIn("/litellm:${LiteLLMVersion}-${CpuArchitecture}", text)
        self.assertIn("/open-webui:${OpenWebUIVersion}-${CpuArchitecture}", text)


if __name__ == "__main__":
    unittest.main()
