/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/patch/sandbox_confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/check.h"

/* --- namespaces --- */

static bool write_text(const char *path, const char *text)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    bool done = write(descriptor, text, strlen(text)) == (ssize_t)strlen(text);
    close(descriptor);
    return done;
}

/* It stays who it is, for what it may read and write, and is nobody else. */
static bool map_user(uid_t user, gid_t group)
{
    char text[64];
    snprintf(text, sizeof text, "%u %u 1", (unsigned)user, (unsigned)user);
    if (!write_text("/proc/self/uid_map", text) || !write_text("/proc/self/setgroups", "deny"))
        return false;
    snprintf(text, sizeof text, "%u %u 1", (unsigned)group, (unsigned)group);
    return write_text("/proc/self/gid_map", text);
}

bool confine_namespaces(void)
{
    uid_t user = geteuid();
    gid_t group = getegid();
    if (unshare(CLONE_NEWUSER) != 0 || !map_user(user, group))
        return false;
    return unshare(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWPID) == 0;
}

/* --- files --- */

#define FILES_READ (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | \
                    LANDLOCK_ACCESS_FS_READ_DIR)
/* What the first version of Landlock knows, so that one ruleset works with all. */
#define FILES_WRITE (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
                     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
                     LANDLOCK_ACCESS_FS_MAKE_REG)
#define FILES_ALL (FILES_READ | FILES_WRITE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
                   LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
                   LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define FILES_OF_FILE (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | \
                       LANDLOCK_ACCESS_FS_WRITE_FILE)

