//! Who may say what: every fault of this kind that a messenger is known to have had, tried on a session and the mind
//! behind it. Each row is named after its fault, and is a test of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test may stop")]

#[path = "senders/copies.rs"]
mod copies;
#[path = "senders/lists.rs"]
mod lists;
#[path = "senders/words.rs"]
mod words;
#[path = "senders/world.rs"]
#[allow(dead_code, reason = "shared with the test of limits")]
mod world;

use world::World;

/// A test for each row, and the table of them.
macro_rules! table {
    ($($row:ident: $fault:literal, $world:expr, $what:path;)*) => {
        $(#[test]
        fn $row() {
            $what(&mut $world);
        })*

        /// The faults, in order.
        const TABLE: &[(&str, &str)] = &[$((stringify!($row), $fault)),*];
    };
}

table! {
    cve_2017_5589: "CVE-2017-5589 yaxim, Bruno", World::new(), copies::received_by_a_stranger;
    cve_2017_5590: "CVE-2017-5590 ChatSecure, Zom", World::new(), copies::sent_by_a_stranger;
    cve_2017_5591: "CVE-2017-5591 poezio, SleekXMPP, slixmpp", World::new(), copies::by_a_bare_address;
    cve_2017_5592: "CVE-2017-5592 profanity", World::new(), copies::by_a_buddy;
    cve_2017_5593: "CVE-2017-5593 Psi+", World::new(), copies::by_nobody;
    cve_2017_5602: "CVE-2017-5602 jappix", World::new(), copies::by_our_server;
    cve_2017_5603: "CVE-2017-5603 Jitsi", World::new(), copies::by_our_other_device;
    cve_2017_5604: "CVE-2017-5604 mcabber", World::new(), copies::by_addresses_that_look_like_ours;
    cve_2017_5605: "CVE-2017-5605 Movim", World::new(), copies::within_a_copy;
    cve_2017_5606: "CVE-2017-5606 Xabber", World::new(), copies::by_our_address_in_another_part;
    cve_2017_5858: "CVE-2017-5858 Converse", World::new(), copies::of_every_type;
    cve_2019_16235: "CVE-2019-16235 Dino", World::new(), copies::whose_addresses_disagree;
    cve_2020_26547: "CVE-2020-26547 Monal", World::new(), copies::and_archives_by_a_stranger;
    cve_2015_8688: "CVE-2015-8688 Gajim", World::new(), lists::pushes_by_a_stranger;
    cve_2019_16236: "CVE-2019-16236 Dino", World::new(), lists::pushes_by_all_but_our_account;
    conversations_20: "Conversations issue 20", World::new(), lists::a_push_by_the_buddy_it_is_about;
    xmppframework_300: "XMPPFramework issue 300", World::dialled(true), lists::an_answer_by_a_stranger;
    jappix_412: "jappix issue 412", World::new(), lists::answers_that_nobody_asked_for;
    apple_16147049: "Apple Messages 16147049", World::new(), lists::pushes_that_are_none;
    cve_2019_16237: "CVE-2019-16237 Dino", World::new(), copies::archives_by_a_stranger;
    profanity_0_13_1: "profanity 0.13.1", World::new(), copies::archives_that_nobody_asked_for;
    dino_886: "Dino issue 886", World::new(), copies::one_archive_id_twice;
    cve_2021_41055: "CVE-2021-41055 Gajim", World::new(), words::a_correction_of_itself;
    cve_2022_39835: "CVE-2022-39835 Gajim", World::new(), words::a_correction_of_another;
    cve_2021_33896: "CVE-2021-33896 Dino", World::new(), words::names_of_files;
    cve_2023_28686: "CVE-2023-28686 Dino", World::new(), lists::bookmarks_by_anybody;
    stanza_id_poison: "XEP-0359 stanza_id_poison", World::new(), words::a_forged_archive_id;
    id_poison: "XEP-0359 id_poison", World::new(), words::the_id_of_another;
    id_reuse_both_shown: "XEP-0359 id_reuse_both_shown", World::new(), words::one_id_twice;
    cve_2012_5854: "CVE-2012-5854 WeeChat", World::new(), words::codes_of_colours;
    cve_2009_0661: "CVE-2009-0661 WeeChat", World::new(), words::special_characters;
    cve_2017_8073: "CVE-2017-8073 WeeChat", World::new(), words::offers_of_files;
    cve_2012_5534: "CVE-2012-5534 WeeChat", World::new(), words::commands_of_a_shell;
    cve_2011_1428: "CVE-2011-1428 WeeChat", World::dialled(true), words::a_server_without_proof;
    cve_2022_28352: "CVE-2022-28352 WeeChat", World::dialled(true), words::a_server_with_anothers_proof;
    receipts: "section 5 receipts", World::new(), words::receipts_by_others;
    errors: "section 5 errors", World::new(), words::errors_by_others;
    retractions: "section 5 retractions", World::new(), words::a_retraction;
    room_private_messages: "section 5 room private messages", World::new(), words::whispers_in_a_room;
    missing_from: "section 5 missing from", World::new(), words::nobodys_words;
    addresses_that_look_alike: "section 5 look-alike addresses", World::new(), words::addresses_that_look_alike;
    nick_extensions: "section 5 nick extensions", World::new(), words::a_borrowed_name;
    delays: "section 5 delay stamps", World::new(), words::a_moment_told_by_a_third;
    chat_states: "section 5 chat states", World::new(), words::typing_by_others;
    subscriptions: "section 5 subscriptions", World::new(), lists::answers_to_no_request;
}

