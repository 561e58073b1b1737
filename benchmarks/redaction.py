"""Measures the redactor: recall on a planted set, and what it finds in real repositories.

    python benchmarks/redaction.py REPOSITORY... [--each 200]

The planted set is made here from a fixed seed: `--each` secrets of every kind, in eight
surroundings that code and configuration put them in. Findings in repositories are listed by kind,
path and line, never with the secret, for a person to judge. Repositories are read from their
working trees.
"""

import argparse
import random
import string
import time
from collections import Counter
from pathlib import Path

from bathy.agent.index.repo import MAX_FILE_BYTES, locate, read_snapshot
from bathy.tools.decode import decode
from bathy.tools.redact import redact
from bathy.tools.workspace import Workspace, quote_path

SURROUNDINGS = (
    "{}", "key = '{}'\n", 'const key = "{}";\n', "- name: KEY\n  value: {}\n", "curl -H 'X-Key: {}' url\n",
    "<key>{}</key>\n", "# old: {} (revoked)\n", '{{"key": "{}"}}\n',
)  # fmt: skip


class Maker:
    """Makes secrets of every kind from one seed."""

    def __init__(self, seed: int) -> None:
        """Start from a seed; the same seed gives the same secrets."""
        self._random = random.Random(seed)

    def some(self, count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
        """Return random characters."""
        return "".join(self._random.choice(alphabet) for _ in range(count))

    def secrets(self) -> dict[str, tuple[str, str]]:
        """Return (surrounding-free text, the secret inside it) by kind, anew at each call."""
        hexadecimal, base32 = "0123456789abcdef", string.ascii_uppercase + "234567"
        base64 = string.ascii_letters + string.digits + "+/"
        plain = {
            "github": "gh" + self._random.choice("pousr") + "_" + self.some(36),
            "github fine-grained": "github" + "_pat_" + self.some(22) + "_" + self.some(59),
            "gitlab": "glp" + "at-" + self.some(20),
            "slack bot": f"xo{'xb'}-{self.some(12, string.digits)}-{self.some(24)}",
            "aws id": "AK" + "IA" + self.some(16, base32),
            "google": "AI" + "za" + self.some(35),
            "openai": "sk-" + "proj-" + self.some(64),
            "deepseek": "sk-" + self.some(32, hexadecimal),
            "anthropic": "sk-" + "ant-api03-" + self.some(93),
            "stripe": "sk_" + "live_" + self.some(24),
            "npm": "npm" + "_" + self.some(36),
            "pypi": "pypi-" + "AgEIcHlwaS5vcmc" + self.some(80),
            "hugging face": "hf" + "_" + self.some(34, string.ascii_letters),
            "sendgrid": "S" + "G." + self.some(22) + "." + self.some(43),
            "jwt": "ey" + "J" + self.some(34) + ".ey" + "J" + self.some(80) + "." + self.some(43),
        }
        found = {kind: (secret, secret) for kind, secret in plain.items()}
        password, aws, azure = self.some(20), self.some(40, base64), self.some(86, base64)
        body = "\n".join(self.some(64, base64) for _ in range(8))
        value = self.some(40)
        found |= {
            "connection string": (f"postgres://app:{password}@db.internal:5432/shop", password),
            "aws secret": (f"aws_secret_access_key = {aws}", aws),
            "azure": ("Account" + f"Key={azure}==", azure),
            "private key": (
                f"-----BEGIN RSA PRIVATE {'KEY'}-----\n{body}\n-----END RSA PRIVATE {'KEY'}-----",
                body.split("\n")[3],
            ),
            "assigned": (f"client_secret: '{value}'", value),
        }
        return found


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("repositories", nargs="*", type=Path)
    parser.add_argument("--each", type=int, default=200)
    args = parser.parse_args()
    maker, found, planted = Maker(20_261_123), Counter[str](), Counter[str]()
    for number in range(args.each):
        for kind, (text, secret) in maker.secrets().items():
            planted[kind] += 1
            surrounded = SURROUNDINGS[number % len(SURROUNDINGS)].format(text)
            found[kind] += secret not in redact(surrounded).text
    print("| planted | n | recall |\n|---|---|---|")
    for kind, count in planted.items():
        print(f"| {kind} | {count} | {100 * found[kind] / count:.1f} % |")
    print(f"| all | {planted.total()} | {100 * found.total() / planted.total():.1f} % |")
    for repository in args.repositories:
        report(repository)


def report(repository: Path) -> None:
    """Print every finding in a repository, and the speed."""
    snapshot = read_snapshot(locate(repository), repository, rev=None, known={})
    workspace = Workspace(snapshot.root)
    chars, cpu_s, lines = 0, 0.0, []
    for entry in snapshot.entries:
        if entry.kind != "file":
            continue
        decoded = decode(workspace.read_bytes(entry.path, max_bytes=MAX_FILE_BYTES))
        if decoded is None:
            continue
        began_s = time.process_time()
        findings = redact(decoded.text, entry.path).findings
        cpu_s += time.process_time() - began_s
        chars += len(decoded.text)
        lines += [f"  {f.kind}: {quote_path(entry.path)}:{f.line}" for f in findings]
    speed = chars / 1e6 / max(cpu_s, 1e-9)
    print(f"\n{snapshot.name}: {len(lines)} findings, {chars:,} characters, {speed:.0f} MB/CPU s")
    print("".join(line + "\n" for line in lines), end="")


if __name__ == "__main__":
    main()
