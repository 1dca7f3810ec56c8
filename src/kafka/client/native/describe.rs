//! Descriptions of topics and of a group, with the rights that the client's user has there (KIP-430). rdkafka has no
//! such requests.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};
use std::slice;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::bindings::{
    rd_kafka_AclOperation_t, rd_kafka_AdminOptions_destroy, rd_kafka_AdminOptions_new,
    rd_kafka_AdminOptions_set_include_authorized_operations, rd_kafka_AdminOptions_set_request_timeout,
    rd_kafka_AdminOptions_t, rd_kafka_ConsumerGroupDescription_authorized_operations,
    rd_kafka_ConsumerGroupDescription_error, rd_kafka_ConsumerGroupDescription_member,
    rd_kafka_ConsumerGroupDescription_member_count, rd_kafka_ConsumerGroupDescription_partition_assignor,
    rd_kafka_ConsumerGroupDescription_type, rd_kafka_DescribeConsumerGroups,
    rd_kafka_DescribeConsumerGroups_result_groups, rd_kafka_DescribeTopics, rd_kafka_DescribeTopics_result_topics,
    rd_kafka_MemberDescription_client_id, rd_kafka_MemberDescription_host, rd_kafka_TopicCollection_destroy,
    rd_kafka_TopicCollection_of_topic_names, rd_kafka_TopicDescription_authorized_operations,
    rd_kafka_TopicDescription_error, rd_kafka_TopicDescription_name, rd_kafka_admin_op_t,
    rd_kafka_consumer_group_type_t, rd_kafka_error_code, rd_kafka_error_destroy,
    rd_kafka_event_DescribeConsumerGroups_result, rd_kafka_event_DescribeTopics_result, rd_kafka_event_destroy,
    rd_kafka_event_error, rd_kafka_event_t, rd_kafka_queue_destroy, rd_kafka_queue_new, rd_kafka_queue_poll,
    rd_kafka_queue_t, rd_kafka_t,
};
use rdkafka::client::Client;
use rdkafka::error::RDKafkaErrorCode;

use super::GOOD;

/// The operations that a user may do with a topic or a group; none if the brokers do not tell them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rights(Option<Vec<u32>>);

impl Rights {
    pub(crate) fn may_read(&self) -> Option<bool> {
        self.may(rd_kafka_AclOperation_t::RD_KAFKA_ACL_OPERATION_READ)
    }

    pub(crate) fn may_write(&self) -> Option<bool> {
        self.may(rd_kafka_AclOperation_t::RD_KAFKA_ACL_OPERATION_WRITE)
    }

    fn may(&self, operation: rd_kafka_AclOperation_t) -> Option<bool> {
        let all = rd_kafka_AclOperation_t::RD_KAFKA_ACL_OPERATION_ALL;
        let known = self.0.as_ref()?;
        Some(known.iter().any(|known| *known == operation as u32 || *known == all as u32))
    }
}

/// A group, as its coordinator knows it.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// Whether its members speak the classic protocol, and not that of KIP-848.
    pub(crate) is_classic: bool,
    /// The assignor that the members agreed on; empty without members.
    pub(crate) assignor: String,
    /// Client id and host of each member.
    pub(crate) members: Vec<(String, String)>,
    pub(crate) rights: Rights,
}

/// The rights to topics by their names, or why a topic cannot be described.
pub(crate) type TopicRights = BTreeMap<String, Result<Rights, RDKafkaErrorCode>>;

/// The rights of the client's user to each of these topics, or why a topic cannot be described. The request creates no
/// topic.
pub(crate) fn topic_rights<C: ClientContext>(
    client: &Client<C>,
    topics: &[String],
    patience: Duration,
) -> Result<TopicRights, RDKafkaErrorCode> {
    let names: Vec<CString> = topics.iter().filter_map(|topic| CString::new(topic.as_str()).ok()).collect();
    let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    let operation = rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
    // SAFETY: the names live until `ask` returns, and librdkafka copies them.
    let request = |client, options, queue| unsafe {
        let topics = rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
        rd_kafka_DescribeTopics(client, topics, options, queue);
        rd_kafka_TopicCollection_destroy(topics);
    };
    // SAFETY: `ask` destroys the event after this function, and all that is read here belongs to the event. An error
    // that is null is no error. A name ends with a NUL byte.
    let read = |event| unsafe {
        let result = rd_kafka_event_DescribeTopics_result(event);
        if result.is_null() {
            return Err(RDKafkaErrorCode::BadMessage);
        }
        let mut count = 0;
        let topics = list(rd_kafka_DescribeTopics_result_topics(result, &raw mut count), count);
        let topics = topics.iter().filter(|topic| !topic.is_null()).map(|&topic| {
            let name = CStr::from_ptr(rd_kafka_TopicDescription_name(topic)).to_string_lossy().into_owned();
            let code = rd_kafka_error_code(rd_kafka_TopicDescription_error(topic));
            if code != GOOD {
                return (name, Err(code.into()));
            }
            let mut count = 0;
            let operations = rd_kafka_TopicDescription_authorized_operations(topic, &raw mut count);
            (name, Ok(rights(operations, count)))
        });
        Ok(topics.collect())
    };
    ask(client, operation, patience, request, read)
}

