"""A machine's desktop as a person has it: pixels on a canvas, and a mouse over them."""

from __future__ import annotations

from playwright.sync_api import Page

PICTURE_TIMEOUT_MS = 60_000

# A copy that is made to be read: the page's own canvas is made to be shown, and Chromium complains.
_PIXELS = """const pixelsOf = (canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
  copy.drawImage(canvas, 0, 0);
  return copy.getImageData(0, 0, canvas.width, canvas.height).data;
};"""

_SHARE_LIT = f"""() => {{ {_PIXELS}
  const canvas = document.querySelector("canvas");
  if (!canvas || !canvas.width) return false;
  const data = pixelsOf(canvas);
  let lit = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i] + data[i + 1] + data[i + 2] > 24) lit += 1;
  return lit * 4 > 0.5 * data.length;
}}"""

# The middle of all pixels near a colour, in canvas pixels, once there are enough of them for a button.
_FIND = f"""([red, green, blue, atLeast]) => {{ {_PIXELS}
  const canvas = document.querySelector("canvas");
  if (!canvas || !canvas.width) return null;
  const {{width, height}} = canvas;
  const data = pixelsOf(canvas);
  const near = (a, b) => Math.abs(a - b) < 10;
  const rows = new Array(height).fill(0).map(() => ({{count: 0, sum: 0}}));
  for (let i = 0; i < data.length; i += 4) {{
    if (near(data[i], red) && near(data[i + 1], green) && near(data[i + 2], blue)) {{
      const row = rows[Math.floor(i / 4 / width)];
      row.count += 1;
      row.sum += (i / 4) % width;
    }}
  }}
  const widest = Math.max(...rows.map((row) => row.count));
  if (widest < atLeast) return null;
  const own = rows.map((row, y) => ({{...row, y}})).filter((row) => row.count > 0.7 * widest);
  const middle = own[Math.floor(own.length / 2)];
  return {{x: middle.sum / middle.count / width, y: middle.y / height}};
}}"""

_CLICK_TO_FRAME = "() => performance.getEntriesByName('vestibule:click-to-first-frame')[0]?.duration"


class Desktop:
    """The noVNC canvas of an open session page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._canvas = page.locator("canvas")

    def await_picture(self) -> None:
        """Return once most of the canvas is not black."""
        self._page.wait_for_function(_SHARE_LIT, timeout=PICTURE_TIMEOUT_MS)

    def click_to_first_frame_s(self) -> float:
        """What the page itself measured, from *Connect* to the first frame that is not black."""
        return float(self._page.wait_for_function(_CLICK_TO_FRAME).json_value()) / 1000

    def await_colour(
        self, red: int, green: int, blue: int, *, width: int, timeout_s: float
    ) -> dict[str, float]:
        """The middle of a surface of this colour, ``width`` pixels wide or wider, in shares of the canvas."""
        found: dict[str, float] = self._page.wait_for_function(
            _FIND, arg=[red, green, blue, width], timeout=timeout_s * 1000
        ).json_value()
        return found

    def click_colour(self, red: int, green: int, blue: int, *, width: int, timeout_s: float) -> None:
        """Click the middle of a surface of this colour, at least ``width`` pixels wide, once there is one."""
        found = self.await_colour(red, green, blue, width=width, timeout_s=timeout_s)
        box = self._canvas.bounding_box()
        assert box is not None
        self._page.mouse.click(box["x"] + found["x"] * box["width"], box["y"] + found["y"] * box["height"])
