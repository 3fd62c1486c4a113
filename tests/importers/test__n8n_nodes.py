"""Which nodes of n8n send, and by which channel."""

from __future__ import annotations

from typing import Any

import pytest

from cadence_guard.importers._addresses import Hidden, Sends
from cadence_guard.importers._n8n_nodes import effect, literal
from cadence_guard.words import CHANNELS

BASE, AGENTS = "n8n-nodes-base.", "@n8n/n8n-nodes-langchain."

SENDS: list[tuple[str, dict[str, Any], str]] = [
    ("gmail", {}, "email"),
    ("gmail", {"operation": "reply"}, "email"),
    ("gmail", {"resource": "message", "operation": "send"}, "email"),
    ("gmail", {"resource": "thread", "operation": "reply"}, "email"),
    ("gmail", {"operation": "sendAndWait"}, "email"),
    ("gmail", {"operation": "={{ $json.what }}"}, "email"),
    ("gmailTool", {}, "email"),
    ("emailSend", {}, "email"),
    ("microsoftOutlook", {}, "email"),
    ("microsoftOutlook", {"resource": "draft", "operation": "send"}, "email"),
    ("sendGrid", {"resource": "mail"}, "email"),
    ("mailgun", {}, "email"),
    ("mandrill", {"operation": "sendTemplate"}, "email"),
    ("awsSes", {"resource": "email"}, "email"),
    ("sendInBlue", {"operation": "send"}, "email"),
    ("mailjet", {}, "email"),
    ("mailjet", {"resource": "sms"}, "sms"),
    ("mailchimp", {"resource": "campaign", "operation": "send"}, "email"),
    ("mautic", {"operation": "sendEmail"}, "email"),
    ("mautic", {"resource": "segmentEmail"}, "email"),
    ("keap", {"resource": "email", "operation": "send"}, "email"),
    ("twilio", {}, "sms"),
    ("twilio", {"operation": "send", "toWhatsapp": False}, "sms"),
    ("twilio", {"toWhatsapp": True}, "whatsapp"),
    ("twilio", {"resource": "call"}, "call"),
    ("plivo", {"resource": "mms"}, "sms"),
    ("plivo", {"resource": "call"}, "call"),
    ("sms77", {}, "sms"),
    ("sms77", {"resource": "voice"}, "call"),
    ("mocean", {"resource": "voice"}, "call"),
    ("vonage", {}, "sms"),
    ("messageBird", {}, "sms"),
    ("msg91", {}, "sms"),
    ("whatsApp", {"operation": "sendTemplate"}, "whatsapp"),
    ("linkedIn", {}, "social"),
    ("twitter", {"resource": "directMessage"}, "social"),
    ("quickbooks", {"resource": "invoice", "operation": "send"}, "email"),
    ("invoiceNinja", {"resource": "quote", "operation": "email"}, "email"),
]

SENDS_NOTHING: list[tuple[str, dict[str, Any]]] = [
    ("gmail", {"operation": "getAll"}),
    ("gmail", {"resource": "thread"}),
    ("gmail", {"resource": "draft", "operation": "create"}),
    ("gmail", {"resource": "label"}),
    ("gmailTrigger", {}),
    ("microsoftOutlook", {"resource": "calendar"}),
    ("sendGrid", {"resource": "contact", "operation": "upsert"}),
    ("mailchimp", {}),
    ("mautic", {}),
    ("mautic", {"resource": "contactSegment"}),
    ("lemlist", {"resource": "lead", "operation": "unsubscribe"}),
    ("phantombuster", {"operation": "getOutput"}),
    ("whatsApp", {"resource": "media"}),
    ("twitter", {}),
    ("quickbooks", {"resource": "invoice", "operation": "getAll"}),
    ("invoiceNinja", {}),
    ("slack", {}),
    ("telegram", {}),
    ("googleSheetsTool", {}),
    ("set", {}),
    ("httpRequest", {}),
]

