/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/base/fiber.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/check.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define FIBER_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define TSAN_TOLD 1
#endif
#endif
#ifdef TSAN_TOLD
#include <sanitizer/tsan_interface.h>
#endif
#include "core/base/tsan.h"

#ifdef FIBER_ONE_THREAD
#define FIBER_LOCAL
#define FIBER_APART
struct fiber *fiber_running;
#else
#define FIBER_LOCAL _Thread_local
#define FIBER_APART __attribute__((noinline))
#if defined(__x86_64__)
_Thread_local struct fiber *fiber_running;
#else
static _Thread_local struct fiber *fiber_running;

FIBER_APART struct fiber *fiber_current(void)
{
    return fiber_running;
}
#endif
#endif
#ifdef FIBER_ASAN
static FIBER_LOCAL struct fiber *previous; /* who switched here: learns its stack bounds */
#endif

/* fiber_swap(save, load): push the callee-saved registers, *save = sp, sp = load, pop, go on.
 * fiber_start: where a new fiber goes first. It finds entry and argument in saved registers and
 * calls entry with a zero frame pointer and return address, so a stack walk ends there. */
#ifndef FIBER_INLINE
void fiber_swap(void **save, void *load);
#endif
void fiber_start(void);

#if defined(__x86_64__)
__asm__(".text\n"
        ".p2align 4\n"
        ".globl fiber_swap\n"
        ".type fiber_swap,@function\n"
        "fiber_swap:\n"
        "  pushq %rbp\n"
        "  pushq %rbx\n"
        "  pushq %r12\n"
        "  pushq %r13\n"
        "  pushq %r14\n"
        "  pushq %r15\n"
        "  movq %rsp, (%rdi)\n"
        "  movq %rsi, %rsp\n"
        "  popq %r15\n"
        "  popq %r14\n"
        "  popq %r13\n"
        "  popq %r12\n"
        "  popq %rbx\n"
        "  popq %rbp\n"
        "  popq %rcx\n"
        "  jmpq *%rcx\n" /* a return would be foreseen to go where this fiber's caller is */
        ".size fiber_swap,.-fiber_swap\n"
        ".globl fiber_start\n"
        ".type fiber_start,@function\n"
        "fiber_start:\n"
        "  movq %r13, %rdi\n"
        "  xorl %ebp, %ebp\n"
        "  pushq $0\n"
        "  jmpq *%r12\n"
        ".size fiber_start,.-fiber_start\n"
        ".section .note.GNU-stack,\"\",@progbits\n"
        ".text\n");

static void *fiber_frame(char *top, void (*entry)(void *), void *argument)
{
    void **frame = (void **)(void *)top;
    *--frame = (void *)fiber_start; /* its push makes the stack as after a call */
    *--frame = NULL;             /* rbp */
    *--frame = NULL;             /* rbx */
    *--frame = (void *)entry;    /* r12 */
    *--frame = argument;         /* r13 */
    *--frame = NULL;             /* r14 */
    *--frame = NULL;             /* r15 */
    return frame;
}
#elif defined(__aarch64__)
__asm__(".text\n"
        ".p2align 4\n"
        ".globl fiber_swap\n"
        ".type fiber_swap,%function\n"
        "fiber_swap:\n"
        "  sub sp, sp, #160\n"
        "  stp x19, x20, [sp, #0]\n"
        "  stp x21, x22, [sp, #16]\n"
        "  stp x23, x24, [sp, #32]\n"
        "  stp x25, x26, [sp, #48]\n"
        "  stp x27, x28, [sp, #64]\n"
        "  stp x29, x30, [sp, #80]\n"
        "  stp d8, d9, [sp, #96]\n"
        "  stp d10, d11, [sp, #112]\n"
        "  stp d12, d13, [sp, #128]\n"
        "  stp d14, d15, [sp, #144]\n"
        "  mov x9, sp\n"
        "  str x9, [x0]\n"
        "  mov sp, x1\n"
        "  ldp x19, x20, [sp, #0]\n"
        "  ldp x21, x22, [sp, #16]\n"
        "  ldp x23, x24, [sp, #32]\n"
        "  ldp x25, x26, [sp, #48]\n"
        "  ldp x27, x28, [sp, #64]\n"
        "  ldp x29, x30, [sp, #80]\n"
        "  ldp d8, d9, [sp, #96]\n"
        "  ldp d10, d11, [sp, #112]\n"
        "  ldp d12, d13, [sp, #128]\n"
        "  ldp d14, d15, [sp, #144]\n"
        "  add sp, sp, #160\n"
        "  ret\n"
        ".size fiber_swap,.-fiber_swap\n"
        ".globl fiber_start\n"
        ".type fiber_start,%function\n"
        "fiber_start:\n"
        "  mov x0, x20\n"
        "  mov x29, xzr\n"
        "  mov x30, xzr\n"
        "  br x19\n"
        ".size fiber_start,.-fiber_start\n"
        ".section .note.GNU-stack,\"\",%progbits\n"
        ".text\n");

