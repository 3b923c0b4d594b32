//! What was missed in a talk that nobody opens: its pages go to the disk alone.

use super::*;

/// A talk that nobody opens. Bela says something; then, so many milliseconds apart, so much is missed.
fn missed(seed: u64, (apart, count): (u64, u32), left_well: bool) -> Play {
    let mut play = begin(seed, Server { most: PAGE, coarse: true, ..Server::default() });
    play.bela_says(false);
    play.carry(false);
    if left_well {
        play.write_disk(1_000);
        play.world.drop_link();
        play.carry(false);
        play.write_disk(1_000);
    }
    play.kill();
    for _ in 0..count {
        play.world.after(Duration::from_millis(apart));
        let direction = if play.one_in(3) { Direction::Out } else { Direction::In };
        play.said += 1;
        let says = says(PHONE, &format!("b{}", play.said), &format!("said {}", play.said));
        play.keep(Incoming { peer: bare(BELA), direction, ..says });
    }
    play
}

fn catch_up(play: &mut Play) {
    play.sign_in(false);
    while !play.disk.waiting.is_empty() {
        play.write_disk(3);
        play.carry(false);
    }
}

#[test]
fn what_was_missed_in_a_talk_that_nobody_looks_at_stands_as_the_archive_has_it() {
    for (seed, apart) in (0..40).zip([1, 20, 125, 300, 700].into_iter().cycle()) {
        let mut play = missed(seed, (apart, 100), seed % 2 == 1);
        catch_up(&mut play);
        for direction in [Direction::In, Direction::Out] {
            let told = play.server.archive.iter().filter(|told| told.direction == direction);
            let told: Vec<_> = told.map(|told| told.stanza_id.clone()).collect();
            let kept = play.disk.in_order().into_iter().filter(|row| row.direction == direction);
            let kept: Vec<_> = kept.map(|row| row.stanza_id).collect();
            assert_eq!(kept, told, "seed {seed}, {apart} ms apart, {direction:?}");
        }
    }
}

#[test]
fn one_wrong_stamp_of_an_archive_draws_no_other_message_along() {
    let mut seen = 0;
    for (wrong, left_well) in (1..=100).flat_map(|wrong| [(wrong, true), (wrong, false)]) {
        let mut play = missed(7, (125, 100), left_well);
        play.server.archive[wrong].stamp = Some(Stamp(1_000));
        catch_up(&mut play);
        let far: Vec<_> = play.disk.rows.values().filter(|row| row.stamp < Stamp(1_000_000_000_000)).collect();
        assert!(far.len() <= 1, "{wrong}: {far:#?}");
        // Where the archive is asked by time, it does not give that one.
        seen += far.len();
    }
    assert!(seen > 50, "{seen}");
}
