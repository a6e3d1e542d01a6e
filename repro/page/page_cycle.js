/* SPDX-License-Identifier: BSD-3-Clause */
/* What went wrong: in sentences, as a picture of the cycle, in columns, and in the source. */
"use strict";

const verbs = {
    lock: "waits for", state: "spins on", spin: "spins on", token: "needs",
    gate: "is held up by", stop: "waits for", runs: "runs on", join: "waits for",
    event: "waits for", sleep: "sleeps", ready: "is ready",
};

/* "m0 spins on t0, which g2 holds": the shortest that says it. */
function shortWait(edge) {
    const verb = edge.predicted && verbs[edge.kind].startsWith("waits") ? "would wait for"
        : edge.predicted && edge.kind === "state" ? "would spin on" : verbs[edge.kind];
    const holder = edge.to === edge.from ? "it" : edge.to;
    const itself = edge.to === edge.from ? " itself" : "";
    if (edge.kind === "access")
        return `${edge.from} ${edge.class.endsWith("write") ? "writes" : "reads"} ` +
               `${edge.object}${edge.class.startsWith("atomic") ? " atomically" : ""}`;
    if (edge.kind === "ready")
        return `${edge.from} is ready${edge.queue ? ` in the ${edge.queue}` : ""}`;
    if (edge.kind === "sleep")
        return edge.object ? `${edge.from} is parked on ${edge.object}` : `${edge.from} sleeps`;
    if (edge.kind === "join" || edge.kind === "runs")
        return `${edge.from} ${verb} ${edge.to || edge.object}`;
    if (edge.kind === "gate")
        return `${edge.from} cannot run, because ${edge.to} has stopped the world`;
    if (edge.held)
        return `${edge.from} ${verb} ${edge.object}, of the same class as ${edge.held}, which ` +
               `${holder} would hold`;
    if (!edge.to)
        return `${edge.from} ${verb} ${edge.object}, and nobody is left to end that`;
    if (edge.kind === "event")
        return `${edge.from} ${verb} ${edge.object}, which is for ${edge.to} to bring about`;
    return `${edge.from} ${verb} ${edge.object}, which ${holder} ` +
           `${edge.predicted ? "would hold" : "holds"}${itself}`;
}

/* Unless it begins with a name. */
function capital(sentence) {
    const named = names.get(sentence.split(/[ ,;]/)[0]) === "agent";
    return sentence === "" || named ? sentence : sentence[0].toUpperCase() + sentence.slice(1);
}

function showHead() {
    byId("badge").textContent = finding.verdict;
    byId("badge").className = finding.verdict === "ok" ? "good" : "";
    byId("kicker").textContent = `${finding.signature} in ${data.subject.name}`;
    document.title = `${finding.verdict} in ${data.subject.name}: ${finding.message}`;
    byId("title").textContent = `${capital(finding.message)}.`;
    const lead = byId("lead");
    if (waits.length > 0 && waits.length <= COLOURS)
        addSentence(lead, `${waits.map(shortWait).join("; ")}.`);
    else if (finding.site)
        addSentence(lead, `By ${finding.agent} in ${finding.site.function} at ` +
                          `${placeText(finding.site)}.`);
    if (!data.reproduced) {
        byId("notice").hidden = false;
        byId("notice").textContent =
            "This run is not what the reproducer expects: it ended otherwise.";
    }
}

/* To the wait in the timeline, which may be out of sight. */
function goToEdge(edge) {
    selectEdge(edge);
    byId("run").scrollIntoView({ block: "start" });
}

/* Beside the timeline: from one wait to the next without leaving it. */
function showWaitButtons() {
    const box = byId("waits");
    waits.slice(0, 9).forEach((edge, i) => {
        const button = add(box, "button", { type: "button", class: `wait-button ${colourOf(i)}`,
                                            "aria-pressed": "false", title: shortWait(edge),
                                            "aria-label": `Wait ${i + 1}: ${shortWait(edge)}` },
                           String(i + 1));
        button.addEventListener("click", () => selectEdge(i));
    });
    box.hidden = waits.length === 0;
}

