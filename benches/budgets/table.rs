//! `budgets.toml`, and how a value stands against its line.

use std::fmt;

use toml_edit::{DocumentMut, Item, TableLike};

use super::stats::{Stat, real};

/// When a measure is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subset {
    /// Always.
    Quick,
    /// Unless `--quick`.
    Full,
    /// Only with `--large`, or by name.
    Large,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    Lower,
    Higher,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Budget {
    pub(crate) name: String,
    pub(crate) what: String,
    pub(crate) unit: String,
    pub(crate) floor: Option<f64>,
    pub(crate) aim: Option<f64>,
    pub(crate) subset: Subset,
    pub(crate) stat: Stat,
    pub(crate) better: Better,
    /// Share of the value below which a change is none.
    pub(crate) noise: f64,
    /// The same for the time of something that mostly waits, which processor time does not show.
    pub(crate) waits: Option<f64>,
}

/// How a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// There is neither floor nor aim.
    Stated,
    Ok,
    AimMissed,
    /// More than four fifths of what the floor allows, whether or not the aim is met.
    Near,
    FloorMissed,
}

impl State {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Ok => "ok",
            Self::AimMissed => "aim missed",
            Self::Near => "near",
            Self::FloorMissed => "FLOOR MISSED",
        }
    }
}

/// From this share of the floor on it is near, as in the program's own budgets.
const NEAR: f64 = 0.8;

impl Budget {
    pub(crate) fn state(&self, value: f64) -> State {
        // How much of a limit is used up; above one it is missed. Nothing at all uses up none.
        let used = |limit: f64| match self.better {
            Better::Lower => value / limit,
            Better::Higher if value > 0.0 => limit / value,
            Better::Higher => f64::INFINITY,
        };
        match (self.floor.map(used), self.aim.map(used)) {
            (None, None) => State::Stated,
            (Some(floor), _) if floor > 1.0 => State::FloorMissed,
            // Where both are one number there is no ground between them that could be near.
            (Some(floor), _) if floor > NEAR && self.floor != self.aim => State::Near,
            (_, Some(aim)) if aim > 1.0 => State::AimMissed,
            _ => State::Ok,
        }
    }
}

/// What is wrong with the file, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed(String);

impl fmt::Display for Malformed {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "budgets.toml: {}", self.0)
    }
}

/// Every line in the file's order.
pub(crate) fn parse(text: &str) -> Result<Vec<Budget>, Malformed> {
    let document: DocumentMut = text.parse().map_err(|error| Malformed(format!("{error}")))?;
    if let Some((key, _)) = document.iter().find(|(key, _)| *key != "measure") {
        return Err(Malformed(format!("unknown table {key}")));
    }
    let measures = document.get("measure").and_then(Item::as_table_like);
    let measures = measures.ok_or_else(|| Malformed("no [measure] at all".to_owned()))?;
    measures
        .iter()
        .map(|(name, item)| {
            let table = item.as_table_like().ok_or_else(|| "no table".to_owned());
            let line = table.and_then(|table| line(name, table));
            line.map_err(|fault| Malformed(format!("{name}: {fault}")))
        })
        .collect()
}

const KEYS: [&str; 9] =
    ["what", "unit", "floor", "aim", "subset", "stat", "better", "noise", "waits"];

fn line(name: &str, table: &dyn TableLike) -> Result<Budget, String> {
    if let Some((key, _)) = table.iter().find(|(key, _)| !KEYS.contains(key)) {
        return Err(format!("unknown key {key}"));
    }
    let word = |key: &str| match table.get(key) {
        None => Ok(None),
        Some(item) => item.as_str().map(Some).ok_or_else(|| format!("{key} is no text")),
    };
    let needed = |key: &str| word(key)?.ok_or_else(|| format!("{key} is missing"));
    let number = |key: &str| match table.get(key) {
        None => Ok(None),
        Some(item) => {
            let whole = item.as_integer().and_then(|it| u64::try_from(it).ok()).map(real);
            let number = whole.or_else(|| item.as_float()).filter(|it| *it > 0.0);
            number.map(Some).ok_or_else(|| format!("{key} is no number above zero"))
        }
    };
    let subset = match needed("subset")? {
        "quick" => Subset::Quick,
        "full" => Subset::Full,
        "large" => Subset::Large,
        other => return Err(format!("unknown subset {other}")),
    };
    let stat = word("stat")?.unwrap_or("median");
    let better = match word("better")?.unwrap_or("lower") {
        "lower" => Better::Lower,
        "higher" => Better::Higher,
        other => return Err(format!("better is lower or higher, not {other}")),
    };
    let (floor, aim) = (number("floor")?, number("aim")?);
    if let (Some(floor), Some(aim)) = (floor, aim) {
        let upright = match better {
            Better::Lower => aim <= floor,
            Better::Higher => aim >= floor,
        };
        if !upright {
            return Err("the aim asks for less than the floor".to_owned());
        }
    }
    Ok(Budget {
        name: name.to_owned(),
        what: needed("what")?.to_owned(),
        unit: needed("unit")?.to_owned(),
        floor,
        aim,
        subset,
        stat: Stat::parse(stat).ok_or_else(|| format!("unknown stat {stat}"))?,
        better,
        noise: number("noise")?.unwrap_or(10.0) / 100.0,
        waits: number("waits")?.map(|it| it / 100.0),
    })
}
