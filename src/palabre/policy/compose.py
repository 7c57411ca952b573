"""Everything about policy, put together."""

from pathlib import Path

from ..accounts.compose import Accounts
from ..core.clock import Clock
from ..core.housekeeping import Housekeeping
from ..core.text import Texts
from ..storage.database import Database
from .catalogue.service import Catalogues
from .decisions.receipts import Receipts
from .decisions.record import Records
from .decisions.routes import DecisionRoutes
from .decisions.service import DecisionService
from .deletion.routes import DeletionRoutes
from .deletion.service import Deletions
from .documents.routes import PolicyRoutes
from .documents.service import Policies
from .gate.service import Gate
from .reminders.channels import SmsChannel, WebPushChannel
from .reminders.service import Reminders
from .rollouts.funnel import Funnel
from .rollouts.preview import Preview
from .rollouts.routes import RolloutRoutes
from .rollouts.service import RolloutService
from .routes import StatusRoutes
from .sign_up import SignUp
from .starter import begin
from .status import PolicyStatus
from .views import Views
from .web_push.routes import WebPushRoutes
from .web_push.service import WebPush

TEXTS = Path(__file__).parent / "texts"


class Policy:
    """The services, by name, and the routes on top of them."""

    def __init__(
        self, accounts: Accounts, database: Database, clock: Clock, catalogues: Catalogues, public_url: str
    ) -> None:
        self.housekeeping = Housekeeping()
        self.texts = Texts.load(TEXTS)
        self.catalogues = catalogues
        self.documents = Policies(database, clock, catalogues)
        self.decisions = DecisionService(database, clock, accounts.people, catalogues)
        self.gate = Gate(
            database,
            clock,
            accounts.people,
            catalogues,
            self.decisions,
            self.texts,
            f"{public_url}/account/terms",
        )
        self.status = PolicyStatus(clock, self.gate, catalogues, self.decisions, public_url)
        self.sign_up = SignUp(catalogues, clock, self.decisions, public_url)
        self.rollouts = RolloutService(database, clock, catalogues)
        accounts.hooks.on_terms_accepted.append(self.decisions.on_terms_accepted)
        accounts.hooks.on_deactivated.append(self.decisions.on_deactivated)
        self.preview = Preview(database, clock, catalogues)
        self.funnel = Funnel(database, clock, catalogues)
        self.views = Views(database, clock)
        self.receipts = Receipts(database, clock)
        self.records = Records(self.decisions, catalogues, public_url)
        self.deletions = Deletions(database, clock, accounts.people, accounts.lifecycle, catalogues, self.gate)
        self.web_push = WebPush(database, clock, accounts.sessions, public_url, test_mode=accounts.options.test_mode)
        accounts.hooks.on_device_deleted.append(self.web_push.on_device_deleted)
        accounts.hooks.on_deactivated.append(self.web_push.on_deactivated)
        self.reminders = Reminders(
            database,
            clock,
            accounts.people,
            catalogues,
            self.decisions,
            self.gate,
            [WebPushChannel(self.web_push, self.texts), SmsChannel(accounts.provider, self.texts)],
            self.texts,
            self.gate.consent_uri,
        )
        accounts.hooks.on_deactivated.append(self.reminders.on_deactivated)
        self.housekeeping.jobs += [self.reminders.job, self.deletions.job, self.decisions.forget_old]
        self.routes: list[object] = [
            DeletionRoutes(self.deletions),
            StatusRoutes(self.status),
            PolicyRoutes(self.documents, catalogues, clock, public_url),
            RolloutRoutes(self.rollouts, self.preview, self.funnel, clock),
            DecisionRoutes(self.decisions, self.records, self.receipts),
            WebPushRoutes(self.web_push),
        ]

    async def start(self, *, starter: bool) -> None:
        """After the database has started. With `starter`, a new server begins with the starter policy."""
        if starter:
            await begin(self.documents, self.rollouts, self.catalogues)
        await self.housekeeping.start()

    async def stop(self) -> None:
        """Before the database closes."""
        await self.housekeeping.stop()
        await self.web_push.close()