POSTS = [
    ("https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json", "sms"),
    ("https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json", "call"),
    ("https://api.retellai.com/v2/create-phone-call", "call"),
    ("=https://api.vapi.ai/call", "call"),
    ("https://api.bland.ai/v1/calls", "call"),
    ("https://graph.facebook.com/v20.0/{{ $json.id }}/messages", "whatsapp"),
    ("https://api.sendgrid.com/v3/mail/send", "email"),
    ("https://api.mailgun.net/v3/shop.example/messages", "email"),
    ("https://api.resend.com/emails", "email"),
    ("https://api.brevo.com/v3/smtp/email", "email"),
    ("https://api.instantly.ai/api/v2/emails/reply", "email"),
    ("https://<subdomain>.unipile.com:<port>/api/v1/users/invite", "social"),
    ("https://rest.clicksend.com/v3/sms/send", "sms"),
    ("https://rest.clicksend.com/v3/voice/send", "call"),
    ("https://rest.clicksend.com/v3/email/send", "email"),
    ("https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails", "email"),
    ("https://app.loops.so/api/v1/transactional", "email"),
    ("https://api.customer.io/v1/send/email", "email"),
    ("https://api-eu.customer.io/v1/send/sms", "sms"),
    ("https://api.hubapi.com/marketing/v4/email/single-send", "email"),
    ("https://backend.aisensy.com/campaign/t1/api/v2", "whatsapp"),
]


@pytest.mark.parametrize(("kind", "parameters", "channel"), SENDS)
def test_a_node_that_sends(kind: str, parameters: dict[str, Any], channel: str) -> None:
    assert effect(BASE + kind, parameters) == Sends(channel)
    assert channel in CHANNELS


@pytest.mark.parametrize(("kind", "parameters"), SENDS_NOTHING)
def test_a_node_that_sends_nothing(kind: str, parameters: dict[str, Any]) -> None:
    assert effect(BASE + kind, parameters) is None


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("gmail", {"operation": "sendLater"}),
        ("gmail", {"resource": "draft", "operation": "send"}),
        ("whatsApp", {"operation": "SendMedia"}),
        ("microsoftOutlook", {"resource": "message", "operation": "forward"}),
        ("sendGrid", {"resource": "contact", "operation": "resendAll"}),
    ],
)
def test_an_operation_of_a_sender_that_sends_by_its_name(
    kind: str, parameters: dict[str, Any]
) -> None:
    told = Hidden("an operation that sends, by its name; what it sends is not known")
    assert effect(BASE + kind, parameters) == told


@pytest.mark.parametrize("url", [0, True, ["https://api.resend.com/emails"], {"value": "x"}])
def test_a_request_to_what_is_no_address(url: object) -> None:
    asked = {"method": "POST", "url": url}
    assert effect(BASE + "httpRequest", asked) == Hidden("posts to an address that is no text")
    assert effect(BASE + "httpRequest", {"url": url}) is None


@pytest.mark.parametrize(("url", "channel"), POSTS)
def test_a_request_to_a_service_that_sends(url: str, channel: str) -> None:
    post = {"method": "POST", "url": url}
    assert effect(BASE + "httpRequest", post) == Sends(channel)
    assert effect(BASE + "httpRequestTool", post) == Sends(channel)
    assert effect(AGENTS + "toolHttpRequest", post) == Sends(channel)
    assert effect(BASE + "httpRequest", {"requestMethod": "POST", "url": url}) == Sends(channel)
    assert effect(BASE + "httpRequest", {"url": url}) is None  # whoever asks sends nothing


@pytest.mark.parametrize(
    "body",
    [
        {"bodyParameters": {"parameters": [{"name": "To", "value": "whatsapp:+1512"}, 7]}},
        {"jsonBody": '{"To": "WhatsApp:+1512"}'},
        {"body": "To=whatsapp:+1512"},
    ],
)
def test_twilio_sends_by_whatsapp_if_the_address_says_so(body: dict[str, Any]) -> None:
    post = {"method": "POST", "url": "https://api.twilio.com/1/Messages.json"} | body
    assert effect(BASE + "httpRequest", post) == Sends("whatsapp")


