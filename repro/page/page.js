/* SPDX-License-Identifier: BSD-3-Clause */
/* Puts the page together. The parts are in page_*.js, which come before this file. */
"use strict";

/* --- the selected step in words --- */

function addRow(list, term, ...what) {
    add(list, "dt", {}, term);
    add(list, "dd", {}, ...what);
}

function addHeld(list, step) {
    const holders = lanes.map((lane) => [lane, heldAt(lane, step)])
        .filter(([, held]) => held.length > 0);
    if (holders.length === 0)
        return;
    add(list, "dt", {}, "held after it");
    const items = add(add(list, "dd", {}), "ul", { class: "held" });
    for (const [lane, held] of holders) {
        const item = add(items, "li", {}, make("span", { class: "agent" }, lane.name), ": ");
        held.forEach((span, i) => {
            item.append(i > 0 ? ", " : "");
            const words = span.kind === "state" ? `${span.object} in ${span.text}` : span.object;
            add(item, "span", { class: span.edge < 0 ? "" : `object ${colourOf(span.edge)}` },
                words);
        });
    }
}

function addEdgeNotes(box, step) {
    waits.forEach((edge, i) => {
        const at = data.edge_steps[i], closed = edge.predicted ? " would" : "";
        if (at.holds === step && edge.to && edge.object)
            addSentence(add(box, "p", { class: `note ${colourOf(i)}` }),
                        `Since here ${edge.to}${closed} hold${closed ? "" : "s"} ${edge.object}, ` +
                        `which ${edge.from} will want.`);
        if (at.waits === step)
            addSentence(add(box, "p", { class: `note ${colourOf(i)}` }), `${shortWait(edge)}.`);
    });
}

function showStep() {
    const box = byId("step"), step = selection.step, site = siteOf(step);
    const thread = data.threads[events.thread[step]], task = events.task[step];
    const colour = selection.edge < 0 ? "" : colourOf(selection.edge);
    const left = make("div", {}), right = make("div", {});
    const head = add(left, "h3", {}, `Step ${step} `);
    add(head, "span", { class: "of" }, `of ${events.count - 1}, at ${timeText(events.time[step])}`);
    add(left, "p", { class: "operation" }, make("code", {}, stepText(step)));
    if (events.fault[step] >= 0)
        add(left, "p", { class: "note fault-note" }, `Injected here: ${text(events.fault[step])}.`);
    addEdgeNotes(left, step);
    const list = add(left, "dl", {});
    addRow(list, "by", make("span", { class: "agent" }, thread),
           task < 0 ? "" : ", which runs ",
           task < 0 ? "" : make("span", { class: "agent" }, data.tasks[task]));
    addRow(list, "in", make("code", {}, site.function), " ",
           make("span", { class: "place" }, placeText(site)));
    addHeld(list, step);
    addSource(right, site.file, site.line, colour);
    box.replaceChildren(left, right);
}

/* --- the rest --- */

function showFacts() {
    const faults = events.fault.reduce((sum, fault) => sum + (fault >= 0), 0);
    const threads = lanes.filter((lane) => lane.thread >= 0).length;
    byId("run-about").textContent =
        `${plural(events.count, "step")} of ${plural(threads, "thread")}` +
        `${data.tasks.length > 0 ? ` and ${plural(lanes.length - threads, "goroutine")
            .replace("goroutine", taskNoun())}` : ""}, ` +
        plural(finding.switches, "context switch", "context switches") +
        `${faults > 0 ? `, ${plural(faults, "injected fault")}` : ""}. ` +
        "Time is virtual: it passes only when it must.";
    byId("facts").textContent = `${data.file} \u00b7 ${finding.signature_text} \u00b7 ` +
                                "made by wedge show --html";
}

function showLegend() {
    const rows = [["turn", "its turn"]];
    const any = (kind) => kinds.includes(kind);
    if (any("lock"))
        rows.push(["lock", "holds a lock"]);
    if (any("state"))
        rows.push(["state", "holds a state that only it may leave"]);
    if (any("token"))
        rows.push(["token", "has a token"]);
    if (any("waits"))
        rows.push(["waits", "waits"]);
    if (any("ready"))
        rows.push(["queue", "ready, in a queue"]);
    if (events.fault.some((fault) => fault >= 0))
        rows.push(["fault", "fault injected"]);
    if (cycle.length > 0)
        rows.push(["cycle", "part of the cycle"]);
    for (const [name, words] of rows)
        add(byId("legend"), "li", {}, make("span", { class: `key key-${name}` }), words);
}

function addCopy(parent, what, words) {
    const button = add(parent, "button", { type: "button", class: "copy",
                                           "aria-label": `Copy ${what}` }, "Copy");
    button.addEventListener("click", async () => {
        try {
            await navigator.clipboard.writeText(words);
            button.textContent = "Copied";
        } catch {
            button.textContent = "Select and copy";
        }
    });
}

function showReproducer() {
    byId("reproducer").textContent = data.reproducer;
    addCopy(byId("reproducer").parentElement, "the reproducer", data.reproducer);
    byId("reproduce-about").textContent =
        "The reproducer is all that decides the run: save it as a file. In the folder in which " +
        "the program was built:";
    for (const each of data.commands) {
        const term = add(byId("commands"), "dt", {});
        add(term, "code", {}, each.command);
        addCopy(term, "the command", each.command);
        add(byId("commands"), "dd", {}, each.about);
    }
}

function startKeys() {
    const help = byId("help");
    byId("open-help").addEventListener("click", () => help.showModal());
    document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || help.open)
            return;
        if (event.key === "?")
            help.showModal();
        else if (event.key === "t")
            view.focus();
        else if (event.key === "Escape" && byId("step").contains(event.target))
            view.focus();
        else if (/^[1-9]$/.test(event.key) && Number(event.key) <= waits.length)
            selectEdge(Number(event.key) - 1);
        else
            return;
        event.preventDefault();
    });
}

/* On paper everything is open, and the timeline shows how it ends. */
function startPrinting() {
    let closed = [];
    window.addEventListener("beforeprint", () => {
        closed = [...document.querySelectorAll("details:not([open])")];
        for (const each of closed)
            each.open = true;
    });
    window.addEventListener("afterprint", () => {
        for (const each of closed)
            each.open = false;
    });
}

/* Where it ends: the wait that closes the cycle, or else the last step. */
function selectEnd() {
    let last = -1;
    data.edge_steps.slice(0, waits.length).forEach((step, i) => {
        if (step.waits !== null && (last < 0 || step.waits > data.edge_steps[last].waits))
            last = i;
    });
    if (last >= 0 && !finding.predicted)
        selectEdge(last);
    else
        select(events.count - 1, { centre: true });
}

function start() {
    showHead();
    showEdges();
    showWaitButtons();
    showCycle();
    showPicture();
    showPlaces();
    showOrder();
    showReproducer();
    startKeys();
    startPrinting();
    if (events.count > 0) {
        showFacts();
        showLegend();
        startTimeline();
        selection.listeners.push(showStep);
        selectEnd();
    } else {
        byId("run").hidden = true;
    }
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
}

start();
