"""What a new user does with grpcurl, act by act; `told` carries revisions from one act to the next."""

import json
import shlex
import subprocess
import time
from pathlib import Path

from company import (
    ACCOUNT, ADA, ADAS_MAIL, BOB, CONTACT, CYD, GRACE, EVE, LEAD, OPPORTUNITY, RECORDS, TENANT, TRACKED, days_ago, mail, user,
)
from expect import ABSENT, ANYTHING, answers, ok, refuses, streams
from suite import AREAS, DESCRIPTORS, GRPCURL, OFFSET, TESTS

TENANTS = "rapport.consent.v1.TenantService"
APPLICATIONS = "rapport.consent.v1.ApplicationService"
CONSENT = "rapport.consent.v1.ConsentService"
DIRECTORY = "rapport.consent.v1.DirectoryService"
INGESTION = "rapport.ingestion.v1.IngestionService"
ERASURE = "rapport.consent.v1.ErasureService"
RECORD = "rapport.analytics.v1.RecordService"
ANALYTICS = "rapport.analytics.v1.AnalyticsService"
GRAPH = "rapport.graph.v1.GraphService"
OVERVIEW = "rapport.gateway.v1.OverviewService"

# Internal service, the area it belongs to, a method, and a request that would be understood.
INTERNAL = [
    ("rapport.consent.v1.EnforcementService", "consent", "Enforce", {}),
    ("rapport.consent.v1.StoreRegistryService", "consent", "RegisterStore", {"storeId": "7", "kind": "STORE_KIND_LOG"}),
    ("rapport.consent.v1.ExportService", "consent", "Export", {"tenantId": TENANT, "addresses": [GRACE]}),
    ("rapport.ingestion.v1.ExportService", "ingestion", "Export", {"tenantId": TENANT, "addresses": [GRACE]}),
    ("rapport.analytics.v1.ExportService", "analytics", "Export", {"tenantId": TENANT, "addresses": [GRACE]}),
    ("rapport.graph.v1.ExportService", "graph", "Export", {"tenantId": TENANT, "personIds": ["1"]}),
    ("rapport.consent.v1.AccessReportService", "consent", "ReportAccess", {"reporterId": "7", "sequence": "1"}),
    ("rapport.common.v1.MaintenanceService", "consent", "Backup", {}),
    ("rapport.common.v1.MaintenanceService", "ingestion", "Backup", {}),
    ("rapport.common.v1.MaintenanceService", "analytics", "Backup", {}),
    ("rapport.ingestion.v1.FeedService", "ingestion", "Follow", {}),
    ("rapport.ingestion.v1.FeedService", "ingestion", "ResolvePeople", {"tenantId": TENANT, "addresses": [GRACE]}),
]

MAILBOX_OF_ADA = {"mailbox": ADA}
OLDER_REFLECTION = ("-import-path", str(Path(__file__).parent), "-proto", "reflection_v1alpha.proto")
# Grace's figures from the CRM alone.
BASIC = {"callsMade": "1", "emailsSent": "1", "emailsReceived": ABSENT}
KNOWS_THE_CONTRACT = ("-protoset", str(DESCRIPTORS))


def looks_around(suite, _):
    """list, describe, health"""
    contract = subprocess.run([GRPCURL, *KNOWS_THE_CONTRACT, "list"], capture_output=True, text=True, check=True).stdout.split()
    public = set(contract) - {service for service, *_ in INTERNAL}
    listed = set(suite.grpcurl("list").stdout.split())
    ours = {service for service in listed if service.startswith("rapport.")}
    ok("list shows every public service of every area, and no other", ours == public, f"{sorted(ours ^ public)}")
    ok("list shows health and reflection", {"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"} <= listed, f"{sorted(listed)}")
    reply = suite.call("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", {"listServices": ""}, options=OLDER_REFLECTION)
    older = {service["name"] for service in reply.message.get("listServicesResponse", {}).get("service", [])}
    ok("the older reflection shows the same", {service for service in older if service.startswith("rapport.")} == public, f"{reply}")
    for service in sorted(public):
        described = suite.grpcurl("describe", service)
        ok(f"describe {service}", described.returncode == 0 and "rpc " in described.stdout, described.stderr)
        ok(f"health of {service}", suite.health("gateway", service) == "SERVING")
    for area in AREAS:
        ok(f"health of the area {area} at its own address", suite.health(area) == "SERVING")
    info = answers("GetServerInfo", suite.call(f"{OVERVIEW}/GetServerInfo", {}), version=ANYTHING, now=ANYTHING)
    serving = {area["name"] for area in info.get("areas", []) if area.get("serving")}
    ok("GetServerInfo reaches the four areas", serving == set(AREAS) - {"gateway"}, f"{info}")


