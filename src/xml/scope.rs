//! Namespaces in force: which prefix means what, element by element.

use super::{XML, XMLNS, XmlError};
use std::sync::Arc;

/// Declarations in force at once; an honest stream has fewer than ten.
const DECLARATIONS: usize = 128;
/// Namespaces remembered, so that their copies share memory.
const REMEMBERED: usize = 32;

/// The declarations of all open elements, innermost last.
pub(super) struct Scope {
    /// Prefix (empty: the default namespace) and namespace (empty: none).
    declared: Vec<(Box<str>, Arc<str>)>,
    remembered: Vec<Arc<str>>,
    /// Where the next remembered namespace goes once the list is full.
    oldest: usize,
    none: Arc<str>,
    xml: Arc<str>,
}

impl Scope {
    /// Nothing declared; `xml` is bound, as always.
    pub(super) fn new() -> Self {
        Self { declared: Vec::new(), remembered: Vec::new(), oldest: 0, none: Arc::from(""), xml: Arc::from(XML) }
    }

    /// How many declarations are in force; hand it to [`Self::leave`] at the end of the element.
    pub(super) fn mark(&self) -> usize {
        self.declared.len()
    }

    /// Forgets what was declared since `mark`.
    pub(super) fn leave(&mut self, mark: usize) {
        self.declared.truncate(mark);
    }

    /// Enters `xmlns='namespace'` (empty prefix) or `xmlns:prefix='namespace'` of the element that began at `mark`.
    pub(super) fn declare(&mut self, mark: usize, prefix: &str, namespace: &str) -> Result<(), XmlError> {
        let fault = match prefix {
            "xml" if namespace == XML => None,
            "xml" | "xmlns" => Some("reserved prefix"),
            "" if namespace == XML => Some("reserved namespace"),
            _ if namespace == XMLNS => Some("reserved namespace"),
            // Forbidden as well, but that is how Prosody hands on `xml:space` and the like.
            _ if namespace == XML => None,
            "" => None,
            _ => namespace.is_empty().then_some("prefix undeclared"),
        };
        if let Some(fault) = fault {
            return Err(XmlError::Namespace(fault));
        }
        if self.declared.iter().skip(mark).any(|(known, _)| **known == *prefix) {
            return Err(XmlError::NotWellFormed("namespace declared twice"));
        }
        if self.declared.len() >= DECLARATIONS {
            return Err(XmlError::TooMany("namespace declarations"));
        }
        let namespace = self.share(namespace);
        self.declared.push((prefix.into(), namespace));
        Ok(())
    }

    /// The namespace of an element: an empty prefix means the default namespace.
    pub(super) fn of_element(&self, prefix: &str) -> Result<Arc<str>, XmlError> {
        if prefix == "xml" {
            return Ok(Arc::clone(&self.xml));
        }
        let found = self.declared.iter().rev().find(|(known, _)| **known == *prefix);
        match found {
            Some((_, namespace)) => Ok(Arc::clone(namespace)),
            None if prefix.is_empty() => Ok(Arc::clone(&self.none)),
            None => Err(XmlError::Namespace("undeclared prefix")),
        }
    }

    /// The namespace of an attribute: without a prefix it has none.
    pub(super) fn of_attribute(&self, prefix: &str) -> Result<Option<Arc<str>>, XmlError> {
        if prefix.is_empty() { Ok(None) } else { self.of_element(prefix).map(Some) }
    }

    fn share(&mut self, namespace: &str) -> Arc<str> {
        if namespace.is_empty() {
            return Arc::clone(&self.none);
        }
        if let Some(known) = self.remembered.iter().find(|known| ***known == *namespace) {
            return Arc::clone(known);
        }
        let fresh: Arc<str> = Arc::from(namespace);
        if self.remembered.len() < REMEMBERED {
            self.remembered.push(Arc::clone(&fresh));
        } else if let Some(slot) = self.remembered.get_mut(self.oldest) {
            *slot = Arc::clone(&fresh);
            self.oldest = (self.oldest + 1) % REMEMBERED;
        }
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_declarations_hide_outer_ones_until_left() {
        let mut scope = Scope::new();
        scope.declare(scope.mark(), "", "a").unwrap();
        scope.declare(scope.mark(), "p", "b").unwrap();
        let mark = scope.mark();
        scope.declare(scope.mark(), "", "").unwrap();
        scope.declare(scope.mark(), "p", "c").unwrap();
        assert_eq!(&*scope.of_element("").unwrap(), "");
        assert_eq!(&*scope.of_element("p").unwrap(), "c");
        scope.leave(mark);
        assert_eq!(&*scope.of_element("").unwrap(), "a");
        assert_eq!(scope.of_attribute("").unwrap(), None);
        assert_eq!(scope.of_attribute("p").unwrap().as_deref(), Some("b"));
    }

    #[test]
    fn namespaces_are_shared_and_the_memory_of_them_is_bounded() {
        let mut scope = Scope::new();
        for i in 0..1_000 {
            let mark = scope.mark();
            scope.declare(scope.mark(), "", "jabber:client").unwrap();
            let first = scope.of_element("").unwrap();
            scope.declare(scope.mark(), "", "jabber:client").unwrap();
            assert!(Arc::ptr_eq(&first, &scope.of_element("").unwrap()));
            scope.declare(scope.mark(), "", &format!("urn:{i}")).unwrap();
            scope.leave(mark);
        }
        assert_eq!(scope.remembered.len(), REMEMBERED);
    }

    #[test]
    fn reserved_names_stay_reserved() {
        let mut scope = Scope::new();
        assert_eq!(scope.declare(scope.mark(), "xml", XML), Ok(()));
        assert_eq!(scope.declare(scope.mark(), "p", XML), Ok(()), "as Prosody writes it");
        for (prefix, namespace) in
            [("xml", "a"), ("xmlns", XMLNS), ("xmlns", "a"), ("", XML), ("", XMLNS), ("a", XMLNS), ("a", "")]
        {
            assert!(matches!(scope.declare(0, prefix, namespace), Err(XmlError::Namespace(_))), "{prefix}={namespace}");
        }
        assert_eq!(scope.of_element("xmlns"), Err(XmlError::Namespace("undeclared prefix")));
    }
}
