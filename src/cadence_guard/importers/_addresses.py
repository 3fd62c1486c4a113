"""Addresses of the web that send what is posted to them: which do, and by which channel."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from cadence_guard._struct import struct


@struct
class Sends:
    """What is done there sends. `fixed` says that it always writes to the same address."""

    channel: str
    fixed: bool = False


@struct
class Hidden:
    """It may reach the contact in a way that the file does not show."""

    why: str


def elsewhere(service: str) -> Hidden:
    """What a service does to whom it is handed."""
    return Hidden(f"hands the contact over to {service}; what is sent there is not in the file")


_HTTP: Final[tuple[tuple[str, str], ...]] = (
    (r"api\.twilio\.com/.*/messages", "sms"),
    (r"api\.twilio\.com/.*/calls", "call"),
    (r"api\.telnyx\.com/v2/messages|api\.openphone\.com/v1/messages", "sms"),
    (r"api\.telnyx\.com/v2/calls", "call"),
    (r"api\.plivo\.com/.*/message|rest\.nexmo\.com/sms|rest\.messagebird\.com/messages", "sms"),
    (r"api\.plivo\.com/.*/call|api\.nexmo\.com/v1/calls", "call"),
    (r"rest\.clicksend\.com/v3/voice", "call"),
    (r"rest\.clicksend\.com/v3/(?:transactional-)?email", "email"),
    (
        r"rest\.clicksend\.com/v3/(?:sms|mms)|gateway\.seven\.io/api/sms|gateway\.sms77\.io/api/sms",
        "sms",
    ),
    (r"api\.retellai\.com/.*create-phone-call|api\.vapi\.ai/call|api\.bland\.ai/.*call", "call"),
    (r"api\.elevenlabs\.io/.*outbound-call|api\.synthflow\.ai/.*call", "call"),
    (r"graph\.facebook\.com/.*/messages|waba.*\.360dialog\.io|api\.ultramsg\.com", "whatsapp"),
    (r"gate\.whapi\.cloud|green-api\.com/.*/send|wati\.io/.*send|/message/sendtext", "whatsapp"),
    (r"api\.sendgrid\.com/v3/mail/send|mailgun\.net/.*/messages|api\.postmarkapp\.com", "email"),
    (r"api\.resend\.com/emails|api\.mailjet\.com/.*/send|mandrillapp\.com/.*/send", "email"),
    (r"api\.(?:brevo|sendinblue)\.com/v3/smtp/email|api\.mailersend\.com/v1/email", "email"),
    (r"api\.(?:brevo|sendinblue)\.com/v3/transactionalsms|api\.mailersend\.com/v1/sms", "sms"),
    (r"gmail\.googleapis\.com/.*/send|googleapis\.com/gmail/.*/send", "email"),
    (r"graph\.microsoft\.com/.*/(?:sendmail|reply|send)\b|api\.sparkpost\.com", "email"),
    (r"api\.instantly\.ai/.*/emails/reply|smartlead\.ai/.*reply-email", "email"),
    (r"email\.[a-z0-9-]+\.amazonaws\.com|app\.loops\.so/api/v1/transactional", "email"),
    (r"customer\.io/v1/send/email|api\.hubapi\.com/.*(?:single-send|singleemail/send)", "email"),
    (r"customer\.io/v1/send/sms", "sms"),
    (r"backend\.aisensy\.com/|api\.interakt\.ai/.*message|gupshup\.io/.*msg", "whatsapp"),
    (r"unipile\.com.*/emails", "email"),
    (r"unipile\.com.*/(?:users/invite|chats)", "social"),
)
"""Addresses that send what is posted to them, and by which channel."""

_SERVICES: Final[tuple[tuple[str, str], ...]] = (
    (r"api\.phantombuster\.com/.*launch", "PhantomBuster"),
    (r"api\.instantly\.ai/", "Instantly"),
    (r"smartlead\.ai/", "Smartlead"),
    (r"api\.lemlist\.com/", "lemlist"),
    (r"saleshandy\.com/", "Saleshandy"),
    (r"api\.heyreach\.io/", "HeyReach"),
    (r"api\.reply\.io/", "Reply"),
    (r"api\.apollo\.io/.*emailer_campaigns", "Apollo"),
    (r"api\.outreach\.io/.*sequence", "Outreach"),
    (r"api\.salesloft\.com/.*cadence", "Salesloft"),
    (r"api\.woodpecker\.co/", "Woodpecker"),
    (r"services\.leadconnectorhq\.com/conversations/messages", "HighLevel"),
    (r"services\.leadconnectorhq\.com/.*(?:workflow|campaign)", "HighLevel"),
    (r"api\.hubapi\.com/automation/", "HubSpot"),
    (r"app\.loops\.so/api/", "Loops"),
    (r"customer\.io/", "Customer.io"),
)
"""Services that send by themselves, or by a channel that the address does not tell, to whoever is
posted to them."""

_NAMES_SENDING: Final = re.compile(
    r"/(?:[a-z0-9]+[-_.])*(?:send[a-z]*|sms|mms|messages?|e?mails?|calls?|dial|whatsapp"
    r"|enrol(?:l|lments?|ments?)?)(?=[-_./?#]|$)"
)
_NAMES_MORE: Final = re.compile(
    r"find|verif|valid|search|lookup|check|enrich|pars|track|modify|draft|template|\blogs?\b"
    r"|anthropic\.com|openai\.com|slack\.com|discord(?:app)?\.com|telegram\.org"
    r"|googleapis\.com|microsoft\.com|office\.com|api\.hubapi\.com/(?:crm|engagements)/"
)
"""What an address that names a message does besides sending it to a contact: it looks for one,
keeps it, or brings it to a machine or a colleague."""
_EXPRESSION: Final = re.compile(r"\{\{.*?(?:\}\}|$)", re.DOTALL)
_SENDING_HOSTS: Final = re.compile(
    r"\b(?:sendgrid|mailgun|postmarkapp|resend|mailjet|mandrillapp|brevo|sendinblue|mailersend"
    r"|sparkpost|twilio|telnyx|openphone|plivo|nexmo|messagebird|clicksend|seven|sms77|retellai"
    r"|vapi|bland|synthflow|360dialog|ultramsg|whapi|green-api|wati|aisensy|interakt|gupshup"
    r"|loops|customer|unipile|instantly|smartlead|lemlist|saleshandy|heyreach|reply|woodpecker"
    r"|leadconnectorhq)\.(?:com|net|org|io|ai|so|co|cloud)\b"
)
_MOST_ADDRESSES: Final = 100
_ADDRESS: Final = re.compile(r"https?://[^\s\"'`]{1,500}")

_LONGEST_URL: Final = 2_000
_HTTP_PATTERNS: Final = tuple((re.compile(text), channel) for text, channel in _HTTP)
_SERVICE_PATTERNS: Final = tuple((re.compile(text), name) for text, name in _SERVICES)


def posted(url: str, body: str = "") -> Sends | Hidden | None:
    """What posting to an address does to a contact; None if nothing."""
    url = url[:_LONGEST_URL].casefold()
    channel = _channel(url)
    if channel is not None:
        if channel == "sms" and "whatsapp:" in body:
            channel = "whatsapp"
        return Sends(channel)
    if (service := _service(url)) is not None:
        return elsewhere(service)
    plain = _EXPRESSION.sub("*", url.lstrip("= "))
    host = re.split("[/?#]", plain.partition("://")[2] or plain, maxsplit=1)[0]
    if host.rstrip(":0123456789").endswith("*"):
        return Hidden("posts to an address that is not in the file")
    if _NAMES_SENDING.search(plain, plain.find("://") + 3) and not _NAMES_MORE.search(plain):
        return Hidden("posts to an address that sends, by its name; what it sends is not known")
    return None


def _channel(url: str) -> str | None:
    """By which channel an address sends what is posted to it; None if it is not known."""
    return next((channel for each, channel in _HTTP_PATTERNS if each.search(url)), None)


def _service(url: str) -> str | None:
    """The service that sends by itself at that address."""
    return next((name for each, name in _SERVICE_PATTERNS if each.search(url)), None)


def names_a_sender(code: str) -> bool:
    """Whether an address in code, in lower case, is one of somebody who sends."""
    urls = (found[0] for found in islice(_ADDRESS.finditer(code), _MOST_ADDRESSES))
    return bool(_SENDING_HOSTS.search(code)) or any(_channel(url) or _service(url) for url in urls)
