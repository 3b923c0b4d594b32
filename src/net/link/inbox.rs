//! What the mind says to a link, in its order.
//!
//! While a session says goodbye because of a wish, and for as long as a sign-out lasts, what comes behind waits for its
//! turn. Only the end of the handle is heard then too.

use crate::app::effect::LinkCommand;
use std::collections::VecDeque;
use tokio::sync::mpsc::UnboundedReceiver;

/// The commands of one link.
pub(in crate::net) struct Inbox {
    commands: UnboundedReceiver<LinkCommand>,
    waiting: VecDeque<LinkCommand>,
    held: bool,
}

impl Inbox {
    pub(in crate::net) fn new(commands: UnboundedReceiver<LinkCommand>) -> Self {
        Self { commands, waiting: VecDeque::new(), held: false }
    }

    /// From here on commands wait.
    pub(in crate::net) fn hold(&mut self) {
        self.held = true;
    }

    /// Those that waited come first.
    pub(in crate::net) fn release(&mut self) {
        self.held = false;
    }

    /// The next command; `None` once the handle is gone. While commands are held, that alone. May be dropped and called
    /// again: nothing is lost.
    pub(in crate::net) async fn recv(&mut self) -> Option<LinkCommand> {
        if !self.held
            && let Some(first) = self.waiting.pop_front()
        {
            return Some(first);
        }
        loop {
            let command = self.commands.recv().await?;
            if !self.held {
                return Some(command);
            }
            self.waiting.push_back(command);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc::unbounded_channel;

    #[tokio::test]
    async fn what_is_held_comes_first_and_in_order_and_the_end_comes_at_once() {
        let (mind, commands) = unbounded_channel();
        let mut inbox = Inbox::new(commands);
        inbox.hold();
        mind.send(LinkCommand::Disconnect).unwrap();
        let held = tokio::time::timeout(std::time::Duration::from_millis(20), inbox.recv()).await;
        assert!(held.is_err(), "{held:?}");
        mind.send(LinkCommand::Connect).unwrap();
        drop(mind);
        assert!(inbox.recv().await.is_none(), "the handle is gone");
        inbox.release();
        assert!(matches!(inbox.recv().await, Some(LinkCommand::Disconnect)));
        assert!(matches!(inbox.recv().await, Some(LinkCommand::Connect)));
        assert!(inbox.recv().await.is_none());
    }
}
