"""The rules of OAuth: registering clients, asking people, and handing out tokens once."""

import base64
import secrets
from typing import Any, Protocol
from urllib.parse import parse_qsl

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidGrantError, InvalidRequestError
from msgspec.structs import replace

from ...core import errors, ids, json
from ...core.clock import Clock
from ...core.errors import ApiError
from ...http.limits import RateLimits
from ...storage.database import Database, Transaction
from ..hashing import token_hash
from ..sessions.models import Tokens
from ..sessions.service import SessionService
from .models import Answer, Authorization, Client, Code, DeviceRequest, Refresh, Scope, parse_scope
from .protocol import Exchange, Found, Question, error_body
from .registration import register
from .store import OAuthStore
