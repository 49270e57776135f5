"""Pages of a Vigilant Agency Data Sharing Report, laid out as the vendor does, for invented names."""

from dataclasses import dataclass, field

from pdfminer.fontmetrics import FONT_METRICS

WIDTHS = {face: FONT_METRICS[face][1] for face in ("Helvetica", "Helvetica-Bold", "Times-Roman")}
SENTENCES = {
    "detections_shared": "The {} Agency is Sharing its Detection data with the following Agencies:",
    "detections_received": "The {} Agency is receiving Detection data from the following Agencies:",
    "hot_lists_shared": "The {} Agency is sharing Hot List records with the following Agencies:",
    "hot_lists_received": "The {} Agency is receiving Shared Hot List records from the following Agencies:",
}
HEADINGS = {
    "detections_shared": "Detections Shared",
    "detections_received": "Detections Received",
    "hot_lists_shared": "Hot List Sharing",
    "hot_lists_received": "Hot-List Received",
}


def measure(text: str, size: float, face: str = "Helvetica") -> float:
    """Measure a text in points."""
    return sum(WIDTHS[face].get(letter, 556) for letter in text) * size / 1000


@dataclass
class Layout:
    """How a report is laid out: in points, columns as (left, right), and what it says of itself.

    Cells may be level in the middle, rows may be split by pages, two columns may be centered, three may have
    their heads on every page.
    """

    size: tuple = (595, 842)
    font: float = 10.0
    pitch: float = 16.5
    pad: float = 11.0
    foot: float = 812.0
    two: tuple = ((67, 315), (326, 580))
    three: tuple | None = None
    is_middle: bool = False
    may_split: bool = False
    is_two_centered: bool = False
    has_heads: bool = False
    face: str = "Helvetica"
    title: tuple = ("Agency", "Data Sharing Report")
    agency: str = "Testville Police Department"
    product: str = "LEARN"
    created: str = "02-06-20"
    pages: list = field(default_factory=list)
    y: float = 1e9

    def start_page(self) -> None:
        """Begin a page with its head."""
        self.pages.append([])
        for at, line in enumerate(self.title):
            self.put(self.size[0] / 2, 22 + 20 * at, line, 16 - 2 * at, center=True)
        self.y = 88.0

    def put(self, x: float, y: float, text: str, size: float | None = None, center: bool = False) -> None:
        """Put a text on the page; (x, y) is the beginning, or the middle, of its base line."""
        size = size or self.font
        self.pages[-1].append((x - self.measure(text, size) / 2 if center else x, y, text, size))

    def measure(self, text: str, size: float | None = None) -> float:
        """Measure a text in the type of this report."""
        return measure(text, size or self.font, self.face)

    def need(self, height: float) -> None:
        """Begin a page if so much does not fit on this one."""
        if not self.pages or self.y + height > self.foot:
            self.start_page()

    def wrap(self, text: str, width: float, size: float | None = None) -> list[str]:
        """Wrap a text into lines; a word too long for a line stands alone in one."""
        lines = []
        for word in text.split(" "):
            if lines and self.measure(f"{lines[-1]} {word}", size) <= width:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        return lines

    def put_heads(self) -> None:
        """Put the heads of three columns."""
        for (left, right), head in zip(self.three, ("Agency", "City", "State")):
            self.put((left + right) / 2, self.y + self.font, head, self.font + 1, center=True)
        self.y += 24

    def add_row(self, cells: list[str], columns, is_centered: bool = False, heads: bool = False) -> None:
        """Add a row of a table."""
        wrapped = [
            self.wrap(text, right - left) if text else [] for text, (left, right) in zip(cells, columns)
        ]
        height_n = max(map(len, wrapped))
        if not self.pages or self.y + (1 if self.may_split else height_n) * self.pitch > self.foot:
            self.start_page()
            if heads:
                self.put_heads()
        for at in range(height_n):
            if self.y + self.pitch > self.foot:
                self.start_page()
            for lines, (left, right) in zip(wrapped, columns):
                if at < len(lines):
                    down = (height_n - len(lines)) / 2 * self.pitch if self.is_middle else 0
                    x = (left + right) / 2 if is_centered else left
                    self.put(x, self.y + down + self.font, lines[at], center=is_centered)
            self.y += self.pitch
        self.y += self.pad

    def add_section(self, name: str, rows, heading: bool = True, sentence: bool = True) -> None:
        """Add a list of names, of (name, city, state), or for hot lists of (name, list)."""
        self.need(60 if heading else 0)
        if heading:
            self.y += 18
            self.put(self.size[0] / 2, self.y, HEADINGS[name], 15, center=True)
            self.y += 30
        if sentence:
            self.need(20)
            for line in self.wrap(SENTENCES[name].format(self.agency), self.size[0] - 80, 8.5):
                self.put(self.size[0] / 2, self.y, line, 8.5, center=True)
                self.y += 11
            self.y += 11
        if name.startswith("hot"):
            self.need(20)
            self.put(self.two[0][0] - 20, self.y, "Agency:", 11)
            self.put(self.two[1][0] - 22, self.y, "Hot List(s):", 11)
            self.y += 22
        if not rows:
            self.put(self.size[0] / 2, self.y + 14, "None", 18, center=True)
            self.y += 30
        elif name.startswith("hot"):
            for row in rows:
                self.add_row(list(row), self.two)
        elif isinstance(rows[0], str):
            for at in range(0, len(rows), 2):
                self.add_row(list(rows[at : at + 2]), self.two, is_centered=self.is_two_centered)
        else:
            self.need(20)
            self.put_heads()
            for row in rows:
                self.add_row(list(row), self.three, is_centered=True, heads=self.has_heads)
        self.y += 14

    def finish(self) -> list:
        """Number the pages and give them."""
        for at, page in enumerate(self.pages, 1):
            y, numbered = self.size[1] - 12, f"Page {at} of {len(self.pages)}"
            page.append((6, y, f"Date Created: {self.created}", 9))
            page.append((250, y, f"{self.product} Agency Data Sharing Report", 9))
            page.append((self.size[0] - 8 - self.measure(numbered, 9), y, numbered, 9))
        return self.pages
