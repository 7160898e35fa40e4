// What a command in a container may try. Statically linked, for images that have nothing else.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void tried(const char *what, long result) {
    printf("%s: %s\n", what, result < 0 ? strerror(errno) : "POSSIBLE");
    fflush(stdout);
}

// Out of a root by chroot(2) within it, then a file of the machine by each way there.
static void files(const char *path) {
    char name[4096];
    int here = open("/", O_RDONLY | O_DIRECTORY);
    mkdir("/inner", 0755);
    if (chroot("/inner") == 0 && fchdir(here) == 0) {
        for (int i = 0; i < 100; i++) (void)!chdir("..");
        tried("chroot", chroot(".") < 0 ? -1 : open(path, O_RDONLY));
    }
    DIR *d = opendir("/proc");
    for (struct dirent *e; d && (e = readdir(d));) {
        static const char *const links[] = {"root", "cwd"};
        for (int i = 0; i < 2; i++) {
            snprintf(name, sizeof name, "/proc/%s/%s%s", e->d_name, links[i], path);
            if (open(name, O_RDONLY) >= 0) printf("%s: POSSIBLE\n", name);
        }
    }
    for (int fd = 3; fd < 256; fd++) {
        if (fd == here || (d && fd == dirfd(d))) continue;
        struct stat s;
        if (fstat(fd, &s) == 0) printf("descriptor %d: POSSIBLE\n", fd);
    }
    // A handle of a file, whatever the mounts are (CVE-2014-9357).
    struct { struct file_handle h; unsigned char bytes[8]; } handle = {{8, 1}, {2, 0, 0, 0, 0, 0, 0, 0}};
    tried("open_by_handle_at", syscall(SYS_open_by_handle_at, here, &handle, O_RDONLY));
}

static void kernel(void) {
    tried("mount", mount("proc", "/tmp", "proc", 0, NULL));
    tried("unshare user", syscall(SYS_unshare, 0x10000000));
    tried("unshare mount", syscall(SYS_unshare, 0x20000));
    tried("setns", syscall(SYS_setns, open("/proc/self/ns/mnt", O_RDONLY), 0));
    tried("keyctl", syscall(SYS_keyctl, 0, -3, 1));
    tried("bpf", syscall(SYS_bpf, 0, NULL, 0));
    tried("perf_event_open", syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0));
    tried("userfaultfd", syscall(SYS_userfaultfd, 0));
    tried("init_module", syscall(SYS_init_module, NULL, 0, ""));
    tried("reboot", syscall(SYS_reboot, 0xfee1dead, 672274793, 0, NULL));
    tried("swapon", syscall(SYS_swapon, "/x", 0));
    tried("settimeofday", syscall(SYS_settimeofday, NULL, NULL));
    tried("sethostname", syscall(SYS_sethostname, "x", 1));
    tried("syslog", syscall(SYS_syslog, 3, NULL, 0));
    tried("io_uring_setup", syscall(SYS_io_uring_setup, 1, NULL));
    tried("/proc/sysrq-trigger", open("/proc/sysrq-trigger", O_WRONLY));
    tried("/proc/sys/kernel/core_pattern", open("/proc/sys/kernel/core_pattern", O_WRONLY));
    tried("/sys/kernel", open("/sys/kernel/profiling", O_WRONLY));
    tried("/dev/fuse", open("/dev/fuse", O_RDWR));
    tried("/dev/mem", open("/dev/mem", O_RDONLY));
    // A device of the machine's disk, made here.
    unsigned major, minor;
    FILE *f = fopen("/proc/partitions", "r");
    char line[256];
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, " %u %u", &major, &minor) == 2) {
            long made = mknod("/disk", S_IFBLK | 0600, (dev_t)major << 8 | minor);
            tried("disk", made < 0 ? -1 : open("/disk", O_RDONLY));
            break;
        }
    long kmem = mknod("/kmem", S_IFCHR | 0600, 1 << 8 | 1);
    tried("memory", kmem < 0 ? -1 : open("/kmem", O_RDONLY));
}

static void processes(int machine) {
    char name[64];
    int count = 0;
    DIR *d = opendir("/proc");
    for (struct dirent *e; d && (e = readdir(d));)
        if (atoi(e->d_name) > 0) count++;
    printf("processes: %d\n", count);
    snprintf(name, sizeof name, "/proc/%d/environ", machine);
    tried("environ", open(name, O_RDONLY));
    tried("kill", kill(machine, 0));
    tried("ptrace", ptrace(PTRACE_SEIZE, machine, 0, 0));
}

static void sockets(const char *path, const char *abstract) {
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strncpy(a.sun_path, path, sizeof a.sun_path - 1);
    tried("socket", connect(s, (struct sockaddr *)&a, sizeof a));
    memset(a.sun_path, 0, sizeof a.sun_path);
    strncpy(a.sun_path + 1, abstract, sizeof a.sun_path - 2);
    tried("abstract socket", connect(s, (struct sockaddr *)&a, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(abstract)));
}

// As many processes as there may be, each of which makes as many as it can; they end with the first.
static void bomb(void) {
    int count = 0, end[2];
    if (pipe(end) < 0) exit(3);
    for (;;) {
        pid_t p = fork();
        if (p < 0) break;
        if (p == 0) {
            close(end[1]);
            char byte;
            (void)!read(end[0], &byte, 1);
            _exit(0);
        }
        if (++count > 100000) break;
    }
    printf("processes made: %d, then %s\n", count, strerror(errno));
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "files") && argc == 3) files(argv[2]);
    else if (!strcmp(what, "kernel")) kernel();
    else if (!strcmp(what, "processes") && argc == 3) processes(atoi(argv[2]));
    else if (!strcmp(what, "sockets") && argc == 4) sockets(argv[2], argv[3]);
    else if (!strcmp(what, "bomb")) bomb();
    else return 2;
    return 0;
}
