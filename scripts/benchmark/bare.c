// A FUSE server that does nothing but answer: what the protocol itself costs, and so what no union through it can undercut.
// It takes the mount options of a union, holds the merged names and attributes in memory, reads zeros and forgets what is written.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { BUCKETS = 1 << 18, BUFFER = (1 << 20) + 8192, SPIN_NANOSECONDS = 60000 };

struct node {
    struct node *parent, *next;  // next: in its bucket
    struct node **children;      // of a directory; a place is empty when its child is gone
    size_t count, room, place;
    struct fuse_attr attr;
    char *target, *name;
};

static struct node *buckets[BUCKETS], *root;
static uint64_t inodes = 1;
static int device;

static void *memory(void *old, size_t size) {
    void *new = realloc(old, size);
    if (!new) abort();
    return new;
}

static struct node **slot(const struct node *parent, const char *name) {
    uint64_t hash = (uintptr_t)parent * 0x9E3779B97F4A7C15u;
    for (const char *c = name; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001B3u;
    struct node **at = &buckets[(hash ^ hash >> 29) % BUCKETS];
    while (*at && ((*at)->parent != parent || strcmp((*at)->name, name))) at = &(*at)->next;
    return at;
}

static void adopt(struct node *node, struct node *parent) {
    struct node **at = slot(parent, node->name);
    node->parent = parent;
    node->next = *at;
    *at = node;
    if (parent->count == parent->room) {
        parent->room = parent->room ? parent->room * 2 : 8;
        parent->children = memory(parent->children, parent->room * sizeof *parent->children);
    }
    node->place = parent->count;
    parent->children[parent->count++] = node;
}

static void leave(struct node *node) {
    struct node **at = slot(node->parent, node->name);
    *at = node->next;
    node->parent->children[node->place] = NULL;
    // The kernel may still name it: what is gone stays in memory until the end.
}

static struct node *create(struct node *parent, const char *name, uint32_t mode) {
    struct node *node = memory(NULL, sizeof *node);
    memset(node, 0, sizeof *node);
    node->name = strdup(name);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    node->attr = (struct fuse_attr){
        .ino = inodes++, .mode = mode, .nlink = S_ISDIR(mode) ? 2 : 1, .blksize = 4096,
        .mtime = now.tv_sec, .ctime = now.tv_sec, .atime = now.tv_sec};
    if (parent) adopt(node, parent);
    return node;
}

static void scan(struct node *parent, int directory) {
    DIR *listing = fdopendir(directory);
    if (!listing) return;
    for (struct dirent *entry; (entry = readdir(listing));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        struct stat stat;
        if (fstatat(dirfd(listing), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW)) continue;
        struct node *node = *slot(parent, entry->d_name);
        if (!node) {
            node = create(parent, entry->d_name, stat.st_mode);
            node->attr.size = stat.st_size;
            node->attr.blocks = stat.st_blocks;
            node->attr.mtime = stat.st_mtime;
            node->attr.uid = stat.st_uid;
            node->attr.gid = stat.st_gid;
            if (S_ISLNK(stat.st_mode)) {
                node->target = memory(NULL, stat.st_size + 1);
                ssize_t length = readlinkat(dirfd(listing), entry->d_name, node->target, stat.st_size);
                node->target[length < 0 ? 0 : length] = 0;
            }
        }
        if (S_ISDIR(stat.st_mode) && S_ISDIR(node->attr.mode))
            scan(node, openat(dirfd(listing), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    }
    closedir(listing);
}

static void answer(uint64_t unique, int error, const void *data, size_t size) {
    struct fuse_out_header header = {.len = sizeof header + size, .error = -error, .unique = unique};
    struct iovec parts[] = {{&header, sizeof header}, {(void *)data, size}};
    // The caller may have been interrupted.
    if (writev(device, parts, size ? 2 : 1) < 0) return;
}

static struct node *at(uint64_t id) { return id == FUSE_ROOT_ID ? root : (struct node *)(uintptr_t)id; }

static struct fuse_entry_out entry(struct node *node) {
    struct fuse_entry_out out = {.entry_valid = 1 << 30, .attr_valid = 1 << 30};
    if (node) {
        out.nodeid = (uintptr_t)node;
        out.attr = node->attr;
    }
    return out;
}

static void list(const struct fuse_in_header *in, const struct fuse_read_in *what, char *out) {
    struct node *directory = at(in->nodeid);
    int plus = in->opcode == FUSE_READDIRPLUS;
    size_t used = 0, most = what->size < BUFFER ? what->size : BUFFER;
    for (uint64_t i = what->offset; i < directory->count; i++) {
        struct node *child = directory->children[i];
        if (!child) continue;
        size_t length = strlen(child->name);
        size_t size = plus ? FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + length) : FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + length);
        if (used + size > most) break;
        memset(out + used, 0, size);
        struct fuse_dirent *dirent = (struct fuse_dirent *)(out + used);
        if (plus) {
            struct fuse_direntplus *both = (struct fuse_direntplus *)(out + used);
            both->entry_out = entry(child);
            dirent = &both->dirent;
        }
        dirent->ino = child->attr.ino;
        dirent->off = i + 1;
        dirent->namelen = length;
        dirent->type = child->attr.mode >> 12;
        memcpy(dirent->name, child->name, length);
        used += size;
    }
    answer(in->unique, 0, out, used);
}

static void change(struct node *node, const struct fuse_setattr_in *to) {
    if (to->valid & FATTR_MODE) node->attr.mode = (node->attr.mode & S_IFMT) | (to->mode & 07777);
    if (to->valid & FATTR_UID) node->attr.uid = to->uid;
    if (to->valid & FATTR_GID) node->attr.gid = to->gid;
    if (to->valid & FATTR_SIZE) node->attr.size = to->size;
    if (to->valid & FATTR_MTIME) node->attr.mtime = to->mtime;
}

static void move(const struct fuse_in_header *in, uint64_t to, const char *name) {
    const char *other = name + strlen(name) + 1;
    struct node *node = *slot(at(in->nodeid), name), *there = *slot(at(to), other);
    if (!node) return answer(in->unique, ENOENT, NULL, 0);
    if (there) leave(there);
    leave(node);
    free(node->name);
    node->name = strdup(other);
    adopt(node, at(to));
    answer(in->unique, 0, NULL, 0);
}

static void serve(const struct fuse_in_header *in, const void *body, char *out) {
    struct node *node = at(in->nodeid);
    switch (in->opcode) {
    case FUSE_INIT: {
        const struct fuse_init_in *init = body;
        struct fuse_init_out reply = {
            .major = 7, .minor = 38, .max_readahead = init->max_readahead, .max_write = 1 << 20, .max_pages = 256,
            .max_background = 64, .congestion_threshold = 48, .time_gran = 1,
            .flags = (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO | FUSE_PARALLEL_DIROPS |
                      FUSE_WRITEBACK_CACHE | FUSE_MAX_PAGES | FUSE_CACHE_SYMLINKS | FUSE_HANDLE_KILLPRIV_V2 | FUSE_ATOMIC_O_TRUNC) &
                     init->flags};
        return answer(in->unique, 0, &reply, sizeof reply);
    }
    case FUSE_LOOKUP: {
        struct fuse_entry_out reply = entry(*slot(node, body));
        return answer(in->unique, 0, &reply, sizeof reply);
    }
    case FUSE_SETATTR:
        change(node, body);
        // fall through
    case FUSE_GETATTR: {
        struct fuse_attr_out reply = {.attr_valid = 1 << 30, .attr = node->attr};
        return answer(in->unique, 0, &reply, sizeof reply);
    }
    case FUSE_OPEN:
    case FUSE_OPENDIR: {
        struct fuse_open_out reply = {
            .open_flags = FOPEN_KEEP_CACHE | (in->opcode == FUSE_OPENDIR ? FOPEN_CACHE_DIR : FOPEN_NOFLUSH)};
        return answer(in->unique, 0, &reply, sizeof reply);
    }
    case FUSE_READ: {
        const struct fuse_read_in *what = body;
        size_t left = what->offset < node->attr.size ? node->attr.size - what->offset : 0;
        size_t size = what->size < left ? what->size : left;
        static char zeros[BUFFER];
        return answer(in->unique, 0, zeros, size < BUFFER ? size : BUFFER);
    }
    case FUSE_WRITE: {
        const struct fuse_write_in *what = body;
        if (what->offset + what->size > node->attr.size) node->attr.size = what->offset + what->size;
        struct fuse_write_out reply = {.size = what->size};
        return answer(in->unique, 0, &reply, sizeof reply);
    }
    case FUSE_READDIR:
    case FUSE_READDIRPLUS:
        return list(in, body, out);
    case FUSE_CREATE: {
        const struct fuse_create_in *what = body;
        struct {
            struct fuse_entry_out entry;
            struct fuse_open_out open;
        } reply = {.entry = entry(create(node, (const char *)(what + 1), what->mode)),
                   .open = {.open_flags = FOPEN_KEEP_CACHE | FOPEN_NOFLUSH}};
        return answer(in->unique, 0, &reply, sizeof reply);
    }
    case FUSE_MKDIR: {
        const struct fuse_mkdir_in *what = body;
        struct fuse_entry_out reply = entry(create(node, (const char *)(what + 1), S_IFDIR | what->mode));
        return answer(in->unique, 0, &reply, sizeof reply);
    }
    case FUSE_UNLINK:
    case FUSE_RMDIR: {
        struct node *child = *slot(node, body);
        if (child) leave(child);
        return answer(in->unique, child ? 0 : ENOENT, NULL, 0);
    }
    case FUSE_RENAME:
        return move(in, ((const struct fuse_rename_in *)body)->newdir, (const char *)body + sizeof(struct fuse_rename_in));
    case FUSE_RENAME2:
        return move(in, ((const struct fuse_rename2_in *)body)->newdir, (const char *)body + sizeof(struct fuse_rename2_in));
    case FUSE_READLINK:
        return answer(in->unique, 0, node->target, strlen(node->target));
    case FUSE_STATFS: {
        struct fuse_statfs_out reply = {.st = {.bsize = 4096, .frsize = 4096, .namelen = 255, .blocks = 1 << 30, .bavail = 1 << 29}};
        return answer(in->unique, 0, &reply, sizeof reply);
    }
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        return;
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_FSYNC:
    case FUSE_FSYNCDIR:
        return answer(in->unique, 0, NULL, 0);
    default:
        return answer(in->unique, ENOSYS, NULL, 0);
    }
}

static long nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

// As Shale's: idle processors poll while requests keep coming, where this process may ask for that.
static int ask_to_poll(void) {
    char driver[16] = "";
    int file = open("/sys/devices/system/cpu/cpuidle/current_driver", O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, driver, sizeof driver - 1) < 0 || strncmp(driver, "haltpoll", 8)) {
        if (file >= 0) close(file);
        return -1;
    }
    close(file);
    int held = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
    if (held >= 0 && write(held, &(int){0}, sizeof(int)) < 0) {
        close(held);
        return -1;
    }
    return held;
}

