// libcurl as Swift needs it. In C because curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt are variadic:
// one inline function for each kind of argument. Each returns libcurl's own code, CURLE_OK or CURLM_OK when done.
#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>

typedef size_t (*cc_body_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode cc_set_long(CURL *handle, CURLoption option, int64_t value) {
    return curl_easy_setopt(handle, option, (long)value);
}
static inline CURLcode cc_set_offset(CURL *handle, CURLoption option, int64_t value) {
    return curl_easy_setopt(handle, option, (curl_off_t)value);
}
// libcurl copies the text.
static inline CURLcode cc_set_text(CURL *handle, CURLoption option, const char *text) {
    return curl_easy_setopt(handle, option, text);
}
// The memory must stay until the handle is cleaned up.
static inline CURLcode cc_set_pointer(CURL *handle, CURLoption option, void *pointer) {
    return curl_easy_setopt(handle, option, pointer);
}
static inline CURLcode cc_set_callback(CURL *handle, CURLoption option, cc_body_callback callback) {
    return curl_easy_setopt(handle, option, callback);
}
// libcurl copies the bytes.
static inline CURLcode cc_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {.data = (void *)bytes, .len = count, .flags = CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}
static inline CURLMcode cc_multi_set_long(CURLM *multi, CURLMoption option, int64_t value) {
    return curl_multi_setopt(multi, option, (long)value);
}

// The next transfer that ended, or NULL; its result in *result.
static inline CURL *cc_next_ended(CURLM *multi, CURLcode *result) {
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left)))
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return message->easy_handle;
        }
    return NULL;
}
static inline void *cc_private(CURL *handle) {
    char *pointer = NULL;
    return curl_easy_getinfo(handle, CURLINFO_PRIVATE, &pointer) == CURLE_OK ? pointer : NULL;
}
// The bundle of authorities that this libcurl was built with, or NULL. CURLVERSION_NOW is a macro.
static inline const char *cc_default_authorities(void) { return curl_version_info(CURLVERSION_NOW)->cainfo; }

enum { CC_WRITE_PAUSE = CURL_WRITEFUNC_PAUSE, CC_READ_ABORT = CURL_READFUNC_ABORT };

#endif
