//! Bytes to whole frames.
//!
//! An XMPP stream is one document that ends when the talk ends, so no parser of documents can read it. The framer
//! walks the bytes, counts the depth, and cuts out the opening tag, each complete child of the root and the closing
//! tag; only such whole units are parsed. What must never be seen is refused at its first byte.

use super::chars::is_space;
use super::element::Element;
use super::scope::Scope;
use super::{XmlError, parse};
use std::fmt;

/// What one stream may cost us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one header or top-level element.
    pub unit: usize,
    /// Levels of elements below the root; a top-level element is the first.
    pub depth: usize,
    /// Attributes of one element, namespace declarations included.
    pub attributes: usize,
    /// Elements in one top-level element, itself included.
    pub elements: usize,
    /// What breaks one of these, but for `unit`, or has a namespace that is none, is left out, and the stream goes on: a
    /// server hands on what strangers write, and would hand it on again in the next stream.
    pub passes_over: bool,
}

impl Limits {
    /// For a peer that has not proved who it is.
    pub const BEFORE_SIGN_IN: Self =
        Self { unit: 64 << 10, depth: 64, attributes: 64, elements: 4_096, passes_over: false };
    /// For a peer that has: above the stanza limits of all known servers.
    pub const SIGNED_IN: Self = Self { unit: 1 << 20, depth: 64, attributes: 64, elements: 65_536, passes_over: true };
    /// While the buddy list is awaited, the one stanza that the server writes itself and nobody else bounds: twenty
    /// thousand buddies take 2.5 MiB.
    pub const ROSTER: Self = Self { unit: 4 << 20, elements: 131_072, ..Self::SIGNED_IN };
}

/// One complete piece of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The opening tag of the root: its name and attributes, no children.
    Open(Element),
    /// A complete child of the root.
    Element(Element),
    /// What is left of one that is more than we take ([`Limits::passes_over`]).
    PassedOver(Element, XmlError),
    /// The closing tag of the root.
    Close,
}

/// The cutter. A stream that restarts takes a new one.
pub struct Framer {
    limits: Limits,
    buffer: Vec<u8>,
    /// Where the unread unit begins in `buffer`.
    start: usize,
    /// The next byte to look at; bytes before it are never looked at again by the framer.
    scan: usize,
    state: State,
    /// Open elements, the root included.
    depth: usize,
    /// Elements begun in the unread unit.
    elements: usize,
    scope: Scope,
    /// The root's name as the header wrote it, prefix included.
    root: Option<Box<str>>,
    /// An XML declaration may still come.
    declarable: bool,
    /// The header was an empty tag, so its end is still to be told.
    close_due: bool,
    failed: Option<XmlError>,
    /// Bytes looked at and bytes moved, so that a test can see that both are linear.
    #[cfg(test)]
    work: (usize, usize),
}

#[derive(Clone, Copy)]
enum State {
    /// Outside the root, or directly inside it.
    Between,
    /// In the text of an element.
    Text,
    /// Right behind `<`.
    Markup,
    /// In a start tag; `slash` when the last byte was one.
    StartTag {
        slash: bool,
    },
    /// In a quoted value of a start tag.
    Quoted {
        quote: u8,
    },
    EndTag,
    /// In the XML declaration; `question` when the last byte was one.
    Declaration {
        question: bool,
    },
    /// Behind `<!` and so many bytes of `[CDATA[`.
    CdataMark {
        matched: usize,
    },
    /// In a CDATA section, behind so many `]` (two at most are counted).
    Cdata {
        brackets: u8,
    },
}

/// What the bytes from `start` to `scan` are.
#[derive(Clone, Copy)]
enum Unit {
    Declaration,
    Header { empty: bool },
    Element,
    Close,
}

