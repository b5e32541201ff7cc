"""The admin API as programs meet it."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from console.actions import ROLES
from worker.commands import Create
from worker.letters import Unreadable
from worker.wiring import utc_now

if TYPE_CHECKING:
    from tests.console.api.conftest import Office
    from tests.console.conftest import Console, House

Serve = Callable[[Callable[["Office"], Awaitable[None]]], None]

WHY = {"reason": "maintenance"}
LETTERS = "/v1/services/support/dead-letters"
#: Every act, with a body that is well formed, and what the audit log calls it.
ACTS: dict[str, tuple[str, dict[str, Any] | None]] = {
    "/v1/services/support/pause": ("pause-service", WHY),
    "/v1/services/support/resume": ("resume-service", None),
    "/v1/services/support/retry-now": ("retry-now", None),
    "/v1/services/support/test-call": ("test-call", None),
    "/v1/subscriptions/x/send-test": ("send-test", None),
    "/v1/channels/tickets/pause": ("pause-channel", WHY),
    "/v1/channels/tickets/resume": ("resume-channel", None),
    "/v1/people/ann/end-visits": ("end-visits", WHY),
    f"{LETTERS}/replay": ("replay", {"everything": True}),
    f"{LETTERS}/discard": ("discard", {"everything": True, **WHY}),
    f"{LETTERS}/x/edit": ("edit", {"unset": ["user_data"]}),
    "/v1/runs/x/cancel": ("cancel-run", None),
    "/v1/services/support/sweeps": ("sweep", None),
    "/v1/services/support/sweeps/pause": ("pause-sweeps", WHY),
    "/v1/services/support/sweeps/resume": ("resume-sweeps", None),
}
#: What is asked by POST and only looks.
PLANS = ("/v1/services/support/sweeps/plan", f"{LETTERS}/plan", "/v1/channels/tickets/try")


def test_every_act_of_the_description_is_tried_here(serve: Serve) -> None:
    """A new one cannot be forgotten below, nor one of the console be left out."""

    async def body(office: "Office") -> None:
        described = (await office.ask("GET", "/openapi.json", role=None)).json()
        posts = [path for path, methods in described["paths"].items() if "post" in methods]
        assert len(posts) == len(ACTS) + len(PLANS)
        assert {name for name, _ in ACTS.values()} == set(ROLES) - {"reveal"}

    serve(body)


def test_a_viewer_can_do_none_of_it(serve: Serve) -> None:
    """Each is refused as a problem and stands in the audit log."""

    async def body(office: "Office") -> None:
        for path, (name, sent) in ACTS.items():
            answer = await office.ask("POST", path, role="viewer", json=sent)
            assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
            assert answer.json()["type"] == "/admin/v1/problems/not-allowed"
            (deed,) = (await office.ask("GET", "/v1/audit-log", params={"limit": 1})).json()["deeds"]
            assert (deed["person"], deed["how"]) == ("viewer", "token")
            assert (deed["action"], deed["outcome"]) == (name, "refused")

    serve(body)


def test_without_a_token_there_is_no_answer(serve: Serve) -> None:
    """Whatever is asked, before anything is read."""

    async def body(office: "Office") -> None:
        for path in (*ACTS, *PLANS, "/v1/services", LETTERS, "/v1/audit-log", "/v1/runs"):
            for key in (None, "wrong"):
                method = "POST" if path in ACTS or path in PLANS else "GET"
                answer = await office.ask(method, path, role=key, content=b"{")
                assert (answer.status_code, answer.json()["title"]) == (401, "No client has this token")
                assert answer.headers["www-authenticate"].startswith("Bearer")

    serve(body)


def test_the_audit_log_takes_an_admin(serve: Serve) -> None:
    """An operator reads everything else."""

    async def body(office: "Office") -> None:
        assert (await office.ask("GET", "/v1/audit-log", role="operator")).status_code == 403
        for path in ("/v1/services", "/v1/services/support", "/v1/channels", "/v1/runs", LETTERS):
            assert (await office.ask("GET", path, role="viewer")).status_code == 200, path

    serve(body)


def test_a_service_is_paused_and_resumed(serve: Serve) -> None:
    """As at the console; the view says so."""

    async def body(office: "Office") -> None:
        assert (await office.ask("POST", "/v1/services/support/pause", json=WHY)).json()["done"]
        view = (await office.ask("GET", "/v1/services/support")).json()
        assert (view["gate"], view["because"]) == ("paused", "maintenance")
        told = (await office.ask("POST", "/v1/services/support/resume")).json()
        assert told == {"done": True, "before": "paused"}
        services = (await office.ask("GET", "/v1/services")).json()["services"]
        assert [(each["service"], each["gate"]) for each in services] == [
            ("sales", "open"),
            ("support", "open"),
        ]

    serve(body)


def test_a_channel_is_paused_and_resumed(serve: Serve) -> None:
    """With its reason in the list."""

    async def body(office: "Office") -> None:
        await office.ask("POST", "/v1/channels/tickets/pause", json=WHY)
        (view,) = (await office.ask("GET", "/v1/channels")).json()["channels"]
        assert (view["channel"], view["paused"]) == ("tickets", "maintenance")
        told = (await office.ask("POST", "/v1/channels/tickets/resume")).json()
        assert told["before"] == "maintenance"

    serve(body)


def test_dead_letters_are_planned_replayed_and_watched(
    serve: Serve, letter: Callable[..., Unreadable]
) -> None:
    """What stays is named with its reason; reading one whole is recorded and takes an operator."""

    async def body(office: "Office") -> None:
        await office.console.bridge.store.keep(letter())
        plan = (await office.ask("POST", f"{LETTERS}/plan", json={"channel": "tickets"})).json()
        assert (plan["total"], plan["groups"][0]["cause"]) == (1, "unreadable")
        listed = (await office.ask("GET", LETTERS, role="viewer")).json()
        assert [each["id"] for each in listed["letters"]] == [letter().id]
        one = f"{LETTERS}/{letter().id}"
        assert (await office.ask("GET", one, role="viewer")).status_code == 403
        assert (await office.ask("GET", one, role="operator")).json()["letter"]["body"] == "e30="
        begun = await office.ask("POST", f"{LETTERS}/replay", json={"everything": True})
        assert begun.status_code == 202
        place = begun.headers["location"].removeprefix("/admin")
        await office.console.actions.runs.find(begun.json()["id"]).wait()
        run = (await office.ask("GET", place)).json()
        assert (run["state"], run["done"], run["total"], run["by"]) == ("done", 1, 1, "admin")
        assert run["kept"][0]["id"] == letter().id
        assert (await office.ask("GET", "/v1/runs")).json()["runs"] == [run]
        assert (await office.ask("POST", f"{place}/cancel")).json()["state"] == "done"
        log = (await office.ask("GET", "/v1/audit-log", params={"limit": 3})).json()["deeds"]
        assert [(each["action"], each["person"]) for each in log] == [
            *(("cancel-run", "admin"), ("replay", "admin")),
            ("reveal", "operator"),
        ]

    serve(body)


def test_what_cannot_be_done_says_why(serve: Serve, letter: Callable[..., Unreadable]) -> None:
    """Each as a problem of its own status."""

    async def body(office: "Office") -> None:
        await office.console.bridge.store.keep(letter())
        for path, sent, status in (
            ("/v1/services/other/pause", WHY, 404),
            ("/v1/channels/other/pause", WHY, 404),
            ("/v1/runs/other/cancel", None, 404),
            (f"{LETTERS}/other-letter/edit", {"set": {"user_data.x": 1}}, 404),
            (f"{LETTERS}/{letter().id}/edit", {"set": {"user_data.x": 1}}, 422),
            (f"{LETTERS}/replay", {}, 422),
            (f"{LETTERS}/discard", {"everything": True}, 400),
            ("/v1/services/support/pause", {"reason": "x", "more": 1}, 400),
            ("/v1/services/support/pause", {"reason": "  "}, 400),
            ("/v1/subscriptions/other/send-test", None, 422),
            ("/v1/nowhere", None, 404),
        ):
            answer = await office.ask("POST", path, json=sent)
            assert answer.status_code == status, (path, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            explained = await office.ask("GET", answer.json()["type"].removeprefix("/admin"), role=None)
            assert explained.json()["status"] == status
        assert (await office.ask("DELETE", "/v1/services")).status_code == 405
        assert (await office.ask("GET", "/v1/problems/other", role=None)).status_code == 404
        untyped = await office.ask("POST", "/v1/services/support/pause", content=b"{}")
        assert untyped.status_code == 415

    serve(body)


def test_a_delivery_is_tried(serve: Serve) -> None:
    """As by the channel's page: what it would become, or why not; a viewer may not, and nothing is kept."""

    async def body(office: "Office") -> None:
        path, sent = "/v1/channels/tickets/try", {"content": '{"id": "7", "delivery": "d"}'}
        refused = await office.ask("POST", path, json=sent)
        assert (refused.status_code, "refused" in refused.json()["detail"]) == (422, True)
        tried = await office.ask("POST", path, json={**sent, "proved": False})
        assert tried.status_code == 200, tried.text
        assert [each["kind"] for each in tried.json()["commands"]] == ["create"]
        odd = await office.ask("POST", path, json={**sent, "headers": {"a b": "c"}})
        assert odd.status_code == 422
        assert (await office.ask("POST", path, role="viewer", json=sent)).status_code == 403
        assert (await office.ask("POST", "/v1/channels/other/try", json=sent)).status_code == 422

    serve(body)


