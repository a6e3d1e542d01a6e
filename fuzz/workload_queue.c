/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A linked queue with one producer and one consumer, which spins while there is nothing to take.
 * The last node that was taken stays as the head of the list: `tail`, the consumer's; `head` is the
 * newest, the producer's. Only `next` of a node is read by one while the other may write it.
 */
#include "core/base/check.h"
#include "fuzz/workload.h"

enum { SETTING_MESSAGES, MESSAGES_MAX = 1000, FIRST_VALUE = 11 };

struct node {
    struct node *_Atomic next;
    uint32_t value;
};

static struct {
    struct node *head, *tail;
    uint32_t messages, used;
    struct node nodes[MESSAGES_MAX + 1];
} queue;

static struct node *node_new(uint32_t value)
{
    struct node *node = &queue.nodes[queue.used++];
    atomic_init(&node->next, NULL);
    node->value = value;
    return node;
}

static void enqueue(uint32_t value)
{
    struct node *node = node_new(value);
    hook_store_explicit(&queue.head->next, node, memory_order_release);
    queue.head = node;
}

static bool dequeue(uint32_t *value)
{
    struct node *next = hook_load_explicit(&queue.tail->next, memory_order_acquire);
    if (next == NULL) {
        hook_spin(&queue.tail->next);
        return false;
    }
    *value = next->value;
    queue.tail = next;
    return true;
}

static void produce(void)
{
    for (uint32_t i = 0; i < queue.messages; i++)
        enqueue(FIRST_VALUE + i);
}

static void consume(void)
{
    for (uint32_t i = 0; i < queue.messages; i++) {
        uint32_t value;
        while (!dequeue(&value))
            continue;
        if (value != FIRST_VALUE + i)
            hook_fail("W3 a value was lost, or overtaken");
    }
}

static void take_part(void *number)
{
    if (workload_number(number) == 0)
        produce();
    else
        consume();
    hook_thread_exit();
}

static void run(const struct plan *plan)
{
    queue.messages = (uint32_t)plan->settings[SETTING_MESSAGES];
    workload_start(2, take_part);
}

static void reset(void)
{
    queue.used = 0;
    queue.head = queue.tail = node_new(0);
}

static void generate(struct plan *plan, struct prng *prng, uint32_t faults)
{
    (void)prng;
    (void)faults;
    subject_standard_settings(&workload_queue, plan);
}

static const struct subject_setting settings[] = {
    [SETTING_MESSAGES] = { "messages", "how many are sent", 0, MESSAGES_MAX, 1 },
};

const struct wedge_subject workload_queue = {
    .name = "queue",
    .about = "workload: one producer, and one consumer that spins",
    .settings = settings,
    .setting_count = count_of(settings),
    .generate = generate,
    .reset = reset,
    .run = run,
};