impl Framer {
    /// Waits for the first byte of a stream.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            buffer: Vec::new(),
            start: 0,
            scan: 0,
            state: State::Between,
            depth: 0,
            elements: 0,
            scope: Scope::new(),
            root: None,
            declarable: true,
            close_due: false,
            failed: None,
            #[cfg(test)]
            work: (0, 0),
        }
    }

    /// Changes the limits from here on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Takes bytes from the wire. Follow with [`Self::next_frame`] until it has nothing more: what was not asked for
    /// is kept, without a bound of its own.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        self.compact();
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, or nothing until more bytes come. An error is final: it is returned again at every call.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, XmlError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let frame = self.advance();
        if let Err(error) = frame {
            self.failed = Some(error);
            self.buffer = Vec::new();
        }
        frame
    }

    /// True when nothing but white space is unread and nothing is half read. What is left when TLS starts was sent by
    /// somebody without a key, so then this must hold (RFC 6120 section 5.4.3.3).
    pub fn is_drained(&self) -> bool {
        self.failed.is_none() && !self.close_due && self.unread().iter().all(|&byte| is_space(byte))
    }

    /// The bytes behind the last frame. After SASL they are the beginning of the next stream.
    pub fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn advance(&mut self) -> Result<Option<Frame>, XmlError> {
        if std::mem::take(&mut self.close_due) {
            return Ok(Some(Frame::Close));
        }
        while let Some(unit) = self.cut()? {
            let frame = self.read(unit)?;
            self.start = self.scan;
            self.elements = 0;
            if frame.is_some() {
                return Ok(frame);
            }
        }
        Ok(None)
    }

    /// Looks at bytes until a unit is whole. Bytes beyond the limit are not looked at, so that the verdict does not
    /// depend on how the bytes were cut.
    fn cut(&mut self) -> Result<Option<Unit>, XmlError> {
        loop {
            let end = self.buffer.len().min(self.start.saturating_add(self.limits.unit));
            let window = self.buffer.get(self.scan..end).unwrap_or_default();
            let passed = self.state.next_heeded(window);
            let Some((passed, &byte)) = passed.and_then(|at| window.get(at).map(|byte| (at, byte))) else {
                self.pass(window.len());
                return if self.buffer.len() > self.scan { Err(XmlError::TooLarge) } else { Ok(None) };
            };
            self.pass(passed + 1);
            if let Some(unit) = self.step(byte)? {
                self.state = State::Between;
                return Ok(Some(unit));
            }
        }
    }

    fn pass(&mut self, count: usize) {
        self.scan += count;
        #[cfg(test)]
        {
            self.work.0 += count;
        }
    }

    /// Moves on by one byte that the state heeds; `scan` is already behind it.
    fn step(&mut self, byte: u8) -> Result<Option<Unit>, XmlError> {
        self.state = match (self.state, byte) {
            (State::Between, b'<') if self.depth == 0 && self.root.is_some() => {
                return Err(XmlError::NotWellFormed("markup after the end"));
            }
            (State::Between, b'<') | (State::Text, _) => State::Markup,
            (State::Between, _) if is_space(byte) => {
                self.start = self.scan;
                State::Between
            }
            (State::Between, _) if self.depth == 0 => return Err(XmlError::NotWellFormed("text outside the root")),
            (State::Between, _) => return Err(XmlError::TextBetween),
            (State::Markup, _) => self.begin_markup(byte)?,
            (State::StartTag { slash }, b'>') => return self.end_start_tag(slash),
            (State::EndTag, b'>') => return Ok(self.end_element()),
            (State::StartTag { .. } | State::Quoted { .. } | State::EndTag | State::Declaration { .. }, b'<') => {
                return Err(XmlError::NotWellFormed("< in a tag"));
            }
            (State::StartTag { slash: true }, _) => return Err(XmlError::NotWellFormed("/ in a tag")),
            (State::StartTag { .. }, b'\'' | b'"') => State::Quoted { quote: byte },
            (State::StartTag { .. }, _) => State::StartTag { slash: byte == b'/' },
            (State::Quoted { .. }, _) => State::StartTag { slash: false },
            (State::EndTag, _) => return Err(XmlError::NotWellFormed("quote in an end tag")),
            (State::Declaration { question: true }, b'>') => return Ok(Some(Unit::Declaration)),
            (State::Declaration { .. }, _) => State::Declaration { question: byte == b'?' },
            (State::CdataMark { matched }, _) => continue_cdata_mark(matched, byte)?,
            (State::Cdata { brackets: 2 }, b'>') => State::Text,
            (State::Cdata { brackets }, b']') => State::Cdata { brackets: 2.min(brackets + 1) },
            (State::Cdata { .. }, _) => State::Cdata { brackets: 0 },
        };
        Ok(None)
    }

    fn begin_markup(&mut self, byte: u8) -> Result<State, XmlError> {
        let declarable = std::mem::replace(&mut self.declarable, false);
        match byte {
            b'?' if declarable => Ok(State::Declaration { question: false }),
            b'?' => Err(XmlError::Restricted("processing instruction")),
            b'!' if self.depth > 1 => Ok(State::CdataMark { matched: 0 }),
            b'!' => Err(XmlError::Restricted("markup declaration")),
            b'/' if self.depth > 0 => Ok(State::EndTag),
            b'/' | b'<' | b'>' | b'\'' | b'"' => Err(XmlError::NotWellFormed("tag without a name")),
            _ if is_space(byte) => Err(XmlError::NotWellFormed("tag without a name")),
            _ => Ok(State::StartTag { slash: false }),
        }
    }

    fn end_start_tag(&mut self, empty: bool) -> Result<Option<Unit>, XmlError> {
        if self.depth == 0 {
            self.depth = usize::from(!empty);
            return Ok(Some(Unit::Header { empty }));
        }
        self.elements += 1;
        if self.elements > self.limits.elements && !self.limits.passes_over {
            return Err(XmlError::TooMany("elements"));
        }
        if self.depth > self.limits.depth && !self.limits.passes_over {
            return Err(XmlError::TooDeep);
        }
        self.depth += 1;
        self.state = State::Text;
        Ok(if empty { self.end_element() } else { None })
    }

    fn end_element(&mut self) -> Option<Unit> {
        self.depth = self.depth.saturating_sub(1);
        self.state = State::Text;
        match self.depth {
            0 => Some(Unit::Close),
            1 => Some(Unit::Element),
            _ => None,
        }
    }

    /// Parses the unit between `start` and `scan`.
    fn read(&mut self, unit: Unit) -> Result<Option<Frame>, XmlError> {
        let bytes = self.buffer.get(self.start..self.scan).unwrap_or_default();
        let text = parse::text(bytes)?;
        match unit {
            Unit::Declaration => parse::declaration(text).map(|()| None),
            Unit::Header { empty } => {
                let (root, element) = parse::header(text, &mut self.scope, self.limits.attributes)?;
                self.root = Some(root.into());
                self.close_due = empty;
                Ok(Some(Frame::Open(element)))
            }
            Unit::Element => {
                let (element, excess) = parse::element(text, &mut self.scope, &self.limits)?;
                Ok(Some(match excess {
                    None => Frame::Element(element),
                    Some(why) => Frame::PassedOver(element, why),
                }))
            }
            Unit::Close => parse::closing(text, self.root.as_deref().unwrap_or_default()).map(|()| Some(Frame::Close)),
        }
    }

    /// Gives read bytes back. Moves at most as many bytes as it frees, so all moves together are linear.
    fn compact(&mut self) {
        /// Below this, moving costs more than it frees.
        const WORTHWHILE: usize = 4 << 10;
        /// What an idle stream keeps.
        const KEPT: usize = 64 << 10;
        let unread = self.buffer.len() - self.start;
        if unread == 0 {
            self.buffer.clear();
            self.buffer.shrink_to(KEPT);
        } else if self.start >= WORTHWHILE.max(unread) {
            self.buffer.drain(..self.start);
            #[cfg(test)]
            {
                self.work.1 += unread;
            }
        } else {
            return;
        }
        self.scan -= self.start;
        self.start = 0;
    }
}

