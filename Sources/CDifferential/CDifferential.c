#define _GNU_SOURCE
#include "CDifferential.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

_Static_assert(CD_O_TMPFILE == O_TMPFILE, "O_TMPFILE");
_Static_assert(CD_O_PATH == O_PATH, "O_PATH");
_Static_assert(CD_O_NOATIME == O_NOATIME, "O_NOATIME");
_Static_assert(CD_O_DIRECT == O_DIRECT, "O_DIRECT");
_Static_assert(CD_SEEK_DATA == SEEK_DATA && CD_SEEK_HOLE == SEEK_HOLE, "SEEK_DATA");
_Static_assert(CD_FALLOC_PUNCH_HOLE == FALLOC_FL_PUNCH_HOLE, "FALLOC_FL_PUNCH_HOLE");
_Static_assert(CD_FALLOC_ZERO_RANGE == FALLOC_FL_ZERO_RANGE, "FALLOC_FL_ZERO_RANGE");
_Static_assert(CD_RENAME_EXCHANGE == RENAME_EXCHANGE, "RENAME_EXCHANGE");

static int64_t checked(int64_t result) {
    return result < 0 ? -errno : result;
}

int cd_mount(const char *source, const char *target, const char *type, uint64_t flags, const char *data) {
    return (int)checked(mount(source, target, type, flags, data));
}

int cd_umount(const char *target, int lazily) {
    return (int)checked(umount2(target, lazily ? MNT_DETACH : 0));
}

int cd_private_mounts(void) {
    if (unshare(CLONE_NEWNS) < 0) return -errno;
    return (int)checked(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

// All or none of the permitted capabilities, for the calling thread alone.
static int set_effective(int all) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0) return -errno;
    for (int i = 0; i < 2; i++) data[i].effective = all ? data[i].permitted : 0;
    return (int)checked(syscall(SYS_capset, &header, data));
}

// glibc's set*id functions change every thread; the file system ids are the calling thread's alone. They take the
// file system's capabilities along, but not, say, CAP_SYS_ADMIN, which reads trusted attributes: hence the rest.
int cd_become(uint32_t uid, uint32_t gid) {
    if (uid == 0) {
        set_effective(1);
        syscall(SYS_setfsuid, uid);
        syscall(SYS_setfsgid, gid);
    } else {
        syscall(SYS_setfsgid, gid);
        syscall(SYS_setfsuid, uid);
        set_effective(0);
    }
    if ((uint32_t)syscall(SYS_setfsuid, -1) != uid || (uint32_t)syscall(SYS_setfsgid, -1) != gid) return -EPERM;
    return 0;
}

int cd_no_groups(void) {
    return (int)checked(syscall(SYS_setgroups, 0, NULL));
}

int cd_own_cwd_and_umask(void) {
    return (int)checked(unshare(CLONE_FS));
}

int cd_open(const char *path, int flags, uint32_t mode) {
    return (int)checked(open(path, flags | O_CLOEXEC | O_NOCTTY, (mode_t)mode));
}

static void fill(struct cd_stat *out, const struct statx *in) {
    out->ino = in->stx_ino;
    out->dev = makedev(in->stx_dev_major, in->stx_dev_minor);
    out->size = in->stx_size;
    out->blocks = in->stx_blocks;
    out->rdev = makedev(in->stx_rdev_major, in->stx_rdev_minor);
    out->mtime_sec = in->stx_mtime.tv_sec;
    out->mtime_nsec = in->stx_mtime.tv_nsec;
    out->atime_sec = in->stx_atime.tv_sec;
    out->atime_nsec = in->stx_atime.tv_nsec;
    out->ctime_sec = in->stx_ctime.tv_sec;
    out->ctime_nsec = in->stx_ctime.tv_nsec;
    out->mode = in->stx_mode;
    out->uid = in->stx_uid;
    out->gid = in->stx_gid;
    out->nlink = in->stx_nlink;
}

int cd_statx(int dir, const char *path, int follow, struct cd_stat *out) {
    struct statx buffer;
    int directory = dir < 0 ? AT_FDCWD : dir;
    if (statx(directory, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &buffer) < 0) return -errno;
    fill(out, &buffer);
    return 0;
}

int cd_fstat(int fd, struct cd_stat *out) {
    struct statx buffer;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &buffer) < 0) return -errno;
    fill(out, &buffer);
    return 0;
}

int cd_statfs(const char *path, struct cd_statfs *out) {
    struct statfs buffer;
    if (statfs(path, &buffer) < 0) return -errno;
    out->blocks = buffer.f_blocks;
    out->files = buffer.f_files;
    out->block_size = (uint64_t)buffer.f_bsize;
    out->name_length = (uint64_t)buffer.f_namelen;
    out->type = (uint64_t)buffer.f_type;
    out->flags = (uint64_t)buffer.f_flags;
    return 0;
}

