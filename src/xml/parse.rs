//! Whole units to elements. The only caller of quick-xml, which cuts a unit into tokens.
//!
//! quick-xml is kind to what XML forbids; the checks that it does not make are made here and in `tag`, `chars` and
//! `scope`, and held against another parser in `properties`.

use super::element::Element;
use super::scope::Scope;
use super::tag::{self, RawAttribute};
use super::{Limits, XmlError, chars};
use quick_xml::events::Event;
use quick_xml::{Error, Reader};

/// The text of a unit, free of what XML forbids anywhere.
pub(super) fn text(unit: &[u8]) -> Result<&str, XmlError> {
    let text = std::str::from_utf8(unit).map_err(|_| XmlError::BadEncoding)?;
    chars::check_legal(text)?;
    Ok(text)
}

/// Checks the XML declaration.
pub(super) fn declaration(unit: &str) -> Result<(), XmlError> {
    let inside = unit.strip_prefix("<?").and_then(|rest| rest.strip_suffix("?>"));
    tag::check_declaration(inside.unwrap_or_default())
}

/// The root's name as it is written, and the root without children. What it declares stays in `scope`.
pub(super) fn header<'a>(unit: &'a str, scope: &mut Scope, attributes: usize) -> Result<(&'a str, Element), XmlError> {
    let inside = unit.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or_default();
    let (name, rest) = tag::split_name(inside.strip_suffix('/').unwrap_or(inside));
    let element = start(name, rest, scope, attributes)?;
    Ok((name, element))
}

/// Checks that the closing tag of the stream names the root.
pub(super) fn closing(unit: &str, root: &str) -> Result<(), XmlError> {
    let inside = unit.strip_prefix("</").and_then(|rest| rest.strip_suffix('>')).unwrap_or_default();
    let (name, rest) = tag::split_name(inside);
    let same = name == root && rest.bytes().all(chars::is_space);
    if same { Ok(()) } else { Err(XmlError::NotWellFormed("wrong end tag")) }
}

/// A complete child of the root, and what of it was more than the limits allow, if anything was; `scope` is as before
/// afterwards. Of a message or a presence the parts that are too much are left out; of anything else nothing is left but
/// the name: an answer in part would be taken for the whole.
pub(super) fn element(unit: &str, scope: &mut Scope, limits: &Limits) -> Result<(Element, Option<XmlError>), XmlError> {
    let mark = scope.mark();
    let mut reading = Reading { open: Vec::new(), elements: 0, left_out: 0, excess: None };
    match reading.read(unit, scope, limits) {
        Ok(element) => match reading.excess {
            Some(why) if !matches!(element.name(), "message" | "presence") => {
                Ok((Element::parsed(element.name(), element.ns().into(), 0), Some(why)))
            }
            excess => Ok((element, excess)),
        },
        // The element itself is too much.
        Err(error) if limits.passes_over && error.is_excess() => {
            scope.leave(mark);
            Ok((name_alone(unit, scope)?, Some(error)))
        }
        Err(error) => Err(error),
    }
}

/// An element that is being read.
struct Reading {
    /// The elements that are open, and where their own declarations begin.
    open: Vec<(Element, usize)>,
    /// How many have begun.
    elements: usize,
    /// Levels of what is left out, where we are in it.
    left_out: usize,
    /// Why something was left out.
    excess: Option<XmlError>,
}

