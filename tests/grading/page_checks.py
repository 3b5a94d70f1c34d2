"""What a page of one file must be: closed elements, no script, no address, headings in order."""
import html.parser
import re

VOID = {"meta", "img", "br"}
ALLOWED = {"html", "head", "meta", "title", "style", "body", "main", "header", "section", "article", "div", "p", "h1",
           "h2", "h3", "span", "small", "strong", "dl", "dt", "dd", "pre", "code", "details", "summary", "table",
           "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "img", "br"}
ATTRIBUTES = {"class", "style", "role", "aria-label", "scope", "tabindex", "src", "alt", "lang", "charset", "name",
              "content", "http-equiv"}


class Page(html.parser.HTMLParser):
    """A page as a browser would read it: elements by name, texts; errors as assertions."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.texts, self.headings = [], [], [], []
        assert text.startswith("<!doctype html>\n<html lang=")
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert tag in ALLOWED, tag
        assert {name for name, _ in attributes} <= ATTRIBUTES, attributes
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def handle_comment(self, data):
        raise AssertionError(data)

    @property
    def text(self):
        return " ".join(data for where, data in self.texts if where not in ("style", "title"))

    def all(self, name):
        return [attributes for tag, attributes in self.elements if tag == name]


def check(text):
    """The page, if it is as it must be."""
    page = Page(text)
    style = "".join(data for where, data in page.texts if where == "style")
    assert not re.search(r"url\(|@import|expression|https?:|//", style)
    for tag, attributes in page.elements:
        assert re.fullmatch(r"width:\d{1,3}%", attributes.get("style", "width:0%")), attributes
        if tag == "img":
            assert attributes["src"].startswith("data:image/png;base64,") and attributes["alt"]
    assert page.headings[0] == 1 and page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:])), page.headings
    metas = {each.get("name") or each.get("http-equiv"): each.get("content") for each in page.all("meta")}
    assert metas["viewport"] == "width=device-width, initial-scale=1"
    assert metas["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    return page
