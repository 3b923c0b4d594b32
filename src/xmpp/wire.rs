//! The stream and the ordered list of what the hand has to do. Bytes written before an event leave before it.

use super::sasl::Sums;
use super::stream::Stream;
use super::{Event, Output, TokenSlot};
use crate::types::Problem;
use crate::xml::Element;
use std::collections::VecDeque;

/// Where a session writes.
pub(crate) struct Wire {
    pub(crate) stream: Stream,
    outputs: VecDeque<Output>,
}

impl Wire {
    pub(crate) fn new() -> Self {
        Self { stream: Stream::default(), outputs: VecDeque::new() }
    }

    pub(crate) fn send(&mut self, element: &Element) {
        self.stream.send(element);
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.push(Output::Event(event));
    }

    pub(crate) fn start_tls(&mut self) {
        self.push(Output::StartTls);
    }

    pub(crate) fn sums(&mut self, sums: Box<Sums>) {
        self.push(Output::Sums(sums));
    }

    pub(crate) fn want(&mut self, slot: TokenSlot) {
        self.push(Output::WantSecret(slot));
    }

    /// Footer, where one is due, and the last event.
    pub(crate) fn end(&mut self, problem: Option<Problem>) {
        self.stream.close();
        self.event(Event::Ended(problem));
    }

    pub(crate) fn next(&mut self) -> Option<Output> {
        self.flush();
        self.outputs.pop_front()
    }

    fn push(&mut self, output: Output) {
        self.flush();
        self.outputs.push_back(output);
    }

    fn flush(&mut self) {
        let bytes = self.stream.take_output();
        if bytes.is_empty() {
            return;
        }
        match self.outputs.back_mut() {
            Some(Output::Transmit(before)) => before.extend_from_slice(&bytes),
            _ => self.outputs.push_back(Output::Transmit(bytes)),
        }
    }
}
