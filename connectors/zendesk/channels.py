"""How a Zendesk ticket or comment came in, by the name in its `via`.

https://developer.zendesk.com/documentation/ticketing/reference-guides/via-types/
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.base import Channel
from connectors.http import JSON

BY_API = frozenset({"api", "web_service"})
"""Written by a program: `api` over REST, `web_service` in events."""

BY_MACHINE = frozenset({"rule", "system", "answer_bot", "answer_bot_for_agents", "automatic_solution_suggestions"})
"""Written by the helpdesk itself, whoever's name stands over it."""

_CHANNELS: Mapping[str, Channel] = {
    "mail": "email",
    "email": "email",
    "web": "form",
    "web_form": "form",
    "web_widget": "form",
    "mobile_sdk": "form",
    "help_center": "portal",
    "portal": "portal",
    "forum": "portal",
    "topic": "portal",
    "api": "api",
    "web_service": "api",
    "chat": "chat",
    "chat_offline_message": "chat",
    "native_messaging": "messaging",
    "messaging": "messaging",
    "whatsapp": "messaging",
    "telegram": "messaging",
    "viber": "messaging",
    "line": "messaging",
    "wechat": "messaging",
    "kakaotalk": "messaging",
    "apple_business_chat": "messaging",
    "google_business_messages": "messaging",
    "google_rcs": "messaging",
    "sms": "messaging",
    "text_message": "messaging",
    "twilio_sms": "messaging",
    "messagebird_sms": "messaging",
    "any_channel": "social",
    "voice": "voice",
    "phone": "voice",
    "voicemail": "voice",
    "phone_call_inbound": "voice",
    "phone_call_outbound": "voice",
    "side_conversation": "side conversation",
}

_FAMILIES: Mapping[str, Channel] = {  # one name per kind of message each, and more to come
    "sunshine_conversations": "messaging",
    "twitter": "social",
    "x_corp": "social",
    "facebook": "social",
    "instagram": "social",
}


def channel_of(via: JSON | None) -> Channel:
    """The channel of a ticket's or comment's `via`; "other" for what has no word of ours."""
    name = str((via or {}).get("channel") or "").lower()
    if name in _CHANNELS:
        return _CHANNELS[name]
    return next((channel for prefix, channel in _FAMILIES.items() if name.startswith(prefix)), "other")
