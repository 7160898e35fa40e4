#define _GNU_SOURCE
#include <linux/seccomp.h>
#include <sys/un.h>
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

_Static_assert(CL_O_PATH == O_PATH, "O_PATH");
_Static_assert(CL_O_TMPFILE == O_TMPFILE, "O_TMPFILE");
_Static_assert(CL_O_NOATIME == O_NOATIME, "O_NOATIME");
_Static_assert(CL_O_DIRECT == O_DIRECT, "O_DIRECT");
_Static_assert(CL_O_DIRECTORY == O_DIRECTORY, "O_DIRECTORY");
_Static_assert(CL_O_NOFOLLOW == O_NOFOLLOW, "O_NOFOLLOW");
_Static_assert(CL_O_CLOEXEC == O_CLOEXEC, "O_CLOEXEC");
_Static_assert(CL_AT_FDCWD == AT_FDCWD, "AT_FDCWD");
_Static_assert(CL_AT_EMPTY_PATH == AT_EMPTY_PATH, "AT_EMPTY_PATH");
_Static_assert(CL_SEEK_DATA == SEEK_DATA && CL_SEEK_HOLE == SEEK_HOLE, "SEEK_DATA");
_Static_assert(CL_FALLOC_FL_PUNCH_HOLE == FALLOC_FL_PUNCH_HOLE, "FALLOC_FL_PUNCH_HOLE");
_Static_assert(CL_UTIME_NOW == UTIME_NOW && CL_UTIME_OMIT == UTIME_OMIT, "UTIME");
_Static_assert(CL_CLONE_NEWUSER == CLONE_NEWUSER && CL_CLONE_NEWNS == CLONE_NEWNS, "CLONE");

// Newer than Debian 12's headers; the numbers are the same on every architecture (asm-generic).
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_removexattrat 466
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif

static inline int result(int r) { return r < 0 ? -errno : r; }
static inline int64_t result64(int64_t r) { return r < 0 ? -errno : r; }

int cl_openat(int dir, const char *path, int flags, uint32_t mode) {
    return result(openat(dir, path, flags | O_CLOEXEC, mode));
}

int cl_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
    return result(syscall(SYS_openat2, dir, path, &how, sizeof how));
}

int cl_close(int fd) { return result(close(fd)); }
int cl_dup(int fd) { return result(fcntl(fd, F_DUPFD_CLOEXEC, 0)); }
int cl_set_cloexec(int fd, int on) { return result(fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0)); }

int cl_statx(int dir, const char *path, int flags, uint32_t mask, struct cl_stat *out) {
    struct statx s;
    if (statx(dir, path, flags, mask, &s) < 0) return -errno;
    out->ino = s.stx_ino;
    out->size = s.stx_size;
    out->blocks = s.stx_blocks;
    out->dev = makedev(s.stx_dev_major, s.stx_dev_minor);
    out->rdev = makedev(s.stx_rdev_major, s.stx_rdev_minor);
    // stx_mnt_id lies where Debian 12's header may still call it spare.
    out->mount_id = s.stx_mnt_id;
    out->attributes = s.stx_attributes;
    out->atime_s = s.stx_atime.tv_sec;
    out->mtime_s = s.stx_mtime.tv_sec;
    out->ctime_s = s.stx_ctime.tv_sec;
    out->btime_s = s.stx_btime.tv_sec;
    out->atime_ns = s.stx_atime.tv_nsec;
    out->mtime_ns = s.stx_mtime.tv_nsec;
    out->ctime_ns = s.stx_ctime.tv_nsec;
    out->btime_ns = s.stx_btime.tv_nsec;
    out->mode = s.stx_mode;
    out->nlink = s.stx_nlink;
    out->uid = s.stx_uid;
    out->gid = s.stx_gid;
    out->blksize = s.stx_blksize;
    out->mask = s.stx_mask;
    return 0;
}

int64_t cl_pread(int fd, void *b, size_t n, int64_t o) { return result64(pread(fd, b, n, o)); }
int64_t cl_pwrite(int fd, const void *b, size_t n, int64_t o) { return result64(pwrite(fd, b, n, o)); }
int64_t cl_read(int fd, void *b, size_t n) { return result64(read(fd, b, n)); }
int64_t cl_write(int fd, const void *b, size_t n) { return result64(write(fd, b, n)); }

