//! What is sent: the batches of a generated company as messages, dealt to connections, before any clock starts.

use std::collections::HashMap;

use contracts::ingestion::v1 as pb;
use contracts::ingestion::v1::batch_source::Source;
use synthetic::{Company, Spec, Stream};

/// What one connection sends, in order.
pub type Lane = Vec<pb::IngestRequest>;

/// The company whose mail is streamed: tenant, directory and records, nothing sent yet.
pub fn company(count: usize) -> Company {
    let stream = Stream::new(Spec::bench(count));
    Company {
        tenant: stream.tenant().clone(),
        users: stream.users().to_vec(),
        records: stream.records(),
        mailboxes: Vec::new(),
        crm: Vec::new(),
        ..Company::generate(Spec::bench(0))
    }
}

/// The messages of `count` copies. Every mailbox stays with one connection, so that each is read in order of time.
pub fn lanes(count: usize, connections: usize) -> Vec<Lane> {
    let stream = Stream::new(Spec::bench(count));
    let tenant_id = stream.tenant().id.clone();
    let mut lanes = vec![Lane::new(); connections];
    let mut lane_of: HashMap<String, usize> = HashMap::new();
    for (sequence, batch) in (1..).zip(stream) {
        let next = lane_of.len() % connections;
        let lane = *lane_of.entry(batch.mailbox.clone()).or_insert(next);
        lanes[lane].push(pb::IngestRequest {
            tenant_id: tenant_id.clone(),
            source: Some(pb::BatchSource { source: Some(Source::Mailbox(batch.mailbox)) }),
            interactions: batch.interactions.into_iter().map(rapport::convert::interaction).collect(),
            sequence,
            revision: String::new(),
        });
    }
    lanes
}

/// Lets every connection begin at a revision.
pub fn demand(lanes: &mut [Lane], revision: &str) {
    for first in lanes.iter_mut().filter_map(|lane| lane.first_mut()) {
        revision.clone_into(&mut first.revision);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mailbox_stays_with_one_connection() {
        let lanes = lanes(5_000, 3);
        assert_eq!(lanes.iter().flatten().map(|message| message.interactions.len()).sum::<usize>(), 5_000);
        let mut seen = HashMap::new();
        for (number, lane) in lanes.iter().enumerate() {
            for message in lane {
                assert_eq!(*seen.entry(format!("{:?}", message.source)).or_insert(number), number);
            }
        }
        assert!(lanes.iter().all(|lane| !lane.is_empty()));
    }
}
