//! Adds shards up to what the log tells: groups of shards within groups of inputs.

use super::super::parallel::Done;
use super::super::release::ShardReport;
use crate::error::{Error, ErrorKind, Result};
use crate::log::{InputRead, ShardsDone, group_inputs, group_shards};

/// For each group of inputs what was read, and its groups of shards. `shards` are in order of shard, so of input.
pub(super) fn totals(inputs: usize, shards: &[Done<ShardReport>]) -> Result<Vec<(InputRead, Vec<ShardsDone>)>> {
    let inputs = group_inputs(inputs);
    let (mut counts, each) = (vec![0; inputs.len()], inputs.first().map_or(1, ExactSizeIterator::len));
    for (at, shard) in shards.iter().enumerate() {
        let in_order = at == 0 || shards[at - 1].file <= shard.file;
        match counts.get_mut(shard.file / each) {
            Some(count) if in_order && shard.number == at as u64 => *count += 1,
            _ => return Err(Error::new(ErrorKind::Internal("a shard is missing or out of order"))),
        }
    }
    let mut all = Vec::new();
    for (inputs, groups) in inputs.into_iter().zip(group_shards(&counts)) {
        let mut read = InputRead {
            first_input: inputs.start as u64,
            inputs: inputs.len() as u64,
            shards: groups.iter().map(|group| group.len() as u64).sum(),
            rows: 0,
        };
        let mut events = Vec::with_capacity(groups.len());
        for group in groups {
            let start = group.start as u64;
            let mut done = ShardsDone { first_shard: start, first_input: read.first_input, ..ShardsDone::default() };
            shards[group].iter().try_for_each(|shard| add(&mut done, shard))?;
            read.rows += done.rows_in;
            events.push(done);
        }
        all.push((read, events));
    }
    Ok(all)
}

fn add(done: &mut ShardsDone, shard: &Done<ShardReport>) -> Result<()> {
    let report = shard.result;
    let rows_in = shard.count.rows + shard.count.rejected;
    let left_out = report.suppressed + shard.count.rejected + report.not_drawn + report.over_cap + report.withheld;
    if rows_in != report.released + left_out {
        return Err(Error::new(ErrorKind::Internal("a shard lost or doubled rows")));
    }
    done.shards += 1;
    done.rows_in += rows_in;
    done.rows_out += report.released;
    done.suppressed += report.suppressed;
    done.rejected += shard.count.rejected;
    done.not_drawn += report.not_drawn;
    done.over_cap += report.over_cap;
    done.withheld += report.withheld;
    done.invalid_cells += report.invalid;
    Ok(())
}