int64_t cl_writev2(int fd, const void *a, size_t na, const void *b, size_t nb) {
    struct iovec v[2] = {{(void *)a, na}, {(void *)b, nb}};
    return result64(writev(fd, v, nb > 0 ? 2 : 1));
}

int64_t cl_splice(int in, int64_t *in_offset, int out, size_t count) {
    off_t offset = in_offset ? *in_offset : 0;
    ssize_t r = splice(in, in_offset ? &offset : NULL, out, NULL, count, 0);
    int64_t result = result64(r);
    if (in_offset) *in_offset = offset;
    return result;
}

int cl_pipe(size_t size, int ends[2]) {
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
    int r = fcntl(ends[1], F_SETPIPE_SZ, (int)size);
    return r < 0 ? fcntl(ends[1], F_GETPIPE_SZ) : r;
}

int64_t cl_lseek(int fd, int64_t offset, int whence) { return result64(lseek(fd, offset, whence)); }
int cl_ftruncate(int fd, int64_t size) { return result(ftruncate(fd, size)); }
int cl_fsync(int fd) { return result(fsync(fd)); }
int cl_fdatasync(int fd) { return result(fdatasync(fd)); }
int cl_syncfs(int fd) { return result(syncfs(fd)); }
int cl_start_writeback(int fd, int64_t o, int64_t n) { return result(sync_file_range(fd, o, n, SYNC_FILE_RANGE_WRITE)); }
int cl_fallocate(int fd, int mode, int64_t o, int64_t n) { return result(fallocate(fd, mode, o, n)); }

int64_t cl_copy_file_range(int in, int64_t *io, int out, int64_t *oo, size_t n) {
    return result64(copy_file_range(in, (off64_t *)io, out, (off64_t *)oo, n, 0));
}

int cl_reflink(int out, int in) { return result(ioctl(out, FICLONE, in)); }
int cl_flock_exclusive(int fd) { return result(flock(fd, LOCK_EX | LOCK_NB)); }
int cl_unlock(int fd) { return result(flock(fd, LOCK_UN)); }
int cl_getdents64(int fd, void *b, size_t n) { return result(syscall(SYS_getdents64, fd, b, n)); }

int cl_fstatfs(int fd, struct cl_statfs *out) {
    struct statfs s;
    if (fstatfs(fd, &s) < 0) return -errno;
    out->type = (uint64_t)s.f_type;
    out->blocks = s.f_blocks;
    out->bfree = s.f_bfree;
    out->bavail = s.f_bavail;
    out->files = s.f_files;
    out->ffree = s.f_ffree;
    out->bsize = s.f_bsize;
    out->frsize = s.f_frsize;
    out->namelen = s.f_namelen;
    out->flags = s.f_flags;
    return 0;
}

struct cl_fsuuid2 {
    uint8_t len;
    uint8_t uuid[16];
};

int cl_fs_uuid(int fd, uint8_t *out16) {
    struct cl_fsuuid2 u = {0};
    if (ioctl(fd, _IOR(0x15, 0, struct cl_fsuuid2), &u) < 0) return -errno;
    if (u.len != 16) return -ENOTTY;
    memcpy(out16, u.uuid, 16);
    return 0;
}

int cl_file_handle(int dir, const char *path, int flags, uint8_t *out, int *type) {
    struct {
        struct file_handle h;
        uint8_t room[MAX_HANDLE_SZ];
    } u;
    int mount;
    u.h.handle_bytes = MAX_HANDLE_SZ;
    if (name_to_handle_at(dir, path, &u.h, &mount, flags) < 0) return -errno;
    memcpy(out, u.h.f_handle, u.h.handle_bytes);
    *type = u.h.handle_type;
    return (int)u.h.handle_bytes;
}

int cl_mkdirat(int dir, const char *name, uint32_t mode) { return result(mkdirat(dir, name, mode)); }
int cl_mknodat(int dir, const char *n, uint32_t mode, uint64_t dev) { return result(mknodat(dir, n, mode, dev)); }
int cl_symlinkat(const char *target, int dir, const char *name) { return result(symlinkat(target, dir, name)); }
int cl_linkat(int from, const char *a, int to, const char *b, int flags) { return result(linkat(from, a, to, b, flags)); }
int cl_unlinkat(int dir, const char *name, int flags) { return result(unlinkat(dir, name, flags)); }

