//! The requests that an embedded broker can refuse, and its reasons, in the words of Kafka's protocol.

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

/// Declares an enum of names in Kafka's protocol, and what librdkafka calls them.
macro_rules! names {
    ($(#[$attribute:meta])* $name:ident as $theirs:ident { $($(#[$doc:meta])* $variant:ident = $their:ident,)* }) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// The name of rdkafka.
            pub(super) fn to_rdkafka(self) -> $theirs {
                match self {
                    $(Self::$variant => $theirs::$their,)*
                }
            }
        }
    };
}

names! {
    /// A kind of request to a broker, by its name in Kafka's protocol, for
    /// [`EmbeddedKafka::fail`](super::EmbeddedKafka::fail), which has an example.
    ApiKey as RDKafkaApiKey {
        /// A producer sends messages.
        Produce = Produce,
        /// A consumer asks for messages.
        Fetch = Fetch,
        /// A client asks for the first and last offsets of partitions.
        ListOffsets = ListOffsets,
        /// A client asks for topics and brokers.
        Metadata = Metadata,
        /// A consumer commits offsets.
        OffsetCommit = OffsetCommit,
        /// A consumer asks for the offsets that its group has committed.
        OffsetFetch = OffsetFetch,
        /// A consumer asks for the broker that coordinates its group.
        FindCoordinator = FindCoordinator,
        /// A consumer joins its group.
        JoinGroup = JoinGroup,
        /// A consumer tells its group that it is alive.
        Heartbeat = Heartbeat,
        /// A consumer leaves its group.
        LeaveGroup = LeaveGroup,
        /// A consumer asks for its partitions.
        SyncGroup = SyncGroup,
        /// An idempotent producer asks for its id.
        InitProducerId = InitProducerId,
    }
}

names! {
    /// An error that a broker answers with, by its name in Kafka's protocol, for
    /// [`EmbeddedKafka::fail`](super::EmbeddedKafka::fail), which has an example.
    BrokerError as RDKafkaRespErr {
        /// The user may not use the cluster so.
        ClusterAuthorizationFailed = RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
        /// The broker that coordinates the group is not there yet.
        CoordinatorNotAvailable = RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
        /// Another member has the same `group.instance.id`.
        FencedInstanceId = RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
        /// The user may not use the group.
        GroupAuthorizationFailed = RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
        /// The message's time is out of the range that the topic accepts.
        InvalidTimestamp = RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP,
        /// The message is larger than the topic accepts.
        MessageTooLarge = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
        /// Too few replicas are in sync.
        NotEnoughReplicas = RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        /// Another broker leads the partition.
        NotLeaderOrFollower = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        /// Messages of an idempotent producer are missing.
        OutOfOrderSequenceNumber = RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
        /// The group is about to share out its partitions anew.
        RebalanceInProgress = RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
        /// The broker had too little time.
        RequestTimedOut = RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        /// The user may not use the topic.
        TopicAuthorizationFailed = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        /// The group does not know the member any more.
        UnknownMemberId = RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
        /// There is no such topic or partition.
        UnknownTopicOrPartition = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
    }
}
