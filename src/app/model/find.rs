//! Looking for what was said (Ctrl+F).

use super::message::{ConversationKey, Message};
use crate::app::composer::Composer;
use crate::app::event::FoundPlace;
use crate::types::{MessageKey, RequestId};

/// A search: in the talk that was open, or everywhere.
#[derive(Clone, Debug, Default)]
pub struct Find {
    /// What was typed.
    pub words: Composer,
    /// The talk that was open when it began.
    pub talk: Option<ConversationKey>,
    /// In everything that is kept: hits are a list.
    pub everywhere: bool,
    /// Newest first, as far as they were asked for.
    pub hits: Vec<Message>,
    /// The chosen one of them.
    pub selected: usize,
    /// All of them; 1,000 stands for that many and more. `None`: nothing was looked for yet.
    pub count: Option<u32>,
    /// Where older hits begin, if there are any.
    pub next: Option<FoundPlace>,
    /// The page that was asked for and is not here yet.
    pub asked: Option<RequestId>,
    /// That page holds older hits.
    pub older: bool,
    /// What was typed changed since: it is asked again once that page is here.
    pub stale: bool,
}

/// A message that is gone to, once what lies around it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// The page that was asked for.
    pub request: RequestId,
    /// The message.
    pub to: MessageKey,
}
