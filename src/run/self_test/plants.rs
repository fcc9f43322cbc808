//! The leaks, in the order of the gate. What a bad tool does, in as few changes as show it.

use super::Plant;
use super::bench::{Bench, EARLIER_SEED};
use super::staging::How;
use crate::digest::unkeyed::FUNCTIONS;
use crate::gate::{Cells, KeyHome, Recoding, Tier};
use crate::value::Date;

/// Places of the released columns; the name does not leave.
const PHONE: usize = 0;
const CITY: usize = 1;
const AMOUNT: usize = 2;
const ILLNESS: usize = 3;
const VISIT: usize = 4;

/// Every leak.
pub(super) const PLANTS: &[Plant] = &[
    Plant::at_gate("tier", "a release of tier `closed`", |staging| {
        staging.policy.tier = Tier::Closed;
        Ok(())
    }),
    Plant::at_gate("key", "the key was kept", |staging| {
        staging.policy.key = KeyHome::Kept;
        Ok(())
    }),
    Plant::at_gate("memory", "the page of the key may be swapped out", |staging| {
        staging.policy.process.key_locked = false;
        Ok(())
    }),
    Plant::at_gate("network", "a connection that the run opened", |staging| {
        staging.policy.process.sockets = Some(1);
        Ok(())
    }),
    Plant::at_gate("recoding", "levels that differ from row to row, for everybody", |staging| {
        staging.policy.recoding = Recoding::Local;
        Ok(())
    }),
    Plant::at_gate("columns", "a column more than planned", |staging| {
        staging.rows(|rows| {
            for (at, row) in rows.iter_mut().enumerate() {
                row.push(if at == 0 { "name".into() } else { format!("person {at}") });
            }
        })
    }),
    Plant::at_gate("files", "a table of values and tokens beside the data", |staging| {
        staging.file("mapping.csv", b"13801234567,9be4f5c1\n")
    }),
    Plant::at_gate("rows", "a row that stands twice", |staging| {
        staging.rows(|rows| {
            let row = rows[1].clone();
            rows.push(row);
        })
    }),
    Plant::at_gate("suppression", "more rows left out than were told", |staging| {
        staging.policy.suppression.rows += 1;
        Ok(())
    }),
    Plant::at_gate("tokens", "a raw number in place of a token", |staging| staging.cell(PHONE, "13801234567")),
    Plant::at_gate("numeric-grid", "an amount that was not rounded", |staging| staging.cell(AMOUNT, "1933.17")),
    Plant::before("derivatives", "a mask that hides two digits of a number", |bench| {
        bench.profile("keep_first = 3", "keep_first = 5");
    })
    .needing(|bench| {
        bench.profile("anonymized", "deidentified");
        bench.profile("{ token = { domain = \"phone\" } }", "{ mask = { keep_first = 3, keep_last = 4 } }");
        bench.profile("[privacy]", "[gate]\ncandidates_at_least = 1000\n[privacy]");
    }),
    Plant::at_gate("structure", "a byte order mark before the header", |staging| {
        let rows = std::fs::read(staging.data())?;
        std::fs::write(staging.data(), [&b"\xef\xbb\xbf"[..], &rows].concat())
    }),
    Plant::at_gate("log", "a log that names a row", |staging| {
        staging.file("evidence/rows.jsonl", b"{\"event\":\"rejected\",\"row\":17}\n")
    }),
    Plant::at_gate("documents", "a report that names the riskiest record", |staging| {
        staging.file("evidence/report.json", b"{\"rows\":{\"released\":1500},\"riskiest\":{\"city\":\"north\"}}")
    }),
    Plant::at_gate("search-trace", "the scores of levels that were not chosen", |staging| {
        staging.file("evidence/search.jsonl", b"{\"node\":[1,0],\"score\":\"0.31\",\"forced_by\":17}\n")
    }),
    Plant::at_gate("elsewhere", "a temporary file beside the release", |staging| {
        let file = std::fs::File::create(staging.folder.with_file_name("spill.tmp"))?;
        staging.tool.held.push(file);
        Ok(())
    }),
    Plant::at_gate("canary", "raw numbers in hexadecimal in a note", |staging| {
        let raw: Vec<u8> = staging.known().into_values().flat_map(|(_, raw)| raw).collect();
        staging.file("evidence/notes.txt", data_encoding::HEXLOWER.encode(&raw).as_bytes())
    }),
    Plant::at_gate("identifiers", "the number of a person in a remark", |staging| {
        let (_, raw) = staging.known().pop_last().map(|(_, row)| row).unwrap_or_default();
        staging.cell(ILLNESS, &format!("call {} back", String::from_utf8_lossy(&raw)))
    }),
    Plant::at_gate("k-anonymity", "a person alone in a city", |staging| staging.cell(CITY, "nowhere")),
    Plant::at_gate("models", "a class that shares one illness", |staging| {
        staging.each(|_, row| {
            if row[CITY] == "north" {
                row[ILLNESS] = "flu".into();
            }
        })
    })
    .needing(|bench| {
        bench.profile("k_anonymity = 5", "k_anonymity = 5\nl_diversity = { of = \"illness\", distinct = 2 }");
    }),
    Plant::at_gate("risk", "a person alone in a city", |staging| staging.cell(CITY, "nowhere")),
    Plant::at_gate("persons", "a person whose two rows stand in two cities", |staging| {
        staging.rows(|rows| {
            let other = if rows[1][CITY] == "north" { "south" } else { "north" };
            other.clone_into(&mut rows[1][CITY]);
        })
    })
    .needing(two_rows_each),
    Plant::at_gate("null-pattern", "a person without an illness", |staging| staging.cell(ILLNESS, "")),
    Plant::at_gate("rare-values", "an illness of one person", |staging| staging.cell(ILLNESS, "kuru")),
    Plant::before("precision", "amounts to the cent", to_the_cent).needing(not_rounded),
    Plant::before("unique-rows", "an amount of their own for each person", to_the_cent).needing(not_rounded),
    Plant::before("membership", "all people of a city are in the release", |bench| bench.population = Some(1)).needing(
        |bench| {
            bench.profile("k_anonymity = 5", "k_anonymity = 5\npopulation = { table = \"residents.csv\" }");
            bench.population = Some(2);
        },
    ),
    Plant::before("token-fingerprint", "tokens of twenty numbers", |bench| {
        let numbers: Vec<String> = bench.rows.iter().take(20).map(|row| row[0].clone()).collect();
        for (at, row) in bench.rows.iter_mut().enumerate() {
            row[0].clone_from(&numbers[at % 20]);
        }
    }),
    Plant::at_gate("token-overlap", "one token for number and name", |staging| {
        staging.each(|_, row| row[1] = row[PHONE].clone())
    })
    .needing(|bench| bench.profile("\"drop\"", "{ token = { domain = \"name\" } }")),
    Plant::at_gate("collisions", "a token that nobody made", |staging| {
        staging.cell(PHONE, "00112233445566778899aabbccddeeff")
    }),
    Plant::at_gate("second-key", "a tool that ignores its key", |staging| {
        staging.tool.how = How::OneKey;
        Ok(())
    }),
    Plant::at_gate("unkeyed", "the first half of a SHA-256 as token", |staging| {
        let known = staging.known();
        let sha256 = FUNCTIONS.iter().find(|function| function.name == "sha256");
        staging.each(|_, row| {
            let mut digest = Vec::new();
            if let (Some(sha256), Some((_, raw))) = (sha256, known.get(&row[PHONE])) {
                sha256.compute(raw, &mut digest);
                row[PHONE] = data_encoding::HEXLOWER.encode(&digest[..16]);
            }
        })
    }),
    Plant::at_gate("equal-spellings", "a tool that hashes what is written", |staging| {
        staging.tool.how = How::BySpelling;
        Ok(())
    }),
    Plant::at_gate("order", "rows in the order of the source", |staging| {
        let known = staging.known();
        let place = |row: &Vec<String>| known.get(&row[PHONE]).map(|(place, _)| *place);
        staging.rows(|rows| rows[1..].sort_by_key(place))
    }),
    Plant::before("earlier-tokens", "the key of an earlier release, made again", |bench| {
        bench.seed = Some(EARLIER_SEED);
    })
    .needing(with_an_earlier_release),
    Plant::before("earlier-classes", "an earlier release that has one illness in common with each class", |bench| {
        bench.earlier = Some(|before| {
            for row in before.rows.iter_mut().filter(|row| row[4] != "flu") {
                row[4].push_str(" then");
            }
        });
    })
    .needing(with_an_earlier_release),
    Plant::before("downcoding", "a group of one city", |bench| bench.profile(", east = \"coast\"", "")).needing(
        |bench| {
            const GROUPS: &str = "{ north = \"inland\", south = \"inland\", west = \"coast\", east = \"coast\" }";
            let quasi = format!("role = \"quasi\"\ngeneralize = {{ categories = {GROUPS} }}\nlevel = 1\n");
            bench.profile("role = \"quasi\"\n", &quasi);
        },
    ),
    Plant::at_gate("date-shift", "one number of days for everybody", |staging| {
        let moved = |cell: &[u8]| {
            let mut text = Vec::new();
            if let Some(date) = Date::parse(cell).and_then(|date| date.shifted(30)) {
                date.write(&mut text);
            }
            text
        };
        for row in &mut staging.aside.rows {
            let mut cells = Cells::default();
            for at in 0..row.released.len() {
                match row.raw.get(VISIT + 1).filter(|_| at == VISIT) {
                    Some(raw) => cells.push(Some(&moved(raw))),
                    None => cells.push(row.released.get(at)),
                }
            }
            row.released = cells;
        }
        Ok(())
    })
    .needing(with_visits),
    Plant::at_gate("learned-attacks", "a home address for each person", |staging| {
        let home = |token: &str| format!("home of {token}");
        for row in &mut staging.aside.rows {
            let mut cells = Cells::default();
            for at in 0..row.released.len() {
                match row.released.get(PHONE).filter(|_| at == CITY) {
                    Some(token) => cells.push(Some(home(&String::from_utf8_lossy(token)).as_bytes())),
                    None => cells.push(row.released.get(at)),
                }
            }
            row.released = cells;
        }
        staging.each(|_, row| row[CITY] = home(&row[PHONE]))
    })
    .needing(|bench| bench.profile("[privacy]", "[rows]\nsample = \"50%\"\n[privacy]")),
];

