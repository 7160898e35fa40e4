#define _GNU_SOURCE
#include "CFuse.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

_Static_assert(sizeof(struct cf_init_out) == 64, "fuse_init_out");
_Static_assert(offsetof(struct cf_init_out, max_stack_depth) == 36, "fuse_init_out.max_stack_depth");
_Static_assert(sizeof(struct cf_open_out) == sizeof(struct fuse_open_out), "fuse_open_out");
_Static_assert(sizeof(struct cf_backing_map) == 16, "fuse_backing_map");
_Static_assert(sizeof(struct cf_statx_in) == 24, "fuse_statx_in");
_Static_assert(sizeof(struct cf_statx) == 256 && sizeof(struct cf_statx_out) == 288, "fuse_statx_out");

#define CF_BACKING_OPEN _IOW(229, 1, struct cf_backing_map)
#define CF_BACKING_CLOSE _IOW(229, 2, uint32_t)

int32_t cf_backing_open(int device, int fd) {
    struct cf_backing_map map = {.fd = fd};
    int r = ioctl(device, CF_BACKING_OPEN, &map);
    return r < 0 ? -errno : r;
}

int cf_backing_close(int device, int32_t id) {
    uint32_t value = (uint32_t)id;
    return ioctl(device, CF_BACKING_CLOSE, &value) < 0 ? -errno : 0;
}

int cf_clone_device(int device) {
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fd < 0) return -errno;
    uint32_t original = (uint32_t)device;
    if (ioctl(fd, FUSE_DEV_IOC_CLONE, &original) < 0) {
        int e = errno;
        close(fd);
        return -e;
    }
    return fd;
}