@pytest.mark.parametrize("rows", [True, 7, "whatsapp:", {"value": "whatsapp:"}, None])
def test_a_body_that_is_no_list_of_fields_says_nothing(rows: object) -> None:
    post = {"method": "POST", "url": "https://api.twilio.com/1/Messages.json"}
    asked = post | {"bodyParameters": {"parameters": rows}}
    assert effect(BASE + "httpRequest", asked) == Sends("sms")


@pytest.mark.parametrize(
    ("kind", "parameters", "why"),
    [
        ("lemlist", {}, "hands the contact over to lemlist;"),
        (
            "lemlist",
            {"resource": "lead", "operation": "create"},
            "hands the contact over to lemlist;",
        ),
        ("phantombuster", {}, "hands the contact over to PhantomBuster;"),
        (
            "mautic",
            {"resource": "campaignContact"},
            "hands the contact over to a campaign of Mautic;",
        ),
        ("emelia", {"operation": "addContact"}, "hands the contact over to Emelia;"),
        (
            "httpRequest",
            {"method": "POST", "url": "https://api.instantly.ai/api/v2/leads"},
            "hands the contact over to Instantly;",
        ),
        (
            "httpRequest",
            {"method": "={{ $json.method }}", "url": "https://server.smartlead.ai/api/v1/leads"},
            "hands the contact over to Smartlead;",
        ),
        (
            "httpRequest",
            {"method": "POST", "url": "={{ $json.url }}"},
            "posts to an address that is not in the file",
        ),
        *(
            (
                "httpRequest",
                {"method": "POST", "url": f"https://{address}"},
                f"hands the contact over to {service};",
            )
            for address, service in (
                ("services.leadconnectorhq.com/conversations/messages", "HighLevel"),
                ("services.leadconnectorhq.com/contacts/1/workflow/2", "HighLevel"),
                ("api.hubapi.com/automation/v4/sequences/enrollments", "HubSpot"),
                ("app.loops.so/api/v1/events/send", "Loops"),
                ("track.customer.io/api/v1/customers/1/events", "Customer.io"),
            )
        ),
        ("executeWorkflow", {}, "runs another workflow;"),
        ("carrierPigeon", {}, "no node of n8n that is known here"),
    ],
)
def test_what_a_node_may_hide_is_told(kind: str, parameters: dict[str, Any], why: str) -> None:
    hidden = effect(BASE + kind, parameters)
    assert isinstance(hidden, Hidden)
    assert hidden.why.startswith(why)


@pytest.mark.parametrize(
    ("kind", "hides"),
    [
        (AGENTS + "agent", False),
        (AGENTS + "lmChatOpenAi", False),
        (AGENTS + "toolWorkflow", True),
        (AGENTS + "mcpClientTool", True),
        ("n8n-nodes-fillout.filloutTrigger", False),
        ("n8n-nodes-evolution-api.evolutionApi", True),
        ("odd", True),
    ],
)
def test_nodes_of_other_packages(kind: str, hides: bool) -> None:
    assert isinstance(effect(kind, {}), Hidden) == hides


def test_a_request_elsewhere_sends_nothing() -> None:
    post = {"method": "POST", "url": "https://crm.example/{{ $json.id }}"}
    assert effect(BASE + "httpRequest", post) is None
    assert effect(BASE + "httpRequest", {"method": "POST", "url": "x" * 1_000_000}) is None


