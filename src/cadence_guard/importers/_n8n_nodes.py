"""What the nodes of n8n do to a contact: which of them send, and by which channel.

The answer rests on a node's type and its parameters alone. What a parameter leaves out is taken
as what makes the node send: templates are often stripped of their parameters, and a send that
stays unseen is worse than one too many.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from cadence_guard._struct import struct
from cadence_guard.importers._addresses import Hidden, Sends, elsewhere, names_a_sender, posted

Parameters: TypeAlias = Mapping[str, Any]

BASE: Final = "n8n-nodes-base"
AGENTS: Final = "@n8n/n8n-nodes-langchain"


def literal(parameters: Parameters, key: str) -> str | None:
    """A parameter as text; None if it is not there, is no text, or is an expression."""
    value = parameters.get(key)
    if not isinstance(value, str):
        return None
    if value.startswith("="):
        value = value[1:]
    return None if "{{" in value else value


def effect(kind: str, parameters: Parameters) -> Sends | Hidden | None:
    """What a node of that type does to a contact; None if nothing.

    `kind` as the file has it, such as `n8n-nodes-base.gmail`.
    """
    package, _, name = kind.rpartition(".")
    name = name.casefold()
    if name.endswith("trigger"):
        return None
    if package not in (BASE, AGENTS):
        return Hidden("a node of a community package; what it sends is not known here")
    if package == AGENTS:
        name = name.removeprefix("tool")
    elif name not in _QUIET:
        name = name.removesuffix("tool")
    if name == "httprequest":
        return _of_http(parameters)
    if name in ("code", "function", "functionitem"):
        return _of_code(parameters)
    if name in ("executeworkflow", "workflow"):
        return Hidden("runs another workflow; what that one sends is not in this one")
    if package == AGENTS:
        calls = "calls the tools of a server; what they send is not in the file"
        return Hidden(calls) if name.startswith("mcpclient") else None
    if (handoff := _HANDOFFS.get(name)) and _fits(handoff, parameters):
        return elsewhere(handoff.channel)
    for sender in _SENDERS.get(name, ()):
        if _fits(sender, parameters):
            channel = sender.channel
            if name == "twilio" and channel == "sms" and parameters.get("toWhatsapp") is True:
                channel = "whatsapp"
            return Sends(channel, _fixed(parameters))
    if name in _SENDERS and _SENDS_BY_NAME.match(literal(parameters, "operation") or ""):
        return Hidden("an operation that sends, by its name; what it sends is not known")
    if name in _QUIET or name in _SENDERS or name in _HANDOFFS:
        return None
    return Hidden("no node of n8n that is known here")


_SENDS_BY_NAME: Final = re.compile(r"(?:re)?send|reply|forward", re.IGNORECASE)


# -- nodes of services ---------------------------------------------------------------------------


@struct
class _When:
    """By which channel (or, for a handoff, to which service) a node sends, and when.

    It does if its parameters name one of the resources (or none, if `bare`) and one of the
    operations (or none, if the first is the default one of that resource).
    """

    channel: str
    operations: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    bare: bool = True
    default: bool = True


def _fits(when: _When, parameters: Parameters) -> bool:
    resource, operation = literal(parameters, "resource"), literal(parameters, "operation")
    if when.resources and not (resource in when.resources if resource else when.bare):
        return False
    return not when.operations or (operation in when.operations if operation else when.default)


_MAIL_OPERATIONS: Final = ("send", "reply", "sendAndWait", "sendTemplate", "sendHtml")
_SENDERS: Final[dict[str, tuple[_When, ...]]] = {
    "gmail": (
        _When("email", _MAIL_OPERATIONS, ("message",)),
        _When("email", ("reply",), ("thread",), bare=False, default=False),
    ),
    "microsoftoutlook": (
        _When("email", _MAIL_OPERATIONS, ("message",)),
        _When("email", ("send",), ("draft",), bare=False, default=False),
    ),
    "emailsend": (_When("email", _MAIL_OPERATIONS),),
    "sendgrid": (_When("email", _MAIL_OPERATIONS, ("mail",)),),
    "mailgun": (_When("email"),),
    "mandrill": (_When("email", _MAIL_OPERATIONS, ("message",)),),
    "awsses": (_When("email", _MAIL_OPERATIONS, ("email",)),),
    "sendinblue": (_When("email", _MAIL_OPERATIONS, ("email",)),),
    "mailjet": (
        _When("email", _MAIL_OPERATIONS, ("email",)),
        _When("sms", ("send",), ("sms",), bare=False),
    ),
    "mailchimp": (_When("email", ("send", "resend"), ("campaign",), bare=False, default=False),),
    "mautic": (
        _When("email", ("sendEmail",), ("contact",), default=False),
        _When("email", ("send",), ("segmentEmail",), bare=False),
    ),
    "keap": (_When("email", ("send",), ("email",), bare=False, default=False),),
    "twilio": (
        _When("call", resources=("call",), bare=False),
        _When("sms", ("send", "sendAndWait"), ("sms",)),
    ),
    "plivo": (
        _When("call", resources=("call",), bare=False),
        _When("sms", resources=("sms", "mms")),
    ),
    "sms77": (_When("call", resources=("voice",), bare=False), _When("sms", resources=("sms",))),
    "mocean": (_When("call", resources=("voice",), bare=False), _When("sms", resources=("sms",))),
    "vonage": (_When("sms"),),
    "messagebird": (_When("sms", resources=("sms",)),),
    "msg91": (_When("sms"),),
    "whatsapp": (_When("whatsapp", ("send", "sendTemplate", "sendAndWait"), ("message",)),),
    "linkedin": (_When("social"),),
    "quickbooks": (_When("email", ("send",), ("invoice", "estimate"), bare=False, default=False),),
    "invoiceninja": (_When("email", ("email",), ("invoice", "quote"), bare=False, default=False),),
    "twitter": (_When("social", resources=("directMessage",), bare=False),),
}
"""The nodes that send, by type."""

_HANDOFFS: Final[dict[str, _When]] = {
    "lemlist": _When("lemlist", ("create",), ("lead",)),
    "phantombuster": _When("PhantomBuster", ("launch",), ("agent",)),
    "emelia": _When("Emelia", ("addContact", "start"), ("campaign",), default=False),
    "mautic": _When("a campaign of Mautic", ("add",), ("campaignContact",), bare=False),
    "autopilot": _When("a journey of Autopilot", ("add",), ("contactJourney",), bare=False),
    "convertkit": _When(
        "a sequence of ConvertKit", ("addSubscriber",), ("sequence", "form"), bare=False
    ),
}
"""The nodes that hand a contact over to a service that sends by itself."""

_QUIET_NODES: Final = """
    actionnetwork activecampaign adalo affinity aggregate agilecrm airtable airtop aitransform
    amqp apitemplateio asana autopilot awscertificatemanager awscognito awscomprehend awsdynamodb
    awselb awsiam awslambda awsrekognition awss3 awssns awssqs awstextract awstranscribe
    azurecosmosdb azurestorage bamboohr bannerbear baserow beeminder bitly bitwarden box
    brandfetch bubble chargebee circleci ciscowebex clearbit clickup clockify cloudflare cockpit
    coda code coingecko comparedatasets compression confluence contentful convertkit converttofile
    copper cortex cratedb cron crypto currents customerio databricks datatable datetime
    debughelper deepl demio dhl discord discourse disqus drift dropbox dropcontact
    dynamiccredentialcheck e2etest editimage egoi elasticsearch elasticsecurity emailreadimap
    erpnext evaluation executecommand executiondata extractfromfile facebookgraphapi filemaker
    filter flow form freshdesk freshservice freshworkscrm ftp function functionitem getresponse
    ghost git github gitlab gong googleads googleanalytics googlebigquery googlebooks
    googlebusinessprofile googlecalendar googlechat googlecloudnaturallanguage googlecloudstorage
    googlecontacts googledocs googledrive googlefirebasecloudfirestore
    googlefirebaserealtimedatabase googleperspective googlesheets googleslides googletasks
    googletranslate gotify gotowebinar grafana graphql grist gsuiteadmin hackernews halopsa
    harvest helpscout highlevel homeassistant html htmlextract httprequest hubspot humanticai
    hunter ical if intercom interval invoiceninja itemlists iterable jenkins jinaai jira jwt kafka
    keap kobotoolbox ldap limit line linear lingvanex lonescale magento2 mailcheck mailchimp
    mailerlite markdown marketstack matrix mattermost mautic medium merge messageanagent metabase
    microsoftdynamicscrm microsoftentra microsoftexcel microsoftgraphsecurity microsoftonedrive
    microsoftsharepoint microsoftsql microsoftteams microsofttodo mindee misp mistralai mondaycom
    mongodb monicacrm movebinarydata mqtt mysql n8n n8ntrainingcustomerdatastore
    n8ntrainingcustomermessenger nasa netlify netscaleradc nextcloud nocodb noop notion npm odoo
    okta onesimpleapi onfleet openai openthesaurus openweathermap oracle oraclesql orbit oura
    paddle pagerduty paypal peekalink perplexity philipshue pipedrive postbin postgres posthog
    profitwell pushbullet pushcut pushover questdb quickbase quickbooks quickchart rabbitmq
    raindrop readbinaryfile readbinaryfiles readpdf readwritefile reddit redis removeduplicates
    renamekeys respondtowebhook rocketchat rssfeedread rundeck s3 salesforce salesmate seatable
    securityscorecard segment sendy sentryio servicenow set shopify signl4 simulate slack
    snowflake sort splitinbatches splitout splunk spotify spreadsheetfile ssh stackby start
    stickynote stopanderror storyblok strapi strava stripe summarize supabase switch syncromsp
    taiga tapfiliate telegram thehive thehiveproject timesaved timescaledb todoist totp travisci
    trello twake twist twitter unleashedsoftware uplead uproc uptimerobot urlscanio
    venafitlsprotectcloud venafitlsprotectdatacenter vero wait webflow webhook wekan wise
    woocommerce wordpress xero xml yourls youtube zammad zendesk zohocrm zoom zulip