def test_a_conversation_is_found_by_any_external_id(serve: Serve) -> None:
    """With a slash in it; what its commands carry is not told."""

    async def body(office: "Office") -> None:
        create = Create(
            service="support",
            external_id="order/1042?",
            idempotency_key="k",
            channel="tickets",
            received_at=utc_now(),
            user_data={"Subject": "Hidden"},
        )
        await office.console.bridge.intake.submit([create])
        place = f"/v1/services/support/interactions/{quote('order/1042?', safe='')}"
        answer = await office.ask("GET", place, role="viewer")
        assert answer.json()["external_id"] == "order/1042?"
        assert answer.json()["ledger"]["waiting"][0]["kind"] == "create"
        assert "Hidden" not in answer.text
        assert (await office.ask("GET", place + "x")).status_code == 404
        assert (await office.ask("GET", "/v1/services/support/interactions/%ff")).status_code == 400

    serve(body)


def test_where_nobody_logs_in_and_no_client_is_named_this_machine_may_ask(house: "House") -> None:
    """Programs here are then local too; with clients, each needs its token."""

    async def body(console: "Console") -> None:
        http = console.browser().http
        assert (await http.get("/admin/v1/services")).status_code == 200
        assert (await http.post("/admin/v1/services/support/pause", json=WHY)).status_code == 200
        (deed,) = await console.bridge.store.deeds(limit=9)
        assert (deed.person, deed.how) == ("local", "loopback")

    house.hosts(body)


def test_a_visit_is_no_token(house: "House", accounts: dict[str, Any]) -> None:
    """The API knows no cookies, so no page elsewhere can borrow one."""

    async def body(console: "Console") -> None:
        browser = console.browser()
        await browser.enters("admin")
        assert (await browser.http.get("/admin/v1/services")).status_code == 401

    house.hosts(body, accounts)
