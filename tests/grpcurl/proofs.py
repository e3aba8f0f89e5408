"""The ledger, proven by hand: the hashes of RFC 6962 in a few lines of Python that know nothing of the suite."""

import base64
import hashlib

from company import ADA, GRACE, TENANT
from expect import ABSENT, ANYTHING, answers, ok, refuses

CONSENT = "rapport.consent.v1.ConsentService"
OVERVIEW = "rapport.gateway.v1.OverviewService"


def proves(suite, _):
    """what was decided stands in a ledger that anybody can verify"""
    text = answers("GetConsentText", suite.call(f"{CONSENT}/GetConsentText", {}), version="1", text=ANYTHING, versions=["1"])
    ok("the text has the hash it is said to have", sha256(text["text"].encode()) == base64.b64decode(text["textHash"]))
    refuses("GetConsentText of none", suite.call(f"{CONSENT}/GetConsentText", {"version": "0"}), "NOT_FOUND", "TEXT_NOT_FOUND")

    before = answers("GetCheckpoint", suite.call(f"{CONSENT}/GetCheckpoint", {"tenantId": TENANT}), checkpoint=ANYTHING, verifierKey=ANYTHING)
    origin, size, root = before["checkpoint"].splitlines()[:3]
    told = (origin, size, root) == (before["verifierKey"].split("+")[0], before["ledgerSize"], before["rootHash"])
    ok("the checkpoint says what the answer says", told, f"{before}")
    grants = {"tenantId": TENANT, "kinds": ["CONSENT_EVENT_KIND_CONSENT_GRANTED"]}
    granted = answers(
        "ListConsentEvents, the grants", suite.call(f"{CONSENT}/ListConsentEvents", grants),
        events=[{"kind": "CONSENT_EVENT_KIND_CONSENT_GRANTED", "body": {"grant": {"textVersion": "1", "textHash": text["textHash"]}}}] * 2,
    )
    checked = answers("CheckConsent", suite.call(f"{CONSENT}/CheckConsent", {"tenantId": TENANT, "user": ADA}), ledgerSize=ANYTHING)
    ok("CheckConsent says which ledger it relies on", checked["ledgerSize"] == size, f"{checked}")

    answers("OptOutUser", suite.call(f"{CONSENT}/OptOutUser", {"tenantId": TENANT, "user": ADA}), enforcedTime=ANYTHING)
    chosen = {"tenantId": TENANT, "user": ADA, "pageSize": 1000}
    chosen = answers("ListConsentEvents about one user", suite.call(f"{CONSENT}/ListConsentEvents", chosen), events=ANYTHING)["events"]
    answers("OptInUser", suite.call(f"{CONSENT}/OptInUser", {"tenantId": TENANT, "user": ADA}), revision=ANYTHING)
    ok("they are choices, by whoever made them", {event["kind"] for event in chosen} == {"CONSENT_EVENT_KIND_USER_CHOSE"}, f"{chosen}")

    for event in granted["events"] + chosen[-1:]:
        asked = {"tenantId": TENANT, "index": event.get("index", "0"), "fromSize": size}
        proof = answers("ProveConsentEvent", suite.call(f"{CONSENT}/ProveConsentEvent", asked), event=ANYTHING, checkpoint=ANYTHING)
        now, leaf = int(proof["size"]), base64.b64decode(proof["event"]["leaf"])
        root, hashes = base64.b64decode(proof["rootHash"]), [base64.b64decode(hash) for hash in proof.get("inclusion", [])]
        ok("the event stands in the tree", included(sha256(b"\0" + leaf), int(asked["index"]), now, hashes) == root, f"{proof}")
        ok("the signed checkpoint has its root", proof["checkpoint"].splitlines()[2] == proof["rootHash"], f"{proof}")
        salted = base64.b64decode(proof["event"]["saltedBody"])
        ok("the leaf commits to what the event says", sha256(b"\2" + salted) in leaf, f"{proof}")
        hashes = [base64.b64decode(hash) for hash in proof["consistency"]]
        old = base64.b64decode(before["rootHash"])
        ok("the ledger continues the one before", continues(int(size), now, old, hashes) == root, f"{proof}")

    beyond = suite.call(f"{CONSENT}/ProveConsentEvent", {"tenantId": TENANT, "index": "99999"})
    refuses("ProveConsentEvent of none", beyond, "NOT_FOUND", "EVENT_NOT_FOUND")
    reply = suite.call(f"{CONSENT}/ListConsentEvents", {"tenantId": TENANT, "kinds": [99], "pageSize": 1})
    refuses("ListConsentEvents of no kind", reply, "INVALID_ARGUMENT", "INVALID_FIELDS", "kinds[0]")
    page = answers("ListConsentEvents, a page of one", suite.call(f"{CONSENT}/ListConsentEvents", {"tenantId": TENANT, "pageSize": 1}), nextPageToken=ANYTHING)
    ok("it is the first", page["events"][0]["kind"] == "CONSENT_EVENT_KIND_TENANT_CREATED", f"{page}")
    answers("... which names nobody", suite.call(f"{CONSENT}/ListConsentEvents", {"tenantId": TENANT, "pageSize": 1}), events=[{"user": ABSENT}])


