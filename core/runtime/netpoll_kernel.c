/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel of the `sim` back-end: a list of descriptors that are ready, a byte and a note.
 * kernel.lock stands for the kernel's own: it is a leaf, and nothing that is hooked happens while
 * it is held.
 */
#include "core/runtime/netpollkernel.h"

struct kernel {
    struct hook_mutex lock;
    struct hook_note note; /* set with each change of what follows */
    bool open;             /* the epoll descriptor and the pipe are there */
    bool byte;             /* is in the pipe */
    struct pollDesc *head, *tail; /* ready, linked by kernel_link */
};
static struct kernel kernel;

void kernel_reset(void)
{
    kernel = (struct kernel){ 0 };
    hook_mutex_init(&kernel.lock, "kernel");
}

void kernel_open(void)
{
    hook_lock(&kernel.lock);
    if (kernel.open)
        throw("runtime: the poller was opened twice");
    kernel.open = true;
    hook_unlock(&kernel.lock);
}

bool kernel_is_open(void)
{
    return kernel.open;
}

/* There is nothing behind a descriptor. */
void kernel_register(struct pollDesc *pd)
{
    (void)pd;
}

void kernel_write_byte(void)
{
    hook_lock(&kernel.lock);
    kernel.byte = true;
    hook_unlock(&kernel.lock);
    hook_unpark_late(&kernel.note);
}

/* Takes what is ready, EVENTS_MAX at most; returns how many. The byte only if asked to. */
uint32_t kernel_take(struct kernel_event *events, bool take_byte, bool *byte)
{
    uint32_t count = 0;
    hook_lock(&kernel.lock);
    while (kernel.head != NULL && count < EVENTS_MAX) {
        struct pollDesc *pd = kernel.head;
        events[count++] = (struct kernel_event){ pd, pd->kernel_mode };
        pd->kernel_mode = 0;
        kernel.head = pd->kernel_link;
    }
    *byte = take_byte && kernel.byte;
    if (*byte)
        kernel.byte = false;
    hook_unlock(&kernel.lock);
    return count;
}

void netpoll_event(struct pollDesc *pd, int mode)
{
    hook_lock(&kernel.lock);
    if (pd->kernel_mode == 0) {
        pd->kernel_link = NULL;
        if (kernel.head == NULL)
            kernel.head = pd;
        else
            kernel.tail->kernel_link = pd;
        kernel.tail = pd;
        pd->kernel_mode = mode;
    } else if (pd->kernel_mode != mode) {
        pd->kernel_mode = 'r' + 'w';
    }
    hook_unlock(&kernel.lock);
    hook_unpark_late(&kernel.note);
}

bool kernel_wait(int64_t deadline_ns)
{
    return hook_park_weak(&kernel.note, deadline_ns);
}

bool kernel_is_pending(void)
{
    return kernel.byte || kernel.head != NULL;
}
