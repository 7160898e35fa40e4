// libarchive's reader of tar, as far as it is used: loaded when the first archive is read, as it brings a dozen libraries along
// that most commands have no use for.
//
// Declared here and compared with libarchive's own headers in the .c file: those include half of the C library, whose types
// Swift would then look for in this module.
#ifndef CARCHIVE_H
#define CARCHIVE_H

#include <stddef.h>
#include <stdint.h>

enum { CA_EOF = 1, CA_OK = 0, CA_WARN = -20 };

struct archive;
struct archive_entry;

// Why the library could not be loaded, as dlerror(3) says it; NULL where it was. All else needs what ca_read_new gives: NULL
// without the library, or without memory.
const char *ca_load_failure(void);

struct archive *ca_read_new(void);
int ca_read_free(struct archive *archive);
// tar, and what is empty.
void ca_read_support_formats(struct archive *archive);
// What tar(1) decompresses by itself: gzip, bzip2, xz and zstd.
void ca_read_support_filters(struct archive *archive);

// archive_read_callback: the bytes that follow in *buffer, their count returned; 0 at the end, -1 for a failure.
typedef long (*ca_read_callback)(struct archive *archive, void *client, const void **buffer);
// archive_skip_callback: how many of the bytes were skipped; fewer are read instead.
typedef int64_t (*ca_skip_callback)(struct archive *archive, void *client, int64_t count);
// archive_read_open2() with these callbacks alone; `skip` may be NULL.
int ca_read_open(struct archive *archive, void *client, ca_read_callback read, ca_skip_callback skip);

int ca_read_next_header(struct archive *archive, struct archive_entry **entry);
int ca_read_data_block(struct archive *archive, const void **bytes, size_t *count, int64_t *offset);
// archive_filter_bytes(): with an uncompressed archive, the place of what comes next: after a header, of its data.
int64_t ca_position(struct archive *archive);
const char *ca_error_string(struct archive *archive);
void ca_clear_error(struct archive *archive);

const char *ca_entry_pathname(struct archive_entry *entry);
const char *ca_entry_hardlink(struct archive_entry *entry);
const char *ca_entry_symlink(struct archive_entry *entry);
int64_t ca_entry_uid(struct archive_entry *entry);
int64_t ca_entry_gid(struct archive_entry *entry);
int64_t ca_entry_size(struct archive_entry *entry);
// S_IFMT bits; permission bits; the time and the device's numbers, whose C types differ between systems.
uint32_t ca_entry_type(struct archive_entry *entry);
uint32_t ca_entry_permissions(struct archive_entry *entry);
int64_t ca_entry_mtime(struct archive_entry *entry);
int64_t ca_entry_mtime_nanoseconds(struct archive_entry *entry);
uint64_t ca_entry_major(struct archive_entry *entry);
uint64_t ca_entry_minor(struct archive_entry *entry);
// Whether the entry's data lies in pieces, with holes between them.
int ca_entry_is_sparse(struct archive_entry *entry);
int ca_entry_xattr_reset(struct archive_entry *entry);
int ca_entry_xattr_next(struct archive_entry *entry, const char **name, const void **value, size_t *count);

#endif
