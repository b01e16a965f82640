//! The little XML that cameras of 海康 write: elements with a text, found by their local names, since
//! each firmware has another namespace, or a prefix, or neither.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

use crate::devices::vz::text;

/// Longest document in bytes: an event of a camera has two to twenty kilobytes.
pub(super) const MAX_XML_BYTES: usize = 256 * 1024;

/// Most elements of a document.
const MAX_ELEMENTS: usize = 4096;

/// Deepest nesting: an event has five levels.
const MAX_DEPTH: usize = 32;

/// An element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Without its prefix.
    pub(super) name: String,
    /// What stands in it beside elements, trimmed.
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

/// Why bytes are no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum XmlError {
    #[error("XML 超过 {MAX_XML_BYTES} 字节")]
    TooLong,
    #[error("XML 元素过多或嵌套过深")]
    TooMany,
    #[error("XML 无法读取：{0}")]
    Broken(String),
    #[error("XML 不完整")]
    Torn,
}

/// Reads a document; what follows its root is left alone.
pub(super) fn read(bytes: &[u8]) -> Result<Element, XmlError> {
    if bytes.len() > MAX_XML_BYTES {
        return Err(XmlError::TooLong);
    }
    let text = text(bytes);
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    let (mut open, mut elements): (Vec<Element>, usize) = (Vec::new(), 0);
    loop {
        let event = reader.read_event();
        let event = event.map_err(|error| XmlError::Broken(error.to_string()))?;
        let closed = match event {
            Event::Start(start) => {
                elements += 1;
                if elements > MAX_ELEMENTS || open.len() >= MAX_DEPTH {
                    return Err(XmlError::TooMany);
                }
                open.push(named(start.local_name().into_inner()));
                continue;
            }
            Event::Empty(empty) => {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return Err(XmlError::TooMany);
                }
                named(empty.local_name().into_inner())
            }
            // The reader has made sure that it ends what was begun last.
            Event::End(_) => open.pop().ok_or(XmlError::Torn)?,
            Event::Text(text) => {
                add(&mut open, &text.xml10_content());
                continue;
            }
            Event::CData(text) => {
                add(&mut open, &text.xml10_content());
                continue;
            }
            Event::GeneralRef(entity) => {
                add(&mut open, &meant(&entity)?);
                continue;
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => continue,
            Event::Eof => return Err(XmlError::Torn),
        };
        let mut closed = closed;
        closed.text = closed.text.trim().to_owned();
        match open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => return Ok(closed),
        }
    }
}

impl Element {
    /// The element at the end of a way through children, each the first of its name.
    pub(super) fn at(&self, way: &[&str]) -> Option<&Element> {
        way.iter().try_fold(self, |here, name| {
            here.children.iter().find(|it| it.name == *name)
        })
    }

    /// Its text; none when it is not there or empty.
    pub(super) fn text_at(&self, way: &[&str]) -> Option<&str> {
        let text = self.at(way)?.text.as_str();
        (!text.is_empty()).then_some(text)
    }
}

fn named(name: &str) -> Element {
    Element {
        name: name.to_owned(),
        ..Element::default()
    }
}

fn add(open: &mut [Element], text: &str) {
    // What stands outside of the root is of no use.
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// What a reference stands for; only those that every document has.
fn meant(entity: &BytesRef<'_>) -> Result<String, XmlError> {
    let broken = |error: quick_xml::Error| XmlError::Broken(error.to_string());
    if let Some(character) = entity.resolve_char_ref().map_err(broken)? {
        return Ok(character.to_string());
    }
    let name = entity.borrow().into_inner();
    Ok(match &*name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "apos" => "'",
        "quot" => "\"",
        other => return Err(XmlError::Broken(format!("不认识的实体 {other:?}"))),
    }
    .to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_element_is_found_by_its_local_name_whatever_its_namespace() {
        for document in [
            "<A><B>1</B></A>",
            "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<A xmlns=\"http://www.isapi.org/ver20/XMLSchema\"><B> 1\r\n</B></A>",
            "<h:A xmlns:h=\"http://www.hikvision.com/ver20/XMLSchema\"><h:B>1</h:B></h:A>",
            "<h:A><h:B>1</h:B></h:A>",
            "<A><C/><B><![CDATA[1]]></B><B>2</B></A>trailing",
            "<!-- x --><A><B>&#49;</B></A>",
        ] {
            let read = read(document.as_bytes()).unwrap();
            assert_eq!(read.text_at(&["B"]), Some("1"), "{document}");
            assert_eq!(read.text_at(&["C"]), None);
        }
    }

    #[test]
    fn gbk_is_read_where_it_is_no_utf8() {
        let bytes = [b"<A>".as_slice(), &[0xD4, 0xC1], b"</A>"].concat();
        assert_eq!(read(&bytes).unwrap().text, "粤");
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for (document, error) in [
            ("", XmlError::Torn),
            ("plain", XmlError::Torn),
            ("<A>", XmlError::Torn),
            ("<A><B>", XmlError::Torn),
        ] {
            assert_eq!(read(document.as_bytes()), Err(error), "{document}");
        }
        for document in ["<A></B>", "<A", "<A>&nbsp;</A>", "</A>", "<A>&#x0;</A>"] {
            let error = read(document.as_bytes()).unwrap_err();
            assert!(
                matches!(error, XmlError::Broken(_) | XmlError::Torn),
                "{document}: {error}"
            );
        }
    }

    /// A document that is all nesting or all elements costs little.
    #[test]
    fn what_is_too_large_is_refused() {
        let deep = "<a>".repeat(MAX_DEPTH + 1);
        let wide = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS + 1));
        let long = format!("<a>{}</a>", " ".repeat(MAX_XML_BYTES));
        assert_eq!(read(deep.as_bytes()), Err(XmlError::TooMany));
        assert_eq!(read(wide.as_bytes()), Err(XmlError::TooMany));
        assert_eq!(read(long.as_bytes()), Err(XmlError::TooLong));
    }

    proptest! {
        #[test]
        fn a_document_that_is_cut_is_torn_or_broken(end in 0_usize..44) {
            let document = "<A x=\"1\"><B>text &amp; more</B><C/></A>";
            let end = end.min(document.len() - 1);
            prop_assert!(read(&document.as_bytes()[..end]).is_err());
        }
    }
}
