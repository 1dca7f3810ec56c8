//! Functions of librdkafka that rdkafka does not wrap, or wraps in a way that panics on some messages.
#![expect(unsafe_code, reason = "these are calls of librdkafka's, each a few lines long")]

mod describe;

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::NonNull;
use std::time::Duration;
use std::{ptr, slice};

use rdkafka::TopicPartitionList;
use rdkafka::bindings::{
    RD_KAFKA_MSG_F_COPY, rd_kafka_commit_queue, rd_kafka_consumer_group_metadata,
    rd_kafka_consumer_group_metadata_destroy, rd_kafka_consumer_group_metadata_generation_id, rd_kafka_event_destroy,
    rd_kafka_event_error, rd_kafka_event_topic_partition_list, rd_kafka_get_watermark_offsets, rd_kafka_header_add,
    rd_kafka_header_get_all, rd_kafka_headers_destroy, rd_kafka_headers_new, rd_kafka_headers_t, rd_kafka_mem_free,
    rd_kafka_memberid, rd_kafka_message_detach_headers, rd_kafka_message_headers, rd_kafka_message_leader_epoch,
    rd_kafka_message_status, rd_kafka_msg_status_t, rd_kafka_offsets_store, rd_kafka_producev, rd_kafka_queue_destroy,
    rd_kafka_queue_new, rd_kafka_queue_poll, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_add,
    rd_kafka_topic_partition_list_set_offset, rd_kafka_topic_partition_set_leader_epoch, rd_kafka_vtype_t,
};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::{Producer, ProducerContext, ThreadedProducer};
use rdkafka::util::IntoOpaque;

pub(crate) use self::describe::{Group, Rights, TopicRights, group, topic_rights};
use crate::kafka::message::Headers;

/// Copies the headers of a message.
///
/// rdkafka's own iterator panics at a name that is not UTF-8, and anybody may send one. Here it gets
/// replacement characters.
pub(crate) fn headers(message: &BorrowedMessage<'_>) -> Headers {
    let mut native: *mut rd_kafka_headers_t = ptr::null_mut();
    // SAFETY: the message lives while it is borrowed. librdkafka parses its headers at the first
    // call, and they belong to the message.
    if unsafe { rd_kafka_message_headers(message.ptr(), &raw mut native) } != GOOD {
        return Headers::default();
    }
    // SAFETY: `native` is what the call above gave.
    unsafe { copy(native) }
}

const GOOD: rd_kafka_resp_err_t = rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;

/// Copies headers of librdkafka's.
///
/// # Safety
///
/// They are there, and nobody changes them meanwhile.
unsafe fn copy(native: *mut rd_kafka_headers_t) -> Headers {
    let mut headers = Headers::default();
    for index in 0.. {
        let (mut name, mut value, mut size): (*const c_char, *const c_void, usize) = (ptr::null(), ptr::null(), 0);
        // SAFETY: the caller says that the headers are there. Behind the last one the call fails.
        let found =
            unsafe { rd_kafka_header_get_all(native, index, &raw mut name, &raw mut value, &raw mut size) } == GOOD;
        if !found {
            break;
        }
        // SAFETY: librdkafka ends each name with a NUL byte, and says how long the value is; null is
        // no value. Both live as long as the headers.
        let (name, value) = unsafe {
            let value = (!value.is_null()).then(|| slice::from_raw_parts(value.cast::<u8>(), size));
            (CStr::from_ptr(name), value)
        };
        headers.push(&name.to_string_lossy(), value);
    }
    headers
}

/// The epoch of the leader that wrote a message, or -1 if the broker does not say.
pub(crate) fn leader_epoch(message: &BorrowedMessage<'_>) -> i32 {
    // SAFETY: the message lives while it is borrowed.
    unsafe { rd_kafka_message_leader_epoch(message.ptr()) }
}

