//! What rdkafka does not wrap, or wraps in a way that a message can make panic.
#![expect(unsafe_code, reason = "these are calls of librdkafka's, each a few lines long")]

use std::ffi::{CStr, c_char, c_void};
use std::{ptr, slice};

use rdkafka::bindings::{
    rd_kafka_header_get_all, rd_kafka_headers_t, rd_kafka_message_headers, rd_kafka_message_status,
    rd_kafka_msg_status_t, rd_kafka_resp_err_t,
};
use rdkafka::message::BorrowedMessage;

use super::received::Headers;

/// Copies the headers of a message.
///
/// rdkafka's own iterator panics at a name that is not UTF-8, and anybody may send one. Here it gets
/// replacement characters.
pub(super) fn headers(message: &BorrowedMessage<'_>) -> Headers {
    const GOOD: rd_kafka_resp_err_t = rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
    let mut headers = Headers::default();
    let mut native: *mut rd_kafka_headers_t = ptr::null_mut();
    // SAFETY: the message lives while it is borrowed. librdkafka parses its headers at the first
    // call, and they belong to the message.
    if unsafe { rd_kafka_message_headers(message.ptr(), &raw mut native) } != GOOD {
        return headers;
    }
    for index in 0.. {
        let (mut name, mut value, mut size): (*const c_char, *const c_void, usize) = (ptr::null(), ptr::null(), 0);
        // SAFETY: `native` is what the call above gave. Behind the last header the call fails.
        let found =
            unsafe { rd_kafka_header_get_all(native, index, &raw mut name, &raw mut value, &raw mut size) } == GOOD;
        if !found {
            break;
        }
        // SAFETY: librdkafka ends each name with a NUL byte, and says how long the value is; null is
        // no value. Both live as long as the message.
        let (name, value) = unsafe {
            let value = (!value.is_null()).then(|| slice::from_raw_parts(value.cast::<u8>(), size));
            (CStr::from_ptr(name), value)
        };
        headers.push(&name.to_string_lossy(), value);
    }
    headers
}

/// Whether a message that failed is certainly not stored.
pub(super) fn is_not_stored(message: &BorrowedMessage<'_>) -> bool {
    // SAFETY: the message of a delivery report lives as long as the report, which is while it is borrowed.
    let status = unsafe { rd_kafka_message_status(message.ptr()) };
    status == rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_NOT_PERSISTED
}
