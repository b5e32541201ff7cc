"""The admin API's application. Routed by the path as it was sent: an external id may hold a slash."""

from fastapi import APIRouter
from starlette.types import ASGIApp

from connectors.hosts.commands.app import CommandApi
from connectors.hosts.commands.frame import add_description, add_problems, framed
from connectors.hosts.commands.guarded import guarded
from console.actions import Actions
from console.api import description
from console.api.clients import Clients
from console.api.desk import Desk
from console.api.guard import Guard
from console.api.operations import add_letter_acts, add_people_acts, add_service_acts, add_sweep_acts
from console.api.problems import KINDS, TYPES
from console.api.questions import add_letter_questions, add_questions


def create_api(actions: Actions, clients: Clients) -> ASGIApp:
    """Return the admin API of one bridge: everything beneath `/admin/`."""
    app = framed(description.TITLE, description.VERSION, KINDS)
    router = APIRouter(prefix="/admin/v1", route_class=guarded(Guard(clients)))
    desk = Desk(actions)
    add_questions(router, desk, actions)
    add_letter_questions(router, desk)
    add_letter_acts(router, actions)
    add_service_acts(router, actions)
    add_people_acts(router, actions)
    add_sweep_acts(router, actions)
    app.include_router(router)
    add_description(app, "/admin/openapi.json", description.describe)
    add_problems(app, TYPES, KINDS)
    return CommandApi(app)
