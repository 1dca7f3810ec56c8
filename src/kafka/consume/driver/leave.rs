//! The last words to the group.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, RebalanceProtocol};

use super::callbacks::Group;
use super::shared::Shared;
use crate::kafka::client::native;

/// How often the thread looks whether the group is left.
const SETTLE: Duration = Duration::from_millis(10);

/// Leaves the group where closing the client would not, without partitions.
pub(super) fn say_goodbye(consumer: &BaseConsumer<Group>, shared: &Shared, is_static: bool, is_kip_848: bool) {
    let is_cooperative = || matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
    if !is_static && is_cooperative() {
        // A cooperative member without partitions is closed by librdkafka without a word to the group, which
        // then waits for it until its session is over. This tells it, unless it is to come back (KIP-345). Not
        // one that is about to join another group: librdkafka 2.12.1 may abort the process when what it is
        // assigned meanwhile comes in between (confluentinc/librdkafka#4792).
        consumer.unsubscribe();
        // While the group shares its partitions out that is put off, and closing would be in between again.
        let until = shared.lock_here().session.closing().map(|closing| closing.hands_until).filter(|_| !is_kip_848);
        while until.is_some_and(|until| shared.now() < until) && native::is_member(consumer) {
            drop(consumer.poll(SETTLE));
        }
    }
}