def internal_services_are_not_to_be_had(suite, _):
    """internal services on public listeners"""
    for service, own, method, request in INTERNAL:
        for area in ("gateway", own):
            described = suite.grpcurl("describe", service, area=area)
            ok(f"describe {service} fails at {area}", described.returncode != 0, described.stdout)
            unknown = suite.call(f"{service}/{method}", request, area=area)
            ok(f"{method} cannot be called by its name at {area}", unknown.code != "OK", f"{unknown}")
            reply = suite.call(f"{service}/{method}", request, area=area, options=KNOWS_THE_CONTRACT)
            ok(f"{method} is not there for who knows the contract at {area}: UNIMPLEMENTED", reply.code == "UNIMPLEMENTED", f"{reply}")


def sets_up(suite, told):
    """a tenant, an application, the directory, records"""
    create = {
        "tenantId": TENANT, "requestId": "create-contoso",
        "tenant": {"displayName": "Contoso", "domains": ["contoso.example"], "dataWindowDays": 365},
    }
    made = {"tenant": {"tenantId": TENANT, "domains": ["contoso.example"], "dataWindowDays": 365, "etag": ANYTHING}, "revision": ANYTHING}
    first = answers("CreateTenant", suite.call(f"{TENANTS}/CreateTenant", create), **made)
    again = answers("CreateTenant repeated by its request id answers the same", suite.call(f"{TENANTS}/CreateTenant", create), **made)
    ok("... to the letter", first == again, f"{first}\n{again}")
    other = create | {"tenant": {"domains": ["other.example"]}}
    refuses("CreateTenant with a used request id", suite.call(f"{TENANTS}/CreateTenant", other), "INVALID_ARGUMENT", "REQUEST_ID_REUSED")
    taken = {"tenantId": TENANT, "tenant": {}}
    refuses("CreateTenant twice", suite.call(f"{TENANTS}/CreateTenant", taken), "ALREADY_EXISTS", "TENANT_EXISTS")

    application = {"applicationId": "crm", "relationshipAnalytics": True, "connectionGraph": True, "mailboxSource": True}
    register = {"tenantId": TENANT, "application": application}
    reply = suite.call(f"{APPLICATIONS}/RegisterApplication", register)
    answers("RegisterApplication", reply, application=application, revision=ANYTHING)

    colleagues = [user("ada", ADA), user("bob", BOB), user("cyd", CYD)]
    wrong = user("nobody", "no address")
    reply = suite.call(f"{DIRECTORY}/SyncUsers", {"tenantId": TENANT, "users": [colleagues[0], wrong]}, {"users": colleagues[1:]})
    refused = [{"index": "1", "field": "addresses[0]"}]
    synced = answers("SyncUsers takes the good ones and names the wrong one", reply, added="3", refused=refused)
    reply = suite.call(f"{DIRECTORY}/ListUsers", {"tenantId": TENANT})
    answers("ListUsers", reply, users=[{"externalId": name, "mailboxOpen": ABSENT} for name in ("ada", "bob", "cyd")])

    wrong = {"ref": {"kind": "RECORD_KIND_CONTACT", "recordId": "c-2"}, "addresses": ["no address"]}
    reply = suite.call(
        f"{RECORD}/UpsertRecords",
        {"tenantId": TENANT, "sequence": "1", "records": [RECORDS[0], wrong, RECORDS[1]]},
        {"sequence": "2", "records": RECORDS[2:]},
    )
    created, refused = {"code": "UPSERT_CODE_CREATED"}, {"code": "UPSERT_CODE_REFUSED", "field": "addresses[0]", "description": ANYTHING}
    upserted = streams(
        "UpsertRecords answers each message, and the good records go on", reply,
        {"sequence": "1", "results": [created, refused, created]},
        {"sequence": "2", "results": [created, created], "revision": ANYTHING},
    )
    told["directory"], told["records"] = synced["revision"], upserted[-1]["revision"]
    reply = suite.call(f"{RECORD}/GetRecord", {"tenantId": TENANT, "ref": ACCOUNT, "revision": told["records"]})
    answers("GetRecord shows the people of an account", reply, people=[GRACE])


def ingest(suite, source, *interactions, **more):
    """One batch."""
    return suite.call(f"{INGESTION}/IngestBatch", {"tenantId": TENANT, "source": source, "interactions": list(interactions)} | more)