impl Reading {
    fn read(&mut self, unit: &str, scope: &mut Scope, limits: &Limits) -> Result<Element, XmlError> {
        let mut reader = Reader::from_str(unit);
        loop {
            let whole = match reader.read_event().map_err(|error| fault(&error))? {
                Event::Start(tag) => {
                    let begun = self.begin(tag.name().0, tag.attributes_raw(), scope, limits)?;
                    self.left_out += usize::from(begun.is_none());
                    self.open.extend(begun);
                    None
                }
                Event::Empty(tag) => self.begin(tag.name().0, tag.attributes_raw(), scope, limits)?,
                Event::End(_) if self.left_out > 0 => {
                    self.left_out -= 1;
                    None
                }
                Event::End(_) => Some(self.open.pop().ok_or(XmlError::NotWellFormed("end without start"))?),
                Event::Text(text) if text.contains("]]>") => return Err(XmlError::NotWellFormed("]]> in text")),
                Event::Text(text) => self.write_text(&text.xml10_content())?,
                Event::CData(text) => self.write_text(&text.xml10_content())?,
                Event::GeneralRef(name) => self.write_text(chars::resolve(&name)?.encode_utf8(&mut [0; 4]))?,
                Event::Eof => return Err(XmlError::NotWellFormed("element cut short")),
                Event::Decl(_) | Event::PI(_) => return Err(XmlError::Restricted("processing instruction")),
                Event::Comment(_) | Event::DocType(_) => return Err(XmlError::Restricted("comment or declaration")),
            };
            let Some((element, mark)) = whole else { continue };
            scope.leave(mark);
            match self.open.last_mut() {
                Some((parent, _)) => parent.push_child(element),
                None if usize::try_from(reader.buffer_position()) == Ok(unit.len()) => return Ok(element),
                None => return Err(XmlError::NotWellFormed("more than one element")),
            }
        }
    }

    /// The element of a start tag, and where its declarations begin; `None` where it is left out.
    fn begin(
        &mut self,
        name: &str,
        rest: &str,
        scope: &mut Scope,
        limits: &Limits,
    ) -> Result<Option<(Element, usize)>, XmlError> {
        if self.left_out > 0 {
            return Ok(None);
        }
        let mark = scope.mark();
        self.elements += 1;
        let begun = if self.elements > limits.elements {
            Err(XmlError::TooMany("elements"))
        } else if self.open.len() >= limits.depth {
            Err(XmlError::TooDeep)
        } else {
            start(name, rest, scope, limits.attributes)
        };
        match begun {
            Ok(element) => Ok(Some((element, mark))),
            Err(error) if limits.passes_over && error.is_excess() && !self.open.is_empty() => {
                scope.leave(mark);
                self.excess.get_or_insert(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Adds text to the innermost open element.
    fn write_text<T>(&mut self, text: &str) -> Result<Option<T>, XmlError> {
        let (parent, _) = self.open.last_mut().ok_or(XmlError::NotWellFormed("text outside an element"))?;
        if self.left_out == 0 {
            parent.push_text(text);
        }
        Ok(None)
    }
}

/// The name of an element and its namespace, as far as the stream gives it one, and nothing else of it.
fn name_alone(unit: &str, scope: &Scope) -> Result<Element, XmlError> {
    let inside = unit.strip_prefix('<').unwrap_or_default();
    let end = inside.find(|c: char| c == '>' || c == '/' || c.is_ascii_whitespace()).unwrap_or(inside.len());
    let (prefix, local) = tag::split_prefix(inside.get(..end).unwrap_or_default())?;
    Ok(Element::parsed(local, scope.of_element(prefix).unwrap_or_default(), 0))
}

/// Makes the element of a start tag and enters its declarations.
fn start(name: &str, mut rest: &str, scope: &mut Scope, attributes: usize) -> Result<Element, XmlError> {
    let (prefix, local) = tag::split_prefix(name)?;
    let mark = scope.mark();
    let mut count = 0;
    let mut raw = Vec::new();
    while let Some(attribute) = tag::next_attribute(&mut rest)? {
        count += 1;
        if count > attributes {
            return Err(XmlError::TooMany("attributes"));
        }
        match attribute {
            RawAttribute { prefix: "", local: "xmlns", value } => scope.declare(mark, "", &tag::value_of(value)?)?,
            RawAttribute { prefix: "xmlns", local, value } => scope.declare(mark, local, &tag::value_of(value)?)?,
            _ => raw.push(attribute),
        }
    }
    let mut element = Element::parsed(local, scope.of_element(prefix)?, raw.len());
    for RawAttribute { prefix, local, value } in raw {
        let namespace = scope.of_attribute(prefix)?;
        if element.has(namespace.as_deref(), local) {
            return Err(XmlError::NotWellFormed("attribute given twice"));
        }
        element.push_attribute(namespace, local, tag::value_of(value)?.into_owned());
    }
    Ok(element)
}

fn fault(error: &Error) -> XmlError {
    XmlError::NotWellFormed(match error {
        Error::Syntax(_) => "syntax",
        Error::IllFormed(_) => "start and end tags do not match",
        _ => "unreadable",
    })
}
