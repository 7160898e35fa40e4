// The kernel's FUSE protocol as Swift needs it: <linux/fuse.h> of Debian 12 (7.38), and what kernels have
// learned since. Layouts are the kernel's promise (include/uapi/linux/fuse.h) and are asserted in CFuse.c.
#ifndef CFUSE_H
#define CFUSE_H

#include <linux/fuse.h>
#include <stdint.h>

enum {
    CF_STATX = 52,
    CF_COPY_FILE_RANGE_64 = 53,
    CF_FOPEN_PASSTHROUGH = 1 << 7,
};

// Flags of INIT's second word (7.36 and later), shifted down by 32.
enum {
    CF_INIT2_CREATE_SUPP_GROUP = 1 << 2,
    CF_INIT2_HAS_EXPIRE_ONLY = 1 << 3,
    CF_INIT2_DIRECT_IO_ALLOW_MMAP = 1 << 4,
    CF_INIT2_PASSTHROUGH = 1 << 5,
    CF_INIT2_NO_EXPORT_SUPPORT = 1 << 6,
    CF_INIT2_HAS_RESEND = 1 << 7,
    CF_INIT2_ALLOW_IDMAP = 1 << 8,
    CF_INIT2_OVER_IO_URING = 1 << 9,
};

// INIT's reply since 7.40: max_stack_depth lies in what was unused.
struct cf_init_out {
    uint32_t major, minor, max_readahead, flags;
    uint16_t max_background, congestion_threshold;
    uint32_t max_write, time_gran;
    uint16_t max_pages, map_alignment;
    uint32_t flags2, max_stack_depth;
    uint16_t request_timeout, unused[11];
};

// OPEN's reply since 7.40: the padding became the backing id.
struct cf_open_out {
    uint64_t fh;
    uint32_t open_flags;
    int32_t backing_id;
};

struct cf_backing_map {
    int32_t fd;
    uint32_t flags;
    uint64_t padding;
};

struct cf_statx_in {
    uint32_t getattr_flags, reserved;
    uint64_t fh;
    uint32_t sx_flags, sx_mask;
};

struct cf_sx_time {
    int64_t seconds;
    uint32_t nanoseconds;
    int32_t reserved;
};

struct cf_statx {
    uint32_t mask, blksize;
    uint64_t attributes;
    uint32_t nlink, uid, gid;
    uint16_t mode, spare0;
    uint64_t ino, size, blocks, attributes_mask;
    struct cf_sx_time atime, btime, ctime, mtime;
    uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
    uint64_t spare2[14];
};

struct cf_statx_out {
    uint64_t attr_valid;
    uint32_t attr_valid_nsec, flags;
    uint64_t spare[2];
    struct cf_statx stat;
};

struct cf_copy_file_range_out {
    uint64_t bytes_copied;
};

// Registers a descriptor for FOPEN_PASSTHROUGH; returns the backing id or -errno.
int32_t cf_backing_open(int device, int fd);
int cf_backing_close(int device, int32_t id);
// A second descriptor of the same connection with a queue of its own.
int cf_clone_device(int device);

#endif
