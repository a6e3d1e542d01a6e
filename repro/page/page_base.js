/* SPDX-License-Identifier: BSD-3-Clause */
/* What all parts of the page share: the data, elements, names and colours, what is selected. */
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const COLOURS = 6; /* of the waits of a cycle: page.css has as many */
const CONTEXT = 4; /* lines of source before and after a place */

const data = JSON.parse(document.getElementById("data").textContent);
const finding = data.finding;
const cycle = finding.cycle;
/* What is explained: the cycle, or, where there is none, who waits. Steps and colours go by its
 * rows. */
const waits = cycle.length > 0 ? cycle : finding.others;

const byId = (id) => document.getElementById(id);

/* add(parent, "a", { class: "b" }, "text", child...): makes an element, and returns it. Text stays
 * text; attributes that are undefined are left out. */
function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {}))
        if (value !== undefined && value !== null)
            element.setAttribute(name, value);
    for (const child of children)
        element.append(child);
    return element;
}

function make(name, attributes, ...children) {
    return fill(document.createElement(name), attributes, children);
}

function add(parent, name, attributes, ...children) {
    return parent.appendChild(make(name, attributes, ...children));
}

function draw(parent, name, attributes, ...children) {
    return parent.appendChild(fill(document.createElementNS(SVG, name), attributes, children));
}

const plural = (count, noun, many) =>
    `${count.toLocaleString("en")} ${count === 1 ? noun : many || noun + "s"}`;

/* The class that gives a wait its colour; "" for what is not of any. */
const colourOf = (edge) => (edge < 0 ? "" : `of-cycle c${edge % COLOURS}`);

function timeText(ns) {
    if (ns < 1e7)
        return `${(ns / 1e3).toFixed(3)} \u00b5s`;
    return ns < 1e10 ? `${(ns / 1e6).toFixed(3)} ms` : `${(ns / 1e9).toFixed(3)} s`;
}

/* --- events and spans: columns of numbers --- */

const events = {
    count: data.events.time_ns.length,
    time: Float64Array.from(data.events.time_ns),
    thread: Uint16Array.from(data.events.thread),
    task: Int32Array.from(data.events.task),
    site: Int32Array.from(data.events.site),
    object: Int32Array.from(data.events.object),
    value: Int32Array.from(data.events.value),
    fault: Int32Array.from(data.events.fault),
    waits: Uint8Array.from(data.events.waits),
};

const text = (row) => (row < 0 ? "" : data.texts[row]);
const kinds = data.spans.kind.map(text);
const spans = data.spans.from.map((from, i) => ({
    kind: kinds[i],
    thread: data.spans.thread[i],
    task: data.spans.task[i],
    object: text(data.spans.object[i]),
    text: text(data.spans.text[i]),
    site: data.spans.site[i] < 0 ? null : data.sites[data.spans.site[i]],
    from,
    to: data.spans.to[i] < 0 ? Infinity : data.spans.to[i],
    reads: data.spans.reads[i] !== 0,
    edge: data.spans.edge[i],
}));
const isHold = (span) => span.kind === "lock" || span.kind === "state" || span.kind === "token";

const siteOf = (step) => data.sites[events.site[step]];
const placeText = (site) => `${site.file}:${site.line}`;

function stepText(step) {
    const site = siteOf(step);
    const words = [`${site.function}:`, site.operation, text(events.object[step])];
    if (events.value[step] >= 0)
        words.push(text(events.value[step]));
    return words.join(" ");
}

/* Steps at which it is worth to stop. */
const landmarks = (() => {
    const steps = new Set([0, Math.max(0, events.count - 1)]);
    for (let i = 1; i < events.count; i++)
        if (events.thread[i] !== events.thread[i - 1] || events.fault[i] >= 0)
            steps.add(i);
    for (const step of data.edge_steps)
        for (const at of [step.waits, step.holds])
            if (at !== null)
                steps.add(at);
    return [...steps].sort((a, b) => a - b);
})();

/* "thread"; of a task what the subject calls it: "goroutine"; what is neither interrupts
 * threads. */
function agentKind(name) {
    if (!data.tasks.includes(name))
        return data.threads.includes(name) ? "thread" : "context";
    const actor = data.subject.actors.find((each) => /^.\d+$/.test(name) && each.kind === name[0]);
    return actor ? actor.about.replace(/^an? /, "") : "task";
}

/* What tasks are, in this subject. */
const taskNoun = () =>
    data.tasks.map(agentKind).find((kind) => kind !== "task") || "task";

/* --- text with names in it --- */

const escapeExpression = (name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const names = (() => {
    const known = new Map();
    for (const agent of [...data.threads, ...data.tasks])
        if (agent !== "")
            known.set(agent, "agent");
    waits.forEach((edge, i) => {
        if (edge.object !== "" && !known.has(edge.object))
            known.set(edge.object, `object ${colourOf(i)}`);
    });
    return known;
})();

/* Names in order of length: the longest one that fits is meant. */
const nameExpression = new RegExp(
    "([\\w./+-]+\\.[A-Za-z]+:\\d+)" +
        [...names.keys()]
            .sort((a, b) => b.length - a.length)
            .map((name) => `|(?<![\\w.])${escapeExpression(name)}(?![\\w]|\\.\\w)`)
            .join(""),
    "g");

/* Appends the sentence: names of threads, of what the cycle is about, and places stand out. */
function addSentence(parent, sentence) {
    let end = 0;
    for (const match of sentence.matchAll(nameExpression)) {
        parent.append(sentence.slice(end, match.index));
        add(parent, "span", { class: match[1] ? "place" : names.get(match[0]) }, match[0]);
        end = match.index + match[0].length;
    }
    parent.append(sentence.slice(end));
    return parent;
}

/* --- source --- */

function sourceLine(file, line) {
    const source = data.sources[file];
    return source && source.lines ? source.lines[line] : undefined;
}

/* The lines round a place, or why there are none. */
function addSource(parent, file, line, colour) {
    const source = data.sources[file];
    if (!source || !source.lines || source.lines[line] === undefined) {
        const why = source && source.missing ? source.missing : "the line is not there";
        return add(parent, "p", { class: "no-source" }, `Not shown: ${why}.`);
    }
    const box = add(parent, "pre", { class: `source ${colour || ""}`, tabindex: "0",
                                     "aria-label": `${file}, line ${line}` });
    for (let i = line - CONTEXT; i <= line + CONTEXT; i++) {
        if (source.lines[i] === undefined)
            continue;
        const row = add(box, i === line ? "mark" : "span", { class: "line" });
        add(row, "span", { class: "number" }, String(i));
        row.append(`${source.lines[i]}\n`);
    }
    return box;
}

/* --- what is selected --- */

const selection = { step: -1, edge: -1, listeners: [] };

/* Goes to a step, and to the edge of the cycle that it belongs to, if any. how: { edge, centre } */
function select(step, how = {}) {
    if (events.count === 0)
        return;
    selection.step = Math.min(Math.max(step, 0), events.count - 1);
    selection.edge = how.edge === undefined ? -1 : how.edge;
    for (const listener of selection.listeners)
        listener(how);
}

function selectEdge(edge) {
    const step = data.edge_steps[edge];
    const at = step.waits !== null ? step.waits : step.holds;
    select(at !== null ? at : events.count - 1, { edge, centre: true });
}
