from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule_agent.terminal_frames import MAX_FRAME_BYTES, FrameReader, keys, size

FRAMES = st.one_of(st.binary(max_size=300), st.tuples(st.integers(2, 1000), st.integers(2, 500)))


def _sent(frame: bytes | tuple[int, int]) -> bytes:
    return size(*frame) if isinstance(frame, tuple) else keys(frame)


@given(frames=st.lists(FRAMES), step=st.integers(1, 50))
def test_frames_are_read_however_they_are_cut(frames: list[bytes | tuple[int, int]], step: int) -> None:
    data = b"".join(map(_sent, frames))
    reader = FrameReader()
    seen = [frame for at in range(0, len(data), step) for frame in reader.feed(data[at : at + step])]
    assert seen == [frame for frame in frames if frame != b""]


def test_a_long_input_takes_several_frames() -> None:
    data = b"x" * (2 * MAX_FRAME_BYTES + 1)
    assert FrameReader().feed(keys(data)) == [data[:MAX_FRAME_BYTES], data[:MAX_FRAME_BYTES], b"x"]


@pytest.mark.parametrize("frame", [b"\x02\0\0", b"\x01\0\x02ab", size(1, 24), size(80, 501)])
def test_what_is_no_frame_is_refused(frame: bytes) -> None:
    with pytest.raises(ValueError, match=r"terminal|kind"):
        FrameReader().feed(frame)
