/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lanes of the timeline: a thread's has its turns, what it waits for, and a row of bars for
 * each thing that it holds at a time; a task's has where it runs, the queue that it stands in, and
 * its states. All lists are sorted by their beginning, and what is in one of them does not overlap,
 * so that what is visible is found by bisection.
 */
"use strict";

const STRIP = 22, ROW = 17, LANE_GAP = 14, ROWS_MAX = 8;

/* Consecutive steps of which `who` says the same: { from, to, task }, to: the last step. */
function turnsOf(mine, task) {
    const turns = [];
    for (let i = 0; i < events.count; i++) {
        if (!mine(i))
            continue;
        const last = turns[turns.length - 1];
        if (last && last.to === i - 1 && last.task === task(i))
            last.to = i;
        else
            turns.push({ from: i, to: i, task: task(i) });
    }
    return turns;
}

/* Each into the first row that has room. */
function rowsOf(held) {
    const rows = [], ends = [];
    for (const span of held) {
        let row = ends.findIndex((end) => end <= span.from);
        if (row < 0)
            row = rows.length;
        if (row >= ROWS_MAX)
            continue;
        (rows[row] = rows[row] || []).push(span);
        ends[row] = span.to;
    }
    return rows;
}

function laneOf(name, kind, turns, mine) {
    const waits = mine.filter((span) => span.kind === "waits");
    const ready = mine.filter((span) => span.kind === "ready");
    const runs = mine.filter((span) => span.kind === "runs");
    const rows = [...rowsOf(mine.filter((span) => span.kind === "token")),
                  ...rowsOf(mine.filter((span) => isHold(span) && span.kind !== "token"))];
    return { name, kind, turns, waits, ready, runs, rows,
             height: STRIP + rows.length * ROW + LANE_GAP };
}

const lanes = (() => {
    const list = [], byThread = data.threads.map(() => []), byTask = data.tasks.map(() => []);
    for (const span of spans) {
        if (span.thread >= 0 && span.kind !== "runs")
            byThread[span.thread].push(span);
        if (span.task >= 0 && span.kind !== "waits" && (span.thread < 0 || span.kind === "runs"))
            byTask[span.task].push(span);
    }
    const threadTurns = data.threads.map(() => []), taskTurns = data.tasks.map(() => []);
    for (const turn of turnsOf(() => true, (i) => events.thread[i] * 65536 + events.task[i])) {
        turn.thread = events.thread[turn.from];
        turn.task = events.task[turn.from];
        threadTurns[turn.thread].push(turn);
        if (turn.task >= 0)
            taskTurns[turn.task].push(turn);
    }
    data.threads.forEach((name, i) => {
        if (threadTurns[i].length > 0 || byThread[i].length > 0)
            list.push({ ...laneOf(name, "thread", threadTurns[i], byThread[i]), thread: i,
                        task: -1 });
    });
    data.tasks.forEach((name, i) => {
        if (taskTurns[i].length > 0 || byTask[i].length > 0)
            list.push({ ...laneOf(name, agentKind(name), taskTurns[i], byTask[i]), thread: -1,
                        task: i });
    });
    let top = 0;
    for (const lane of list) {
        lane.top = top;
        top += lane.height;
    }
    return list;
})();

const lanesHeight = lanes.reduce((sum, lane) => sum + lane.height, 0);
const laneOfThread = new Map(lanes.filter((lane) => lane.thread >= 0)
    .map((lane) => [lane.thread, lane]));
const laneOfAgent = (name) => lanes.find((lane) => lane.name === name);

/* The first of the list that ends at or after that step. */
function firstVisible(list, step) {
    let low = 0, high = list.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (list[middle].to < step)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What is in the list at that step, or undefined. */
function atStep(list, step) {
    const found = list[firstVisible(list, step)];
    return found && found.from <= step ? found : undefined;
}

/* What that lane holds after the step. */
function heldAt(lane, step) {
    const held = [];
    for (const row of lane.rows)
        for (let i = firstVisible(row, step); i < row.length && row[i].from <= step; i++)
            if (row[i].to > step)
                held.push(row[i]);
    return held;
}
