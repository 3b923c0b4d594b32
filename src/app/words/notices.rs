//! The passing lines of the status bar: what was just done, or why it was not.

use crate::oauth::Farewelled;

/// Somebody was added.
pub fn asked_to_be_buddies(name: &str) -> String {
    format!("Asked {name} to be your buddy")
}

/// Already on the list.
pub fn already_a_buddy(name: &str) -> String {
    format!("{name} is your buddy already")
}

/// A look-up by e-mail found nobody.
pub fn nobody_uses(email: &str) -> String {
    format!("Nobody there uses {email}")
}

/// The service keeps no such change.
pub const LIST_IS_FIXED: &str = "This service can only add buddies to the list";

/// Signed out, and what the service knows of it.
pub fn signed_out(domain: &str, told: Farewelled) -> String {
    match told {
        Farewelled::Told => format!("Signed out. {domain} has forgotten this computer"),
        Farewelled::Later => {
            format!(
                "Signed out on this computer. {domain} could not be told; butty tells it at the next start, or you can \
                 remove butty on its account page"
            )
        }
        Farewelled::Never => {
            format!("Signed out on this computer. {domain} cannot be told: remove butty on its account page")
        }
    }
}

/// Something needs a connection.
pub const NOT_SIGNED_IN: &str = "you are not signed in";

/// An address could not be read.
pub const NO_ADDRESS: &str = "an address looks like name@example.org";

/// The own address was given.
pub const THAT_IS_YOU: &str = "that is your own address";

/// Something needs a connection, as a sentence.
pub fn offline() -> String {
    "Not signed in now. F5 connects".to_owned()
}