/* What is not there needs no rule. */
static bool allow(int rules, const char *path, uint64_t access)
{
    int place = open(path, O_PATH | O_CLOEXEC);
    if (place < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
    struct landlock_path_beneath_attr rule = { .allowed_access = access, .parent_fd = place };
    long added = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    if (added != 0 && errno == EINVAL) { /* a file, no folder */
        rule.allowed_access = access & FILES_OF_FILE;
        added = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    close(place);
    return added == 0;
}

/* Compilers live below what PATH names, or beside it: /opt/llvm/bin and /opt/llvm/lib. */
static bool allow_path(int rules)
{
    char folders[4096];
    const char *path = getenv("PATH");
    snprintf(folders, sizeof folders, "%s", path != NULL ? path : "/usr/bin:/bin");
    char *rest = NULL;
    bool done = true;
    for (char *folder = strtok_r(folders, ":", &rest); folder != NULL && done;
         folder = strtok_r(NULL, ":", &rest)) {
        size_t length = strlen(folder);
        if (length > 5 && strcmp(folder + length - 4, "/bin") == 0)
            folder[length - 4] = '\0';
        done = folder[0] != '/' || allow(rules, folder, FILES_READ);
    }
    return done;
}

static bool allow_all(int rules, const struct sandbox_command *command)
{
    static const char *const system_folders[] = {
        "/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/opt", "/nix/store", "/proc",
        "/sys/devices/system", "/sys/fs/cgroup", "/dev/urandom", "/dev/random", "/dev/zero",
        "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ld.so.preload",
        "/etc/alternatives", "/etc/localtime",
    };
    bool done = allow_path(rules) && allow(rules, "/dev/null", FILES_READ | FILES_WRITE);
    for (uint32_t i = 0; i < count_of(system_folders) && done; i++)
        done = allow(rules, system_folders[i], FILES_READ);
    for (uint32_t i = 0; i < SANDBOX_READS_MAX && command->reads[i] != NULL && done; i++)
        done = allow(rules, command->reads[i], FILES_READ);
    return done && (command->writes == NULL ||
                    allow(rules, command->writes, FILES_READ | FILES_WRITE));
}

bool confine_files(const struct sandbox_command *command)
{
    struct landlock_ruleset_attr attributes = { .handled_access_fs = FILES_ALL };
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (rules < 0)
        return false;
    bool done = allow_all(rules, command) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return done;
}

/* --- system calls --- */

#if defined(__x86_64__)
#define CALLS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CALLS_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define CALLS_ARCHITECTURE 0
#endif
/* What came after set_mempolicy_home_node() is not known here: there may be another chmod() in it.
 * So is x32, the same calls under numbers from 2^30 on. */
#define CALLS_UNKNOWN 451

static const int calls_never[] = {
    SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_ptrace, SYS_process_vm_readv,
    SYS_process_vm_writev, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_unshare,
    SYS_setns, SYS_bpf, SYS_perf_event_open, SYS_keyctl, SYS_add_key, SYS_request_key,
    SYS_init_module, SYS_finit_module, SYS_kexec_load, SYS_reboot, SYS_swapon, SYS_io_uring_setup,
    SYS_userfaultfd, SYS_setpriority, SYS_sched_setscheduler, SYS_pidfd_open,
    SYS_pidfd_send_signal, SYS_msgget, SYS_shmget, SYS_semget, SYS_mq_open, SYS_setsid,
    SYS_setpgid, SYS_fchmodat, SYS_fchownat, SYS_fchown, SYS_truncate, SYS_utimensat,
    SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr,
    SYS_fremovexattr,
#ifdef SYS_chmod
    SYS_chmod, SYS_chown, SYS_lchown,
#endif
};
/* Landlock does not know what these do to files elsewhere; a compiler does it to its own alone. */
static const int calls_of_builds[] = {
    SYS_setsid, SYS_setpgid, SYS_fchmodat, SYS_truncate, SYS_utimensat,
#ifdef SYS_chmod
    SYS_chmod,
#endif
};
static const int calls_that_fork[] = {
    SYS_clone,
#ifdef SYS_fork
    SYS_fork,
#endif
#ifdef SYS_vfork
    SYS_vfork,
#endif
};
static const int calls_that_signal[] = { SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo };

enum { FILTER_MAX = 192 };

struct filter {
    struct sock_filter steps[FILTER_MAX];
    uint16_t count;
};

static void add(struct filter *filter, uint16_t code, uint32_t value, uint8_t yes, uint8_t no)
{
    check(filter->count < FILTER_MAX);
    filter->steps[filter->count++] =
        (struct sock_filter){ .code = code, .jt = yes, .jf = no, .k = value };
}

static void add_load(struct filter *filter, size_t offset)
{
    add(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void add_refuse(struct filter *filter, int error)
{
    add(filter, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error, 0, 0);
}

/* The number is loaded. */
static void refuse_call(struct filter *filter, int call, int error)
{
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1);
    add_refuse(filter, error);
}

/* Only to itself: the first argument is its own number. */
static void refuse_signal(struct filter *filter, int call, uint32_t self)
{
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 4);
    add_load(filter, offsetof(struct seccomp_data, args[0]));
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, self, 1, 0);
    add_refuse(filter, EPERM);
    add(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static bool is_of_builds(int call)
{
    for (uint32_t i = 0; i < count_of(calls_of_builds); i++)
        if (calls_of_builds[i] == call)
            return true;
    return false;
}

static void fill(struct filter *filter, bool forks, bool alone)
{
    add_load(filter, offsetof(struct seccomp_data, arch));
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, CALLS_ARCHITECTURE, 1, 0);
    add(filter, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    add_load(filter, offsetof(struct seccomp_data, nr));
    add(filter, BPF_JMP | BPF_JGE | BPF_K, CALLS_UNKNOWN, 0, 1);
    add_refuse(filter, ENOSYS);
    for (uint32_t i = 0; i < count_of(calls_never); i++)
        if (!forks || !is_of_builds(calls_never[i]))
            refuse_call(filter, calls_never[i], EPERM);
    if (!forks) /* what writes whole files asks for it; it may think that it was done */
        refuse_call(filter, SYS_fchmod, 0);
    for (uint32_t i = 0; !forks && i < count_of(calls_that_fork); i++)
        refuse_call(filter, calls_that_fork[i], EAGAIN);
#ifdef SYS_clone3
    if (!forks)
        refuse_call(filter, SYS_clone3, ENOSYS);
#endif
    for (uint32_t i = 0; !alone && i < count_of(calls_that_signal); i++)
        refuse_signal(filter, calls_that_signal[i], (uint32_t)getpid());
    add(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

bool confine_calls(bool forks, bool alone)
{
    struct filter filter = { .count = 0 };
    if (CALLS_ARCHITECTURE == 0)
        return false;
    fill(&filter, forks, alone);
    struct sock_fprog program = { .len = filter.count, .filter = filter.steps };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* --- limits --- */

static void limit(int resource, uint64_t value)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0)
        return;
    if (limit.rlim_max == RLIM_INFINITY || value < limit.rlim_max)
        limit.rlim_max = value;
    limit.rlim_cur = limit.rlim_max;
    if (resource == RLIMIT_CPU && value > 1)
        limit.rlim_cur = value - 1; /* SIGXCPU, by which it is known; at the end SIGKILL */
    (void)setrlimit((__rlimit_resource_t)resource, &limit);
}

void confine_limits(const struct sandbox_command *command)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_AS, command->memory_max);
    limit(RLIMIT_FSIZE, command->writes_max);
    limit(RLIMIT_NOFILE, 256);
    limit(RLIMIT_CPU, (uint64_t)command->cpu_seconds + 2);
}