// The effective credentials, that is, those of cd_become.
int cd_access(const char *path, int mode) {
    return (int)checked(syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS));
}

int cd_renameat2(const char *from, const char *to, uint32_t flags) {
    return (int)checked(renameat2(AT_FDCWD, from, AT_FDCWD, to, flags));
}

int cd_link(const char *from, const char *to) {
    return (int)checked(linkat(AT_FDCWD, from, AT_FDCWD, to, 0));
}

int cd_link_fd(int fd, const char *to) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return (int)checked(linkat(AT_FDCWD, path, AT_FDCWD, to, AT_SYMLINK_FOLLOW));
}

int cd_mknod(const char *path, uint32_t mode, uint32_t major, uint32_t minor) {
    return (int)checked(mknod(path, (mode_t)mode, makedev(major, minor)));
}

int cd_utimens(const char *path, int64_t atime, uint32_t atime_nsec, int64_t mtime, uint32_t mtime_nsec) {
    struct timespec times[2] = {{atime, atime_nsec}, {mtime, mtime_nsec}};
    return (int)checked(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW));
}

int cd_fallocate(int fd, int mode, int64_t offset, int64_t length) {
    return (int)checked(fallocate(fd, mode, offset, length));
}

int64_t cd_copy_file_range(int from, int64_t from_offset, int to, int64_t to_offset, uint64_t length) {
    off64_t in = from_offset, out = to_offset;
    return checked(copy_file_range(from, &in, to, &out, length, 0));
}

int64_t cd_seek(int fd, int64_t offset, int whence) {
    return checked(lseek(fd, offset, whence));
}

int cd_get_flags(int fd, uint32_t *out) {
    int flags = 0;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0) return -errno;
    *out = (uint32_t)flags;
    return 0;
}

int cd_set_flags(int fd, uint32_t flags) {
    int value = (int)flags;
    return (int)checked(ioctl(fd, FS_IOC_SETFLAGS, &value));
}

int cd_mmap_write(int fd, int64_t offset, const void *bytes, uint64_t length) {
    int64_t page = offset & ~(int64_t)4095;
    uint64_t span = (uint64_t)(offset - page) + length;
    char *map = mmap(NULL, span, PROT_READ | PROT_WRITE, MAP_SHARED, fd, page);
    if (map == MAP_FAILED) return -errno;
    memcpy(map + (offset - page), bytes, length);
    int result = (int)checked(msync(map, span, MS_SYNC));
    munmap(map, span);
    return result;
}

void *cd_map(int fd, uint64_t length) {
    void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
    return map == MAP_FAILED ? NULL : map;
}

void cd_unmap(void *map, uint64_t length) {
    munmap(map, length);
}

int64_t cd_copy_mapped(const void *map, void *buffer, uint64_t length) {
    int fd = memfd_create("mapped", MFD_CLOEXEC);
    if (fd < 0) return -errno;
    int64_t count = checked(write(fd, map, length));
    if (count > 0) count = checked(pread(fd, buffer, (size_t)count, 0));
    close(fd);
    return count;
}

int64_t cd_listxattr(const char *path, void *buffer, uint64_t size) {
    return checked(llistxattr(path, buffer, size));
}

int64_t cd_getxattr(const char *path, const char *name, void *buffer, uint64_t size) {
    return checked(lgetxattr(path, name, buffer, size));
}

int cd_setxattr(const char *path, const char *name, const void *value, uint64_t size, int flags) {
    return (int)checked(lsetxattr(path, name, value, size, flags));
}

int cd_removexattr(const char *path, const char *name) {
    return (int)checked(lremovexattr(path, name));
}

int64_t cd_fgetxattr(int fd, const char *name, void *buffer, uint64_t size) {
    return checked(fgetxattr(fd, name, buffer, size));
}

int cd_fsetxattr(int fd, const char *name, const void *value, uint64_t size, int flags) {
    return (int)checked(fsetxattr(fd, name, value, size, flags));
}

int64_t cd_getdents(int fd, void *buffer, uint64_t size) {
    return checked(syscall(SYS_getdents64, fd, buffer, size));
}

int64_t cd_dirent_at(const void *buffer, int64_t at, struct cd_dirent *out) {
    const struct dirent64 *entry = (const struct dirent64 *)((const char *)buffer + at);
    size_t length = strlen(entry->d_name);
    if (length > 255) return -EIO;
    out->ino = entry->d_ino;
    out->offset = entry->d_off;
    out->type = entry->d_type;
    out->length = (uint16_t)length;
    memcpy(out->name, entry->d_name, length + 1);
    return at + entry->d_reclen;
}

int cd_adopt_orphans(void) {
    return (int)checked(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
}

int cd_die_with_parent(void) {
    return (int)checked(prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0));
}