def overview(suite, ref, revision):
    """Everything about a record, at least at a revision."""
    return suite.call(f"{OVERVIEW}/GetOverview", {"tenantId": TENANT, "ref": ref, "revision": revision})


def reads_only_the_crm(suite, told):
    """the basic tier, before consent"""
    reply = ingest(suite, {"crm": {}}, *TRACKED, revision=told["directory"])
    outcome = {"accepted": "3", "malformed": ABSENT, "revision": ANYTHING}
    tracked = answers("IngestBatch takes CRM activities without consent", reply, outcome=outcome)
    told["crm"] = tracked["outcome"]["revision"]

    answers(
        "GetOverview reads the write it was given the revision of", overview(suite, CONTACT, told["crm"]),
        relationship={"record": {"ref": CONTACT, "name": "Grace"}, "kpis": BASIC, "completeness": {"complete": ABSENT}},
        consent={"granted": ABSENT, "mailboxes": "3", "mailboxesOpen": ABSENT},
        unavailable=ABSENT, revision=ANYTHING,
    )
    for name, ref in (("an account", ACCOUNT), ("an opportunity", OPPORTUNITY), ("a lead", LEAD)):
        shown = {"record": {"ref": ref}, "kpis": {"callsMade": "1"}, "health": {"state": ANYTHING}}
        answers(f"GetOverview of {name}", overview(suite, ref, told["crm"]), relationship=shown)
    asked = {"tenantId": TENANT, "record": CONTACT, "revision": told["crm"]}
    known = {"address": ADA, "strength": ABSENT, "tier": "TIE_TIER_BASIC"}
    answers("ListIntroducers of the basic tier only counts", suite.call(f"{GRAPH}/ListIntroducers", asked), introducers=[known])

    check = {"tenantId": TENANT, "user": ADA}
    reply = suite.call(f"{CONSENT}/CheckConsent", check)
    answers("CheckConsent names the closed gate", reply, allowed=ABSENT, closedGate="GATE_TENANT_CONSENT")
    reply = suite.call(f"{CONSENT}/CheckConsent", check | {"source": "SOURCE_CRM"})
    answers("CheckConsent allows the CRM", reply, allowed=True)
    refuses("a mailbox without consent", ingest(suite, MAILBOX_OF_ADA, *ADAS_MAIL), "FAILED_PRECONDITION", "NO_CONSENT")


def grants(suite, told):
    """the grant, and what it opens"""
    grant = {
        "tenantId": TENANT, "consentType": "CONSENT_TYPE_IDENTIFIABLE_INSIGHTS", "legalBasis": "consent of the works council",
        "textVersion": "1", "requestId": "grant-1",
    }
    reply = suite.call(f"{CONSENT}/GrantConsent", grant | {"validateOnly": True, "requestId": ""})
    answers("GrantConsent only asked", reply, mailboxesOpened="3")
    reply = suite.call(f"{CONSENT}/GetConsent", {"tenantId": TENANT})
    answers("... changes nothing", reply, consent={"granted": ABSENT, "mailboxes": "3"})
    reply = suite.call(f"{CONSENT}/GrantConsent", grant)
    granted = answers("GrantConsent", reply, mailboxesOpened="3", consent={"granted": True, "mailboxesOpen": "3"}, revision=ANYTHING)
    told["grant"] = granted["revision"]
    reply = suite.call(f"{CONSENT}/CheckConsent", {"tenantId": TENANT, "user": ADA, "revision": told["grant"]})
    answers("CheckConsent allows", reply, allowed=True, closedGate=ABSENT)

    undated = {"email": {"messageId": "<7@mail.example>", "from": ADA, "to": [GRACE]}}
    unaddressed = mail(8, ADA, "no address", days=1)
    reply = ingest(suite, MAILBOX_OF_ADA, *ADAS_MAIL[:3], undated, unaddressed, *ADAS_MAIL[3:], revision=told["grant"])
    accepted = {"code": "OUTCOME_CODE_ACCEPTED"}
    malformed = [{"code": "OUTCOME_CODE_MALFORMED", "field": field, "description": ANYTHING} for field in ("email.date", "email.to[0]")]
    results = [accepted] * 3 + malformed + [accepted] * 3
    outcome = {"accepted": "6", "malformed": "2", "copies": "6", "results": results, "revision": ANYTHING}
    taken = answers("IngestBatch of a mailbox takes the good ones and names the wrong ones", reply, outcome=outcome)
    told["mail"] = taken["outcome"]["revision"]
    reply = ingest(suite, MAILBOX_OF_ADA, *ADAS_MAIL)
    answers("the same mails again count once", reply, outcome={"accepted": ABSENT, "duplicate": "6", "copies": ABSENT})
    beyond = f"""
        tenant_id: "{TENANT}" source {{ mailbox: "{ADA}" }}
        interactions {{ email {{ message_id: "<9@mail.example>" from: "{ADA}" to: "{GRACE}" date {{ seconds: 9223372036854775807 }} }} }}
    """
    reply = suite.call_text(f"{INGESTION}/IngestBatch", beyond)
    named = "OUTCOME_CODE_MALFORMED" in reply.stdout and '"email.date"' in reply.stdout
    ok("a date beyond all calendars is malformed", reply.returncode == 0 and named, f"{reply.stdout}{reply.stderr}")

    reply = suite.call(
        f"{INGESTION}/Ingest",
        {"tenantId": TENANT, "source": {"mailbox": BOB}, "sequence": "1", "interactions": [mail(10, GRACE, BOB, days=8)]},
        {"sequence": "2", "interactions": [mail(10, GRACE, BOB, days=8), mail(11, BOB, GRACE, days=7, reply_to=10)]},
    )
    streamed = streams(
        "Ingest answers each batch, in order", reply,
        {"sequence": "1", "outcome": {"accepted": "1"}},
        {"sequence": "2", "outcome": {"accepted": "1", "duplicate": "1", "revision": ANYTHING}},
    )
    told["mail"] = streamed[-1]["outcome"]["revision"]
    reply = suite.call(f"{INGESTION}/GetMailbox", {"tenantId": TENANT, "mailbox": ADA})
    answers("GetMailbox", reply, status="MAILBOX_STATUS_ACTIVE", interactions="6", highWaterTime=ANYTHING)
    reply = suite.call(f"{INGESTION}/GetFilterReport", {"tenantId": TENANT})
    answers("GetFilterReport adds up", reply, read="21", accepted="11", duplicate="7", malformed="3")