@pytest.mark.parametrize(
    "url",
    [
        *("=https://{{ $json.host }}/leads", "={{ $env.BASE }}/leads", "{{ $json.url"),
        *("https://api.{{ $json.host }}:8080/x", "{{ $json.a }}{{ $json.b }}?x=1"),
    ],
)
def test_a_request_to_a_host_that_is_worked_out_is_told(url: str) -> None:
    told = Hidden("posts to an address that is not in the file")
    assert effect(BASE + "httpRequest", {"method": "POST", "url": url}) == told
    assert effect(BASE + "httpRequest", {"url": url}) is None


@pytest.mark.parametrize(
    "url",
    [
        *("http://localhost:3000/send-sms", "https://api.mailer.example/send-email", "x.io/send"),
        *("https://a.example/v1/messages", "https://a.example/api/sendMessage?x=1", "//a/mail"),
        *("https://a.example/{{ $json.id }}/calls", "https://a.example/campaigns/1/enroll"),
        *("https://a.example/out-sms/", "https://a.example/enrollments", "https://a.io/email.php"),
    ],
)
def test_a_request_whose_address_names_sending_is_told(url: str) -> None:
    hidden = effect(BASE + "httpRequest", {"method": "POST", "url": url})
    assert isinstance(hidden, Hidden)
    assert "by its name" in hidden.why


@pytest.mark.parametrize(
    "url",
    [
        *("https://{{ $json.shop }}.shop.example/orders", "https://api.anthropic.com/v1/messages"),
        *("https://slack.com/api/chat.postMessage", "https://a.example/verify-email"),
        *("https://api.hubapi.com/crm/v3/objects/emails", "https://mail.example/bookings"),
        *("https://gmail.googleapis.com/gmail/v1/users/me/messages/1/modify", "sms.example"),
        *("https://a.example/callers", "https://a.example/x?then=/emailing"),
    ],
)
def test_a_request_that_only_sounds_like_sending_is_let_be(url: str) -> None:
    assert effect(BASE + "httpRequest", {"method": "POST", "url": url}) is None


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (BASE + "code", "jsCode"),
        (BASE + "code", "pythonCode"),
        (BASE + "function", "functionCode"),
        (BASE + "functionItem", "functionCode"),
        (AGENTS + "toolCode", "jsCode"),
        (AGENTS + "code", "code"),
    ],
)
def test_code_that_posts_to_a_service_that_sends_is_told(kind: str, key: str) -> None:
    for code in (
        "httpRequest({method: 'POST', url: 'https://api.sendgrid.com/v3/mail/send'})",
        "axios.post('https://graph.facebook.com/v20.0/1/messages')",
        "axios.post('https://api.hubapi.com/automation/v4/sequences/enrollments')",
        "requests.post(HOST + '/v3')  # HOST = 'api.twilio.com'",
    ):
        hidden = effect(kind, {key: code})
        assert isinstance(hidden, Hidden)
        assert hidden.why.startswith("its code posts to a service that sends")
    for code in (
        "fetch('https://api.twilio.com/2010-04-01/Accounts')",
        "axios.post('https://crm.example/leads')",
        7,
    ):
        assert effect(kind, {key: code}) is None


def test_long_addresses_and_code_are_looked_at_in_no_time() -> None:
    url = "https://api.twilio.com/" * 100_000
    assert effect(BASE + "code", {"jsCode": "post " + url}) is not None
    long = "https://a.example/" + "a-" * 1_000_000
    assert effect(BASE + "httpRequest", {"method": "POST", "url": long}) is None
    assert effect(BASE + "code", {"jsCode": "post " + "https://x.example " * 100_000}) is None


def test_a_fixed_address_is_one_without_an_expression() -> None:
    assert effect(BASE + "gmail", {"sendTo": "a@b.example"}) == Sends("email", fixed=True)
    assert effect(BASE + "twilio", {"to": "={{ $json.phone }}"}) == Sends("sms")


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), ("=a", "a"), ("={{ a }}", None), (None, None), (7, None), ({}, None)],
)
def test_a_literal_is_text_and_no_expression(value: object, text: str | None) -> None:
    assert literal({"key": value}, "key") == text
