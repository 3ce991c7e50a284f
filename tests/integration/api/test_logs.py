"""A machine's logs over HTTP: who may read them, as they grow, and what they do not show."""

from __future__ import annotations

import httpx
import pytest
from event_stream import Stream
from lab import Lab

from vestibule.core.ids import VmId
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus

pytestmark = pytest.mark.anyio


@pytest.fixture
async def waiting(lab: Lab) -> SessionRecord:
    """Bob's."""
    record = await lab.connect(lab.bob)
    return await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)


def write(lab: Lab, record: SessionRecord, text: str, name: str = "console.log") -> None:
    with (lab.folder / "run/machines" / str(record.vm_id) / name).open("a") as log:
        log.write(text)


async def test_owner_and_operator_may_read(
    lab: Lab, ann: httpx.AsyncClient, bob: httpx.AsyncClient, waiting: SessionRecord
) -> None:
    write(lab, waiting, "hello\n", "agent.log")
    for client in (ann, bob):
        listed = (await client.get(f"/api/vms/{waiting.vm_id}/logs")).json()
        assert [log["name"] for log in listed] == ["agent.log", "console.log"]


@pytest.mark.parametrize("name", ["no.log", "console.txt", "..%2Fconsole.log", ".log"])
async def test_a_log_that_there_is_not(bob: httpx.AsyncClient, waiting: SessionRecord, name: str) -> None:
    answer = await bob.get(f"/api/vms/{waiting.vm_id}/logs/{name}/events")
    assert answer.status_code in {404, 422}
    assert answer.json()["code"] in {"log_absent", "bad_input", "absent"}


async def test_a_log_is_told_as_it_grows_without_secrets_until_its_machine_is_gone(
    lab: Lab, ann: httpx.AsyncClient, served: str, waiting: SessionRecord
) -> None:
    token = lab.machines.live(VmId(str(waiting.vm_id))).token
    write(lab, waiting, f"token of the agent: {token}\n")
    headers = {"Authorization": ann.headers["Authorization"]}
    path = f"/api/vms/{waiting.vm_id}/logs/console.log/events"
    async with (
        httpx.AsyncClient(base_url=f"http://{served}", headers=headers, trust_env=False) as client,
        client.stream("GET", path) as answer,
    ):
        stream = Stream(answer)
        first = await stream.next()
        assert first is not None
        assert (first["event"], first["ended"], first["whole"]) == ("log", False, True)
        assert first["text"].startswith("vestibule: fake console")
        assert token not in first["text"]
        write(lab, waiting, "grown\n")
        second = await stream.next()
        assert second is not None
        assert second["text"].endswith("grown\n")
        await lab.sign_ins.cancel(lab.bob, waiting.session_id)
        *_, last = await stream.all()
        assert last["ended"]
        assert last["text"] == second["text"]


async def test_the_picture_of_a_failed_machine_is_shown_to_who_may_see_the_machine(
    lab: Lab, ann: httpx.AsyncClient, bob: httpx.AsyncClient, waiting: SessionRecord
) -> None:
    own = await lab.connect()
    own = await lab.reach(own.session_id, SessionStatus.AWAITING_USER_AUTH)
    for record in (waiting, own):
        folder = lab.folder / "state/evidence" / str(record.vm_id)
        folder.mkdir(parents=True)
        (folder / "screenshot.png").write_bytes(b"\x89PNG of " + str(record.vm_id).encode())
    for client in (ann, bob):
        answer = await client.get(f"/api/vms/{waiting.vm_id}/screenshot")
        assert answer.headers["content-type"] == "image/png"
        assert answer.content == b"\x89PNG of " + str(waiting.vm_id).encode()
    assert (await bob.get(f"/api/vms/{own.vm_id}/screenshot")).status_code == 404


async def test_a_machine_of_which_no_picture_was_kept_says_so(
    bob: httpx.AsyncClient, waiting: SessionRecord
) -> None:
    answer = await bob.get(f"/api/vms/{waiting.vm_id}/screenshot")
    assert (answer.status_code, answer.json()["code"]) == (404, "absent")