def asks(suite, told):
    """overviews and introducers, with consent"""
    shown = answers(
        "GetOverview at the revision of the mails", overview(suite, CONTACT, told["mail"]),
        relationship={
            "kpis": {"emailsSent": "4", "emailsReceived": "4", "callsMade": "1", "distinctColleagues": 2},
            "health": {"score": ANYTHING, "base": 50, "factors": ANYTHING, "summary": ANYTHING},
        },
        introducers=[{"address": ADA, "strength": ANYTHING}, {"address": BOB}],
        consent={"granted": True}, unavailable=ABSENT,
    )
    health = shown["relationship"]["health"]
    total = health["base"] + sum(factor.get("points", 0) for factor in health["factors"])
    ok("50 and the factors are the score", total == health["score"], f"{health}")

    asked = {"tenantId": TENANT, "record": CONTACT, "revision": told["mail"]}
    known = {
        "displayName": "Ada", "address": ADA, "strength": ANYTHING, "tier": "TIE_TIER_ENHANCED", "reasons": ANYTHING,
        "evidence": {"sent": ANYTHING, "received": ANYTHING, "activeDays": ANYTHING}, "contactAddress": GRACE,
        "lastInteractionTime": ANYTHING,
    }
    answers("ListIntroducers of a record", suite.call(f"{GRAPH}/ListIntroducers", asked), introducers=[known, {"address": BOB}])
    by_address = {"tenantId": TENANT, "address": GRACE, "revision": told["mail"]}
    reply = suite.call(f"{GRAPH}/ListIntroducers", by_address)
    answers("ListIntroducers of an address", reply, introducers=[{"address": ADA}, {"address": BOB}])
    paged = suite.call(f"{GRAPH}/ListIntroducers", asked | {"pageSize": 1})
    first = answers("ListIntroducers, a page of one", paged, introducers=[{"address": ADA}], nextPageToken=ANYTHING)
    paged = suite.call(f"{GRAPH}/ListIntroducers", asked | {"pageSize": 1, "pageToken": first["nextPageToken"]})
    answers("... and the next", paged, introducers=[{"address": BOB}], nextPageToken=ABSENT)

    past = {"tenantId": TENANT, "ref": CONTACT, "asOf": days_ago(30), "revision": told["mail"]}
    then = {"kpis": {"emailsSent": "1", "emailsReceived": "1", "callsMade": ABSENT}}
    answers("GetRelationship as of a month ago", suite.call(f"{ANALYTICS}/GetRelationship", past), relationship=then)
    grid = {"tenantId": TENANT, "kind": "RECORD_KIND_OPPORTUNITY", "revision": told["mail"]}
    reply = suite.call(f"{ANALYTICS}/ListRelationships", grid)
    answers("ListRelationships", reply, relationships=[{"record": {"ref": OPPORTUNITY}}], total="1")


