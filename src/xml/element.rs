//! The tree.

use super::XML;
use super::chars::{continues_name, is_name, starts_name};
use std::fmt;
use std::sync::Arc;

/// An element: name, namespace, attributes, and children and text in their order. Prefixes are gone: a name means
/// what it means wherever the element goes. Text and values are as XML gives them, line ends as `\n`, uncleaned.
///
/// Two elements are equal when they were written alike, order of attributes included.
#[derive(Clone, PartialEq, Eq)]
pub struct Element {
    name: Box<str>,
    ns: Arc<str>,
    attributes: Vec<Attribute>,
    nodes: Vec<Node>,
}

/// One attribute; namespace declarations are none.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    /// Absent for the usual attribute, which has no prefix.
    pub(super) ns: Option<Arc<str>>,
    pub(super) name: Box<str>,
    pub(super) value: String,
}

/// What stands between the tags. Two texts never stand side by side, and none is empty.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Node {
    Element(Element),
    Text(String),
}

/// Making elements. Names come from the code, not from outside; a name that XML forbids is bent until it is one.
impl Element {
    /// An empty element. An empty `ns` means no namespace.
    pub fn new(name: &str, ns: &str) -> Self {
        Self { name: bend(name), ns: Arc::from(ns), attributes: Vec::new(), nodes: Vec::new() }
    }

    /// Sets an attribute without a namespace; `xml:lang` sets that one. Setting it again replaces the value.
    #[must_use]
    pub fn attr(self, name: &str, value: impl Into<String>) -> Self {
        match name.strip_prefix("xml:") {
            Some(local) => self.attr_in(XML, local, value),
            None => self.with_attribute(None, bend(name), value.into()),
        }
    }

    /// Sets an attribute if there is a value.
    #[must_use]
    pub fn attr_opt(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// Sets an attribute that lives in a namespace (`auth:service`).
    #[must_use]
    pub fn attr_in(self, ns: &str, name: &str, value: impl Into<String>) -> Self {
        let ns = (!ns.is_empty()).then(|| Arc::from(ns));
        self.with_attribute(ns, bend(name), value.into())
    }

    /// Adds a child behind what is there.
    #[must_use]
    pub fn child(mut self, child: Element) -> Self {
        self.push_child(child);
        self
    }

    /// Adds a child if there is one.
    #[must_use]
    pub fn child_opt(self, child: Option<Element>) -> Self {
        match child {
            Some(child) => self.child(child),
            None => self,
        }
    }

    /// Adds all of them.
    #[must_use]
    pub fn children_from(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.nodes.extend(children.into_iter().map(Node::Element));
        self
    }

    /// Adds text behind what is there.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        match self.nodes.last_mut() {
            Some(Node::Text(before)) => before.push_str(&text.into()),
            _ => self.nodes.extend(Some(text.into()).filter(|text| !text.is_empty()).map(Node::Text)),
        }
        self
    }

    fn with_attribute(mut self, ns: Option<Arc<str>>, name: Box<str>, value: String) -> Self {
        match self.attributes.iter_mut().find(|known| known.ns == ns && known.name == name) {
            Some(known) => known.value = value,
            None => self.attributes.push(Attribute { ns, name, value }),
        }
        self
    }
}

/// Reading elements.
impl Element {
    /// The name, without prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The namespace; empty for none.
    pub fn ns(&self) -> &str {
        &self.ns
    }

    /// True when name and namespace are these.
    pub fn is(&self, name: &str, ns: &str) -> bool {
        *self.name == *name && *self.ns == *ns
    }

    /// The value of an attribute without a namespace.
    pub fn get(&self, attr: &str) -> Option<&str> {
        self.attribute(None, attr)
    }

    /// The value of an attribute in a namespace.
    pub fn get_in(&self, ns: &str, attr: &str) -> Option<&str> {
        self.attribute(Some(ns), attr)
    }

    /// Every attribute: its namespace, where it has one, its name and its value.
    pub fn values(&self) -> impl Iterator<Item = (Option<&str>, &str, &str)> {
        self.attributes.iter().map(|known| (known.ns.as_deref(), &*known.name, known.value.as_str()))
    }

    /// `xml:lang` of this element itself; that of its parents holds where it has none.
    pub fn lang(&self) -> Option<&str> {
        self.attribute(Some(XML), "lang")
    }

    /// The elements directly inside, in their order.
    pub fn children(&self) -> impl Iterator<Item = &Element> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first child of this name and namespace.
    pub fn find(&self, name: &str, ns: &str) -> Option<&Element> {
        self.children().find(|child| child.is(name, ns))
    }

    /// The text of the first child of this name and namespace; empty where the child is.
    pub fn find_text(&self, name: &str, ns: &str) -> Option<String> {
        self.find(name, ns).map(Self::content)
    }

    /// The text directly inside, put together; that of children is not in it.
    pub fn content(&self) -> String {
        let texts = self.nodes.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    fn attribute(&self, ns: Option<&str>, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|known| known.ns.as_deref() == ns && *known.name == *name)
            .map(|known| &*known.value)
    }
}

/// For the parser and the writer.
impl Element {
    /// An element whose name was checked, with room for its attributes.
    pub(super) fn parsed(name: &str, ns: Arc<str>, attributes: usize) -> Self {
        Self { name: name.into(), ns, attributes: Vec::with_capacity(attributes), nodes: Vec::new() }
    }

    pub(super) fn has(&self, ns: Option<&str>, name: &str) -> bool {
        self.attribute(ns, name).is_some()
    }

    pub(super) fn push_attribute(&mut self, ns: Option<Arc<str>>, name: &str, value: String) {
        self.attributes.push(Attribute { ns, name: name.into(), value });
    }

    pub(super) fn push_child(&mut self, child: Element) {
        self.push_node(Node::Element(child));
    }

    pub(super) fn push_text(&mut self, text: &str) {
        match self.nodes.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ if text.is_empty() => {}
            _ => self.push_node(Node::Text(text.to_owned())),
        }
    }

    /// Most elements hold one node, and a list makes room for four at once: in a long roster half of all memory.
    fn push_node(&mut self, node: Node) {
        if self.nodes.is_empty() {
            self.nodes.reserve_exact(1);
        }
        self.nodes.push(node);
    }

    pub(super) fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Brings attributes into one order, here and below, to compare with a reader that does not keep theirs.
    #[cfg(test)]
    pub(super) fn sort_attributes(&mut self) {
        self.attributes.sort_by(|a, b| (&a.ns, &a.name).cmp(&(&b.ns, &b.name)));
        for node in &mut self.nodes {
            if let Node::Element(element) = node {
                element.sort_attributes();
            }
        }
    }
}

/// As XML, with secrets struck out: see [`Element::to_log`].
impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_log())
    }
}

/// Makes a name out of anything. `xmlns` would be a declaration, so it is bent too.
fn bend(name: &str) -> Box<str> {
    if is_name(name) && name != "xmlns" {
        return name.into();
    }
    let mut bent: String = name.chars().map(|c| if continues_name(c) { c } else { '_' }).collect();
    if name == "xmlns" || !bent.starts_with(starts_name) {
        bent.insert(0, '_');
    }
    bent.into()
}