/// The description of a group. It is asked of the group's coordinator, and nobody joins the group.
pub(crate) fn group<C: ClientContext>(
    client: &Client<C>,
    id: &str,
    patience: Duration,
) -> Result<Group, RDKafkaErrorCode> {
    let Ok(id) = CString::new(id) else { return Err(RDKafkaErrorCode::InvalidGroupId) };
    let mut pointers = [id.as_ptr()];
    let operation = rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS;
    // SAFETY: the name lives until `ask` returns, and librdkafka copies it.
    let request = |client, options, queue| unsafe {
        rd_kafka_DescribeConsumerGroups(client, pointers.as_mut_ptr(), pointers.len(), options, queue);
    };
    // SAFETY: as above. The members are counted by librdkafka, and a null text is none.
    let read = |event| unsafe {
        let result = rd_kafka_event_DescribeConsumerGroups_result(event);
        if result.is_null() {
            return Err(RDKafkaErrorCode::BadMessage);
        }
        let mut count = 0;
        let groups = list(rd_kafka_DescribeConsumerGroups_result_groups(result, &raw mut count), count);
        let Some(&group) = groups.first().filter(|group| !group.is_null()) else {
            return Err(RDKafkaErrorCode::BadMessage);
        };
        let code = rd_kafka_error_code(rd_kafka_ConsumerGroupDescription_error(group));
        if code != GOOD {
            return Err(code.into());
        }
        let members = (0..rd_kafka_ConsumerGroupDescription_member_count(group)).map(|index| {
            let member = rd_kafka_ConsumerGroupDescription_member(group, index);
            (text(rd_kafka_MemberDescription_client_id(member)), text(rd_kafka_MemberDescription_host(member)))
        });
        let mut count = 0;
        let operations = rd_kafka_ConsumerGroupDescription_authorized_operations(group, &raw mut count);
        let newer = rd_kafka_consumer_group_type_t::RD_KAFKA_CONSUMER_GROUP_TYPE_CONSUMER;
        Ok(Group {
            is_classic: rd_kafka_ConsumerGroupDescription_type(group) != newer,
            assignor: text(rd_kafka_ConsumerGroupDescription_partition_assignor(group)),
            members: members.collect(),
            rights: rights(operations, count),
        })
    };
    ask(client, operation, patience, request, read)
}

/// Sends an admin request that asks for rights too, waits for its answer, and reads it.
fn ask<C: ClientContext, T>(
    client: &Client<C>,
    operation: rd_kafka_admin_op_t,
    patience: Duration,
    request: impl FnOnce(*mut rd_kafka_t, *const rd_kafka_AdminOptions_t, *mut rd_kafka_queue_t),
    read: impl FnOnce(*mut rd_kafka_event_t) -> Result<T, RDKafkaErrorCode>,
) -> Result<T, RDKafkaErrorCode> {
    /// The answer that the time is over comes in time, too.
    const MORE: i32 = 1000;
    let client = client.native_ptr();
    let millis = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX - MORE);
    let mut reason: [c_char; 256] = [0; 256];
    // SAFETY: the client lives while it is borrowed. Queue and options are ours until they are destroyed below; an
    // answer that comes later finds the queue by a reference of its own. The text of an error has room in `reason`. An
    // error and an event are ours, unless they are null.
    unsafe {
        let queue = rd_kafka_queue_new(client);
        let options = rd_kafka_AdminOptions_new(client, operation);
        rd_kafka_AdminOptions_set_request_timeout(options, millis, reason.as_mut_ptr(), reason.len());
        let refused = rd_kafka_AdminOptions_set_include_authorized_operations(options, 1);
        if !refused.is_null() {
            rd_kafka_error_destroy(refused);
        }
        request(client, options, queue);
        let event = rd_kafka_queue_poll(queue, millis + MORE);
        let answer = if event.is_null() {
            Err(RDKafkaErrorCode::OperationTimedOut)
        } else {
            let answer = match rd_kafka_event_error(event) {
                GOOD => read(event),
                error => Err(error.into()),
            };
            rd_kafka_event_destroy(event);
            answer
        };
        rd_kafka_AdminOptions_destroy(options);
        rd_kafka_queue_destroy(queue);
        answer
    }
}

/// A list of librdkafka's.
///
/// # Safety
///
/// It is null, or has so many elements for as long as the slice is used.
unsafe fn list<'a, T>(first: *mut T, count: usize) -> &'a [T] {
    if first.is_null() {
        return &[];
    }
    // SAFETY: the caller says so.
    unsafe { slice::from_raw_parts(first, count) }
}

/// # Safety
///
/// As [`list`].
unsafe fn rights(operations: *const rd_kafka_AclOperation_t, count: usize) -> Rights {
    // As numbers: newer brokers have operations that the enum has not.
    // SAFETY: the caller says so, and the enum is represented as a `u32`.
    let operations = (!operations.is_null()).then(|| unsafe { slice::from_raw_parts(operations.cast::<u32>(), count) });
    Rights(operations.map(<[u32]>::to_vec))
}

/// # Safety
///
/// It is null, or ends with a NUL byte.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller says so.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