impl State {
    /// Where the first byte is that may change something; the bulk of a stream is passed in one of these tight loops.
    fn next_heeded(self, window: &[u8]) -> Option<usize> {
        match self {
            Self::Text => window.iter().position(|&byte| byte == b'<'),
            Self::Quoted { quote } => window.iter().position(|&byte| byte == quote || byte == b'<'),
            Self::EndTag => window.iter().position(|&byte| matches!(byte, b'>' | b'<' | b'\'' | b'"')),
            Self::Cdata { brackets: 0 } => window.iter().position(|&byte| byte == b']'),
            Self::StartTag { slash: false } => {
                window.iter().position(|&byte| matches!(byte, b'>' | b'<' | b'/' | b'\'' | b'"'))
            }
            _ => (!window.is_empty()).then_some(0),
        }
    }
}

/// Of all that begins with `<!`, only a CDATA section is allowed.
fn continue_cdata_mark(matched: usize, byte: u8) -> Result<State, XmlError> {
    const MARK: &[u8] = b"[CDATA[";
    if MARK.get(matched) != Some(&byte) {
        return Err(XmlError::Restricted("comment or declaration"));
    }
    Ok(if matched + 1 == MARK.len() { State::Cdata { brackets: 0 } } else { State::CdataMark { matched: matched + 1 } })
}

/// Without the bytes: they may hold secrets.
impl fmt::Debug for Framer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unread = self.buffer.len().saturating_sub(self.start);
        f.debug_struct("Framer").field("unread", &unread).field("failed", &self.failed).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