/// Notes offsets for the next commit, each with the epoch of the leader that wrote the message before it: topic,
/// partition, offset, epoch. Why each is not noted, if it is not.
///
/// rdkafka's own call leaves the epoch away, and with it what tells a consumer that the log was truncated.
pub(crate) fn store_offsets<'a, C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    offsets: impl Iterator<Item = (&'a str, i32, i64, i32)>,
) -> Vec<Option<RDKafkaErrorCode>> {
    let list = TopicPartitionList::new();
    let mut invalid = Vec::new();
    for (index, (topic, partition, offset, leader_epoch)) in offsets.enumerate() {
        let Ok(topic) = CString::new(topic) else {
            invalid.push(index);
            continue;
        };
        // SAFETY: the list lives, and copies the name. What the call gives belongs to the list and is there until the
        // next one is added.
        unsafe {
            let element = rd_kafka_topic_partition_list_add(list.ptr(), topic.as_ptr(), partition);
            (*element).offset = offset;
            rd_kafka_topic_partition_set_leader_epoch(element, leader_epoch);
        }
    }
    // SAFETY: client and list live while they are borrowed. What is wrong with a partition stands in the list; the
    // result says whether there is such a partition.
    let error = unsafe { rd_kafka_offsets_store(consumer.client().native_ptr(), list.ptr()) };
    let mut errors: Vec<_> = list.elements().iter().map(|element| element.error().err()).map(code).collect();
    if error != rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR && errors.iter().all(Option::is_none) {
        errors.fill(Some(error.into()));
    }
    for index in invalid {
        errors.insert(index, Some(RDKafkaErrorCode::InvalidTopic));
    }
    errors
}

fn code(error: Option<KafkaError>) -> Option<RDKafkaErrorCode> {
    error.map(|error| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown))
}

/// No commit has an offset of these partitions until another is noted.
pub(crate) fn forget_offsets<'a, C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: impl Iterator<Item = (&'a str, i32)>,
) {
    /// librdkafka's word for none.
    const NONE: i64 = -1001;
    drop(store_offsets(consumer, partitions.map(|(topic, partition)| (topic, partition, NONE, -1))));
}

/// Sets the offset of a partition of a list, if the list has it: where librdkafka starts with a partition that is being assigned.
pub(crate) fn set_offset(list: &TopicPartitionList, topic: &str, partition: i32, offset: i64) {
    let Ok(topic) = CString::new(topic) else { return };
    // SAFETY: the list lives while it is borrowed, and whoever has it waits for this thread. The name is only read.
    unsafe { rd_kafka_topic_partition_list_set_offset(list.ptr(), topic.as_ptr(), partition, offset) };
}

/// The end of a partition, as the brokers said it in the last answer to a fetch, if there was one: librdkafka knows it only by
/// that.
pub(crate) fn end<C: ConsumerContext>(consumer: &BaseConsumer<C>, topic: &str, partition: i32) -> Option<i64> {
    let topic = CString::new(topic).ok()?;
    let (mut low, mut high) = (-1, -1);
    // SAFETY: the client lives while it is borrowed, the name is only read, and both numbers outlive the call.
    let error = unsafe {
        rd_kafka_get_watermark_offsets(
            consumer.client().native_ptr(),
            topic.as_ptr(),
            partition,
            &raw mut low,
            &raw mut high,
        )
    };
    (error == rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0).then_some(high)
}

/// Offsets by topic and partition.
type Offsets = Vec<(String, i32, i64)>;