def exports(suite, _):
    """everything held on a person, and on one of ours"""
    reply = suite.call(f"{OVERVIEW}/ExportPerson", {"tenantId": TENANT, "addresses": [GRACE]})
    told = reply.messages
    ok("ExportPerson of somebody outside begins with who it is", told[0]["consent"]["subject"] == {"addresses": [GRACE]}, f"{reply}")
    areas = [message["area"] for message in told if "area" in message]
    done = [area["area"] for area in areas if area.get("complete")]
    ok("every area has told everything", done == ["consent", "ingestion", "analytics", "graph"], f"{areas}")
    calls = [message["ingestion"]["interaction"] for message in told if "interaction" in message.get("ingestion", {})]
    ok("what the CRM tracked is among it", any(call.get("kind") == "INTERACTION_KIND_CALL" and "mailbox" not in call for call in calls), f"{calls}")
    records = [message["analytics"]["record"]["record"] for message in told if "record" in message.get("analytics", {})]
    ok("and their record", any(record.get("addresses") == [GRACE] for record in records), f"{records}")
    reply = suite.call(f"{OVERVIEW}/ExportPerson", {"tenantId": TENANT, "addresses": [ADA]})
    user = [message["consent"]["user"] for message in reply.messages if "user" in message.get("consent", {})]
    ok("ExportPerson of one of ours has the entry and every gate", len(user) == 1 and len(user[0]["gates"]) == 14, f"{reply}")
    events = [message for message in reply.messages if "event" in message.get("consent", {})]
    ok("... and what they chose", events, f"{reply}")
    nobody = suite.call(f"{OVERVIEW}/ExportPerson", {"tenantId": TENANT, "addresses": ["nobody"]})
    refuses("ExportPerson of no address", nobody, "INVALID_ARGUMENT", "INVALID_FIELDS", "addresses[0]")


def sha256(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha256(b"\1" + left + right)


def included(leaf, index, size, hashes):
    """The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2)."""
    last, root = size - 1, leaf
    for sibling in hashes:
        if index % 2 == 1 or index == last:
            root = node(sibling, root)
            while index % 2 == 0 and index != 0:
                index, last = index // 2, last // 2
        else:
            root = node(root, sibling)
        index, last = index // 2, last // 2
    return root if last == 0 else None


def continues(old, new, root, hashes):
    """The new root that a consistency proof from a tree of `old` leaves leads to (RFC 9162, section 2.1.4.2); nothing when it is wrong."""
    if old == new:
        return root
    hashes = [root, *hashes] if old & (old - 1) == 0 else hashes
    first, last = old - 1, new - 1
    while first % 2 == 1:
        first, last = first // 2, last // 2
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return None
        if first % 2 == 1 or first == last:
            before, after = node(sibling, before), node(sibling, after)
            while first % 2 == 0 and first != 0:
                first, last = first // 2, last // 2
        else:
            after = node(after, sibling)
        first, last = first // 2, last // 2
    return after if before == root and last == 0 else None