int cl_renameat2(int from, const char *a, int to, const char *b, unsigned flags) {
    return result(syscall(SYS_renameat2, from, a, to, b, flags));
}

int64_t cl_readlinkat(int dir, const char *n, char *b, size_t size) { return result64(readlinkat(dir, n, b, size)); }

// The path through /proc that names dir/name, for calls that have no *at form on this kernel.
static int proc_path(char *out, size_t size, int dir, const char *name) {
    int n = *name ? snprintf(out, size, "/proc/self/fd/%d/%s", dir, name) : snprintf(out, size, "/proc/self/fd/%d", dir);
    return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

#define PROC_PATH_SIZE 320

int cl_chmodat(int dir, const char *name, uint32_t mode) {
    int flags = AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH);
    int r = result(syscall(SYS_fchmodat2, dir, name, mode, flags));
    if (r != -ENOSYS) return r;
    // Before Linux 6.6: opened as itself first, so that a symlink is never followed.
    int fd = *name ? openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC) : dir;
    if (fd < 0) return -errno;
    char path[PROC_PATH_SIZE];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    r = result(chmod(path, mode));
    if (*name) close(fd);
    return r;
}

int cl_chownat(int dir, const char *name, uint32_t uid, uint32_t gid) {
    return result(fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH)));
}

int cl_utimensat(int dir, const char *name, int64_t as, int64_t an, int64_t ms, int64_t mn) {
    struct timespec t[2] = {{as, an}, {ms, mn}};
    return result(utimensat(dir, name, t, AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH)));
}

struct cl_xattr_args {
    uint64_t value __attribute__((aligned(8)));
    uint32_t size;
    uint32_t flags;
};

// 1 until the first ENOSYS: *xattrat(2) came with Linux 6.13.
static int have_xattrat = 1;

// Whether /proc has to be asked instead: an old kernel, or a descriptor opened with O_PATH and an empty name.
static int by_proc(int64_t r, const char *name) {
    if (r == -ENOSYS) have_xattrat = 0;
    return r == -ENOSYS || (r == -EBADF && !*name);
}

static int at_flags(const char *name) { return AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH); }

// /proc/self/fd/N is a link to follow, /proc/self/fd/N/name is not.
#define BY_PROC(follow, nofollow)                           \
    do {                                                    \
        char path[PROC_PATH_SIZE];                          \
        int e = proc_path(path, sizeof path, dir, name);    \
        if (e < 0) return e;                                \
        return result64(*name ? (nofollow) : (follow));     \
    } while (0)

int64_t cl_getxattrat(int dir, const char *name, const char *key, void *value, size_t size) {
    if (have_xattrat) {
        struct cl_xattr_args a = {(uint64_t)(uintptr_t)value, (uint32_t)size, 0};
        int64_t r = result64(syscall(SYS_getxattrat, dir, name, at_flags(name), key, &a, sizeof a));
        if (!by_proc(r, name)) return r;
    }
    BY_PROC(getxattr(path, key, value, size), lgetxattr(path, key, value, size));
}

int64_t cl_listxattrat(int dir, const char *name, char *list, size_t size) {
    if (have_xattrat) {
        int64_t r = result64(syscall(SYS_listxattrat, dir, name, at_flags(name), list, size));
        if (!by_proc(r, name)) return r;
    }
    BY_PROC(listxattr(path, list, size), llistxattr(path, list, size));
}

int cl_setxattrat(int dir, const char *name, const char *key, const void *value, size_t size, int flags) {
    if (have_xattrat) {
        struct cl_xattr_args a = {(uint64_t)(uintptr_t)value, (uint32_t)size, (uint32_t)flags};
        int r = result(syscall(SYS_setxattrat, dir, name, at_flags(name), key, &a, sizeof a));
        if (!by_proc(r, name)) return r;
    }
    BY_PROC(setxattr(path, key, value, size, flags), lsetxattr(path, key, value, size, flags));
}

int cl_removexattrat(int dir, const char *name, const char *key) {
    if (have_xattrat) {
        int r = result(syscall(SYS_removexattrat, dir, name, at_flags(name), key));
        if (!by_proc(r, name)) return r;
    }
    BY_PROC(removexattr(path, key), lremovexattr(path, key));
}