/// Commits what is noted and waits for the brokers, for as long as `wait` says each time: what was committed, and
/// why it was not.
///
/// rdkafka's own call waits for as long as the coordinator is away, and does not tell the partitions.
pub(crate) fn commit<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    wait: impl Fn() -> Option<Duration>,
) -> Result<Offsets, (RDKafkaErrorCode, Offsets)> {
    let client = consumer.client().native_ptr();
    // SAFETY: the client lives while it is borrowed. The queue is ours until it is destroyed below; an answer that
    // comes later finds it by a reference of its own. Without a callback the answer stays in the queue.
    let (queue, begun) = unsafe {
        let queue = rd_kafka_queue_new(client);
        (queue, rd_kafka_commit_queue(client, ptr::null(), queue, None, ptr::null_mut()))
    };
    let mut answer = match begun {
        rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Err((RDKafkaErrorCode::OperationTimedOut, Vec::new())),
        error => Err((error.into(), Vec::new())),
    };
    while begun == rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
        && let Some(wait) = wait()
    {
        let millis = wait.as_millis().try_into().unwrap_or(i32::MAX);
        // SAFETY: the queue is there. An event is ours until it is destroyed; null is none.
        let event = unsafe { rd_kafka_queue_poll(queue, millis) };
        if event.is_null() {
            continue;
        }
        // SAFETY: the event is there until it is destroyed, and its list with it; null is no list. librdkafka ends
        // each topic with a NUL byte.
        unsafe {
            let mut offsets = Vec::new();
            let list = rd_kafka_event_topic_partition_list(event);
            if !list.is_null() && !(*list).elems.is_null() {
                let count = usize::try_from((*list).cnt).unwrap_or(0);
                for element in slice::from_raw_parts((*list).elems, count).iter().filter(|element| element.offset >= 0)
                {
                    let topic = CStr::from_ptr(element.topic).to_string_lossy().into_owned();
                    offsets.push((topic, element.partition, element.offset));
                }
            }
            answer = match rd_kafka_event_error(event) {
                rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(offsets),
                error => Err((error.into(), offsets)),
            };
            rd_kafka_event_destroy(event);
        }
        break;
    }
    // SAFETY: it is ours, and nobody uses it any more.
    unsafe { rd_kafka_queue_destroy(queue) };
    answer
}

/// Whether a message that failed is certainly not stored.
pub(crate) fn is_not_stored(message: &BorrowedMessage<'_>) -> bool {
    // SAFETY: the message of a delivery report lives as long as the report, which is while it is borrowed.
    let status = unsafe { rd_kafka_message_status(message.ptr()) };
    status == rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_NOT_PERSISTED
}

/// Whether the group has let a consumer in: it has a generation, or, under KIP-848, an epoch.
pub(crate) fn has_joined<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> bool {
    // SAFETY: the consumer lives while it is borrowed. What the first call gives is ours, unless it is null, until
    // it is destroyed.
    unsafe {
        let metadata = rd_kafka_consumer_group_metadata(consumer.client().native_ptr());
        if metadata.is_null() {
            return false;
        }
        let generation = rd_kafka_consumer_group_metadata_generation_id(metadata);
        rd_kafka_consumer_group_metadata_destroy(metadata);
        generation > 0
    }
}

/// Whether a group with the classic protocol knows a consumer, be it to come or to stay.
pub(crate) fn is_member<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> bool {
    let client = consumer.client().native_ptr();
    // SAFETY: the consumer lives while it is borrowed. What the first call gives is null, or ours until it is freed,
    // and ends with a NUL byte.
    unsafe {
        let id = rd_kafka_memberid(client);
        if id.is_null() {
            return false;
        }
        let is_member = !CStr::from_ptr(id).is_empty();
        rd_kafka_mem_free(client, id.cast());
        is_member
    }
}

/// The headers of an outgoing message, in librdkafka's own form.
pub(crate) struct Outbound(NonNull<rd_kafka_headers_t>);

// SAFETY: they are plain memory, which nobody else has as long as they are here.
unsafe impl Send for Outbound {}

impl Outbound {
    /// None yet, with room for so many.
    pub(crate) fn with_capacity(count: usize) -> Self {
        // SAFETY: a call without conditions. librdkafka aborts when there is no memory.
        let headers = unsafe { rd_kafka_headers_new(count) };
        Self(NonNull::new(headers).expect("librdkafka always gives headers"))
    }

    /// Adds one behind the others.
    pub(crate) fn push(&mut self, name: &str, value: Option<&[u8]>) {
        let (start, size) = raw(value);
        // SAFETY: name and value are copied. No size of a slice is above `isize::MAX`.
        let error = unsafe {
            rd_kafka_header_add(
                self.0.as_ptr(),
                name.as_ptr().cast(),
                name.len().cast_signed(),
                start,
                size.cast_signed(),
            )
        };
        debug_assert_eq!(error, rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR);
    }