function showEdges() {
    const list = byId("edges");
    waits.forEach((edge, i) => {
        const button = make("button", { type: "button", class: `edge ${colourOf(i)}`,
                                        "aria-pressed": "false" });
        addSentence(button, edge.text);
        button.addEventListener("click", () => goToEdge(i));
        add(list, "li", { class: colourOf(i) }, button);
    });
    list.hidden = waits.length === 0;
    if (waits.length === 0)
        byId("closing").textContent = `${capital(finding.verdict)}: ${data.verdict_about}.`;
    if (cycle.length > 1)
        addSentence(byId("closing"), finding.predicted
            ? `That would close the cycle at ${cycle[0].from}. This run passed; another order of ` +
              "the same steps ends there."
            : `That closes the cycle at ${cycle[0].from}: none of them can go on, ever.`);
    if (finding.basis)
        add(byId("closing"), "span", {}, ` How sure: ${finding.basis}.`);
    showOthers();
}

function showOthers() {
    if (finding.others.length === 0 || cycle.length === 0)
        return;
    const box = add(byId("others"), "details", {}, make("summary", {}, "Caught by it: " +
                    plural(finding.others.length, "more wait")));
    const list = add(box, "ul", {});
    for (const edge of finding.others)
        addSentence(add(list, "li", {}), edge.text);
}

/* --- the picture: waiters and what they wait for, in turns round an ellipse --- */

const textWidth = (string, size) => string.length * size * 0.6;

const shorten = (name) => (name.length > 30 ? `${name.slice(0, 29)}\u2026` : name);

/* A wait for what a thread holds goes over what it holds; one for the thread goes straight. */
const isDirect = (edge) => edge.kind === "runs" || edge.kind === "join" || edge.object === "";

function cycleNodes() {
    const nodes = [];
    cycle.forEach((edge, i) => {
        const about = edge.queue ? `in the ${edge.queue}` : agentKind(edge.from);
        const what = edge.class && edge.class !== edge.object ? edge.class : edge.kind;
        nodes.push({ edge: i, agent: true, name: edge.from, about: shorten(about) });
        if (!isDirect(edge))
            nodes.push({ edge: i, agent: false, name: shorten(edge.object), about: shorten(what) });
        const next = cycle[(i + 1) % cycle.length].from;
        if (edge.to && edge.to !== next)
            nodes.push({ edge: i, agent: true, name: edge.to, interrupted: true,
                         about: agentKind(edge.to) });
    });
    for (const node of nodes)
        node.width = Math.max(textWidth(node.name, 15), textWidth(node.about, 11.5), 40) + 26;
    return nodes;
}

/* Round an ellipse, as large as its nodes and the words between them need. */
function placeNodes(nodes) {
    const widest = (agent) => Math.max(0, ...nodes.filter((node) => node.agent === agent)
        .map((node) => node.width));
    const few = nodes.length === 2 || nodes.length === 4;
    const apart = Math.max(...nodes.map((node, i) =>
        (node.width + nodes[(i + 1) % nodes.length].width) / 2)) + 92;
    const rx = few ? Math.max(widest(false) / 2 + 64 + (widest(true) - 60) / 4, 150)
                   : Math.max(apart / 2 / Math.sin(Math.PI / nodes.length), 150);
    const ry = few ? 96 : Math.max(rx * 0.62, nodes.length * 24);
    nodes.forEach((node, i) => {
        const angle = Math.PI + (i / nodes.length) * 2 * Math.PI;
        node.x = Math.cos(angle) * rx;
        node.y = Math.sin(angle) * ry;
    });
    const words = few ? 8 : 50;
    const left = Math.min(...nodes.map((node) => node.x - node.width / 2)) - words;
    const right = Math.max(...nodes.map((node) => node.x + node.width / 2)) + words;
    const top = Math.min(...nodes.map((node) => node.y)) - 34;
    const bottom = Math.max(...nodes.map((node) => node.y)) + 34;
    return { left, top, width: right - left, height: bottom - top };
}

/* Where the line from the middle of a node to a point leaves the node. */
function border(node, x, y, gap) {
    const dx = x - node.x, dy = y - node.y;
    const width = node.width / 2 + gap, height = 23 + gap;
    const scale = Math.min(width / Math.abs(dx || 1e-9), height / Math.abs(dy || 1e-9));
    return [node.x + dx * scale, node.y + dy * scale];
}