int cl_mount(const char *s, const char *t, const char *type, unsigned long f, const char *d) {
    return result(mount(s, t, type, f, d));
}
int cl_umount2(const char *target, int flags) { return result(umount2(target, flags)); }
int cl_fsopen(const char *type) { return result(syscall(SYS_fsopen, type, 1)); }
int cl_fsconfig(int context, const char *key, const char *value) {
    // FSCONFIG_CMD_CREATE, FSCONFIG_SET_STRING, FSCONFIG_SET_FLAG.
    int command = key == NULL ? 6 : value ? 1 : 0;
    return result(syscall(SYS_fsconfig, context, command, key, value, 0));
}
int cl_fsmount(int context, unsigned attributes) { return result(syscall(SYS_fsmount, context, 1, attributes)); }
static int move_mount_to(int mount, const char *target) {
    // MOVE_MOUNT_F_EMPTY_PATH.
    return (int)syscall(SYS_move_mount, mount, "", AT_FDCWD, target, 4);
}
static int open_tree_clone(int dir) {
    return (int)syscall(SYS_open_tree, dir, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | O_CLOEXEC);
}
int cl_mount_below(int mount, const char *name, const char *target, int device, int whole_first) {
    pid_t child = fork();
    if (child == 0) {
        close(device);
        int root = openat(mount, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (root < 0 || (whole_first && move_mount_to(mount, target) < 0)) _exit(errno);
        int tree = open_tree_clone(root), error = errno;
        if (whole_first) umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW);
        if (tree < 0) _exit(error);
        _exit(move_mount_to(tree, target) < 0 ? errno : 0);
    }
    if (child < 0) return -errno;
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -errno;
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}
int cl_clone_mount(int dir) {
    return result(open_tree_clone(dir));
}
// linux/mount.h cannot be included beside sys/mount.h here.
struct cl_mount_attr {
    uint64_t attr_set, attr_clr, propagation, userns_fd;
};

int cl_stop_access_times(int mount) {
    // MOUNT_ATTR_NOATIME in place of MOUNT_ATTR__ATIME.
    struct cl_mount_attr a = {.attr_set = 0x10, .attr_clr = 0x70};
    return result(syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &a, sizeof a));
}

int cl_unshare(int flags) { return result(unshare(flags)); }
uint32_t cl_umask(uint32_t mask) { return umask(mask); }

// The raw calls: glibc would change every thread.
uint32_t cl_setfsuid(uint32_t uid) { return (uint32_t)syscall(SYS_setfsuid, uid); }
uint32_t cl_setfsgid(uint32_t gid) { return (uint32_t)syscall(SYS_setfsgid, gid); }

static int capabilities(struct __user_cap_data_struct d[2], int set) {
    struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
    return result(syscall(set ? SYS_capset : SYS_capget, &h, d));
}

int cl_raise_capabilities(void) {
    struct __user_cap_data_struct d[2];
    int r = capabilities(d, 0);
    if (r < 0) return r;
    d[0].effective = d[0].permitted;
    d[1].effective = d[1].permitted;
    return capabilities(d, 1);
}

int cl_keep_capabilities(int keep) {
    if (!keep) return result(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
    struct __user_cap_data_struct d[2];
    int r = capabilities(d, 0);
    if (r < 0) return r;
    for (int i = 0; i < 2; i++) d[i].inheritable = d[i].permitted;
    if ((r = capabilities(d, 1)) < 0) return r;
    for (int c = 0; c < 64; c++)
        if (d[c / 32].permitted >> (c % 32) & 1) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0);
    return 0;
}

int cl_has_capability(int c) {
    struct __user_cap_data_struct d[2];
    return capabilities(d, 0) == 0 && (d[c / 32].effective >> (c % 32) & 1);
}

int cl_raise_descriptor_limit(uint64_t *out) {
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) < 0) return -errno;
    l.rlim_cur = l.rlim_max;
    int r = result(setrlimit(RLIMIT_NOFILE, &l));
    getrlimit(RLIMIT_NOFILE, &l);
    *out = l.rlim_cur;
    return r;
}

int cl_daemonize_child(void) {
    if (setsid() < 0) return -errno;
    int n = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (n < 0) return -errno;
    for (int fd = 0; fd < 3; fd++) dup2(n, fd);
    if (n > 2) close(n);
    return 0;
}

