/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel of the back-ends on real threads: epoll and a pipe, as Go's netpoll_epoll.go has them.
 *
 * Behind each pollDesc is a pair of sockets: `descriptor` is what a program would read and write,
 * `other` is in the hands of netpoll_event(). Between two events there is nothing to read, and no
 * room to write: so an edge in one direction reports nothing in the other.
 * - 'r': the other end sends a byte. Who takes the event receives it.
 * - 'w': the other end receives all that there is, which makes room. Who takes the event fills it.
 * An event that comes while another one's taker is doing so is one with that: it is reported after.
 */
#include "core/runtime/netpollkernel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEND_BUFFER = 4096, BREAK_READ = 0, BREAK_WRITE = 1 };

static struct {
    int epoll;
    int pipe[2];
    bool open;
} kernel;

void kernel_reset(void)
{
    if (kernel.open) {
        close(kernel.epoll);
        close(kernel.pipe[BREAK_READ]);
        close(kernel.pipe[BREAK_WRITE]);
    }
    kernel.open = false;
}

/* pd NULL: the pipe. */
static void watch(int descriptor, uint32_t events, struct pollDesc *pd)
{
    struct epoll_event event = { .events = events, .data.ptr = pd };
    if (epoll_ctl(kernel.epoll, EPOLL_CTL_ADD, descriptor, &event) != 0)
        throw("runtime: epollctl failed");
}

void kernel_open(void)
{
    if (kernel.open)
        throw("runtime: the poller was opened twice");
    kernel.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (kernel.epoll < 0)
        throw("runtime: epollcreate failed");
    if (pipe2(kernel.pipe, O_NONBLOCK | O_CLOEXEC) != 0)
        throw("runtime: pipe failed");
    watch(kernel.pipe[BREAK_READ], EPOLLIN, NULL);
    kernel.open = true;
}

bool kernel_is_open(void)
{
    return kernel.open;
}

/* Sends until there is no room. */
static void fill(int descriptor)
{
    static const char bytes[SEND_BUFFER];
    while (send(descriptor, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        ;
}

/* Receives until there is nothing. */
static void drain(int descriptor)
{
    char bytes[SEND_BUFFER];
    while (recv(descriptor, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
}

void kernel_register(struct pollDesc *pd)
{
    int pair[2], size = SEND_BUFFER;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        throw("runtime: socketpair failed");
    pd->descriptor = pair[0];
    pd->other = pair[1];
    setsockopt(pd->descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    fill(pd->descriptor);
    watch(pd->descriptor, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, pd);
}

void netpoll_event(struct pollDesc *pd, int mode)
{
    if (mode != 'w' && send(pd->other, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
        throw("the other end of a descriptor failed");
    if (mode != 'r')
        drain(pd->other);
}

void kernel_write_byte(void)
{
    for (;;) {
        ssize_t size = write(kernel.pipe[BREAK_WRITE], "", 1);
        if (size == 1 || (size < 0 && errno == EAGAIN))
            return;
        if (errno != EINTR)
            throw("runtime: netpollBreak write failed");
    }
}

static void read_byte(void)
{
    char bytes[16];
    while (read(kernel.pipe[BREAK_READ], bytes, sizeof bytes) < 0 && errno == EINTR)
        ;
}

/* What epoll has reported of pd, in netpoll()'s words. */
static int mode_of(struct pollDesc *pd, uint32_t events)
{
    int mode = 0;
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        drain(pd->descriptor);
        mode += 'r';
    }
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
        fill(pd->descriptor);
        mode += 'w';
    }
    return mode;
}

uint32_t kernel_take(struct kernel_event *events, bool take_byte, bool *byte)
{
    struct epoll_event ready[EVENTS_MAX];
    int ready_count = epoll_wait(kernel.epoll, ready, EVENTS_MAX, 0);
    if (ready_count < 0 && errno != EINTR)
        throw("runtime: netpoll failed");
    uint32_t count = 0;
    *byte = false;
    for (int i = 0; i < ready_count; i++) {
        struct pollDesc *pd = ready[i].data.ptr;
        if (pd == NULL && take_byte) {
            read_byte();
            *byte = true;
        }
        int mode = pd == NULL ? 0 : mode_of(pd, ready[i].events);
        if (mode != 0)
            events[count++] = (struct kernel_event){ pd, mode };
    }
    return count;
}

bool kernel_wait(int64_t deadline_ns)
{
    return hook_poll_weak(kernel.epoll, deadline_ns);
}

bool kernel_is_pending(void)
{
    struct pollfd wanted = { .fd = kernel.epoll, .events = POLLIN };
    return poll(&wanted, 1, 0) > 0;
}