def follows_the_readme(suite, _):
    """the lines README.md prints"""
    text = (TESTS.parent / "README.md").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.startswith("grpcurl ")]
    ok("README.md prints lines of grpcurl", lines)
    for line in lines:
        command = [suite.addresses["gateway"] if part == "127.0.0.1:7600" else part for part in shlex.split(line, comments=True)]
        done = subprocess.run([GRPCURL, *command[1:]], capture_output=True, text=True, timeout=60, check=False)
        # A line that is there to show an error says so.
        if "ErrorInfo" in line:
            ok(f"README: {command[-1]} shows its ErrorInfo", done.returncode > OFFSET and '"reason"' in done.stderr, done.stderr)
        else:
            ok(f"README: {command[-1]}", done.returncode == 0 and done.stdout, f"{line}\n{done.stderr}")


def lists_who_asked(suite, told):
    """who asked about whom"""
    by = lambda user, *roles: ("-H", f"rapport-caller: {json.dumps({'user': user, 'roles': roles, 'tenant': TENANT})}")
    asked = {"tenantId": TENANT, "record": CONTACT, "revision": told["mail"]}
    for _ in range(2):
        reply = suite.call(f"{GRAPH}/ListIntroducers", asked, options=by(CYD, "SELLER"))
        answers("ListIntroducers as a seller", reply, introducers=[{"address": ADA}, {"address": BOB}])
    method, own = f"{CONSENT}/ListAccess", {"tenantId": TENANT, "address": ADA, "caller": CYD}
    # Counts arrive within seconds of a read.
    for _ in range(100):
        reply = suite.call(method, own, options=by(ADA))
        if reply.code != "OK" or any(entry["count"] == "2" for entry in reply.message.get("entries", [])):
            break
        time.sleep(0.1)
    once = {
        "caller": {"kind": "CALLER_KIND_USER", "address": CYD}, "method": f"{GRAPH}/ListIntroducers", "user": ADA, "count": "2",
        "dayTime": ANYTHING, "lastTime": ANYTHING,
    }
    answers("ListAccess tells a person who asked about them, and how often", reply, entries=[once], earliestTime=ANYTHING, uncounted=ABSENT)
    refuses("ListAccess about a colleague", suite.call(method, own, options=by(BOB)), "PERMISSION_DENIED", "ROLE_MISSING")
    refuses("ListAccess about everybody", suite.call(method, {"tenantId": TENANT}, options=by(ADA)), "PERMISSION_DENIED", "ROLE_MISSING")
    page = answers("ListAccess, a page of one", suite.call(method, {"tenantId": TENANT, "pageSize": 1}), nextPageToken=ANYTHING)
    reply = suite.call(method, {"tenantId": TENANT, "pageSize": 1, "pageToken": page["nextPageToken"]})
    answers("... and the next", reply, entries=[{"caller": ANYTHING, "method": ANYTHING}])
    reply = suite.call(method, {"tenantId": TENANT, "record": {"recordId": "c-1"}, "caller": "no address", "sinceTime": days_ago(1), "untilTime": days_ago(3)})
    refuses("ListAccess of what makes no sense", reply, "INVALID_ARGUMENT", "INVALID_FIELDS", "record.kind", "caller", "until_time")


