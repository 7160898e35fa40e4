internal import OCI

/// Which system calls a container may make, as Docker's default profile has it (docs.docker.com/engine/security/seccomp):
/// a list of what is allowed, EPERM for what is known and needs privilege, ENOSYS for what is unknown, so that programs
/// fall back as they do on an older kernel.
enum SeccompProfile {
    /// The profile as the runtime takes it (runtime-spec config-linux.md, "Seccomp").
    ///
    /// - Parameters:
    ///   - ids: how many ids the container has. With one there is nobody to give files to or to become: calls that would are
    ///     answered as if they had worked.
    ///   - ownership: the socket of who records owners instead.
    static func json(ids: UInt64, ownership: String? = nil, architectures: [String] = Self.architectures) -> JSON {
        var object = JSONObject()
        object["defaultAction"] = "SCMP_ACT_ERRNO"
        object["defaultErrnoRet"] = 38
        object["architectures"] = .array(architectures.map { .string($0) })
        let namespaces: [Int64] = [
            0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000,
        ]
        var rules: [JSON] = [
            rule(ids == 1 ? allowed.filter { !foreign.contains($0) } : allowed, "SCMP_ACT_ALLOW"),
            rule(refused, "SCMP_ACT_ERRNO", errno: 1),
            // No new namespaces: CLONE_NEW* in the flags.
            rule(["clone"], "SCMP_ACT_ALLOW", argument: (0, "SCMP_CMP_MASKED_EQ", 0x7E02_0000, 0)),
            // Its flags cannot be looked at; the C library takes clone(2) instead.
            rule(["clone3"], "SCMP_ACT_ERRNO", errno: 38),
            rule(["personality"], "SCMP_ACT_ALLOW", argument: (0, "SCMP_CMP_EQ", 0, 0)),
            rule(["personality"], "SCMP_ACT_ALLOW", argument: (0, "SCMP_CMP_EQ", 0x8, 0)),
            rule(["personality"], "SCMP_ACT_ALLOW", argument: (0, "SCMP_CMP_EQ", 0x20000, 0)),
            rule(["personality"], "SCMP_ACT_ALLOW", argument: (0, "SCMP_CMP_EQ", 0x20008, 0)),
            rule(["personality"], "SCMP_ACT_ALLOW", argument: (0, "SCMP_CMP_EQ", 0xFFFF_FFFF, 0)),
        ]
        if ids == 1 {
            rules.append(rule(becoming, "SCMP_ACT_ERRNO", errno: 0))
            if let ownership {
                rules.append(rule(giving, "SCMP_ACT_NOTIFY"))
                object["listenerPath"] = .string(ownership)
            } else {
                rules.append(rule(giving, "SCMP_ACT_ERRNO", errno: 0))
            }
        }
        for flag in namespaces {
            rules.append(
                rule(["clone"], "SCMP_ACT_ERRNO", errno: 1, argument: (0, "SCMP_CMP_MASKED_EQ", flag, flag)))
        }
        object["syscalls"] = .array(rules)
        return .object(object)
    }

    private static var architectures: [String] {
        #if arch(x86_64)
            ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
        #elseif arch(arm64)
            ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]
        #else
            []
        #endif
    }

    private static func rule(
        _ names: [String], _ action: JSON, errno: Int64? = nil, argument: (Int64, JSON, Int64, Int64)? = nil
    ) -> JSON {
        var object = JSONObject()
        object["names"] = .array(names.map { .string($0) })
        object["action"] = action
        if let errno { object["errnoRet"] = .integer(errno) }
        if let (index, comparison, value, second) = argument {
            object["args"] = [
                ["index": .integer(index), "op": comparison, "value": .integer(value), "valueTwo": .integer(second)]
            ]
        }
        return .object(object)
    }

    private static let giving = words("chown chown32 fchown fchown32 fchownat lchown lchown32")

    private static let becoming = words(
        """
        setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid
        setreuid32 setuid setuid32 setfsgid setfsgid32 setfsuid setfsuid32
        """)

    private static let foreign = Set(giving + becoming)

    private static let refused = words(
        """
        acct add_key bdflush bpf clock_settime clock_settime64 create_module delete_module fanotify_init
        finit_module fsconfig fsmount fsopen fspick get_kernel_syms get_mempolicy init_module io_uring_enter
        io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load keyctl listmount
        lookup_dcookie mbind migrate_pages mount mount_setattr move_mount move_pages nfsservctl
        open_by_handle_at open_tree open_tree_attr perf_event_open pidfd_getfd pivot_root process_madvise
        query_module quotactl quotactl_fd reboot request_key set_mempolicy setdomainname sethostname setns
        settimeofday statmount stime swapoff swapon sysfs syslog umount umount2 unshare uselib userfaultfd
        ustat vhangup vm86 vm86old vmsplice
        """)

    private static let allowed = words(
        """
        _llseek _newselect accept accept4 access adjtimex alarm arch_prctl arm_fadvise64_64
        arm_sync_file_range bind breakpoint brk cacheflush cachestat capget capset chdir chmod chown chown32
        chroot clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
        clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3
        epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait
        epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64
        fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl
        fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64
        fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait
        futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64
        getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername
        getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32
        getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr
        getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy
        io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set ipc
        kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link
        linkat listen listxattr listxattrat llistxattr lremovexattr lseek lsetxattr lstat lstat64 madvise
        map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock
        mlock2 mlockall mmap mmap2 modify_ldt mprotect mq_getsetattr mq_notify mq_open mq_timedreceive
        mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap msgctl msgget msgrcv msgsnd
        msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat open openat openat2 pause
        pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64
        prctl pread64 preadv preadv2 prlimit64 process_mrelease process_vm_readv process_vm_writev pselect6
        pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead readdir readlink readlinkat readv
        recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename
        renameat renameat2 restart_syscall riscv_flush_icache riscv_hwprobe rmdir rseq rt_sigaction
        rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
        rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min
        sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
        sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler
        sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile sendfile64
        sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address set_tls setfsgid setfsgid32
        setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid
        setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid
        setsockopt setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaction
        sigaltstack signal signalfd signalfd4 sigpending sigprocmask sigreturn sigsuspend socket socketcall
        socketpair splice stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range
        sync_file_range2 syncfs syscall sysinfo tee tgkill time timer_create timer_delete timer_getoverrun
        timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd timerfd_create timerfd_gettime
        timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask
        uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork wait4 waitid waitpid
        write writev
        """)

    private static func words(_ text: String) -> [String] {
        text.split(whereSeparator: \.isWhitespace).map(String.init)
    }
}