/// The faults of section 4 of the facts that are about who says what, of peers and of `WeeChat`. Those of lost messages
/// (Dino 392, 532, 533, 1106, 1537, 1574; Conversations 879, 2197, 2579; profanity PR 2196), of STARTTLS, SCRAM and
/// the sign-in pages have tests where these are. There is no relay that could unpack too much.
const FACTS: &[&str] = &[
    "CVE-2017-5589",
    "CVE-2017-5590",
    "CVE-2017-5591",
    "CVE-2017-5592",
    "CVE-2017-5593",
    "CVE-2017-5602",
    "CVE-2017-5603",
    "CVE-2017-5604",
    "CVE-2017-5605",
    "CVE-2017-5606",
    "CVE-2017-5858",
    "CVE-2019-16235",
    "CVE-2020-26547",
    "CVE-2015-8688",
    "CVE-2019-16236",
    "Conversations issue 20",
    "XMPPFramework issue 300",
    "jappix issue 412",
    "Apple Messages 16147049",
    "CVE-2019-16237",
    "profanity 0.13.1",
    "Dino issue 886",
    "CVE-2021-41055",
    "CVE-2022-39835",
    "CVE-2021-33896",
    "CVE-2023-28686",
    "XEP-0359 stanza_id_poison",
    "XEP-0359 id_poison",
    "XEP-0359 id_reuse_both_shown",
    "CVE-2012-5854",
    "CVE-2009-0661",
    "CVE-2017-8073",
    "CVE-2012-5534",
    "CVE-2011-1428",
    "CVE-2022-28352",
];

#[test]
fn the_table_has_every_fault_of_the_facts_and_is_named_after_them() {
    let of_facts = TABLE.iter().filter(|(_, fault)| !fault.starts_with("section 5"));
    let named: Vec<&str> = of_facts
        .map(|(_, fault)| match fault.strip_prefix("CVE") {
            Some(_) => fault.split(' ').next().unwrap_or_default(),
            None => *fault,
        })
        .collect();
    assert_eq!(named, FACTS);
    for (row, fault) in TABLE.iter().filter(|(_, fault)| fault.starts_with("CVE")) {
        let name = fault.split(' ').next().unwrap_or_default().to_lowercase().replace('-', "_");
        assert_eq!(*row, name, "{fault}");
    }
}