def sends_what_is_wrong(suite, told):
    """bad input: each has a code, a reason, and the fields"""
    for method, rest in (
        (f"{CONSENT}/GetConsent", {}),
        (f"{OVERVIEW}/GetOverview", {"ref": CONTACT}),
        (f"{ANALYTICS}/GetRelationship", {"ref": CONTACT}),
        (f"{GRAPH}/ListIntroducers", {"address": GRACE}),
        (f"{INGESTION}/IngestBatch", {"source": {"crm": {}}}),
        (f"{RECORD}/ListRecords", {}),
        (f"{DIRECTORY}/SyncUsers", {}),
    ):
        name = method.rsplit(".", 1)[-1]
        reply = suite.call(method, rest | {"tenantId": "No Tenant"})
        refuses(f"{name} with a malformed tenant id", reply, "INVALID_ARGUMENT", "INVALID_FIELDS", "tenant_id")
        reply = suite.call(method, rest | {"tenantId": "nobody"})
        refuses(f"{name} of an unknown tenant", reply, "NOT_FOUND", "TENANT_NOT_FOUND")

    stranger = "stranger@contoso.example"
    for method, field in (
        (f"{CONSENT}/CheckConsent", "user"),
        (f"{CONSENT}/OptOutUser", "user"),
        (f"{DIRECTORY}/GetUser", "user"),
        (f"{INGESTION}/GetMailbox", "mailbox"),
    ):
        name = method.rsplit(".", 1)[-1]
        reply = suite.call(method, {"tenantId": TENANT, field: stranger})
        refuses(f"{name} of an unknown user", reply, "NOT_FOUND", "USER_NOT_FOUND")
        reply = suite.call(method, {"tenantId": TENANT, field: "no address"})
        refuses(f"{name} of what is no address", reply, "INVALID_ARGUMENT", "INVALID_FIELDS", field)
    refuses("the mailbox of an unknown user", ingest(suite, {"mailbox": stranger}), "NOT_FOUND", "USER_NOT_FOUND")
    refuses("a batch from nowhere", ingest(suite, {}), "INVALID_ARGUMENT", "INVALID_FIELDS", "source")

    unknown = {"kind": "RECORD_KIND_CONTACT", "recordId": "c-404"}
    refuses("GetOverview of an unknown record", overview(suite, unknown, ""), "NOT_FOUND", "RECORD_NOT_FOUND")
    reply = suite.call(f"{OVERVIEW}/GetOverview", {"tenantId": "No Tenant", "introducers": 101})
    refuses("several fields at once", reply, "INVALID_ARGUMENT", "INVALID_FIELDS", "tenant_id", "ref", "introducers")
    refuses("a malformed revision", overview(suite, CONTACT, "yesterday"), "INVALID_ARGUMENT", "REVISION_INVALID")
    reply = suite.call(f"{GRAPH}/ListIntroducers", {"tenantId": TENANT, "record": CONTACT, "pageToken": "second"})
    refuses("a page token that is none", reply, "INVALID_ARGUMENT", "PAGE_TOKEN_INVALID")
    reply = suite.call(f"{ANALYTICS}/GetRelationship", {"tenantId": TENANT, "ref": CONTACT, "asOf": days_ago(-2)})
    refuses("an instant in the future", reply, "INVALID_ARGUMENT", "INVALID_FIELDS", "as_of")
    reply = suite.call(f"{CONSENT}/GrantConsent", {"tenantId": TENANT})
    refuses("a grant of nothing", reply, "INVALID_ARGUMENT", "INVALID_FIELDS", "consent_type", "text_version")
    reply = suite.call(f"{CONSENT}/RevokeConsent", {"tenantId": TENANT, "etag": '"0"'})
    refuses("a withdrawal with a stale etag", reply, "ABORTED", "STALE_ETAG")

    # Above 4 MiB on the wire.
    crowd = mail(12, ADA, *(f"{number:064}@fabrikam.example" for number in range(60_000)), days=1)
    refuses("an oversized message", ingest(suite, MAILBOX_OF_ADA, crowd), "RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE")

    asked, method = {"tenantId": TENANT, "record": CONTACT}, f"{GRAPH}/ListIntroducers"
    as_caller = lambda text: suite.call(method, asked, options=("-H", f"rapport-caller: {text}"))
    refuses("a caller that is none", as_caller("me"), "UNAUTHENTICATED", "CALLER_INVALID")
    stranger, operator = json.dumps({"roles": ["SELLER"], "tenant": "other"}), json.dumps({"roles": ["OPERATOR"]})
    refuses("a caller of another tenant", as_caller(stranger), "PERMISSION_DENIED", "ROLE_MISSING")
    refuses("a caller without the role", as_caller(operator), "PERMISSION_DENIED", "ROLE_MISSING")
    answers("after all this the suite still answers", overview(suite, CONTACT, told["mail"]), relationship={"kpis": {"emailsSent": "4"}})