fn with_an_earlier_release(bench: &mut Bench) {
    bench.with_ledger();
    bench.earlier = Some(|_| ());
}

/// Persons are counted, and each has two rows in one city.
fn two_rows_each(bench: &mut Bench) {
    bench.profile("unit = \"row\"", "unit = \"subject\"");
    bench.profile("role = \"direct\"\napply = { token", "role = \"subject\"\napply = { token");
    for at in 0..bench.rows.len() {
        let first = at - at % 2;
        let (phone, city) = (bench.rows[first][0].clone(), bench.rows[first][2].clone());
        bench.rows[at][0] = phone;
        bench.rows[at][2] = city;
    }
}

/// Each person comes on a day, which is moved.
fn with_visits(bench: &mut Bench) {
    bench.profile("role = \"direct\"\napply = { token", "role = \"subject\"\napply = { token");
    bench.profile.push_str(
        "[[column]]\nname = \"visit\"\ntype = \"date\"\nrole = \"insensitive\"\napply = { shift_date = { days = 365 } }\n",
    );
    bench.columns.push("visit");
    for (at, row) in (0..).zip(&mut bench.rows) {
        let mut day = Vec::new();
        if let Some(date) = Date::from_days(18_262 + at * 7919 % 1000) {
            date.write(&mut day);
        }
        row.push(String::from_utf8_lossy(&day).into_owned());
    }
}

fn not_rounded(bench: &mut Bench) {
    bench.profile("apply = { round = { step = 100 } }\n", "");
}

fn to_the_cent(bench: &mut Bench) {
    for (at, row) in bench.rows.iter_mut().enumerate() {
        row[3] = format!("{}.37", 13 * at);
    }
}
