"""Small PDFs with text, object by object: simulated reports, and what a reader must survive."""

import zlib
from pathlib import Path


class PdfWriter:
    """Numbers objects, and writes them with a cross-reference table: enough for good and for evil PDFs."""

    def __init__(self):
        self.objects: list[bytes] = []

    def add(self, body: bytes | str) -> int:
        """Add an object; its number comes back."""
        self.objects.append(body.encode("latin-1") if isinstance(body, str) else body)
        return len(self.objects)

    def add_stream(self, data: bytes, extra: str = "", packed: bool = True) -> int:
        """Add a stream, deflated unless told otherwise."""
        if packed:
            data, extra = zlib.compress(data, 9), f"{extra} /Filter /FlateDecode"
        return self.add(
            f"<< /Length {len(data)} {extra} >>\nstream\n".encode("latin-1") + data + b"\nendstream"
        )

    def add_pages(
        self, contents: list[int], resources: str = "", size=(612, 792), font: str = "/Helvetica"
    ) -> int:
        """Add pages with these contents, their tree and the catalog, whose number comes back."""
        tree = len(self.objects) + len(contents) + 1
        kids = [
            self.add(
                f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {size[0]} {size[1]}] /Contents "
                f"{content} 0 R "
                f"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont {font} >> >> "
                f"{resources} >> >>"
            )
            for content in contents
        ]
        self.add(f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>")
        return self.add(f"<< /Type /Catalog /Pages {tree} 0 R >>")

    def build(self, root: int, trailer: str = "") -> bytes:
        """Give the file."""
        out, offsets = bytearray(b"%PDF-1.5\n"), []
        for number, body in enumerate(self.objects, 1):
            offsets.append(len(out))
            out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
        start = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
        out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        out += f"trailer\n<< /Size {len(offsets) + 1} /Root {root} 0 R {trailer} >>\n".encode()
        out += f"startxref\n{start}\n%%EOF\n".encode()
        return bytes(out)


def escape(text: str) -> str:
    """Write a text as PDF does."""
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def write_pdf(
    path: Path | str, pages: list[list[tuple]], size=(612, 792), *, packed=True, font="/Helvetica", extra=()
) -> Path:
    """Write a text PDF: pages of (x, y from the top, text) or (x, y, text, font size), in points.

    (x, y) is the beginning of a base line. Not `packed`, the file has the same bytes wherever it is written.
    `font` may name an encoding as well; `extra` are operators for the end of each page.
    """
    writer, contents = PdfWriter(), []
    for page in pages:
        drawn = []
        for x, y, text, *own in page:
            shown = f"{x} {size[1] - y} Td ({escape(text)}) Tj ET"
            drawn.append(f"BT /F1 {own[0] if own else 10} Tf {shown}")
        contents.append(writer.add_stream("\n".join([*drawn, *extra]).encode("cp1252"), packed=packed))
    path = Path(path)
    path.write_bytes(writer.build(writer.add_pages(contents, size=size, font=font)))
    return path
