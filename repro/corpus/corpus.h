/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge corpus verify` and `wedge corpus min`: what is done with folders of reproducers. */
#ifndef REPRO_CORPUS_H
#define REPRO_CORPUS_H

/* As command.h has commands. */
int corpus_verify(int argc, char **argv);
int corpus_min(int argc, char **argv);

#endif