static void *fiber_frame(char *top, void (*entry)(void *), void *argument)
{
    void **frame = (void **)(void *)(top - 160);
    memset(frame, 0, 160);
    frame[0] = (void *)entry;        /* x19 */
    frame[1] = argument;             /* x20 */
    frame[11] = (void *)fiber_start; /* x30 */
    return frame;
}
#else
#include <ucontext.h>
/* `sp` holds a ucontext_t at the low end of the stack (or, for an adopted fiber, on the heap). */
void fiber_swap(void **save, void *load)
{
    swapcontext(*save, load);
}

static void fiber_start_split(unsigned entry_high, unsigned entry_low, unsigned argument_high,
                              unsigned argument_low)
{
    void (*entry)(void *) = (void (*)(void *))(((uintptr_t)entry_high << 16 << 16) | entry_low);
    entry((void *)(((uintptr_t)argument_high << 16 << 16) | argument_low));
}
#endif

/* The first code of every fiber. */
struct fiber_first {
    fiber_entry *entry;
    void *argument;
};

/* Apart from the switch, before which the thread-locals were perhaps another thread's. */
static FIBER_APART void finish_switch(void)
{
#ifdef FIBER_ASAN
    const void *low = NULL;
    size_t size = 0;
    __sanitizer_finish_switch_fiber(fiber_running->sanitizer.handle, &low, &size);
    if (previous->stack_low == NULL) { /* an adopted stack: its bounds are known only now */
        previous->stack_low = (void *)(uintptr_t)low;
        previous->stack_size = size;
    }
#endif
}

static void first_code(void *argument)
{
    struct fiber_first first = *(struct fiber_first *)argument;
    finish_switch();
    first.entry(first.argument);
    check(!"a fiber's entry returned");
}

/* --- ThreadSanitizer: each fiber has one that stands in for it --- */

#ifdef TSAN_TOLD
#ifdef FIBER_ONE_THREAD
/* To make one takes longer than a run does, so each fiber keeps its own: what it did before the
 * last fiber_stack_reset() comes before all that anybody does afterwards. */
enum { USED_MAX = 1024 };
static struct {
    struct fiber *fibers[USED_MAX];
    uint32_t count, made;
    uint32_t depth; /* of the running fiber: calls of watched code that have not returned */
    char ended;     /* released by each fiber at its end */
} used;

void __wrap___tsan_func_entry(void *caller);
void __wrap___tsan_func_exit(void);
void __real___tsan_func_entry(void *caller);
void __real___tsan_func_exit(void);

/* The linker leads the calls of watched code here (--wrap): a fiber that is forgotten half-way
 * leaves calls behind, and nothing else can tell how many. */
void __wrap___tsan_func_entry(void *caller)
{
    used.depth++;
    __real___tsan_func_entry(caller);
}

void __wrap___tsan_func_exit(void)
{
    used.depth--;
    __real___tsan_func_exit();
}

static void stand_in_switch(struct fiber *to, unsigned flags)
{
    fiber_running->sanitizer.depth = used.depth;
    used.depth = to->sanitizer.depth;
    tsan_become(to->sanitizer.number);
    __tsan_switch_to_fiber(to->sanitizer.handle, flags);
}

/* From here on what is done is that fiber's doing, which does not run; its calls return. */
static void stand_in_take(struct fiber *fiber)
{
    __tsan_switch_to_fiber(fiber->sanitizer.handle, __tsan_switch_to_fiber_no_sync);
    for (; fiber->sanitizer.depth > 0; fiber->sanitizer.depth--)
        __real___tsan_func_exit();
}

static void stand_in_make(struct fiber *fiber)
{
    char name[16];
    fiber->sanitizer.handle = __tsan_create_fiber(0);
    fiber->sanitizer.depth = 0;
    fiber->sanitizer.number = ++used.made;
    snprintf(name, sizeof name, "%u", (unsigned)fiber->sanitizer.number);
    __tsan_set_fiber_name(fiber->sanitizer.handle, name);
}

/* What begins on it comes after what its maker has done. */
static void stand_in_init(struct fiber *fiber)
{
    void *self = __tsan_get_current_fiber();
    if (fiber->sanitizer.handle == NULL)
        stand_in_make(fiber);
    __tsan_release(&fiber->sanitizer.depth);
    stand_in_take(fiber);
    __tsan_acquire(&fiber->sanitizer.depth);
    __tsan_switch_to_fiber(self, __tsan_switch_to_fiber_no_sync);
    check(used.count < USED_MAX);
    used.fibers[used.count++] = fiber; /* twice does no harm */
}

/* To have the fiber itself ignored takes ten times as long. */
static struct {
    void *handle, *before;
    uint32_t number_before, depth_before;
} nobody;

void fiber_look_away(void)
{
    nobody.before = __tsan_get_current_fiber();
    nobody.depth_before = used.depth;
    used.depth = 0;
    nobody.number_before = tsan_become(0);
    if (nobody.handle != NULL) {
        __tsan_switch_to_fiber(nobody.handle, __tsan_switch_to_fiber_no_sync);
        return;
    }
    nobody.handle = __tsan_create_fiber(0);
    __tsan_switch_to_fiber(nobody.handle, __tsan_switch_to_fiber_no_sync);
    tsan_ignore_begin(); /* for ever */
}