int cl_process_in_group(uint32_t pid, uint32_t gid) {
    char path[32], text[4096];
    snprintf(path, sizeof path, "/proc/%u/status", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0) return -ESRCH;
    text[n] = 0;
    char *p = strstr(text, "\nGroups:");
    if (!p) return -ESRCH;
    p += 8;
    while (*p && *p != '\n') {
        char *end;
        unsigned long group = strtoul(p, &end, 10);
        if (end == p) break;
        if (group == gid) return 1;
        p = end;
        while (*p == ' ' || *p == '\t') p++;
    }
    return 0;
}

void cl_share_memory(void) { mallopt(M_ARENA_MAX, 1); }
void cl_trim_memory(void) { malloc_trim(0); }

int64_t cl_monotonic_time(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

void cl_yield(void) { sched_yield(); }

int cl_wait_readable(int fd, int64_t nanoseconds) {
    struct pollfd p = {fd, POLLIN, 0};
    struct timespec t = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return result(ppoll(&p, 1, nanoseconds < 0 ? NULL : &t, NULL));
}

int cl_set_nonblocking(int fd) { return result(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK)); }

int cl_processors(void) {
    cpu_set_t s;
    return sched_getaffinity(0, sizeof s, &s) < 0 ? 1 : CPU_COUNT(&s);
}

int cl_socketpair(int fds[2]) { return result(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)); }

int cl_receive_descriptor(int socket) {
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec v = {&byte, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n;
    do n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0) return -errno;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (n == 0 || !c || c->cmsg_type != SCM_RIGHTS) return -EPIPE;
    int fd;
    memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

int cl_listen(const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path) return -ENAMETOOLONG;
    strcpy(a.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 4) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int cl_accept(int socket) {
    int fd;
    do fd = accept4(socket, NULL, NULL, SOCK_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

int cl_connect(const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path) return -ENAMETOOLONG;
    strcpy(a.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int cl_wait_any(int first, int second, int third) {
    struct pollfd p[3] = {{first, POLLIN, 0}, {second, POLLIN, 0}, {third, POLLIN, 0}};
    while (poll(p, 3, -1) < 0)
        if (errno != EINTR) return -errno;
    return (p[0].revents ? 1 : 0) | (p[1].revents ? 2 : 0) | (p[2].revents ? 4 : 0);
}

int cl_end_writing(int socket) { return shutdown(socket, SHUT_WR) < 0 ? -errno : 0; }

int cl_wait_call(int listener) {
    struct pollfd p = {.fd = listener, .events = POLLIN};
    while (poll(&p, 1, -1) < 0)
        if (errno != EINTR) return 0;
    return p.revents & POLLIN ? 1 : 0;
}

int cl_next_call(int listener, struct cl_call *out) {
    struct seccomp_notif n;
    memset(&n, 0, sizeof n);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0) return -errno;
    out->id = n.id;
    out->pid = n.pid;
    for (int i = 0; i < 6; i++) out->arguments[i] = n.data.args[i];
    switch (n.data.nr) {
#ifdef SYS_chown
    case SYS_chown: out->kind = CL_CALL_CHOWN; break;
    case SYS_lchown: out->kind = CL_CALL_LCHOWN; break;
#endif
    case SYS_fchown: out->kind = CL_CALL_FCHOWN; break;
    case SYS_fchownat: out->kind = CL_CALL_FCHOWNAT; break;
    default: out->kind = CL_CALL_OTHER;
    }
    return 0;
}

int cl_call_waits(int listener, uint64_t id) { return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0; }

int cl_answer_call(int listener, uint64_t id, int error) {
    struct seccomp_notif_resp r = {.id = id, .error = -error};
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r) < 0 ? -errno : 0;
}

int cl_ignore_sigpipe(void) { return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0; }

static void termination(sigset_t *s) {
    sigemptyset(s);
    sigaddset(s, SIGTERM);
    sigaddset(s, SIGINT);
    sigaddset(s, SIGHUP);
}

int cl_block_termination(void) {
    sigset_t s;
    termination(&s);
    return -pthread_sigmask(SIG_BLOCK, &s, NULL);
}

int cl_wait_termination(void) {
    sigset_t s;
    termination(&s);
    return result(sigwaitinfo(&s, NULL));
}

int64_t cl_fork(void) { return result64(fork()); }
int cl_ioctl_pointer(int fd, unsigned long request, void *argument) { return result(ioctl(fd, request, argument)); }
void cl_exit_now(int status) { _exit(status); }

const char *cl_error_text(int code) { return strerrordesc_np(code); }
