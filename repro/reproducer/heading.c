/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/reproducer/heading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repro/base/file.h"
#include "repro/reproducer/reproducer.h"

bool heading_is_there(const char *text, size_t size)
{
    static const char first[] = "wedge ";
    return size >= sizeof first - 1 && memcmp(text, first, sizeof first - 1) == 0;
}

static void take_note(struct heading *heading, const char *line)
{
    if (heading->note[0] != '\0')
        return;
    line += strspn(line, "# ");
    snprintf(heading->note, sizeof heading->note, "%.*s", (int)sizeof heading->note - 1, line);
    for (char *at = heading->note; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?'; /* no text of a file is to steer a terminal */
}

static void take_line(struct heading *heading, const char *line)
{
    if (line[0] == '#')
        take_note(heading, line);
    else if (strncmp(line, "  ", 2) == 0)
        heading->lines++;
    else if (heading->subject[0] == '\0')
        sscanf(line, "subject %31[-a-zA-Z0-9_.]", heading->subject);
    else if (heading->verdict[0] == '\0')
        sscanf(line, "expect %23[-a-z] %8[0-9a-f]", heading->verdict, heading->hash);
}

bool heading_parse(struct heading *heading, const char *text, size_t size)
{
    const char *end = text + size;
    *heading = (struct heading){ .lines = 0 };
    if (!heading_is_there(text, size))
        return false;
    while (text < end) {
        char line[REPRODUCER_LINE_MAX + 1];
        const char *next = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((next != NULL ? next : end) - text);
        snprintf(line, sizeof line, "%.*s", (int)(length < sizeof line ? length : sizeof line - 1),
                 text);
        take_line(heading, line);
        text += length + 1;
    }
    return heading->subject[0] != '\0' && heading->verdict[0] != '\0';
}

bool heading_read(struct heading *heading, const char *path)
{
    size_t size;
    char *text = file_read(path, REPRODUCER_SIZE_MAX, &size);
    bool done = text != NULL && heading_parse(heading, text, size);
    free(text);
    return done;
}
