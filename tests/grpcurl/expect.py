"""What a reply must look like, and the line that says it did."""

passed = 0


class Unmet(Exception):
    """A reply is not what it must be."""


class Any:
    """Matches any value that is there and not empty."""

    def __repr__(self):
        return "anything"


ANYTHING = Any()
ABSENT = None


def ok(name, holds, shown=""):
    """Says `ok NAME`, or fails loudly with what was seen."""
    global passed
    if not holds:
        raise Unmet(f"{name}\n{shown}")
    passed += 1
    print(f"ok {name}", flush=True)


def answers(name, reply, **wanted):
    """The call succeeded, and its message holds what is wanted."""
    differing = differences(wanted, reply.message)
    ok(name, reply.code == "OK" and not differing, f"wanted {wanted}\n{reply}\n{differing}")
    return reply.message


def streams(name, reply, *wanted):
    """The call succeeded, and each of its messages holds what is wanted of it."""
    differing = [differences(want, got) for want, got in zip(wanted, reply.messages)]
    fits = reply.code == "OK" and len(reply.messages) == len(wanted) and not any(differing)
    ok(name, fits, f"wanted {wanted}\n{reply}\n{differing}")
    return reply.messages


def refuses(name, reply, code, reason, *fields):
    """The call failed with a code, an ErrorInfo, and exactly these fields in BadRequest."""
    fits = (reply.code, reply.reason, sorted(reply.fields)) == (code, reason, sorted(fields))
    ok(f"{name}: {code} {reason} {' '.join(fields)}".rstrip(), fits, f"saw {reply.code} {reply.reason} {reply.fields}\n{reply}")


def differences(wanted, got, path=""):
    """Where `got` lacks what is wanted; what is not asked for may be anything."""
    if wanted is ABSENT:
        return [] if got is None else [f"{path} is {got}"]
    if wanted is ANYTHING:
        return [] if got else [f"{path} is missing"]
    if isinstance(wanted, dict):
        held = got if isinstance(got, dict) else {}
        return [found for key, want in wanted.items() for found in differences(want, held.get(key), f"{path}.{key}")]
    if isinstance(wanted, list):
        held = got if isinstance(got, list) else []
        if len(held) != len(wanted):
            return [f"{path} has {len(held)} entries instead of {len(wanted)}"]
        return [found for at, (want, entry) in enumerate(zip(wanted, held)) for found in differences(want, entry, f"{path}[{at}]")]
    return [] if got == wanted else [f"{path} is {got} instead of {wanted}"]