function drawArrow(group, from, to, label) {
    const bend = 0.16;
    const mx = (from.x + to.x) / 2 - (to.y - from.y) * -bend;
    const my = (from.y + to.y) / 2 + (to.x - from.x) * -bend;
    const [x1, y1] = border(from, mx, my, 2), [x2, y2] = border(to, mx, my, 7);
    draw(group, "path", { d: `M${x1} ${y1}Q${mx} ${my} ${x2} ${y2}`, class: "arrow" });
    draw(group, "path", { d: `M${x1} ${y1}Q${mx} ${my} ${x2} ${y2}`, class: "reach" });
    const angle = (Math.atan2(y2 - my, x2 - mx) * 180) / Math.PI;
    draw(group, "path", { d: "M6 0L-4 -5L-4 5Z", class: "head",
                          transform: `translate(${x2} ${y2}) rotate(${angle})` });
    /* the words stand outside, beside the middle of the arrow */
    const x = (x1 + 2 * mx + x2) / 4, y = (y1 + 2 * my + y2) / 4, away = Math.hypot(x, y) || 1;
    const aside = (x / away) * (Math.abs(x / away) * textWidth(label, 11) / 2 + 10);
    draw(group, "text", { x: x + aside, y: y + (y / away) * 13 + 4, class: "arrow-label" }, label);
}

function drawNode(group, node) {
    draw(group, "rect", { x: node.x - node.width / 2, y: node.y - 23, width: node.width,
                          height: 46, rx: node.agent ? 6 : 23,
                          class: node.agent ? "agent-node" : "object-node" });
    draw(group, "text", { x: node.x, y: node.y - 2, class: "node-name" }, node.name);
    draw(group, "text", { x: node.x, y: node.y + 14, class: "node-about" }, node.about);
}

/* From who waits over what it waits for to who holds that, and on to who interrupts that one. */
function drawWait(svg, nodes, edge, i) {
    const group = draw(svg, "g", { class: `wait ${colourOf(i)}`, role: "button", tabindex: "0",
                                   "aria-pressed": "false", "aria-label": shortWait(edge) });
    const first = nodes.findIndex((node) => node.edge === i);
    const at = (index) => nodes[index % nodes.length];
    const verb = edge.predicted ? "would want" : verbs[edge.kind];
    let last = first;
    drawArrow(group, at(last), at(last + 1), verb);
    last++;
    if (!isDirect(edge)) {
        const held = edge.kind === "event" ? "is up to"
            : edge.held ? "if it is held by" : "held by";
        if (edge.to || cycle.length > 1)
            drawArrow(group, at(last), at(last + 1), held);
        drawNode(group, at(last));
        last++;
    }
    if (at(last).interrupted)
        drawArrow(group, at(last), at(last + 1), "interrupted by");
    group.addEventListener("click", () => goToEdge(i));
    group.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ")
            return;
        event.preventDefault();
        goToEdge(i);
    });
}

function showCycle() {
    if (cycle.length === 0)
        return;
    const figure = byId("cycle"), nodes = cycleNodes(), box = placeNodes(nodes);
    const svg = draw(figure, "svg", {
        viewBox: `${box.left} ${box.top} ${box.width} ${box.height}`, role: "group",
        "aria-label": "The cycle of waits", style: undefined,
    });
    svg.style.maxWidth = `${Math.round(box.width * 1.05)}px`;
    cycle.forEach((edge, i) => drawWait(svg, nodes, edge, i));
    for (const node of nodes.filter((each) => each.agent))
        drawNode(draw(svg, "g", { class: "agent-group", "aria-hidden": "true" }), node);
    add(figure, "figcaption", {},
        "Who waits for what, and who holds it. Choose a wait to see it in the run.");
    showWords(figure);
    figure.hidden = false;
}

/* What kinds of thing are in the cycle, for who meets them for the first time. */
function showWords(figure) {
    const list = make("dl", { class: "words" }), told = new Set();
    const tell = (kind, name, words) => {
        if (told.has(kind) || !name)
            return;
        told.add(kind);
        addSentence(add(list, "dt", {}), name);
        add(list, "dd", {}, words);
    };
    for (const edge of cycle) {
        const noun = agentKind(edge.from);
        if (noun === "context")
            tell("context", edge.from,
                 "a context that interrupts threads, such as a signal handler");
        else if (noun !== "thread")
            tell("task", edge.from,
                 `a ${noun}: threads take turns to run it, and it runs on one at a time`);
        if (edge.kind === "state")
            tell("state", edge.object,
                 "a word in a state that only who set it may leave: others spin until it has");
        if (edge.kind === "token" || edge.kind === "stop")
            tell("token", edge.object, `a token: a thread needs one to run a ${taskNoun()}`);
        if (edge.kind === "lock")
            tell(`lock ${edge.object}`, edge.object, edge.class && edge.class !== edge.object
                ? `a lock, one of class ${edge.class}` : "a lock");
        if (edge.kind === "event")
            tell("event", edge.object, "an event: somebody has to bring it about");
    }
    if (list.children.length > 0)
        figure.append(list);
}

