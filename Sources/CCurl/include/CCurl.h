// libcurl as Swift needs it: loaded when something is first asked of it, as it brings two dozen libraries along that most
// commands have no use for, and with one function for each kind of argument of its variadic ones.
//
// Until the library is loaded, cc_global_init, cc_url, cc_getdate and cc_default_authorities do it; where it cannot be loaded they
// answer as for a failure. Every other function takes what one of these gave.
#ifndef CCURL_H
#define CCURL_H

#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>

// Why the library could not be loaded, as dlerror(3) says it; NULL where it was.
const char *cc_load_failure(void);

CURLcode cc_global_init(void);
int64_t cc_getdate(const char *text);
// The bundle of authorities that this libcurl was built with, or NULL.
const char *cc_default_authorities(void);

CURLU *cc_url(void);
void cc_url_cleanup(CURLU *url);
CURLUcode cc_url_set(CURLU *url, CURLUPart part, const char *text, unsigned flags);
CURLUcode cc_url_get(CURLU *url, CURLUPart part, char **text, unsigned flags);
void cc_free(void *text);

typedef size_t (*cc_body_callback)(char *bytes, size_t size, size_t count, void *context);

CURL *cc_easy_init(void);
void cc_easy_cleanup(CURL *handle);
CURLcode cc_easy_pause(CURL *handle, int what);
const char *cc_easy_strerror(CURLcode code);
struct curl_slist *cc_slist_append(struct curl_slist *list, const char *text);
void cc_slist_free_all(struct curl_slist *list);
// curl_easy_setopt(3). It copies the text.
CURLcode cc_set_text(CURL *handle, CURLoption option, const char *text);
CURLcode cc_set_long(CURL *handle, CURLoption option, int64_t value);
CURLcode cc_set_offset(CURL *handle, CURLoption option, int64_t value);
// The memory must stay until the handle is cleaned up.
CURLcode cc_set_pointer(CURL *handle, CURLoption option, void *pointer);
CURLcode cc_set_callback(CURL *handle, CURLoption option, cc_body_callback callback);
// The bytes are copied.
CURLcode cc_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count);
// CURLINFO_PRIVATE.
void *cc_private(CURL *handle);

CURLM *cc_multi_init(void);
void cc_multi_cleanup(CURLM *multi);
CURLMcode cc_multi_set_long(CURLM *multi, CURLMoption option, int64_t value);
CURLMcode cc_multi_add_handle(CURLM *multi, CURL *handle);
CURLMcode cc_multi_remove_handle(CURLM *multi, CURL *handle);
CURLMcode cc_multi_perform(CURLM *multi, int *running);
CURLMcode cc_multi_poll(CURLM *multi, int milliseconds);
CURLMcode cc_multi_wakeup(CURLM *multi);
// The next transfer that ended, or NULL; its result in *result.
CURL *cc_next_ended(CURLM *multi, CURLcode *result);

enum { CC_WRITE_PAUSE = CURL_WRITEFUNC_PAUSE, CC_READ_ABORT = CURL_READFUNC_ABORT };

#endif
