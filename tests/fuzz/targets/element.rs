//! An element made of any names, values and text: what is written is one element, and reads as it was meant. No text
//! breaks out of its place.

use super::framer::read_back;
use super::input::Input;
use butty::xml::Element;

/// Deeper and wider ones meet the limits of the reader, which has a target of its own.
const DEPTH: usize = 6;
const STEPS: usize = 60;

pub fn check(data: &[u8]) {
    let mut input = Input(data);
    let mut steps = STEPS;
    let element = grow(&mut input, &mut steps, 0);
    let once = read_back(&element).unwrap_or_else(|| panic!("not one element: {}", element.to_xml("jabber:client")));
    assert_eq!(read_back(&once).as_ref(), Some(&once), "what was read is written alike");
    assert_eq!((once.name(), once.ns()), (element.name(), element.ns()));
    assert_eq!(once.children().count(), element.children().count(), "{}", element.to_xml("jabber:client"));
}

fn grow(input: &mut Input<'_>, steps: &mut usize, depth: usize) -> Element {
    let namespaces = ["jabber:client", "urn:example:a", "urn:example:<&'\">", ""];
    let namespace = namespaces[usize::from(input.byte()) % namespaces.len()];
    let mut element = Element::new(&input.text(12), namespace);
    while *steps > 0 && !input.is_empty() {
        *steps -= 1;
        element = match input.byte() % 5 {
            0 => element.attr(&input.text(8), input.text(40)),
            1 => {
                // Its namespace is declared beside it: two of the attributes that a reader takes.
                *steps = steps.saturating_sub(1);
                element.attr_in("urn:example:b", &input.text(8), input.text(40))
            }
            2 => element.text(input.text(80)),
            3 if depth < DEPTH => element.child(grow(input, steps, depth + 1)),
            _ => return element,
        };
    }
    element
}
