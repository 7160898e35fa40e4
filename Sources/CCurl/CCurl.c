#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

// Function-like macros of the same names, which check arguments where these are constants.
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#define FUNCTIONS(X)                                                                                                    \
    X(global_init) X(version_info) X(getdate) X(free) X(url) X(url_cleanup) X(url_set) X(url_get) X(easy_init)          \
    X(easy_cleanup) X(easy_pause) X(easy_strerror) X(easy_setopt) X(easy_getinfo) X(slist_append) X(slist_free_all)     \
    X(multi_init) X(multi_cleanup) X(multi_setopt) X(multi_add_handle) X(multi_remove_handle) X(multi_perform)          \
    X(multi_poll) X(multi_wakeup) X(multi_info_read)

// Each with the type that libcurl's header gives it.
#define MEMBER(name) __typeof__(curl_##name) *name;
static struct {
    FUNCTIONS(MEMBER)
} curl;

static char failure[512];

static void load(void) {
    // The name of the interface that the header declares (curl's docs/ABI.md).
    void *library = dlopen("libcurl.so.4", RTLD_LAZY | RTLD_LOCAL);
    int complete = library != NULL;
#define FIND(name) complete = complete && (curl.name = (__typeof__(curl.name))dlsym(library, "curl_" #name)) != NULL;
    FUNCTIONS(FIND)
    if (complete) return;
    const char *reason = dlerror();
    strncpy(failure, reason ? reason : "libcurl.so.4 cannot be loaded", sizeof failure - 1);
}

static int loaded(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return !failure[0];
}

const char *cc_load_failure(void) { return loaded() ? NULL : failure; }

CURLcode cc_global_init(void) { return loaded() ? curl.global_init(CURL_GLOBAL_DEFAULT) : CURLE_FAILED_INIT; }
int64_t cc_getdate(const char *text) { return loaded() ? curl.getdate(text, NULL) : -1; }
const char *cc_default_authorities(void) { return loaded() ? curl.version_info(CURLVERSION_NOW)->cainfo : NULL; }

CURLU *cc_url(void) { return loaded() ? curl.url() : NULL; }
void cc_url_cleanup(CURLU *url) { curl.url_cleanup(url); }
CURLUcode cc_url_set(CURLU *url, CURLUPart part, const char *text, unsigned flags) {
    return curl.url_set(url, part, text, flags);
}
CURLUcode cc_url_get(CURLU *url, CURLUPart part, char **text, unsigned flags) {
    return curl.url_get(url, part, text, flags);
}
void cc_free(void *text) { curl.free(text); }

CURL *cc_easy_init(void) { return curl.easy_init(); }
void cc_easy_cleanup(CURL *handle) { curl.easy_cleanup(handle); }
CURLcode cc_easy_pause(CURL *handle, int what) { return curl.easy_pause(handle, what); }
const char *cc_easy_strerror(CURLcode code) { return curl.easy_strerror(code); }
struct curl_slist *cc_slist_append(struct curl_slist *list, const char *text) { return curl.slist_append(list, text); }
void cc_slist_free_all(struct curl_slist *list) { curl.slist_free_all(list); }

CURLcode cc_set_text(CURL *handle, CURLoption option, const char *text) {
    return curl.easy_setopt(handle, option, text);
}
CURLcode cc_set_long(CURL *handle, CURLoption option, int64_t value) {
    return curl.easy_setopt(handle, option, (long)value);
}
CURLcode cc_set_offset(CURL *handle, CURLoption option, int64_t value) {
    return curl.easy_setopt(handle, option, (curl_off_t)value);
}
CURLcode cc_set_pointer(CURL *handle, CURLoption option, void *pointer) {
    return curl.easy_setopt(handle, option, pointer);
}
CURLcode cc_set_callback(CURL *handle, CURLoption option, cc_body_callback callback) {
    return curl.easy_setopt(handle, option, callback);
}
CURLcode cc_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {.data = (void *)bytes, .len = count, .flags = CURL_BLOB_COPY};
    return curl.easy_setopt(handle, option, &blob);
}
void *cc_private(CURL *handle) {
    char *pointer = NULL;
    return curl.easy_getinfo(handle, CURLINFO_PRIVATE, &pointer) == CURLE_OK ? pointer : NULL;
}

CURLM *cc_multi_init(void) { return curl.multi_init(); }
void cc_multi_cleanup(CURLM *multi) { curl.multi_cleanup(multi); }
CURLMcode cc_multi_set_long(CURLM *multi, CURLMoption option, int64_t value) {
    return curl.multi_setopt(multi, option, (long)value);
}
CURLMcode cc_multi_add_handle(CURLM *multi, CURL *handle) { return curl.multi_add_handle(multi, handle); }
CURLMcode cc_multi_remove_handle(CURLM *multi, CURL *handle) { return curl.multi_remove_handle(multi, handle); }
CURLMcode cc_multi_perform(CURLM *multi, int *running) { return curl.multi_perform(multi, running); }
CURLMcode cc_multi_poll(CURLM *multi, int milliseconds) {
    return curl.multi_poll(multi, NULL, 0, milliseconds, NULL);
}
CURLMcode cc_multi_wakeup(CURLM *multi) { return curl.multi_wakeup(multi); }
CURL *cc_next_ended(CURLM *multi, CURLcode *result) {
    int left;
    CURLMsg *message;
    while ((message = curl.multi_info_read(multi, &left)))
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return message->easy_handle;
        }
    return NULL;
}
