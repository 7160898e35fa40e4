// Preloaded into the mount helper: fails the n-th of its calls into the file systems below, once.
// $FAULTS names a file that the test writes and reads: four 64-bit numbers (armed, calls so far, which to fail, errno), and
// the name of the call that failed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct control {
    _Atomic uint64_t armed, calls, which, error;
    char name[32];
} *control;

__attribute__((constructor)) static void attach(void) {
    int fd = open(getenv("FAULTS"), O_RDWR | O_CLOEXEC);
    void *map = mmap(0, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED) control = map;
}

static int fails(const char *name) {
    if (!control || !control->armed || ++control->calls != control->which) return 0;
    strncpy(control->name, name, sizeof control->name - 1);
    errno = (int)control->error;
    return 1;
}

#define FAULTY(type, name, parameters, arguments)                        \
    type name parameters {                                               \
        static type(*real) parameters;                                   \
        if (!real) real = (type(*) parameters)dlsym(RTLD_NEXT, #name);   \
        if (fails(#name)) return -1;                                     \
        return real arguments;                                           \
    }

FAULTY(int, mkdirat, (int d, const char *n, mode_t m), (d, n, m))
FAULTY(int, mknodat, (int d, const char *n, mode_t m, dev_t v), (d, n, m, v))
FAULTY(int, linkat, (int d, const char *n, int t, const char *o, int f), (d, n, t, o, f))
FAULTY(int, symlinkat, (const char *t, int d, const char *n), (t, d, n))
FAULTY(int, unlinkat, (int d, const char *n, int f), (d, n, f))
FAULTY(int, fchownat, (int d, const char *n, uid_t u, gid_t g, int f), (d, n, u, g, f))
FAULTY(int, utimensat, (int d, const char *n, const struct timespec t[2], int f), (d, n, t, f))
FAULTY(int, ftruncate, (int d, off_t s), (d, s))
FAULTY(int, statx, (int d, const char *restrict n, int f, unsigned m, struct statx *restrict s), (d, n, f, m, s))
FAULTY(int, sync_file_range, (int d, off_t o, off_t n, unsigned f), (d, o, n, f))
FAULTY(ssize_t, pread, (int d, void *b, size_t n, off_t o), (d, b, n, o))
FAULTY(ssize_t, pwrite, (int d, const void *b, size_t n, off_t o), (d, b, n, o))
FAULTY(ssize_t, readlinkat, (int d, const char *restrict n, char *restrict b, size_t s), (d, n, b, s))
FAULTY(off_t, lseek, (int d, off_t o, int w), (d, o, w))
FAULTY(ssize_t, copy_file_range, (int i, off64_t *a, int o, off64_t *b, size_t n, unsigned f), (i, a, o, b, n, f))

int openat(int directory, const char *name, int flags, ...) {
    static int (*real)(int, const char *, int, ...);
    if (!real) real = (int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, "openat");
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    return fails("openat") ? -1 : real(directory, name, flags, mode);
}

long syscall(long number, ...) {
    static long (*real)(long, ...);
    if (!real) real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    va_list more;
    va_start(more, number);
    long a[6];
    for (int i = 0; i < 6; i++) a[i] = va_arg(more, long);
    va_end(more);
    const char *called = number == SYS_renameat2 ? "renameat2" : number == SYS_openat2 ? "openat2" : "syscall";
    int owner = number == SYS_setfsuid || number == SYS_setfsgid || number == SYS_capget || number == SYS_capset;
    if (!owner && fails(called)) return -1;
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