def opts_out(suite, told):
    """a user leaves, and comes back"""
    reply = suite.call(f"{CONSENT}/OptOutUser", {"tenantId": TENANT, "user": ADA, "validateOnly": True})
    answers("OptOutUser only asked", reply, mailboxClosed=True, enforcedTime=ABSENT)
    reply = suite.call(f"{CONSENT}/OptOutUser", {"tenantId": TENANT, "user": ADA, "requestId": "out-1"})
    closed = answers("OptOutUser is answered when it is enforced", reply, mailboxClosed=True, enforcedTime=ANYTHING, revision=ANYTHING)
    # Bob's mails, and what the CRM tracked of Ada's.
    left = {"emailsSent": "2", "emailsReceived": "1", "callsMade": "1"}
    for name, revision in (("without a revision", ""), ("at its revision", closed["revision"])):
        answers(
            f"the next overview has lost the mailbox, {name}", overview(suite, CONTACT, revision),
            relationship={"kpis": left}, introducers=[{"address": BOB}],
        )
    reply = suite.call(f"{CONSENT}/CheckConsent", {"tenantId": TENANT, "user": ADA})
    answers("CheckConsent tells an administrator whose choice it was", reply, allowed=ABSENT, closedGate="GATE_USER")
    refuses("the mailbox takes nothing", ingest(suite, MAILBOX_OF_ADA, *ADAS_MAIL), "FAILED_PRECONDITION", "NO_CONSENT")
    reply = suite.call(f"{CONSENT}/OptOutUser", {"tenantId": TENANT, "user": ADA, "requestId": "out-1"})
    answers("OptOutUser repeated answers the same", reply, **{key: closed[key] for key in ("mailboxClosed", "enforcedTime", "revision")})

    reply = suite.call(f"{CONSENT}/OptInUser", {"tenantId": TENANT, "user": ADA})
    back = answers("OptInUser", reply, mailboxOpen=True, revision=ANYTHING)
    answers("what was destroyed stays destroyed", overview(suite, CONTACT, back["revision"]), relationship={"kpis": left})
    reply = ingest(suite, MAILBOX_OF_ADA, *ADAS_MAIL, revision=back["revision"])
    again = answers("the mails come in anew", reply, outcome={"accepted": "6", "duplicate": ABSENT})
    told["mail"] = again["outcome"]["revision"]
    both, whole = [{"address": ADA}, {"address": BOB}], {"emailsSent": "4", "emailsReceived": "4"}
    answers("... and count", overview(suite, CONTACT, told["mail"]), relationship={"kpis": whole}, introducers=both)


def withdraws(suite, _):
    """the tenant withdraws"""
    reply = suite.call(f"{CONSENT}/RevokeConsent", {"tenantId": TENANT, "validateOnly": True})
    answers("RevokeConsent only asked", reply, mailboxesClosed="3", enforcedTime=ABSENT)
    reply = suite.call(f"{CONSENT}/RevokeConsent", {"tenantId": TENANT, "requestId": "revoke-1"})
    closed = {"granted": ABSENT, "mailboxesOpen": ABSENT, "revokeTime": ANYTHING}
    answers("RevokeConsent is answered when it is enforced", reply, mailboxesClosed="3", enforcedTime=ANYTHING, consent=closed)
    answers(
        "the next overview is the basic tier", overview(suite, CONTACT, ""),
        relationship={"kpis": BASIC}, introducers=[{"address": ADA, "tier": "TIE_TIER_BASIC"}],
        consent={"granted": ABSENT}, unavailable=ABSENT,
    )
    refuses("a mailbox takes nothing", ingest(suite, {"mailbox": BOB}, mail(13, BOB, EVE, days=1)), "FAILED_PRECONDITION", "NO_CONSENT")
    reply = suite.call(f"{CONSENT}/RevokeConsent", {"tenantId": TENANT})
    refuses("RevokeConsent twice", reply, "FAILED_PRECONDITION", "NOT_GRANTED")


def deletes_a_record(suite, _):
    """a record goes, and nobody can be asked about who was on it"""
    asked = {"tenantId": TENANT, "address": GRACE}
    reply = suite.call(f"{GRAPH}/ListIntroducers", asked)
    answers("ListIntroducers of who is on a record", reply, introducers=[{"address": ADA, "tier": "TIE_TIER_BASIC"}])
    held = answers("GetRecord", suite.call(f"{RECORD}/GetRecord", {"tenantId": TENANT, "ref": CONTACT}), record={"etag": ANYTHING})
    delete, method = {"tenantId": TENANT, "ref": CONTACT, "etag": held["record"]["etag"], "requestId": "delete-1"}, f"{RECORD}/DeleteRecord"
    refuses("DeleteRecord with a stale etag", suite.call(method, delete | {"etag": '"0"'}), "ABORTED", "STALE_ETAG")
    reply = suite.call(method, delete | {"ref": {"recordId": "c-1"}, "etag": "0"})
    refuses("DeleteRecord of what is no record", reply, "INVALID_ARGUMENT", "INVALID_FIELDS", "ref.kind", "etag")
    answers("DeleteRecord only asked", suite.call(method, delete | {"validateOnly": True}), revision=ANYTHING)
    gone = answers("DeleteRecord", suite.call(method, delete), revision=ANYTHING)
    answers("DeleteRecord repeated answers the same", suite.call(method, delete), **gone)
    reply = suite.call(method, {"tenantId": TENANT, "ref": CONTACT})
    refuses("DeleteRecord of a deleted record", reply, "NOT_FOUND", "RECORD_NOT_FOUND")
    refuses("the overview of a deleted record", overview(suite, CONTACT, gone["revision"]), "NOT_FOUND", "RECORD_NOT_FOUND")
    reply = suite.call(f"{GRAPH}/ListIntroducers", asked | {"revision": gone["revision"]})
    answers("ListIntroducers of who is on no record", reply, introducers=ABSENT)
    reply = suite.call(f"{RECORD}/GetRecord", {"tenantId": TENANT, "ref": ACCOUNT, "revision": gone["revision"]})
    answers("its account stays, without the people", reply, record={"primaryContactId": "c-1"}, people=ABSENT)


