"""The company the checks speak of: three of ours, one customer with two contacts, and the requests that tell of them."""

from datetime import datetime, timedelta, timezone

TENANT = "contoso"
ADA, BOB, CYD = (f"{name}@contoso.example" for name in ("ada", "bob", "cyd"))
GRACE, EVE = (f"{name}@fabrikam.example" for name in ("grace", "eve"))
LEE = "lee@initech.example"

CONTACT = {"kind": "RECORD_KIND_CONTACT", "recordId": "c-1"}
ACCOUNT = {"kind": "RECORD_KIND_ACCOUNT", "recordId": "a-1"}
OPPORTUNITY = {"kind": "RECORD_KIND_OPPORTUNITY", "recordId": "o-1"}
LEAD = {"kind": "RECORD_KIND_LEAD", "recordId": "l-1"}

NOW = datetime.now(timezone.utc).replace(microsecond=0)


def days_ago(days):
    """An instant on the wire."""
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def user(name, address):
    """Somebody of ours."""
    return {"externalId": name, "addresses": [address], "displayName": name.title(), "kind": "USER_KIND_PERSON"}


def mail(number, sender, *to, days, reply_to=None):
    """A mail; a reply names the number of the mail it replies to."""
    email = {"messageId": f"<{number}@mail.example>", "from": sender, "to": list(to), "date": days_ago(days)}
    if reply_to is not None:
        email["inReplyTo"] = f"<{reply_to}@mail.example>"
    return {"email": email}


def call(number, sender, to, days, regarding=None):
    """A phone call that the CRM tracked."""
    told = {"sourceId": f"call-{number}", "call": {"from": sender, "to": [to], "startTime": days_ago(days), "duration": "900s"}}
    return told | ({"regarding": regarding} if regarding else {})


RECORDS = [
    {"ref": ACCOUNT, "name": "Fabrikam", "owner": ADA, "primaryContactId": "c-1"},
    {"ref": CONTACT, "name": "Grace", "owner": ADA, "addresses": [GRACE], "accountId": "a-1", "jobTitle": "Buyer"},
    {
        "ref": OPPORTUNITY, "name": "Fabrikam renewal", "owner": ADA, "team": [BOB], "accountId": "a-1", "primaryContactId": "c-1",
        "state": "RECORD_STATE_OPEN", "revenueMinor": "1250000", "currency": "EUR", "createTime": days_ago(60),
    },
    {"ref": LEAD, "name": "Lee", "owner": BOB, "addresses": [LEE], "state": "RECORD_STATE_OPEN", "createTime": days_ago(30)},
]

# Ada and Grace write to each other.
ADAS_MAIL = [
    mail(1, ADA, GRACE, days=40),
    mail(2, GRACE, ADA, days=39, reply_to=1),
    mail(3, ADA, GRACE, days=20),
    mail(4, GRACE, ADA, days=19, reply_to=3),
    mail(5, ADA, GRACE, days=3),
    mail(6, GRACE, ADA, days=2, reply_to=5),
]

# What the CRM knows by itself: two calls, and the first of Ada's mails.
TRACKED = [
    call(1, ADA, GRACE, days=10, regarding=OPPORTUNITY),
    call(2, BOB, LEE, days=5),
    ADAS_MAIL[0] | {"sourceId": "mail-1", "regarding": OPPORTUNITY},
]
