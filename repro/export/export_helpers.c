/* SPDX-License-Identifier: BSD-3-Clause */
/* The operations of an exported program: each does the real thing, and notes it. */
#include "core/base/check.h"
#include "repro/export/export_text.h"

enum {
    GOES_ON = HELP_SPIN | HELP_PARK | HELP_WAIT | HELP_JOIN,
    WANTS = HELP_LOCK | HELP_SPINLOCK | HELP_READ | HELP_WRITE | HELP_TOKEN | GOES_ON |
            HELP_AWAIT,
    HAS = HELP_LOCK | HELP_SPINLOCK | HELP_READ | HELP_WRITE | HELP_TOKEN | HELP_ENTER,
    GIVES = HELP_LOCK | HELP_SPINLOCK | HELP_RWLOCK | HELP_TOKEN | HELP_LEAVE | HELP_AWAIT,
};

static const struct export_part parts[] = {
    { HELP_ALWAYS,
      "struct thing { /* what threads have, want and wait for */\n"
      "    const char *name, *class_name;\n"
      "};\n"
      "\n"
      "struct thread {\n"
      "    struct thing thing;\n"
      "    void (*code)(struct thread *self);\n"
      "    pthread_t id;\n"
      "    const struct thing *has[HELD_MAX]; /* and since which function */\n"
      "    const char *since[HELD_MAX];\n"
      "    unsigned has_count;\n"
      "    const struct thing *wants; /* NULL: it does not wait */\n"
      "    const char *verb, *function;\n"
      "    atomic_uint *word; /* NULL, or it waits for as long as this one has that value */\n"
      "    unsigned value;\n" },
    { HELP_ROUND,
      "    unsigned rounds;\n" },
    { HELP_ALWAYS,
      "    bool ended;\n"
      "};\n"
      "static struct thread threads[THREADS];\n"
      "\n"
      "static pthread_mutex_t books = PTHREAD_MUTEX_INITIALIZER; /* over these notes */\n"
      "static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;\n"
      "static unsigned changes;\n"
      "\n"
      "static void open_books(void)\n"
      "{\n"
      "    pthread_mutex_lock(&books);\n"
      "}\n"
      "\n"
      "static void close_books(void)\n"
      "{\n"
      "    changes++;\n"
      "    pthread_cond_broadcast(&changed);\n"
      "    pthread_mutex_unlock(&books);\n"
      "}\n"
      "\n"
      "/* Who has it; the end of a thread, that thread has. NULL: nobody. */\n"
      "static struct thread *holder_of(const struct thing *thing)\n"
      "{\n"
      "    for (struct thread *thread = threads; thread < threads + THREADS; thread++) {\n"
      "        if (&thread->thing == thing)\n"
      "            return thread;\n"
      "        for (unsigned i = 0; i < thread->has_count; i++)\n"
      "            if (thread->has[i] == thing)\n"
      "                return thread;\n"
      "    }\n"
      "    return NULL;\n"
      "}\n"
      "\n"
      "static bool waits_in_vain(const struct thread *thread)\n"
      "{\n"
      "    if (thread->word != NULL)\n"
      "        return atomic_load(thread->word) == thread->value;\n"
      "    return thread->wants != NULL && holder_of(thread->wants) != NULL;\n"
      "}\n" },
    { WANTS,
      "\n"
      "/* `word`: it waits while that one has this value; NULL: while somebody has the thing. */\n"
      "static void wants(struct thread *self, const char *verb, const struct thing *thing,\n"
      "                  const char *function, atomic_uint *word, unsigned value)\n"
      "{\n"
      "    open_books();\n"
      "    self->verb = verb;\n"
      "    self->function = function;\n"
      "    self->word = word;\n"
      "    self->value = value;\n"
      "    self->wants = thing;\n"
      "    close_books();\n"
      "}\n" },
    { GOES_ON,
      "\n"
      "static void goes_on(struct thread *self)\n"
      "{\n"
      "    open_books();\n"
      "    self->wants = NULL;\n"
      "    self->word = NULL;\n"
      "    close_books();\n"
      "}\n" },
    { HAS,
      "\n"
      "static void has(struct thread *self, const struct thing *thing, const char *function)\n"
      "{\n"
      "    open_books();\n"
      "    self->wants = NULL;\n"
      "    self->word = NULL;\n"
      "    self->has[self->has_count] = thing;\n"
      "    self->since[self->has_count++] = function;\n"
      "    close_books();\n"
      "}\n" },
    { GIVES,
      "\n"
      "static void gives(struct thread *self, const struct thing *thing)\n"
      "{\n"
      "    open_books();\n"
      "    unsigned i = self->has_count;\n"
      "    while (self->has[i - 1] != thing)\n"
      "        i--;\n"
      "    for (self->has_count--; i <= self->has_count; i++) {\n"
      "        self->has[i - 1] = self->has[i];\n"
      "        self->since[i - 1] = self->since[i];\n"
      "    }\n"
      "    close_books();\n"
      "}\n" },
    { HELP_TURN,
      "\n"
      "static unsigned turns_done;\n"
      "\n"
      "/* Waits until all turns before this one are done. */\n"
      "static void turn(unsigned number)\n"
      "{\n"
      "    pthread_mutex_lock(&books);\n"
      "    while (turns_done + 1 < number)\n"
      "        pthread_cond_wait(&changed, &books);\n"
      "    pthread_mutex_unlock(&books);\n"
      "}\n"
      "\n"
      "static void done(unsigned number)\n"
      "{\n"
      "    open_books();\n"
      "    turns_done = number;\n"
      "    close_books();\n"
      "}\n" },
    { HELP_LOCK,
      "\n"
      "struct lock {\n"
      "    struct thing thing;\n"
      "    pthread_mutex_t mutex;\n"
      "};\n"
      "\n"
      "static void lock(struct thread *self, struct lock *it, const char *function)\n"
      "{\n"
      "    wants(self, \"waits for lock\", &it->thing, function, NULL, 0);\n"
      "    pthread_mutex_lock(&it->mutex);\n"
      "    has(self, &it->thing, function);\n"
      "}\n"
      "\n"
      "static void unlock(struct thread *self, struct lock *it)\n"
      "{\n"
      "    gives(self, &it->thing);\n"
      "    pthread_mutex_unlock(&it->mutex);\n"
      "}\n" },
    { HELP_RECURSIVE,
      "\n"
      "static void make_recursive(struct lock *it)\n"
      "{\n"
      "    pthread_mutexattr_t attributes;\n"
      "    pthread_mutexattr_init(&attributes);\n"
      "    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);\n"
      "    pthread_mutex_init(&it->mutex, &attributes);\n"
      "    pthread_mutexattr_destroy(&attributes);\n"
      "}\n" },
    { HELP_SPINLOCK,
      "\n"
      "struct spinlock {\n"
      "    struct thing thing;\n"
      "    atomic_flag taken;\n"
      "};\n"
      "\n"
      "static void lock_spinning(struct thread *self, struct spinlock *it, const char *function)\n"
      "{\n"
      "    wants(self, \"waits for spin lock\", &it->thing, function, NULL, 0);\n"
      "    while (atomic_flag_test_and_set(&it->taken))\n"
      "        sched_yield();\n"
      "    has(self, &it->thing, function);\n"
      "}\n"
      "\n"
      "static void unlock_spinning(struct thread *self, struct spinlock *it)\n"
      "{\n"
      "    gives(self, &it->thing);\n"
      "    atomic_flag_clear(&it->taken);\n"
      "}\n" },
    { HELP_RWLOCK,
      "\n"
      "struct rwlock {\n"
      "    struct thing thing;\n"
      "    pthread_rwlock_t lock;\n"
      "};\n" },
    { HELP_READ,
      "\n"
      "static void read_lock(struct thread *self, struct rwlock *it, const char *function)\n"
      "{\n"
      "    wants(self, \"waits to read\", &it->thing, function, NULL, 0);\n"
      "    pthread_rwlock_rdlock(&it->lock);\n"
      "    has(self, &it->thing, function);\n"
      "}\n" },
    { HELP_WRITE,
      "\n"
      "static void write_lock(struct thread *self, struct rwlock *it, const char *function)\n"
      "{\n"
      "    wants(self, \"waits to write\", &it->thing, function, NULL, 0);\n"
      "    pthread_rwlock_wrlock(&it->lock);\n"
      "    has(self, &it->thing, function);\n"
      "}\n" },
    { HELP_RWLOCK,
      "\n"
      "static void unlock_rw(struct thread *self, struct rwlock *it)\n"
      "{\n"
      "    gives(self, &it->thing);\n"
      "    pthread_rwlock_unlock(&it->lock);\n"
      "}\n" },
    { HELP_FAIR,
      "\n"
      "/* A writer that waits lets no new reader in. */\n"
      "static void make_fair(struct rwlock *it)\n"
      "{\n"
      "    pthread_rwlockattr_t attributes;\n"
      "    pthread_rwlockattr_init(&attributes);\n"
      "#ifdef __GLIBC__\n"
      "    pthread_rwlockattr_setkind_np(&attributes,\n"
      "                                  PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);\n"
      "#elif defined __linux__\n"
      "#error \"the locks of this library let readers pass a writer: nothing would hang\"\n"
      "#endif\n"
      "    pthread_rwlock_init(&it->lock, &attributes);\n"
      "    pthread_rwlockattr_destroy(&attributes);\n"
      "}\n" },
    { HELP_AWAIT_WRITER,
      "\n"
      "/* Until a writer stands in the queue: then a reader can no longer come in. */\n"
      "static void await_writer(struct rwlock *it)\n"
      "{\n"
      "    while (pthread_rwlock_tryrdlock(&it->lock) == 0) {\n"
      "        pthread_rwlock_unlock(&it->lock);\n"
      "        sched_yield();\n"
      "    }\n"
      "}\n" },
    { HELP_WORD,
      "\n"
      "struct word {\n"
      "    struct thing thing;\n"
      "    atomic_uint value;\n"
      "};\n" },
    { HELP_ENTER,
      "\n"
      "/* By compare-and-swap to a state that only the one who put it there may leave. */\n"
      "static void enter(struct thread *self, struct word *it, unsigned from, unsigned to,\n"
      "                  const char *function)\n"
      "{\n"
      "    unsigned found = from;\n"
      "    while (!atomic_compare_exchange_weak(&it->value, &found, to))\n"
      "        found = from;\n"
      "    has(self, &it->thing, function);\n"
      "}\n" },
    { HELP_LEAVE,
      "\n"
      "static void leave(struct thread *self, struct word *it, unsigned to)\n"
      "{\n"
      "    gives(self, &it->thing);\n"
      "    atomic_store(&it->value, to);\n"
      "}\n" },
    { HELP_SPIN,
      "\n"
      "static void spin_while(struct thread *self, struct word *it, unsigned value,\n"
      "                       const char *function)\n"
      "{\n"
      "    wants(self, \"spins on\", &it->thing, function, &it->value, value);\n"
      "    while (atomic_load(&it->value) == value)\n"
      "        sched_yield();\n"
      "    goes_on(self);\n"
      "}\n" },
    { HELP_FIND,
      "\n"
      "/* What the thread does next it does because it finds this value. */\n"
      "static bool finds(struct word *it, unsigned value)\n"
      "{\n"
      "    return atomic_load(&it->value) == value;\n"
      "}\n" },
    { HELP_SWAP,
      "\n"
      "static bool swaps(struct word *it, unsigned from, unsigned to)\n"
      "{\n"
      "    return atomic_compare_exchange_strong(&it->value, &from, to);\n"
      "}\n" },
    { HELP_NOTE,
      "\n"
      "struct note { /* a thread parks on it until somebody sets it; its wake-up clears it */\n"
      "    struct thing thing;\n"
      "    pthread_mutex_t mutex;\n"
      "    pthread_cond_t posted;\n"
      "    atomic_uint set;\n"
      "};\n" },
    { HELP_PARK,
      "\n"
      "static void park(struct thread *self, struct note *it, const char *function)\n"
      "{\n"
      "    wants(self, \"is parked on\", &it->thing, function, &it->set, 0);\n"
      "    pthread_mutex_lock(&it->mutex);\n"
      "    while (atomic_load(&it->set) == 0)\n"
      "        pthread_cond_wait(&it->posted, &it->mutex);\n"
      "    goes_on(self);\n"
      "    atomic_store(&it->set, 0);\n"
      "    pthread_mutex_unlock(&it->mutex);\n"
      "}\n" },
    { HELP_UNPARK,
      "\n"
      "static void unpark(struct note *it)\n"
      "{\n"
      "    pthread_mutex_lock(&it->mutex);\n"
      "    atomic_store(&it->set, 1);\n"
      "    pthread_cond_signal(&it->posted);\n"
      "    pthread_mutex_unlock(&it->mutex);\n"
      "}\n" },
    { HELP_SEMAPHORE,
      "\n"
      "struct semaphore {\n"
      "    struct thing thing;\n"
      "    sem_t semaphore;\n"
      "    atomic_uint count; /* the same, for the watchdog */\n"
      "};\n"
      "\n"
      "static void make_semaphore(struct semaphore *it, unsigned count)\n"
      "{\n"
      "    atomic_store(&it->count, count);\n"
      "    sem_init(&it->semaphore, 0, count);\n"
      "}\n" },
    { HELP_WAIT,
      "\n"
      "static void wait_for(struct thread *self, struct semaphore *it, const char *function)\n"
      "{\n"
      "    wants(self, \"is parked on\", &it->thing, function, &it->count, 0);\n"
      "    while (sem_wait(&it->semaphore) != 0)\n"
      "        continue; /* a signal ended it early */\n"
      "    goes_on(self);\n"
      "    atomic_fetch_sub(&it->count, 1);\n"
      "}\n" },
    { HELP_POST,
      "\n"
      "static void post(struct semaphore *it)\n"
      "{\n"
      "    atomic_fetch_add(&it->count, 1);\n"
      "    sem_post(&it->semaphore);\n"
      "}\n" },
    { HELP_CONDITION,
      "\n"
      "struct condition {\n"
      "    struct thing thing;\n"
      "    pthread_cond_t signalled;\n"
      "    atomic_uint signals;\n"
      "};\n" },
    { HELP_AWAIT,
      "\n"
      "static void await(struct thread *self, struct condition *it, struct lock *mutex,\n"
      "                  const char *function)\n"
      "{\n"
      "    unsigned seen = atomic_load(&it->signals);\n"
      "    gives(self, &mutex->thing);\n"
      "    wants(self, \"is parked on\", &it->thing, function, &it->signals, seen);\n"
      "    while (atomic_load(&it->signals) == seen)\n"
      "        pthread_cond_wait(&it->signalled, &mutex->mutex);\n"
      "    has(self, &mutex->thing, function);\n"
      "}\n" },
    { HELP_SIGNAL,
      "\n"
      "static void announce(struct condition *it)\n"
      "{\n"
      "    atomic_fetch_add(&it->signals, 1);\n"
      "    pthread_cond_broadcast(&it->signalled);\n"
      "}\n" },
    { HELP_TOKEN,
      "\n"
      "struct token { /* who runs needs it; one at a time has it */\n"
      "    struct thing thing;\n"
      "    bool taken;\n"
      "};\n"
      "\n" },
    { HELP_ANY,
      "\n"
      "static atomic_uint tokens_left = TOKENS;\n" },
    { HELP_TOKEN,
      "\n"
      "static void take(struct thread *self, struct token *it, const char *function)\n"
      "{\n"
      "    wants(self, \"needs\", &it->thing, function, NULL, 0);\n"
      "    pthread_mutex_lock(&books);\n"
      "    while (it->taken)\n"
      "        pthread_cond_wait(&changed, &books);\n"
      "    it->taken = true;\n" },
    { HELP_ANY,
      "    atomic_fetch_sub(&tokens_left, 1);\n" },
    { HELP_TOKEN,
      "    pthread_mutex_unlock(&books);\n"
      "    has(self, &it->thing, function);\n"
      "}\n" },
    { HELP_ANY,
      "\n"
      "/* The first of them that nobody has. */\n"
      "static struct token *take_any(struct thread *self, struct token *const any[TOKENS],\n"
      "                              const char *function)\n"
      "{\n"
      "    unsigned i = 0;\n"
      "    wants(self, \"needs\", &any[0]->thing, function, &tokens_left, 0);\n"
      "    pthread_mutex_lock(&books);\n"
      "    while (any[i]->taken)\n"
      "        if (++i == TOKENS) {\n"
      "            pthread_cond_wait(&changed, &books);\n"
      "            i = 0;\n"
      "        }\n"
      "    any[i]->taken = true;\n"
      "    atomic_fetch_sub(&tokens_left, 1);\n"
      "    pthread_mutex_unlock(&books);\n"
      "    has(self, &any[i]->thing, function);\n"
      "    return any[i];\n"
      "}\n" },
    { HELP_TOKEN,
      "\n"
      "static void give(struct thread *self, struct token *it)\n"
      "{\n"
      "    gives(self, &it->thing);\n"
      "    open_books();\n"
      "    it->taken = false;\n" },
    { HELP_ANY,
      "    atomic_fetch_add(&tokens_left, 1);\n" },
    { HELP_TOKEN,
      "    close_books();\n"
      "}\n" },
    { HELP_JOIN,
      "\n"
      "static void join(struct thread *self, struct thread *other, const char *function)\n"
      "{\n"
      "    wants(self, \"waits for the end of\", &other->thing, function, NULL, 0);\n"
      "    pthread_join(other->id, NULL);\n"
      "    goes_on(self);\n"
      "}\n" },
    { HELP_ALWAYS,
      "\n"
      "static void sleep_ms(long ms)\n"
      "{\n"
      "    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };\n"
      "    nanosleep(&time, NULL);\n"
      "}\n" },
    { HELP_ROUND,
      "\n"
      "static bool all_others_wait(const struct thread *self)\n"
      "{\n"
      "    for (const struct thread *thread = threads; thread < threads + THREADS; thread++)\n"
      "        if (thread != self && !thread->ended && !waits_in_vain(thread))\n"
      "            return false;\n"
      "    return true;\n"
      "}\n"
      "\n"
      "/* The clock of the run went on only while everybody waited. */\n"
      "static void let_time_pass(const struct thread *self)\n"
      "{\n"
      "    pthread_mutex_lock(&books);\n"
      "    while (!all_others_wait(self))\n"
      "        pthread_cond_wait(&changed, &books);\n"
      "    pthread_mutex_unlock(&books);\n"
      "    sleep_ms(1);\n"
      "}\n"
      "\n"
      "static bool next_round(struct thread *self, const char *function)\n"
      "{\n"
      "    open_books();\n"
      "    self->function = function;\n"
      "    self->rounds++;\n"
      "    close_books();\n"
      "    return true;\n"
      "}\n" },
};

void export_print_parts(FILE *out, const struct export_part *part, uint32_t count, uint32_t used,
                        const char *prepare)
{
    used |= HELP_ALWAYS | ((used & HELP_ROUND) == 0 ? HELP_NO_ROUND : 0);
    for (uint32_t i = 0; i < count; i++) {
        if (part[i].needed_by == HELP_MAIN)
            fputs(prepare, out);
        else if ((part[i].needed_by & used) != 0)
            fputs(part[i].text, out);
    }
}

void export_print_helpers(FILE *out, uint32_t used)
{
    export_print_parts(out, parts, count_of(parts), used, "");
}