def erases(suite, _):
    """somebody asks to be forgotten, and one of ours is erased"""
    one = {"tenantId": TENANT, "addresses": [EVE]}
    refuses("ErasePerson without an address", suite.call(f"{ERASURE}/ErasePerson", {"tenantId": TENANT}), "INVALID_ARGUMENT", "INVALID_FIELDS", "addresses")
    reply = suite.call(f"{ERASURE}/ErasePerson", one | {"addresses": [BOB]})
    refuses("ErasePerson of one of ours", reply, "INVALID_ARGUMENT", "INVALID_FIELDS", "addresses[0]")
    reply = suite.call(f"{ERASURE}/ErasePerson", one | {"validateOnly": True})
    answers("ErasePerson only asked", reply, erasure={"addresses": "1"}, enforcedTime=ABSENT)
    reply = suite.call(f"{ERASURE}/ErasePerson", one | {"requestId": "erase-1"})
    erased = answers("ErasePerson is answered when it is enforced", reply, enforcedTime=ANYTHING, revision=ANYTHING)
    reply = suite.call(f"{ERASURE}/ErasePerson", one | {"requestId": "erase-1"})
    answers("ErasePerson repeated answers the same", reply, enforcedTime=erased["enforcedTime"], revision=erased["revision"])
    number = erased["erasure"]["number"]
    done = finished(suite, number)
    kinds = sorted(store["kind"] for store in done["stores"])
    stores = ["STORE_KIND_LOG", "STORE_KIND_RECORDS", "STORE_KIND_TIES", "STORE_KIND_TIMELINES"]
    ok("every store has reported", kinds == stores and all("reportTime" in store for store in done["stores"]), f"{done}")
    ok("names were replaced", done["namesGeneration"] > 1, f"{done}")
    reply = suite.call(f"{ERASURE}/AcknowledgeErasure", {"tenantId": TENANT, "applicationId": "nobody", "number": number})
    refuses("AcknowledgeErasure of who was not told", reply, "NOT_FOUND", "APPLICATION_NOT_FOUND")
    reply = suite.call(f"{ERASURE}/AcknowledgeErasure", {"tenantId": TENANT, "applicationId": "crm", "number": number})
    answers("AcknowledgeErasure", reply, erasure={"notices": [{"acknowledgeTime": ANYTHING, "overdue": ABSENT}]})
    refuses("GetErasure of none", suite.call(f"{ERASURE}/GetErasure", {"tenantId": TENANT, "number": "999999"}), "NOT_FOUND", "ERASURE_NOT_FOUND")

    reply = suite.call(f"{ERASURE}/EraseUser", {"tenantId": TENANT, "user": BOB})
    gone = answers("EraseUser", reply, enforcedTime=ANYTHING)
    finished(suite, gone["erasure"]["number"])
    refuses("the directory does not know the user", suite.call(f"{DIRECTORY}/GetUser", {"tenantId": TENANT, "user": BOB}), "NOT_FOUND", "USER_NOT_FOUND")
    answers("ListErasures, the latest first", suite.call(f"{ERASURE}/ListErasures", {"tenantId": TENANT, "pageSize": 1}), nextPageToken=ANYTHING)
    reply = suite.call(f"{ERASURE}/ListStores", {})
    answers("ListStores", reply, stores=[{"storeId": ANYTHING}] * 4)
    reply = suite.call(f"{ERASURE}/RetireStore", {"storeId": "0000000000000001"})
    refuses("RetireStore of none", reply, "NOT_FOUND", "STORE_NOT_FOUND")


def finished(suite, number):
    """An erasure once every store has reported."""
    for _ in range(200):
        reply = suite.call(f"{ERASURE}/GetErasure", {"tenantId": TENANT, "number": number})
        if "finishTime" in reply.message["erasure"]:
            break
    return answers("the erasure is finished", reply, erasure={"finishTime": ANYTHING})["erasure"]