/* --- in columns --- */

function showPicture() {
    const picture = data.picture;
    if (picture === null)
        return;
    const box = byId("picture");
    box.hidden = false;
    add(box, "h3", {}, capital(picture.title));
    const table = add(add(box, "div", { class: "wide" }), "table", { class: "columns" });
    const head = add(add(table, "thead", {}), "tr", {});
    for (const name of picture.names)
        add(head, "th", { scope: "col" }, name);
    const body = add(table, "tbody", {});
    for (const row of picture.rows) {
        const line = add(body, "tr", {});
        for (let i = 0; i < picture.names.length; i++) {
            const cell = add(line, "td", {});
            if (i !== row.column)
                continue;
            addSentence(cell, row.text);
            if (row.why !== "")
                addSentence(add(cell, "span", { class: "why" }), row.why);
        }
    }
}

/* --- in the source --- */

function addChain(parent, title, chain) {
    if (chain.length === 0)
        return;
    const list = add(add(parent, "details", {}, make("summary", {}, title)), "ol",
                     { class: "chain" });
    for (const frame of chain) {
        const item = add(list, "li", {});
        add(item, "code", {}, frame.function);
        add(item, "span", { class: "place" }, frame.line > 0 ? ` ${placeText(frame)}`
                                                             : ` ${frame.file}`);
        const line = sourceLine(frame.file, frame.line);
        if (line !== undefined)
            add(item, "code", { class: "call" }, line.trim());
    }
}

function addPlace(parent, title, site, colour, chainTitle, chain) {
    const box = add(parent, "div", { class: "where" });
    const head = addSentence(add(box, "h4", {}), title);
    if (site === null)
        return;
    head.append(" ");
    add(head, "code", {}, site.function);
    add(head, "span", { class: "place" }, ` ${placeText(site)}`);
    addSource(box, site.file, site.line, colour);
    if (site.object === "entry" && chain.length > 1) {
        /* a prologue says little: who called it says where that was */
        const caller = add(box, "h4", { class: "caller" }, "called in ");
        add(caller, "code", {}, chain[1].function);
        add(caller, "span", { class: "place" }, ` ${placeText(chain[1])}`);
        addSource(box, chain[1].file, chain[1].line, colour);
    }
    addChain(box, chainTitle, chain);
}

function showPlaces() {
    const section = byId("source"), box = byId("places");
    waits.slice(0, COLOURS).forEach((edge, i) => {
        const article = add(box, "article", { class: colourOf(i) });
        addSentence(add(article, "h3", {}), `${capital(shortWait(edge))}.`);
        const pair = add(article, "div", { class: "split" });
        const left = edge.kind === "token" || edge.kind === "gate";
        const verb = left ? "stopped" : edge.kind === "access" ? "does so"
            : edge.predicted ? "would wait" : "waits";
        addPlace(pair, `${edge.from} ${verb} in`, edge.waits_at, colourOf(i),
                 `How ${edge.from} came there`, edge.wait_chain);
        if (edge.to && edge.holds_since)
            addPlace(pair, `${edge.to} ${edge.predicted ? "would hold" : "holds"} ` +
                     `${edge.held || edge.object} since`, edge.holds_since, colourOf(i),
                     `How ${edge.to} came there`, edge.hold_chain);
        else if (edge.comes_at)
            addPlace(pair, `${edge.to} would post it in`, edge.comes_at, colourOf(i), "", []);
    });
    if (waits.length === 0 && finding.site)
        addPlace(box, "It ended in", finding.site, "", "", []);
    section.hidden = waits.length === 0 && !finding.site;
}

selection.listeners.push(() => {
    for (const list of [byId("edges").querySelectorAll("button"),
                        byId("waits").querySelectorAll("button"),
                        byId("cycle").querySelectorAll(".wait")])
        list.forEach((item, i) => {
            item.setAttribute("aria-pressed", String(i === selection.edge));
        });
});
