// The Linux system calls that Swift's Glibc module does not show.
//
// Every function returns a value >= 0, or -errno: the error travels in the result, so nothing that
// Swift releases between the call and its caller's look at it can overwrite it.
// Only <linux/…> and <stdint.h> are included: _GNU_SOURCE in a header that Swift reads breaks clean builds.
#ifndef CLINUX_H
#define CLINUX_H

#include <linux/openat2.h>
#include <linux/stat.h>
#include <stddef.h>
#include <stdint.h>

// What statx(2) says of one object, without its spare fields.
struct cl_stat {
    uint64_t ino, size, blocks, dev, rdev, mount_id, attributes;
    int64_t atime_s, mtime_s, ctime_s, btime_s;
    uint32_t atime_ns, mtime_ns, ctime_ns, btime_ns;
    uint32_t mode, nlink, uid, gid, blksize, mask;
};

struct cl_statfs {
    uint64_t type, blocks, bfree, bavail, files, ffree;
    uint32_t bsize, frsize, namelen, flags;
};

// open_tree/openat/openat2: flags behind _GNU_SOURCE are re-declared here and asserted in the .c file.
enum {
    CL_O_PATH = 010000000,
    CL_O_TMPFILE = 020200000,
    CL_O_NOATIME = 01000000,
    CL_O_DIRECT = 040000,
    CL_O_DIRECTORY = 0200000,
    CL_O_NOFOLLOW = 0400000,
    CL_O_CLOEXEC = 02000000,
    CL_AT_FDCWD = -100,
    CL_AT_SYMLINK_NOFOLLOW = 0x100,
    CL_AT_REMOVEDIR = 0x200,
    CL_AT_SYMLINK_FOLLOW = 0x400,
    CL_AT_NO_AUTOMOUNT = 0x800,
    CL_AT_EMPTY_PATH = 0x1000,
    CL_RENAME_NOREPLACE = 1,
    CL_RENAME_EXCHANGE = 2,
    CL_RENAME_WHITEOUT = 4,
    CL_SEEK_DATA = 3,
    CL_SEEK_HOLE = 4,
    CL_FALLOC_FL_KEEP_SIZE = 1,
    CL_FALLOC_FL_PUNCH_HOLE = 2,
    CL_MNT_DETACH = 2,
    CL_MS_RDONLY = 1,
    CL_MS_NOSUID = 2,
    CL_MS_NODEV = 4,
    CL_MS_NOEXEC = 8,
    CL_MS_NOATIME = 1024,
    CL_MS_BIND = 4096,
    CL_MS_REC = 16384,
    CL_MS_PRIVATE = 1 << 18,
    CL_MS_SLAVE = 1 << 19,
    CL_CLONE_NEWNS = 0x00020000,
    CL_CLONE_NEWUSER = 0x10000000,
    CL_CLONE_NEWPID = 0x20000000,
    CL_UTIME_NOW = 0x3fffffff,
    CL_UTIME_OMIT = 0x3ffffffe,
};

// Descriptors and files
int cl_openat(int dir, const char *path, int flags, uint32_t mode);
// openat2(2); -ENOSYS before Linux 5.6.
int cl_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int cl_close(int fd);
int cl_dup(int fd);
int cl_set_cloexec(int fd, int on);
int cl_statx(int dir, const char *path, int flags, uint32_t mask, struct cl_stat *out);
int64_t cl_pread(int fd, void *buffer, size_t count, int64_t offset);
int64_t cl_pwrite(int fd, const void *buffer, size_t count, int64_t offset);
int64_t cl_read(int fd, void *buffer, size_t count);
int64_t cl_write(int fd, const void *buffer, size_t count);
// Two pieces, one write: a FUSE reply's header and its payload.
int64_t cl_writev2(int fd, const void *a, size_t na, const void *b, size_t nb);
// splice(2); an offset where `in` is a file.
int64_t cl_splice(int in, int64_t *in_offset, int out, size_t count);
// A pipe with room for `size` bytes that never blocks, closed on exec; its ends. Less room where a user may have no more.
int cl_pipe(size_t size, int ends[2]);
int64_t cl_lseek(int fd, int64_t offset, int whence);
int cl_ftruncate(int fd, int64_t size);
int cl_fsync(int fd);
int cl_fdatasync(int fd);
int cl_syncfs(int fd);
// sync_file_range(2) with SYNC_FILE_RANGE_WRITE: starts writing, waits for nothing. No length: to the end.
int cl_start_writeback(int fd, int64_t offset, int64_t length);
int cl_fallocate(int fd, int mode, int64_t offset, int64_t length);
int64_t cl_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t count);
// FICLONE: -EOPNOTSUPP or -EXDEV where the file systems cannot share extents.
int cl_reflink(int out, int in);
int cl_flock_exclusive(int fd);
int cl_unlock(int fd);
int cl_getdents64(int fd, void *buffer, size_t count);
int cl_fstatfs(int fd, struct cl_statfs *out);
// FS_IOC_GETFSUUID (Linux 6.9): 16 bytes; -ENOTTY before.
int cl_fs_uuid(int fd, uint8_t *out16);
// name_to_handle_at(2): returns the handle's length, its type in *type; at most 128 bytes.
int cl_file_handle(int dir, const char *path, int flags, uint8_t *out, int *type);

