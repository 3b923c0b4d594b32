//! Walking through what was sent before, with the text being written waiting at the near end.

/// Where in the sent texts the box stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Recall {
    /// How far back, 1 = the newest; 0 = not there.
    back: usize,
    /// What was being written.
    waiting: String,
}

impl Recall {
    /// The next older text; the first step puts `current` aside.
    pub(super) fn older(&mut self, current: &str, sent: &[&str]) -> Option<String> {
        let text = sent.get(self.back)?;
        if self.back == 0 {
            current.clone_into(&mut self.waiting);
        }
        self.back += 1;
        Some((*text).to_owned())
    }

    /// The next newer text, at last the one that waits.
    pub(super) fn newer(&mut self, sent: &[&str]) -> Option<String> {
        self.back = self.back.checked_sub(1)?;
        match self.back.checked_sub(1) {
            Some(at) => sent.get(at).map(|text| (*text).to_owned()),
            None => Some(std::mem::take(&mut self.waiting)),
        }
    }

    /// A recalled text that was changed is a text being written.
    pub(super) fn leave(&mut self) {
        self.back = 0;
    }
}
