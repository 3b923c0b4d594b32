//! Samples, and the table of them.

use super::client::Client;

/// All samples of all rows, in the order in which rows first came up.
pub struct Table {
    /// What holds for all of it.
    about: String,
    rows: Vec<Row>,
}

struct Row {
    label: &'static str,
    unit: &'static str,
    samples: Vec<(Client, f64)>,
}

impl Table {
    /// An empty one.
    pub fn of(about: String) -> Self {
        Self { about, rows: Vec::new() }
    }

    /// One more sample.
    pub fn add(&mut self, label: &'static str, unit: &'static str, client: Client, sample: f64) {
        let row = match self.rows.iter_mut().position(|row| row.label == label) {
            Some(at) => &mut self.rows[at],
            None => {
                self.rows.push(Row { label, unit, samples: Vec::new() });
                self.rows.last_mut().expect("just pushed")
            }
        };
        row.samples.push((client, sample));
    }
}

/// Printed at the end, and also when the bench stops half-way: what was measured stays worth something.
impl Drop for Table {
    fn drop(&mut self) {
        self.print();
    }
}

impl Table {
    /// The table in Markdown: median, least and most, and butty's median as a multiple of each peer's.
    fn print(&self) {
        let [butty, peers @ ..] = Client::ALL;
        println!("\nMedian (least – most), {}:\n", self.about);
        print!("| row | {} ", butty.name());
        for peer in peers {
            print!("| {} | {} / {} ", peer.name(), butty.name(), peer.name());
        }
        println!("|\n|---|{}", "---|".repeat(1 + 2 * peers.len()));
        for row in &self.rows {
            print!("| {}, {} | {} ", row.label, row.unit, row.cell(butty));
            for peer in peers {
                let ratio = match (row.median(butty), row.median(peer)) {
                    (Some(ours), Some(theirs)) if theirs > 0.0 => format!("{:.2}", ours / theirs),
                    _ => "–".to_owned(),
                };
                print!("| {} | {ratio} ", row.cell(peer));
            }
            println!("|");
        }
    }
}

impl Row {
    fn sorted(&self, client: Client) -> Vec<f64> {
        let mut sorted: Vec<f64> =
            self.samples.iter().filter(|(whose, _)| *whose == client).map(|(_, it)| *it).collect();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    fn median(&self, client: Client) -> Option<f64> {
        let sorted = self.sorted(client);
        (!sorted.is_empty()).then(|| quantile(&sorted, 0.5))
    }

    fn cell(&self, client: Client) -> String {
        let sorted = self.sorted(client);
        match sorted.as_slice() {
            [] => "–".to_owned(),
            [only] => short(*only),
            [least, .., most] => format!("{} ({} – {})", short(quantile(&sorted, 0.5)), short(*least), short(*most)),
        }
    }
}

/// The value below which that share of the sorted ones lies, at the nearest rank; of two in the middle their mean.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let middle = sorted.len() / 2;
    if (share - 0.5).abs() < f64::EPSILON && sorted.len().is_multiple_of(2) {
        return f64::midpoint(sorted[middle - 1], sorted[middle]);
    }
    #[allow(clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "a few thousand samples at most")]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// Three digits that mean something.
fn short(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 0.1 => format!("{value:.2}"),
        value => format!("{value:.3}"),
    }
}
