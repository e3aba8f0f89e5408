"""The suite as one process, and grpcurl as its only client. No check lives here."""

import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
# tests/run puts it into .tools where the machine has none.
GRPCURL = shutil.which("grpcurl", path=f"{os.environ.get('PATH', '')}{os.pathsep}{TESTS / '.tools/bin'}")
DESCRIPTORS = TESTS.parent / "crates/contracts/src/generated/descriptors.bin"

AREAS = ("consent", "ingestion", "analytics", "graph", "gateway")

# grpcurl exits with 64 plus the code of gRPC.
CODES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
    "UNAUTHENTICATED",
)
OFFSET = 64

STARTED_WITHIN = 60
STOPPED_WITHIN = 30


class Reply:
    """What grpcurl printed for one call."""

    def __init__(self, done):
        self.stdout, self.stderr = done.stdout, done.stderr
        self.code = CODES[done.returncode - OFFSET] if done.returncode > OFFSET else "OK" if done.returncode == 0 else "grpcurl failed"
        self.messages = list(messages(done.stdout)) if self.code == "OK" else []
        self.status = next(messages(done.stderr), {}) if done.returncode > OFFSET else {}

    @property
    def message(self):
        """The only message of the answer."""
        return self.messages[0] if self.messages else {}

    def details(self, kind):
        """The details of `google.rpc.KIND`; grpcurl can read them because reflection describes them."""
        named = f"type.googleapis.com/google.rpc.{kind}"
        return [held for held in self.status.get("details", []) if held.get("@type") == named and "@value" not in held]

    @property
    def reason(self):
        """The reason of the ErrorInfo, in the suite's own domain."""
        infos = [info for info in self.details("ErrorInfo") if info.get("domain") == "rapport.dev"]
        return infos[0].get("reason") if len(infos) == 1 else None

    @property
    def fields(self):
        """The fields that BadRequest names."""
        return [violation.get("field", "") for bad in self.details("BadRequest") for violation in bad.get("fieldViolations", [])]

    def __str__(self):
        return f"code {self.code}\n{self.stdout}{self.stderr}"


def messages(text):
    """JSON values one after the other; what is no JSON ends them."""
    decoder, rest = json.JSONDecoder(), text.lstrip()
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except ValueError:
            return
        yield value
        rest = rest[end:].lstrip()


class Suite:
    """All areas in one process, or each in its own, on ports the system chose; their data lie in a folder that goes with them."""

    def __init__(self, binary, apart):
        self.folder = Path(tempfile.mkdtemp(prefix="rapport-"))
        self.lines = queue.Queue()
        self.addresses = {}
        self.processes = [self._serve(binary, areas) for areas in ([[area] for area in AREAS] if apart else [[]])]

    def _serve(self, binary, areas):
        settings = [f"listen.{area}=127.0.0.1:0" for area in AREAS] + [f"data_dir={self.folder / 'data'}"]
        command = [binary, "serve", *areas] + [part for setting in settings for part in ("--set", setting)]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
        with open(self.folder / "log", "a") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, env=inherited)
        threading.Thread(target=self._read, args=[process], daemon=True).start()
        return process

    def _read(self, process):
        for line in process.stdout:
            self.lines.put(line.split())
        self.lines.put(None)

    @property
    def log(self):
        """What the processes wrote to standard error."""
        return (self.folder / "log").read_text()

    def start(self):
        """Waits until every area has said where it listens and the gateway reaches all of them."""
        deadline = time.monotonic() + STARTED_WITHIN
        while len(self.addresses) < len(AREAS):
            try:
                line = self.lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise Broken(f"bound only {sorted(self.addresses)} within {STARTED_WITHIN} s") from None
            if line is None:
                raise Broken("a process ended before it served")
            if len(line) == 2 and line[0] in AREAS:
                self.addresses[line[0]] = line[1]
        self.until("the suite serves", lambda: all(self.health(area) == "SERVING" for area in AREAS), deadline - time.monotonic())

    def health(self, area, service=""):
        """What the health service of an area says of a service."""
        reply = self.call("grpc.health.v1.Health/Check", {"service": service}, area=area)
        return reply.message.get("status", reply.code)

    def until(self, what, holds, within=10.0):
        """Asks again and again until it holds."""
        deadline = time.monotonic() + within
        while not holds():
            if any(process.poll() is not None for process in self.processes):
                raise Broken(f"a process ended while waiting: {what}")
            if time.monotonic() > deadline:
                raise Broken(f"waited in vain: {what}")

    def grpcurl(self, *arguments, area="gateway", options=(), stdin=None):
        """Runs grpcurl against the public listener of an area."""
        command = [GRPCURL, "-plaintext", "-max-time", "30", *options, self.addresses[area], *arguments]
        return subprocess.run(command, input=stdin or "", capture_output=True, text=True, timeout=60, check=False)

    def call(self, method, *requests, area="gateway", options=()):
        """Calls a method with JSON, one request after the other where it takes a stream."""
        stdin = "\n".join(json.dumps(request) for request in requests)
        return Reply(self.grpcurl(method, area=area, options=("-format-error", "-d", "@", *options), stdin=stdin))

    def call_text(self, method, request):
        """Calls a method with protobuf's text format, which can say what JSON cannot."""
        return self.grpcurl(method, options=("-format", "text", "-d", "@"), stdin=request)

    def stop(self):
        """Asks every process to end, as a supervisor would, and answers how each ended."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        return [process.wait(STOPPED_WITHIN) for process in self.processes]

    def close(self):
        """Ends them whatever they do, and takes their data away."""
        for process in self.processes:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Broken(Exception):
    """The suite is not there to be asked."""
