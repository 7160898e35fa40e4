#include "CArchive.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

_Static_assert(CA_EOF == ARCHIVE_EOF && CA_OK == ARCHIVE_OK && CA_WARN == ARCHIVE_WARN, "libarchive's results");

#define FUNCTIONS(X)                                                                                                    \
    X(read_new) X(read_free) X(read_support_format_tar) X(read_support_format_empty) X(read_support_filter_gzip)        \
    X(read_support_filter_bzip2) X(read_support_filter_xz) X(read_support_filter_zstd) X(read_open2)                    \
    X(read_next_header) X(read_data_block) X(filter_bytes) X(error_string) X(clear_error) X(entry_pathname)             \
    X(entry_hardlink) X(entry_symlink) X(entry_uid) X(entry_gid) X(entry_size) X(entry_filetype) X(entry_perm)          \
    X(entry_mtime) X(entry_mtime_nsec) X(entry_rdevmajor) X(entry_rdevminor) X(entry_sparse_count)                      \
    X(entry_xattr_reset) X(entry_xattr_next)

// Each with the type that libarchive's headers give it.
#define MEMBER(name) __typeof__(archive_##name) *name;
static struct {
    FUNCTIONS(MEMBER)
} archive;

static char failure[512];

static void load(void) {
    // The name of the interface that the headers declare.
    void *library = dlopen("libarchive.so.13", RTLD_LAZY | RTLD_LOCAL);
    int complete = library != NULL;
#define FIND(name)                                                                                                      \
    complete = complete && (archive.name = (__typeof__(archive.name))dlsym(library, "archive_" #name)) != NULL;
    FUNCTIONS(FIND)
    if (complete) return;
    const char *reason = dlerror();
    strncpy(failure, reason ? reason : "libarchive.so.13 cannot be loaded", sizeof failure - 1);
}

static int loaded(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return !failure[0];
}

const char *ca_load_failure(void) { return loaded() ? NULL : failure; }

struct archive *ca_read_new(void) { return loaded() ? archive.read_new() : NULL; }
int ca_read_free(struct archive *a) { return archive.read_free(a); }

void ca_read_support_formats(struct archive *a) {
    archive.read_support_format_tar(a);
    archive.read_support_format_empty(a);
}

void ca_read_support_filters(struct archive *a) {
    archive.read_support_filter_gzip(a);
    archive.read_support_filter_bzip2(a);
    archive.read_support_filter_xz(a);
    archive.read_support_filter_zstd(a);
}

int ca_read_open(struct archive *a, void *client, ca_read_callback read, ca_skip_callback skip) {
    return archive.read_open2(a, client, NULL, read, skip, NULL);
}

int ca_read_next_header(struct archive *a, struct archive_entry **entry) { return archive.read_next_header(a, entry); }
int ca_read_data_block(struct archive *a, const void **bytes, size_t *count, int64_t *offset) {
    return archive.read_data_block(a, bytes, count, offset);
}
int64_t ca_position(struct archive *a) { return archive.filter_bytes(a, 0); }
const char *ca_error_string(struct archive *a) { return archive.error_string(a); }
void ca_clear_error(struct archive *a) { archive.clear_error(a); }

const char *ca_entry_pathname(struct archive_entry *entry) { return archive.entry_pathname(entry); }
const char *ca_entry_hardlink(struct archive_entry *entry) { return archive.entry_hardlink(entry); }
const char *ca_entry_symlink(struct archive_entry *entry) { return archive.entry_symlink(entry); }
int64_t ca_entry_uid(struct archive_entry *entry) { return archive.entry_uid(entry); }
int64_t ca_entry_gid(struct archive_entry *entry) { return archive.entry_gid(entry); }
int64_t ca_entry_size(struct archive_entry *entry) { return archive.entry_size(entry); }
uint32_t ca_entry_type(struct archive_entry *entry) { return archive.entry_filetype(entry); }
uint32_t ca_entry_permissions(struct archive_entry *entry) { return archive.entry_perm(entry); }
int64_t ca_entry_mtime(struct archive_entry *entry) { return archive.entry_mtime(entry); }
int64_t ca_entry_mtime_nanoseconds(struct archive_entry *entry) { return archive.entry_mtime_nsec(entry); }
uint64_t ca_entry_major(struct archive_entry *entry) { return archive.entry_rdevmajor(entry); }
uint64_t ca_entry_minor(struct archive_entry *entry) { return archive.entry_rdevminor(entry); }
int ca_entry_is_sparse(struct archive_entry *entry) { return archive.entry_sparse_count(entry) > 0; }
int ca_entry_xattr_reset(struct archive_entry *entry) { return archive.entry_xattr_reset(entry); }
int ca_entry_xattr_next(struct archive_entry *entry, const char **name, const void **value, size_t *count) {
    return archive.entry_xattr_next(entry, name, value, count);
}
