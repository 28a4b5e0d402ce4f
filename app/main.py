"""The web application: settings, extensions, blueprints, access gate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_migrate import Migrate
from htmx_flask import Htmx
from sqlalchemy.orm import Session

from app.council.balloting import routes as balloting_routes
from app.council.consents import routes as consent_routes
from app.council.interests import routes as interest_routes
from app.council.issuing import routes as issuing_routes
from app.council.meetings import routes as meeting_routes
from app.council.motions import routes as motion_routes
from app.council.notice import routes as notice_routes
from app.council.repurposing import routes as repurposing_routes
from app.council.rulebook import routes as rule_routes
from app.disbursements import routes as disbursement_routes
from app.disbursements.dossier import routes as dossier_routes
from app.disbursements.holding import routes as holding_routes
from app.disbursements.payees import routes as payee_routes
from app.disbursements.payments import routes as payment_routes
from app.disbursements.proof import routes as proof_routes
from app.disbursements.voting import routes as voting_routes
from app.disbursements.workbooks import routes as request_import_routes
from app.donations import routes as donation_routes
from app.donations.correction import routes as gift_routes
from app.donations.fiscal import routes as fiscal_routes
from app.donations.registers import routes as register_routes
from app.donations.returning import routes as returning_routes
from app.donors.own import routes as own_routes
from app.donors.requests import routes as asking_routes
from app.donors.requests.desk import routes as donor_request_routes
from app.donors.visiting import routes as visiting_routes
from app.files import routes as file_routes
from app.funds import queries as fund_queries
from app.funds import routes as fund_routes
from app.goods import routes as goods_routes
from app.goods.counting import routes as counting_routes
from app.jobs import routes as job_routes
from app.ledger import routes as journal_routes
from app.ledger.treasury import routes as treasury_routes
from app.ledger.treasury.workbooks import routes as transfer_import_routes
from app.log import routes as log_routes
from app.log.checkpoint import operations as log_checkpoint
from app.people import routes as people_routes
from app.privacy.readings import routes as reading_routes
from app.public.council import routes as public_council_routes
from app.public.decisions import routes as public_decision_routes
from app.public.disbursements import routes as public_disbursement_routes
from app.public.entries import routes as public_entry_routes
from app.public.ledger import routes as public_ledger_routes
from app.public.motions import routes as public_motion_routes
from app.public.overview import routes as public_overview_routes
from app.public.pictures import routes as public_picture_routes
from app.public.sales import routes as public_sale_routes
from app.public.tracing import routes as tracing_routes
from app.public.verification import routes as verification_routes
from app.sales import routes as sale_routes
from app.sales.auction import routes as auction_routes
from app.sales.bidding import routes as bidding_routes
from app.sales.campaign import routes as campaign_routes
from app.sales.closing import routes as closing_routes
from app.sales.desk import routes as desk_routes
from app.sales.paddles import routes as paddle_routes
from app.sales.workbooks import routes as sale_import_routes
from app.settings import ROOT, NotReady, Settings, load
from app.shared import db as shared_db
from app.shared import encryption
from app.statements import routes as statement_routes
from app.statements.buyers import routes as buyer_routes
from app.statements.donors import routes as donor_statement_routes
from app.statements.events import routes as sale_report_routes
from app.statements.receipts import routes as receipt_routes
from app.web import (
    access,
    caching,
    errors,
    forms,
    i18n,
    jinja,
    logs,
    office,
    reading,
    schema,
    security,
    static_files,
)
from app.web.database import db, engine_options

BLUEPRINTS = (
    static_files.blueprint,
    log_routes.blueprint,
    people_routes.blueprint,
    fund_routes.blueprint,
    file_routes.blueprint,
    job_routes.blueprint,
    treasury_routes.blueprint,
    journal_routes.blueprint,
    goods_routes.blueprint,
    counting_routes.blueprint,
    donation_routes.blueprint,
    gift_routes.blueprint,
    fiscal_routes.blueprint,
    meeting_routes.blueprint,
    interest_routes.blueprint,
    balloting_routes.blueprint,
    notice_routes.blueprint,
    notice_routes.public_blueprint,
    motion_routes.blueprint,
    issuing_routes.blueprint,
    returning_routes.blueprint,
    repurposing_routes.blueprint,
    rule_routes.blueprint,
    consent_routes.blueprint,
    disbursement_routes.blueprint,
    dossier_routes.blueprint,
    voting_routes.blueprint,
    holding_routes.blueprint,
    payment_routes.blueprint,
    payee_routes.blueprint,
    proof_routes.blueprint,
    sale_routes.blueprint,
    desk_routes.blueprint,
    campaign_routes.blueprint,
    closing_routes.blueprint,
    auction_routes.blueprint,
    paddle_routes.blueprint,
    bidding_routes.blueprint,
    register_routes.blueprint,
    sale_import_routes.blueprint,
    request_import_routes.blueprint,
    transfer_import_routes.blueprint,
    statement_routes.blueprint,
    sale_report_routes.blueprint,
    donor_statement_routes.blueprint,
    visiting_routes.blueprint,
    own_routes.blueprint,
    receipt_routes.blueprint,
    buyer_routes.blueprint,
    asking_routes.blueprint,
    donor_request_routes.blueprint,
    reading_routes.blueprint,
    public_overview_routes.blueprint,
    public_ledger_routes.blueprint,
    public_entry_routes.blueprint,
    public_disbursement_routes.blueprint,
    public_sale_routes.blueprint,
    public_picture_routes.blueprint,
    public_council_routes.blueprint,
    public_decision_routes.blueprint,
    public_motion_routes.blueprint,
    verification_routes.blueprint,
    tracing_routes.blueprint,
)


class _Site(Flask):
    """Flask without what each request would pay for and this site has no use for."""

    jinja_environment = jinja.Templates

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """``func`` itself: no view or hook of ours is a coroutine, and Flask looks sixteen times a request."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application. Raises SettingsError, also when the database is not what this code needs."""
    settings = settings or load()
    app = _Site("app.main", template_folder=str(ROOT / "templates"), static_folder=None)
    app.extensions["sunledger_settings"] = settings
    encryption.use_key(settings.data_key())
    logs.install(app, settings)
    security.install(app, settings)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
    )
    db.init_app(app)
    with app.app_context():
        shared_db.configure_engine(db.engine)
        try:
            schema.verify(db.engine)
            with Session(db.engine) as session:
                log_checkpoint.establish(session, settings.log_key_file, settings.log_origin)
        except NotReady:
            db.engine.dispose()
            raise
    app.extensions["sunledger_readiness"] = lambda: _problem(settings)
    Migrate(app, db, directory=str(schema.FOLDER))
    Htmx(app)
    i18n.install(app, settings.default_locale)
    jinja.install(app)
    forms.csrf.init_app(app)
    access.install_gate(
        app, identify=people_routes.identify, funds=fund_queries.choices, check_form=forms.csrf.protect
    )
    caching.install(app)
    reading.install(app)
    errors.install(app)
    office.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    fund_routes.install_site(app)
    app.extensions["sunledger_sign_in_page"] = people_routes.sign_in_again
    return app


def _problem(settings: Settings) -> str | None:
    """What keeps this process from serving now."""
    found = schema.problem(db.engine)
    if found:
        return found
    with Session(db.engine) as session:
        return log_checkpoint.start_problem(session, settings.log_key_file, settings.log_origin)
