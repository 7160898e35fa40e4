// What the differential tester needs from Linux and Swift cannot see: calls behind _GNU_SOURCE, and
// raw system calls whose credentials belong to one thread. Every function answers a value that is
// not negative, or -errno.
#ifndef CDIFFERENTIAL_H
#define CDIFFERENTIAL_H

#include <linux/limits.h>
#include <stdint.h>

/// The part of statx(2) that the tester compares.
struct cd_stat {
    uint64_t ino;
    uint64_t dev;
    uint64_t size;
    uint64_t blocks;
    uint64_t rdev;
    int64_t mtime_sec;
    int64_t atime_sec;
    int64_t ctime_sec;
    uint32_t mtime_nsec;
    uint32_t atime_nsec;
    uint32_t ctime_nsec;
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    uint32_t nlink;
};

/// One entry of getdents64(2), copied out.
struct cd_dirent {
    uint64_t ino;
    int64_t offset;
    uint8_t type;
    uint16_t length;
    uint8_t name[256];
};

struct cd_statfs {
    uint64_t blocks;
    uint64_t files;
    uint64_t block_size;
    uint64_t name_length;
    uint64_t type;
    uint64_t flags;
};

enum {
    CD_RENAME_NOREPLACE = 1,
    CD_RENAME_EXCHANGE = 2,
    CD_RENAME_WHITEOUT = 4,

    CD_FALLOC_KEEP_SIZE = 1,
    CD_FALLOC_PUNCH_HOLE = 2,
    CD_FALLOC_COLLAPSE_RANGE = 8,
    CD_FALLOC_ZERO_RANGE = 16,
    CD_FALLOC_INSERT_RANGE = 32,

    CD_SEEK_DATA = 3,
    CD_SEEK_HOLE = 4,

#if defined(__aarch64__)
    CD_O_TMPFILE = 020040000,
    CD_O_DIRECT = 0200000,
#else
    CD_O_TMPFILE = 020200000,
    CD_O_DIRECT = 040000,
#endif
    CD_O_PATH = 010000000,
    CD_O_NOATIME = 01000000,
};

// Mounts.
int cd_mount(const char *source, const char *target, const char *type, uint64_t flags, const char *data);
int cd_umount(const char *target, int lazily);
/// A mount namespace of our own: whatever is mounted in it goes when its last process does.
int cd_private_mounts(void);

// Whose file system calls these are: of the calling thread alone.
int cd_become(uint32_t uid, uint32_t gid);
int cd_no_groups(void);
int cd_own_cwd_and_umask(void);

// Files.
int cd_open(const char *path, int flags, uint32_t mode);
int cd_statx(int dir, const char *path, int follow, struct cd_stat *out);
int cd_fstat(int fd, struct cd_stat *out);
int cd_statfs(const char *path, struct cd_statfs *out);
int cd_access(const char *path, int mode);
int cd_renameat2(const char *from, const char *to, uint32_t flags);
int cd_link(const char *from, const char *to);
int cd_link_fd(int fd, const char *to);
int cd_mknod(const char *path, uint32_t mode, uint32_t major, uint32_t minor);
int cd_utimens(const char *path, int64_t atime, uint32_t atime_nsec, int64_t mtime, uint32_t mtime_nsec);
int cd_fallocate(int fd, int mode, int64_t offset, int64_t length);
int64_t cd_copy_file_range(int from, int64_t from_offset, int to, int64_t to_offset, uint64_t length);
int64_t cd_seek(int fd, int64_t offset, int whence);
int cd_get_flags(int fd, uint32_t *out);
int cd_set_flags(int fd, uint32_t flags);
/// Writes through a shared mapping; the file must reach as far as the end of what is written.
int cd_mmap_write(int fd, int64_t offset, const void *bytes, uint64_t length);

/// A shared mapping to read from, or NULL.
void *cd_map(int fd, uint64_t length);
void cd_unmap(void *map, uint64_t length);
/// Copies from a mapping without the risk of SIGBUS: through the kernel, which answers -EFAULT instead.
int64_t cd_copy_mapped(const void *map, void *buffer, uint64_t length);

// Extended attributes, of the object itself, never of what a symlink names.
int64_t cd_listxattr(const char *path, void *buffer, uint64_t size);
int64_t cd_getxattr(const char *path, const char *name, void *buffer, uint64_t size);
int cd_setxattr(const char *path, const char *name, const void *value, uint64_t size, int flags);
int cd_removexattr(const char *path, const char *name);
int64_t cd_fgetxattr(int fd, const char *name, void *buffer, uint64_t size);
int cd_fsetxattr(int fd, const char *name, const void *value, uint64_t size, int flags);

// Directories.
int64_t cd_getdents(int fd, void *buffer, uint64_t size);
/// Decodes the record at `at`; answers the position of the next one.
int64_t cd_dirent_at(const void *buffer, int64_t at, struct cd_dirent *out);

// Processes.
/// Orphans of our children become ours, so that we can wait for a mount helper that went to the background.
int cd_adopt_orphans(void);
/// The signal is sent to us when our parent ends.
int cd_die_with_parent(void);

#endif
