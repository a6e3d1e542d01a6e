/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/finding/symbol.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INLINED_MAX = 8, KNOWN_MAX = 1024 };

/* The frames at one address: the function, and calls that were inlined there. */
struct frames {
    uintptr_t address;
    uint32_t count;
    struct frame frames[INLINED_MAX];
};

/* Addresses that have been looked up: a look-up takes longer than thousands of steps, and a page is
 * laid out several times. */
static struct frames known[KNOWN_MAX];

/* This process as libdwfl sees it, opened once. NULL: there is no debug information to be had. */
static Dwfl *symbol_open(void)
{
    static char *debug_path;
    static const Dwfl_Callbacks callbacks = {
        .find_elf = dwfl_linux_proc_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
        .debuginfo_path = &debug_path,
    };
    static bool opened;
    static Dwfl *self;
    if (opened)
        return self;
    opened = true;
    unsetenv("DEBUGINFOD_URLS"); /* a report does not ask the network */
    self = dwfl_begin(&callbacks);
    if (self != NULL && (dwfl_linux_proc_report(self, getpid()) != 0 ||
                         dwfl_report_end(self, NULL, NULL) != 0)) {
        dwfl_end(self);
        self = NULL;
    }
    return self;
}

/* Relative to the folder in which the compiler ran: the top of the source tree. */
static const char *path_relative(const char *path, const char *folder)
{
    if (path == NULL)
        return "?";
    size_t length = folder != NULL ? strlen(folder) : 0;
    if (length > 0 && strncmp(path, folder, length) == 0 && path[length] == '/')
        path += length + 1;
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    return path;
}

static bool path_is_below(const char *path, const char *folder)
{
    return strncmp(path, folder, strlen(folder)) == 0;
}

/* Frames of the machinery say nothing about the code under test. */
static bool frame_is_ours(const struct frame *frame)
{
    return path_is_below(frame->file, "core/hook/") || path_is_below(frame->file, "core/engine/") ||
           path_is_below(frame->file, "core/base/") ||
           strcmp(frame->function, "fiber_start") == 0;
}

static void frames_add(struct frames *frames, const char *function, const char *file, uint32_t line)
{
    struct frame frame = { function != NULL ? function : "?", file, line };
    if (frames->count < INLINED_MAX && !frame_is_ours(&frame))
        frames->frames[frames->count++] = frame;
}

static const char *unit_folder(Dwarf_Die *unit)
{
    Dwarf_Attribute attribute;
    return dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
}

static const char *call_file(Dwarf_Die *unit, Dwarf_Die *call, uint32_t *line)
{
    Dwarf_Attribute attribute;
    Dwarf_Files *files;
    Dwarf_Word number = 0;
    *line = 0;
    if (dwarf_formudata(dwarf_attr(call, DW_AT_call_line, &attribute), &number) == 0)
        *line = (uint32_t)number;
    if (dwarf_getsrcfiles(unit, &files, NULL) != 0 ||
        dwarf_formudata(dwarf_attr(call, DW_AT_call_file, &attribute), &number) != 0)
        return "?";
    return path_relative(dwarf_filesrc(files, number, NULL, NULL), unit_folder(unit));
}

/* The scopes round an address, innermost first: a function is the end of the frames at this
 * address, a call that was inlined is a frame whose caller goes on at the call's line. */
static bool add_scopes(struct frames *frames, Dwarf_Die *unit, Dwarf_Addr address, const char *file,
                       uint32_t line)
{
    Dwarf_Die *scopes = NULL, *parents = NULL;
    int count = dwarf_getscopes(unit, address, &scopes);
    int parent_count = count > 0 ? dwarf_getscopes_die(&scopes[0], &parents) : 0;
    bool ended = false;
    for (int i = 0; i < parent_count && !ended; i++) {
        int tag = dwarf_tag(&parents[i]);
        if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine)
            continue;
        frames_add(frames, dwarf_diename(&parents[i]), file, line);
        ended = tag == DW_TAG_subprogram;
        if (!ended)
            file = call_file(unit, &parents[i], &line);
    }
    free(parents);
    free(scopes);
    return ended;
}

/* The unit that has this address, by asking each: clang leaves out the index of addresses that
 * dwfl_module_addrdie() relies on. */
static Dwarf_Die *unit_of_address(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias)
{
    Dwarf_Die *unit = NULL;
    while ((unit = dwfl_module_nextcu(module, unit, bias)) != NULL)
        if (dwarf_haspc(unit, address - *bias) == 1)
            return unit;
    return NULL;
}

static void add_address(struct frames *frames, Dwfl *self, Dwarf_Addr address)
{
    Dwfl_Module *module = dwfl_addrmodule(self, address);
    Dwarf_Addr bias = 0;
    Dwarf_Die *unit = module != NULL ? unit_of_address(module, address, &bias) : NULL;
    if (unit == NULL) {
        frames_add(frames, module != NULL ? dwfl_module_addrname(module, address) : NULL, "?", 0);
        return;
    }
    Dwarf_Line *at = dwarf_getsrc_die(unit, address - bias);
    int number = 0;
    const char *file = path_relative(dwarf_linesrc(at, NULL, NULL), unit_folder(unit));
    uint32_t line = dwarf_lineno(at, &number) == 0 && number > 0 ? (uint32_t)number : 0;
    if (!add_scopes(frames, unit, address - bias, file, line))
        frames_add(frames, dwfl_module_addrname(module, address), file, line);
}

static const struct frames *frames_at(uintptr_t address)
{
    struct frames *frames = &known[(address ^ address >> 10) % KNOWN_MAX];
    if (frames->address == address)
        return frames;
    frames->address = address;
    frames->count = 0;
    Dwfl *self = symbol_open();
    if (self != NULL)
        add_address(frames, self, (Dwarf_Addr)address);
    else
        frames_add(frames, NULL, "?", 0);
    return frames;
}

uint32_t symbol_frames(const struct chain *chain, struct frame frames[SYMBOL_FRAMES_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < chain->count; i++) {
        /* A return address is behind its call: the call itself is what was meant. */
        const struct frames *here = frames_at((uintptr_t)chain->pc[i] - 1);
        for (uint32_t j = 0; j < here->count && count < SYMBOL_FRAMES_MAX; j++)
            frames[count++] = here->frames[j];
    }
    return count;
}

const char *symbol_folder(void)
{
    Dwfl *self = symbol_open();
    Dwarf_Addr bias = 0;
    Dwfl_Module *module =
        self != NULL ? dwfl_addrmodule(self, (Dwarf_Addr)(uintptr_t)&symbol_folder) : NULL;
    Dwarf_Die *unit = module != NULL ? dwfl_module_nextcu(module, NULL, &bias) : NULL;
    return unit != NULL ? unit_folder(unit) : NULL;
}

struct race_place symbol_place(const struct chain *chain)
{
    struct frame frames[SYMBOL_FRAMES_MAX];
    uint32_t count = symbol_frames(chain, frames);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(frames[i].file, "?") != 0)
            return (struct race_place){ frames[i].function, frames[i].file, frames[i].line };
    return (struct race_place){ "?", "?", 0 };
}
