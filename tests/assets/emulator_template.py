#!/usr/bin/env python3
"""Rewrite the resource types of the template that a local emulator refuses.

    emulator_template.py TEMPLATE [PARAMETER=VALUE ...] > OUT

The list is emulator-rewrites.toml beside this file. Standard library only: the
template is edited as text, resource by resource, so that what is not rewritten
stays byte for byte as shipped. Without parameters every rewrite is applied.
"""

import pathlib
import re
import sys
import tomllib

LIST = pathlib.Path(__file__).resolve().parent / "emulator-rewrites.toml"


def resources(text):
    """(logical id, first line, line after the last) of each resource."""
    lines = text.splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if line.rstrip() == "Resources:")
    end = next((i for i in range(start + 1, len(lines)) if re.match(r"[A-Za-z]", lines[i])), len(lines))
    heads = [i for i in range(start + 1, end) if re.match(r"  [A-Za-z0-9]+:\s*$", lines[i])]
    for head, after in zip(heads, heads[1:] + [end]):
        yield lines[head].strip().rstrip(":"), head, after


def matches(value, wanted):
    return value != "" if wanted == "*" else value == wanted


def rewrite(text, parameters=None):
    """(new text, logical ids that were rewritten)."""
    used = []
    for entry in tomllib.loads(LIST.read_text()).get("rewrite", []):
        wanted = entry.get("when", {})
        if parameters is not None and not all(matches(parameters.get(k, ""), v) for k, v in wanted.items()):
            continue
        lines = text.splitlines(keepends=True)
        for name, head, after in reversed(list(resources(text))):
            body = "".join(lines[head:after])
            found = re.search(r"^    Type: (\S+)", body, re.M)
            if entry.get("id", name) != name or entry.get("type", found[1]) != found[1]:
                continue
            kept = [line for line in body.splitlines(keepends=True)[1:] if re.match(r"    (Condition|DependsOn):", line)]
            lines[head:after] = [f"  {name}:\n", f"    Type: {entry['to']}\n", *kept]
            used.append(name)
        text = "".join(lines)
        if entry.get("attributes") == "ref":
            for name in used:
                text = re.sub(rf"!GetAtt {name}\.[A-Za-z]+", f"!Ref {name}", text)
    return text, used


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    given = dict(word.split("=", 1) for word in sys.argv[2:]) if len(sys.argv) > 2 else None
    text, _ = rewrite(pathlib.Path(sys.argv[1]).read_text(), given)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