void fiber_watch(void)
{
    for (; used.depth > 0; used.depth--)
        __real___tsan_func_exit();
    used.depth = nobody.depth_before;
    tsan_become(nobody.number_before);
    __tsan_switch_to_fiber(nobody.before, __tsan_switch_to_fiber_no_sync);
}

static void stand_ins_end(void)
{
    void *self = __tsan_get_current_fiber();
    for (uint32_t i = 0; i < used.count; i++) {
        stand_in_take(used.fibers[i]);
        __tsan_release(&used.ended);
    }
    used.count = 0;
    __tsan_switch_to_fiber(self, __tsan_switch_to_fiber_no_sync);
    __tsan_acquire(&used.ended);
}
#else
static void stand_in_switch(struct fiber *to, unsigned flags)
{
    __tsan_switch_to_fiber(to->sanitizer.handle, flags);
}

static void stand_in_init(struct fiber *fiber)
{
    if (fiber->sanitizer.handle != NULL)
        __tsan_destroy_fiber(fiber->sanitizer.handle);
    fiber->sanitizer.handle = __tsan_create_fiber(0);
}

static void stand_ins_end(void)
{
}
#endif
#endif

void fiber_adopt(struct fiber *fiber)
{
    check(fiber_running == NULL);
    *fiber = (struct fiber){ .user = fiber->user };
#if !defined(__x86_64__) && !defined(__aarch64__)
    fiber->sp = calloc(1, sizeof(ucontext_t));
    check(fiber->sp != NULL);
#endif
#ifdef TSAN_TOLD
    fiber->sanitizer.handle = __tsan_get_current_fiber();
#endif
    fiber_running = fiber;
}

void fiber_init(struct fiber *fiber, void *stack_low, size_t stack_size, fiber_entry *entry,
                void *argument)
{
    check(fiber != fiber_running);
    check(stack_size >= 4096);
#ifdef FIBER_ASAN
    __asan_unpoison_memory_region(stack_low, stack_size); /* what an abandoned run left behind */
    fiber->sanitizer.handle = NULL;
#endif
#ifdef TSAN_TOLD
    stand_in_init(fiber);
#endif
    fiber->stack_low = stack_low;
    fiber->stack_size = stack_size;
    char *top = (char *)stack_low + (stack_size & ~(size_t)15) - 64;
    struct fiber_first *first = (struct fiber_first *)(void *)top; /* above the first frame */
    *first = (struct fiber_first){ entry, argument };
#if defined(__x86_64__) || defined(__aarch64__)
    fiber->sp = fiber_frame(top, first_code, first);
#else
    ucontext_t *context = (ucontext_t *)stack_low;
    getcontext(context);
    context->uc_stack.ss_sp = (char *)stack_low + sizeof *context;
    context->uc_stack.ss_size = stack_size - sizeof *context - 64;
    context->uc_link = NULL;
    uintptr_t code = (uintptr_t)first_code, data = (uintptr_t)first;
    makecontext(context, (void (*)(void))fiber_start_split, 4, (unsigned)(code >> 16 >> 16),
                (unsigned)code, (unsigned)(data >> 16 >> 16), (unsigned)data);
    fiber->sp = context;
#endif
}

#ifndef FIBER_INLINE
static FIBER_APART void switch_to(struct fiber *to)
{
    struct fiber *from = fiber_running;
    check(from != NULL);
    check(to != from);
#ifdef FIBER_ASAN
    previous = from;
    __sanitizer_start_switch_fiber(&from->sanitizer.handle, to->stack_low, to->stack_size);
#endif
    fiber_running = to;
    fiber_swap(&from->sp, to->sp);
    finish_switch();
}

void fiber_switch(struct fiber *to)
{
#ifdef TSAN_TOLD
    stand_in_switch(to, 0);
#endif
    switch_to(to);
}

void fiber_switch_thread(struct fiber *to)
{
#ifdef TSAN_TOLD
    stand_in_switch(to, __tsan_switch_to_fiber_no_sync);
#endif
    switch_to(to);
}
#endif

/* --- the pool of stacks --- */

enum { STACKS_MAX = 4096 };
static struct {
    void *low[STACKS_MAX];
    unsigned count, taken;
} stacks;

static void *stack_map(void)
{
    size_t guard = (size_t)sysconf(_SC_PAGESIZE);
    char *low = mmap(NULL, guard + FIBER_STACK_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (low == MAP_FAILED || mprotect(low, guard, PROT_NONE) != 0) {
        perror("wedge: no memory for a fiber's stack");
        abort();
    }
    return low + guard;
}

void *fiber_stack_take(void)
{
    check(stacks.taken < STACKS_MAX);
    if (stacks.taken == stacks.count)
        stacks.low[stacks.count++] = stack_map();
    return stacks.low[stacks.taken++];
}

void fiber_stack_reset(void)
{
#ifdef TSAN_TOLD
    stand_ins_end();
#endif
    stacks.taken = 0;
}