// Names
int cl_mkdirat(int dir, const char *name, uint32_t mode);
int cl_mknodat(int dir, const char *name, uint32_t mode, uint64_t dev);
int cl_symlinkat(const char *target, int dir, const char *name);
int cl_linkat(int from, const char *name, int to, const char *new_name, int flags);
int cl_unlinkat(int dir, const char *name, int flags);
int cl_renameat2(int from, const char *name, int to, const char *new_name, unsigned flags);
int64_t cl_readlinkat(int dir, const char *name, char *buffer, size_t size);

// Attributes of an object without following it; an empty name is the descriptor itself (O_PATH too).
int cl_chmodat(int dir, const char *name, uint32_t mode);
int cl_chownat(int dir, const char *name, uint32_t uid, uint32_t gid);
int cl_utimensat(int dir, const char *name, int64_t atime_s, int64_t atime_ns, int64_t mtime_s, int64_t mtime_ns);
int64_t cl_getxattrat(int dir, const char *name, const char *key, void *value, size_t size);
int64_t cl_listxattrat(int dir, const char *name, char *list, size_t size);
int cl_setxattrat(int dir, const char *name, const char *key, const void *value, size_t size, int flags);
int cl_removexattrat(int dir, const char *name, const char *key);

// Mounts, namespaces, processes
int cl_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);
int cl_umount2(const char *target, int flags);
// fsopen(2), fsconfig(2) and fsmount(2), which Debian 12 has no manual pages of. fsconfig: a string, a flag
// where the value is NULL, or with no key either the making of the file system.
int cl_fsopen(const char *type);
int cl_fsconfig(int context, const char *key, const char *value);
int cl_fsmount(int context, unsigned attributes);
// Mounts a copy of the directory `name` of a detached mount, in a child process that has no `device` (/dev/fuse): were it this
// process, which serves the mount, its end by a signal could wait for its own answer for ever. `whole_first`: by way of
// the whole mount at `target`, since only what is mounted somewhere was copied before Linux 6.15.
int cl_mount_below(int mount, const char *name, const char *target, int device, int whole_first);
// open_tree(2) with OPEN_TREE_CLONE: a private copy of one mount, without what is mounted on it.
int cl_clone_mount(int dir);
// mount_setattr(2) on such a copy: nothing changes an access time through it. -EPERM where a user namespace may not.
int cl_stop_access_times(int mount);
int cl_unshare(int flags);
uint32_t cl_umask(uint32_t mask);
uint32_t cl_setfsuid(uint32_t uid);
uint32_t cl_setfsgid(uint32_t gid);
// Makes every permitted capability effective again in this thread, after setfsuid(2) masked some.
int cl_raise_capabilities(void);
// Makes every permitted capability ambient (capabilities(7)), so that it outlives exec(3) of an ordinary user in his own
// user namespace; or none.
int cl_keep_capabilities(int keep);
// 1 when the calling thread has the capability in its effective set.
int cl_has_capability(int capability);
int cl_raise_descriptor_limit(uint64_t *out_limit);
int cl_daemonize_child(void);
// CLOCK_MONOTONIC in nanoseconds.
int64_t cl_monotonic_time(void);
void cl_yield(void);
// Waits until a descriptor can be read, or has an error; 0 when the time is over, which is endless where negative.
int cl_wait_readable(int fd, int64_t nanoseconds);
int cl_set_nonblocking(int fd);
int cl_processors(void);
// A connected pair of stream sockets.
int cl_socketpair(int fds[2]);
// One descriptor sent over a socket (SCM_RIGHTS).
int cl_receive_descriptor(int socket);
int cl_ignore_sigpipe(void);
// A listening stream socket at a path; one connection of it.
int cl_listen(const char *path);
int cl_accept(int socket);
// A stream socket connected to the one at a path.
int cl_connect(const char *path);
// Whether either of two descriptors can be read, as bits 1 and 2, or a third one can or has ended, as bit 4; waits until then.
// What is negative is not looked at.
int cl_wait_any(int first, int second, int third);
// No more will be written to a socket.
int cl_end_writing(int socket);

// seccomp_unotify(2): a system call of another process that waits for an answer.
struct cl_call {
    uint64_t id, arguments[6];
    uint32_t pid;
    // What it is, whatever its number here.
    enum { CL_CALL_OTHER, CL_CALL_CHOWN, CL_CALL_LCHOWN, CL_CALL_FCHOWN, CL_CALL_FCHOWNAT } kind;
};
// Waits for one: 1, or 0 when no process is left that could make any.
int cl_wait_call(int listener);
int cl_next_call(int listener, struct cl_call *out);
// Whether its process still waits: what was read of it is its own.
int cl_call_waits(int listener, uint64_t id);
int cl_answer_call(int listener, uint64_t id, int error);
// Blocks SIGTERM, SIGINT, SIGHUP in this thread and those it starts; waits for one of them.
int cl_block_termination(void);
int cl_wait_termination(void);
// 1 when a process is in a group, by /proc/PID/status; -ESRCH when it is gone.
int cl_process_in_group(uint32_t pid, uint32_t gid);
// malloc_trim(3): gives freed memory back to the system.
void cl_trim_memory(void);
// mallopt(3): one arena for all threads, so that what one allocates and another frees is used again.
void cl_share_memory(void);
int64_t cl_fork(void);
int cl_ioctl_pointer(int fd, unsigned long request, void *argument);
// strerrordesc_np(3): the words for an error number, or NULL.
const char *cl_error_text(int code);
void cl_exit_now(int status);

#endif