"""
"""The nodes of n8n that reach no contact: data, logic, tools of the office, notes to colleagues."""
_QUIET: Final = frozenset(_QUIET_NODES.split())

_ADDRESSES: Final = ("sendTo", "toEmail", "toRecipients", "to", "recipientPhoneNumber")


def _fixed(parameters: Parameters) -> bool:
    return any(literal(parameters, key) for key in _ADDRESSES)


# -- HTTP requests and code ---------------------------------------------------------------------

_LONGEST_CODE: Final = 200_000


def _of_http(parameters: Parameters) -> Sends | Hidden | None:
    method = parameters.get("method", parameters.get("requestMethod", "GET"))
    url = parameters.get("url")
    if method in ("GET", "HEAD", "OPTIONS") or url in (None, ""):
        return None  # whoever asks for data sends none
    if not isinstance(url, str):
        return Hidden("posts to an address that is no text")
    return posted(url, _body(parameters))


def _of_code(parameters: Parameters) -> Hidden | None:
    """What code may do that posts to somebody who sends."""
    keys = ("jsCode", "functionCode", "pythonCode", "code")
    texts = (text for key in keys if isinstance(text := parameters.get(key), str))
    code = " ".join(texts)[:_LONGEST_CODE].casefold()
    if "post" in code and names_a_sender(code):
        return Hidden("its code posts to a service that sends; what it sends is not read")
    return None


def _body(parameters: Parameters) -> str:
    """The body of a request, as far as it is text."""
    body = parameters.get("bodyParameters")
    fields = body.get("parameters") if isinstance(body, dict) else None
    rows = fields if isinstance(fields, list) else ()
    values = [row.get("value") for row in rows if isinstance(row, dict)]
    texts = (*values, parameters.get("jsonBody"), parameters.get("body"))
    return " ".join(text for text in texts if isinstance(text, str)).casefold()
