/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/corpus/triage.h"

#include <stdlib.h>
#include <string.h>

static int compare_headings(const struct heading *a, const struct heading *b)
{
    int order = strcmp(a->subject, b->subject);
    if (order == 0)
        order = strcmp(a->verdict, b->verdict);
    return order != 0 ? order : strcmp(a->hash, b->hash);
}

static struct triage_cluster *find(struct triage *triage, const struct heading *heading)
{
    for (uint32_t i = 0; i < triage->clusters.count; i++)
        if (compare_headings(&triage->clusters.items[i].heading, heading) == 0)
            return &triage->clusters.items[i];
    return NULL;
}

static bool is_smaller(const struct heading *heading, const struct triage_file *file,
                       const struct triage_cluster *than)
{
    if (heading->lines != than->heading.lines)
        return heading->lines < than->heading.lines;
    return file->size < than->size;
}

bool triage_add(struct triage *triage, const struct heading *heading,
                const struct triage_file *file)
{
    struct triage_cluster *cluster = find(triage, heading);
    if (cluster == NULL) {
        if (!ARRAY_ROOM(&triage->clusters, 1))
            return false;
        cluster = &triage->clusters.items[triage->clusters.count++];
        *cluster = (struct triage_cluster){ .heading = *heading, .smallest = file->path,
                                            .size = file->size, .first = file->written,
                                            .last = file->written };
    }
    cluster->count++;
    cluster->first = file->written < cluster->first ? file->written : cluster->first;
    cluster->last = file->written > cluster->last ? file->written : cluster->last;
    if (is_smaller(heading, file, cluster)) {
        cluster->heading = *heading;
        cluster->smallest = file->path;
        cluster->size = file->size;
    }
    return true;
}

static int compare_clusters(const void *left, const void *right)
{
    const struct triage_cluster *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return compare_headings(&a->heading, &b->heading);
}

void triage_sort(struct triage *triage)
{
    if (triage->clusters.count > 0)
        qsort(triage->clusters.items, triage->clusters.count, sizeof triage->clusters.items[0],
              compare_clusters);
}
