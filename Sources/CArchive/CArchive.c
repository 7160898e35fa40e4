#include "CArchive.h"

// A declaration that differs from libarchive's is an error here.
#include <archive.h>
#include <archive_entry.h>

_Static_assert(CA_EOF == ARCHIVE_EOF && CA_OK == ARCHIVE_OK && CA_WARN == ARCHIVE_WARN, "libarchive's results");

int ca_read_open(struct archive *archive, void *client, ca_read_callback *read) {
    return archive_read_open(archive, client, NULL, read, NULL);
}

int ca_read_open_skipping(struct archive *archive, void *client, ca_read_callback *read, ca_skip_callback *skip) {
    return archive_read_open2(archive, client, NULL, read, skip, NULL);
}

int64_t ca_position(struct archive *archive) { return archive_filter_bytes(archive, 0); }
int ca_entry_is_sparse(struct archive_entry *entry) { return archive_entry_sparse_count(entry) > 0; }

uint32_t ca_entry_type(struct archive_entry *entry) { return archive_entry_filetype(entry); }
uint32_t ca_entry_permissions(struct archive_entry *entry) { return archive_entry_perm(entry); }
int64_t ca_entry_mtime(struct archive_entry *entry) { return archive_entry_mtime(entry); }
int64_t ca_entry_mtime_nanoseconds(struct archive_entry *entry) { return archive_entry_mtime_nsec(entry); }
uint64_t ca_entry_major(struct archive_entry *entry) { return archive_entry_rdevmajor(entry); }
uint64_t ca_entry_minor(struct archive_entry *entry) { return archive_entry_rdevminor(entry); }
