//! What a browser shows after it came back to this computer.

/// A page: plain text, without a sign that HTML would take for its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Headline.
    pub title: &'static str,
    /// What to do now.
    pub text: &'static str,
}

/// The right answer came.
pub const DONE: Page =
    Page { title: "Thank you. Return to the terminal.", text: "butty goes on there. You can close this page." };
/// The answer was No, or an error.
pub const REFUSED: Page =
    Page { title: "Not signed in. Return to the terminal.", text: "butty says why there. You can close this page." };
/// The answer to another sign-in, or the same one again.
pub const OTHER_SIGN_IN: Page = Page {
    title: "This is not the sign-in that butty waits for.",
    text: "It may be an older one. Return to the terminal and open the address that stands there.",
};
/// The right place, without an answer.
pub const NO_ANSWER: Page = Page {
    title: "There is no answer in this address.",
    text: "If the sign-in page sent you here, copy the whole address of this page and paste it into the terminal.",
};
/// Anything else.
pub const NOT_HERE: Page =
    Page { title: "Nothing is here.", text: "butty waits for the answer of a sign-in page alone." };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_plain_text() {
        for page in [DONE, REFUSED, OTHER_SIGN_IN, NO_ANSWER, NOT_HERE] {
            assert!(!page.title.is_empty() && !page.text.is_empty());
            assert!(!format!("{}{}", page.title, page.text).contains(['<', '>', '&', '"']), "{page:?}");
        }
    }
}
