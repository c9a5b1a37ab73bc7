"""An AWS emulator on a free port of the loopback, empty, for as long as a `with` block. Standard library only."""

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request


class Emulator:
    def __init__(self, program, region="us-west-2"):
        self.program, self.region = str(program), region

    def __enter__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.folder = tempfile.TemporaryDirectory(prefix="bic-tui-emulator-")
        place = {"HOME": self.folder.name, "TMPDIR": self.folder.name}
        setting = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "MINISTACK_REGION": self.region}
        env = {**os.environ, **place, **setting, "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([self.program], cwd=self.folder.name, env=env, start_new_session=True, **quiet)
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=1).close()
                return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise SystemExit(f"{self.program} does not start")

    def __exit__(self, *_):
        # It has workers, and does not end by itself while a stack waits.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.folder.cleanup()
