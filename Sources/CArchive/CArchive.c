#include "CArchive.h"

// A declaration that differs from libarchive's is an error here.
#include <archive.h>
#include <archive_entry.h>

_Static_assert(CA_EOF == ARCHIVE_EOF && CA_OK == ARCHIVE_OK && CA_WARN == ARCHIVE_WARN, "libarchive's results");

int ca_read_open(struct archive *archive, void *client, ca_read_callback *read) {
    return archive_read_open(archive, client, NULL, read, NULL);
}

uint32_t ca_entry_type(struct archive_entry *entry) { return archive_entry_filetype(entry); }
uint32_t ca_entry_permissions(struct archive_entry *entry) { return archive_entry_perm(entry); }
int64_t ca_entry_mtime(struct archive_entry *entry) { return archive_entry_mtime(entry); }
int64_t ca_entry_mtime_nanoseconds(struct archive_entry *entry) { return archive_entry_mtime_nsec(entry); }
uint64_t ca_entry_major(struct archive_entry *entry) { return archive_entry_rdevmajor(entry); }
uint64_t ca_entry_minor(struct archive_entry *entry) { return archive_entry_rdevminor(entry); }