static void loop(void) {
    char *request = memory(NULL, BUFFER), *out = memory(NULL, BUFFER);
    int held = -1;
    long prompt = 0;
    for (long since = 0;;) {
        ssize_t length = read(device, request, BUFFER);
        if (length > 0) {
            const struct fuse_in_header *in = (const void *)request;
            serve(in, in + 1, out);
            since = 0;
            if (++prompt == 32 && held < 0) held = ask_to_poll();
        } else if (errno == EAGAIN) {
            // Waking a processor costs more than looking again for a while.
            since = since ? since : nanoseconds();
            if (nanoseconds() - since > SPIN_NANOSECONDS) {
                struct pollfd until = {.fd = device, .events = POLLIN};
                prompt = since = 0;
                if (held >= 0 && poll(&until, 1, 1) > 0) continue;
                if (held >= 0) close(held);
                held = -1;
                poll(&until, 1, -1);
            }
        } else if (errno != EINTR && errno != ENOENT) {
            return;
        }
    }
}

int main(int count, char **words) {
    if (count != 4 || strcmp(words[1], "-o") || strncmp(words[2], "lowerdir=", 9)) {
        fprintf(stderr, "Usage: bare -o lowerdir=A:B,… MOUNTPOINT\n");
        return 2;
    }
    char *options = strdup(words[2] + 9), options_of_mount[128];
    options[strcspn(options, ",")] = 0;
    root = create(NULL, "", S_IFDIR | 0755);
    for (char *layer; (layer = strsep(&options, ":"));) scan(root, open(layer, O_RDONLY | O_DIRECTORY));
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    snprintf(options_of_mount, sizeof options_of_mount, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", device);
    if (device < 0 || mount("bare", words[3], "fuse.bare", MS_NOSUID | MS_NODEV, options_of_mount)) {
        perror("bare: mount");
        return 1;
    }
    if (fork()) return 0;
    setsid();
    for (int stream = 0; stream < 3; stream++) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, stream);
        if (null > 2) close(null);
    }
    loop();
}