    /// Gives the header with this number another value of the same length.
    pub(crate) fn overwrite(&mut self, index: usize, value: &[u8]) {
        let (mut name, mut old, mut size): (*const c_char, *const c_void, usize) = (ptr::null(), ptr::null(), 0);
        // SAFETY: the headers are there. Behind the last the call fails, and the size stays zero.
        unsafe { rd_kafka_header_get_all(self.0.as_ptr(), index, &raw mut name, &raw mut old, &raw mut size) };
        assert_eq!(size, value.len(), "a header can be overwritten only by a value of the same length");
        // SAFETY: librdkafka has copied the value to memory of its own, so many bytes of it, to which nobody
        // else points as long as the headers are here.
        unsafe { ptr::copy_nonoverlapping(value.as_ptr(), old.cast_mut().cast(), size) };
    }

    /// A copy in our own form.
    pub(crate) fn copied(&self) -> Headers {
        // SAFETY: they are there, and change only by methods that borrow them exclusively.
        unsafe { copy(self.0.as_ptr()) }
    }

    /// Those of a message that was sent, which needs them no more.
    pub(crate) fn take(message: &BorrowedMessage<'_>) -> Option<Self> {
        let mut headers: *mut rd_kafka_headers_t = ptr::null_mut();
        // SAFETY: the message of a delivery report lives while it is borrowed. From now on the headers do
        // not belong to it: it has none. Nobody else has borrowed them, for a report is shown to
        // `ProducerContext::delivery` alone.
        unsafe { rd_kafka_message_detach_headers(message.ptr(), &raw mut headers) };
        NonNull::new(headers).map(Self)
    }
}

impl Drop for Outbound {
    fn drop(&mut self) {
        // SAFETY: they belong to nobody else.
        unsafe { rd_kafka_headers_destroy(self.0.as_ptr()) };
    }
}

/// A message for [`produce`].
#[derive(Default)]
pub(crate) struct Message<'a> {
    /// None for the one that the key chooses.
    pub(crate) partition: Option<i32>,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    /// In milliseconds since 1970; none or 0 for now.
    pub(crate) timestamp: Option<i64>,
    pub(crate) headers: Option<Outbound>,
}

/// Puts a message into the queue of a producer, or gives it back. `BaseProducer::send` with other headers,
/// which can be used again.
pub(crate) fn produce<'a, C, O>(
    producer: &ThreadedProducer<C>,
    topic: &CStr,
    mut message: Message<'a>,
    opaque: O,
) -> Result<(), (RDKafkaErrorCode, Message<'a>, O)>
where
    C: ProducerContext<DeliveryOpaque = O> + 'static,
    O: IntoOpaque,
{
    const BY_KEY: i32 = -1;
    let headers = message.headers.take();
    let (key, key_size) = raw(message.key);
    let (value, value_size) = raw(message.value);
    let opaque = opaque.into_ptr();
    // SAFETY: librdkafka copies topic, key and value (`MSG_F_COPY`). It takes the headers if it takes the
    // message, and then gives back the opaque pointer once, to the context that made its type.
    let error = unsafe {
        rd_kafka_producev(
            producer.client().native_ptr(),
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_TOPIC,
            topic.as_ptr(),
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_PARTITION,
            message.partition.unwrap_or(BY_KEY),
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_MSGFLAGS,
            RD_KAFKA_MSG_F_COPY,
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_VALUE,
            value,
            value_size,
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_KEY,
            key,
            key_size,
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_TIMESTAMP,
            message.timestamp.unwrap_or(0),
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_OPAQUE,
            opaque,
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_HEADERS,
            headers.as_ref().map_or(ptr::null_mut(), |headers| headers.0.as_ptr()),
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_END,
        )
    };
    if error == rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
        std::mem::forget(headers);
        return Ok(());
    }
    message.headers = headers;
    // SAFETY: it is what `into_ptr` has given above, and librdkafka has not kept it.
    Err((error.into(), message, unsafe { O::from_ptr(opaque) }))
}

/// A null pointer for none.
fn raw(bytes: Option<&[u8]>) -> (*mut c_void, usize) {
    bytes.map_or((ptr::null_mut(), 0), |bytes| (bytes.as_ptr().cast_mut().cast(), bytes.len()))
}
