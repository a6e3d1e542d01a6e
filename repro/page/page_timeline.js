/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timeline: steps from left to right, lanes from top to bottom. The drawing is as large as what
 * is visible of it and stays in place while the canvas under it scrolls; it is drawn anew, with
 * what is visible and nothing else, at most once a frame. What is narrower than a pixel is drawn
 * together.
 */
"use strict";

const AXIS = 40, END = 96, STEP_MAX = 72, STEP_STANDARD = 15, STEP_SHORT = 44, MARK_MIN = 5;
const view = byId("view"), canvas = byId("canvas"), drawing = byId("drawing");
const overview = byId("overview"), tip = byId("tip");

/* left, top: how far it is scrolled, read once for each drawing: to ask lays the page out anew. */
const scale = { step: STEP_STANDARD, label: 64, due: false, left: 0, top: 0 };

function look() {
    scale.left = view.scrollLeft;
    scale.top = view.scrollTop;
}

const visibleWidth = () => Math.max(view.clientWidth - scale.label, 50);
const stepMin = () => Math.min(STEP_STANDARD, (visibleWidth() - END) / runEnd);
const runEnd = events.count + 0.5; /* what has no end goes on beyond the last step */
const runWidth = () => runEnd * scale.step;
const xOf = (step) => scale.label + step * scale.step - scale.left;
const yOf = (lane) => AXIS + lane.top - scale.top;
const stepAt = (x) => Math.floor((x - scale.label + scale.left) / scale.step);
const clampStep = (step) => Math.min(Math.max(step, 0), events.count - 1);

/* --- pieces --- */

/* What is visible of a list, neighbours that cannot be told apart together: piece(x, width, item,
 * many). */
function eachVisible(list, piece, width) {
    const first = Math.max(0, stepAt(scale.label)), last = stepAt(width);
    let pending = null;
    for (let i = firstVisible(list, first); i < list.length && list[i].from <= last; i++) {
        const item = list[i];
        const end = item.to === Infinity ? runEnd : item.to;
        const left = Math.max(xOf(item.from), scale.label - 2);
        const right = Math.min(xOf(end), width + 2);
        if (pending !== null && left - pending.right < 0.7 && right - left < 1.5) {
            pending.right = Math.max(pending.right, right);
            pending.many = true;
            continue;
        }
        flush(pending, piece);
        pending = { left, right, item, many: false };
    }
    flush(pending, piece);
}

function flush(pending, piece) {
    if (pending === null)
        return;
    const width = Math.max(pending.right - pending.left, 0.8);
    piece(pending.left, width, pending.item, pending.many);
}

/* As much of the words as there is room for, or none. */
function label(group, x, y, width, words, name) {
    const most = Math.floor((width - 8) / 6.4);
    if (most < Math.min(3, words.length) || words === "")
        return;
    const cut = words.length > most ? `${words.slice(0, Math.max(most - 1, 1))}\u2026` : words;
    draw(group, "text", { x: x + 4, y, class: name }, cut);
}

function drawTurns(group, lane, y, width) {
    const shifted = lane.turns.length > 0;
    if (!shifted)
        return;
    eachVisible(lane.turns, (x, wide, turn, many) => {
        const full = wide + (scale.step > 1 ? scale.step : 0);
        draw(group, "rect", { x, y, width: Math.min(full, width + 2 - x), height: STRIP,
                              class: "turn" });
        if (many)
            return;
        if (lane.task >= 0)
            label(group, x, y + 15, full, `on ${data.threads[turn.thread]}`, "turn-label");
        else if (scale.step < MARK_MIN && turn.task >= 0)
            label(group, x, y + 15, full, data.tasks[turn.task], "turn-label");
    }, width);
}

function drawWaits(group, lane, y, width) {
    eachVisible(lane.ready, (x, wide, span) => {
        draw(group, "rect", { x, y: y + 2, width: wide, height: STRIP - 4,
                              class: `ready ${colourOf(span.edge)}` });
        label(group, x, y + 15, wide, span.text === "" ? "ready" : `in the ${span.text}`,
              "ready-label");
    }, width);
    eachVisible(lane.waits, (x, wide, span) => {
        const from = x + scale.step;
        draw(group, "rect", { x: Math.min(from, width), y: y + 2,
                              width: Math.max(wide - scale.step, 0.8), height: STRIP - 4,
                              class: `waiting ${colourOf(span.edge)}` });
        label(group, from, y + 15, wide - scale.step, `waits for ${span.object}`, "waiting-label");
    }, width);
}

function drawRows(group, lane, y, width) {
    lane.rows.forEach((row, i) => {
        const top = y + STRIP + 2 + i * ROW;
        eachVisible(row, (x, wide, span, many) => {
            const shift = scale.step / 2, left = Math.max(x + shift, scale.label);
            const full = span.to === Infinity ? wide - shift : wide;
            draw(group, "rect", { x: left, y: top, width: Math.max(full, 1), height: ROW - 3, rx: 2,
                                  class: many ? "hold many"
                                         : `hold ${span.kind} ${colourOf(span.edge)}` });
            if (many)
                return;
            label(group, left, top + 11, full,
                  span.kind === "state" ? `${span.object} ${span.text}` : span.object,
                  `hold-label ${colourOf(span.edge)}`);
        }, width);
    });
}

/* A dot for each step, by what it does; faults at any scale. */
function drawMarks(group, first, last) {
    for (let i = first; i <= last; i++) {
        const lane = laneOfThread.get(events.thread[i]);
        if (!lane)
            continue;
        const x = xOf(i) + scale.step / 2, y = yOf(lane) + STRIP / 2;
        if (events.fault[i] >= 0)
            drawFault(group, x, yOf(lane));
        if (scale.step < MARK_MIN)
            continue;
        const kind = siteOf(i).operation;
        const strong = ["lock", "trylock", "unlock", "spin"].includes(kind);
        draw(group, "circle", { cx: x, cy: y, r: strong ? 3 : 1.6,
                                class: events.waits[i] ? "mark stop"
                                       : kind === "unlock" ? "mark open" : "mark" });
    }
}

function drawFault(group, x, y) {
    draw(group, "path", { d: `M${x} ${y + 3}l-5 -9h10z`, class: "fault" });
}

function drawSwitches(group, first, last) {
    if (last - first > 600)
        return;
    for (let i = Math.max(first, 1); i <= last; i++) {
        const before = laneOfThread.get(events.thread[i - 1]);
        const after = laneOfThread.get(events.thread[i]);
        if (before === after || !before || !after)
            continue;
        const down = after.top > before.top;
        draw(group, "line", { x1: xOf(i), x2: xOf(i), y1: yOf(before) + (down ? STRIP : 0),
                              y2: yOf(after) + (down ? 0 : STRIP), class: "switch" });
    }
}

/* --- the axis, the end, what is selected --- */

function drawAxis(group, first, last, width) {
    draw(group, "rect", { x: 0, y: 0, width, height: AXIS - 6, class: "cover" });
    const every = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]
        .find((each) => each * scale.step >= 48) || 20000;
    for (let i = Math.ceil(first / every) * every; i <= last; i += every)
        draw(group, "text", { x: xOf(i) + scale.step / 2, y: 13, class: "tick" }, String(i));
    let clear = scale.label - 1;
    for (let i = first; i <= last; i++) {
        if (i > first && events.time[i] === events.time[i - 1])
            continue;
        const x = Math.max(xOf(i), scale.label);
        if (i > 0 && events.time[i] !== events.time[i - 1] && scale.step > 0.2)
            draw(group, "line", { x1: x, x2: x, y1: 18, y2: AXIS + lanesHeight, class: "time" });
        if (x < clear)
            continue;
        draw(group, "text", { x: x + 4, y: 29, class: "time-label" }, timeText(events.time[i]));
        clear = x + 92;
    }
}

/* An arrow for each wait of the cycle, from who waits to what the other one holds. */
function drawEnd(group, width) {
    const end = xOf(runEnd);
    if (end > width || finding.predicted)
        return;
    draw(group, "line", { x1: end, x2: end, y1: AXIS - 4, y2: AXIS + lanesHeight - scale.top,
                          class: "end" });
    waits.forEach((edge, i) => {
        const from = laneOfAgent(edge.from), to = laneOfAgent(edge.to);
        if (!from || !to || i >= COLOURS)
            return;
        const row = to.rows.findIndex((each) => each.some((span) => span.edge === i));
        const y1 = yOf(from) + STRIP / 2;
        const y2 = yOf(to) + (row < 0 ? STRIP / 2 : STRIP + 2 + row * ROW + (ROW - 3) / 2);
        const x = end + 14 + (i * (END - 30)) / Math.max(waits.length, 2);
        draw(group, "path", { d: `M${end} ${y1}H${x}V${y2}H${end + 7}`,
                              class: `arrow ${colourOf(i)}` });
        draw(group, "path", { d: "M-6 0L4 -5L4 5Z", class: `head ${colourOf(i)}`,
                              transform: `translate(${end + 6} ${y2})` });
    });
}

function drawSelection(group) {
    if (selection.step < 0)
        return;
    const x = xOf(selection.step);
    draw(group, "rect", { x, y: 18, width: Math.max(scale.step, 2),
                          height: AXIS + lanesHeight - 18 - scale.top, class: "chosen" });
}

function drawLabels(group, height) {
    draw(group, "rect", { x: 0, y: 0, width: scale.label - 1, height, class: "cover" });
    draw(group, "text", { x: 4, y: 13, class: "tick start" }, "step");
    draw(group, "text", { x: 4, y: 29, class: "time-label" }, "time");
    for (const lane of lanes) {
        const y = yOf(lane);
        if (y < AXIS - 8 || y > height)
            continue;
        label(group, 0, y + 14, scale.label + 10, lane.name, "lane-name");
        if (lane.kind !== "thread")
            draw(group, "text", { x: 4, y: y + 28, class: "lane-kind" }, lane.kind);
    }
}

/* --- all of it --- */

function drawTimeline() {
    const width = view.clientWidth, height = view.clientHeight;
    scale.due = false;
    if (width === 0)
        return; /* not laid out yet */
    look();
    drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    drawing.setAttribute("width", width);
    drawing.setAttribute("height", height);
    const first = clampStep(stepAt(scale.label)), last = clampStep(stepAt(width));
    const group = document.createElementNS(SVG, "g");
    const defs = draw(group, "defs", {});
    const hatch = draw(defs, "pattern", { id: "hatch", width: 6, height: 6, patternTransform:
                                          "rotate(45)", patternUnits: "userSpaceOnUse" });
    draw(hatch, "rect", { width: 2, height: 6, class: "hatch" });
    drawSelection(group);
    for (const lane of lanes) {
        const y = yOf(lane);
        if (y > height || y + lane.height < 0)
            continue;
        draw(group, "line", { x1: scale.label, x2: Math.min(xOf(runEnd), width),
                              y1: y + STRIP / 2, y2: y + STRIP / 2, class: "base" });
        if (lane.task >= 0) /* between its thread's turns it goes on running */
            eachVisible(lane.runs, (x, wide) => draw(group, "rect", {
                x, y: y + STRIP / 2 - 3, width: wide, height: 6, class: "turn" }), width);
        drawTurns(group, lane, y, width);
        drawWaits(group, lane, y, width);
        drawRows(group, lane, y, width);
    }
    drawSwitches(group, first, last);
    drawMarks(group, first, last);
    drawEnd(group, width);
    drawAxis(group, first, last, width);
    drawLabels(group, height);
    drawing.replaceChildren(group);
    drawWindow();
}

function requestDrawing() {
    if (scale.due)
        return;
    scale.due = true;
    requestAnimationFrame(drawTimeline);
}

/* --- the whole run above it --- */

function drawOverview() {
    const width = view.clientWidth, row = Math.min(6, 44 / Math.max(1, laneOfThread.size));
    const height = Math.ceil(row * laneOfThread.size) + 10;
    const at = (step) => (step / runEnd) * width;
    overview.setAttribute("viewBox", `0 0 ${width} ${height}`);
    overview.setAttribute("height", height);
    const group = document.createElementNS(SVG, "g");
    let index = 0;
    for (const lane of laneOfThread.values()) {
        let left = -1, right = -1;
        const flush = () => left >= 0 && draw(group, "rect", {
            x: left, y: 6 + index * row, width: Math.max(right - left, 0.8),
            height: Math.max(row - 1, 0.8), class: "seen" });
        for (const turn of lane.turns) {
            const x = at(turn.from);
            if (left >= 0 && x - right >= 0.7) {
                flush();
                left = -1;
            }
            if (left < 0)
                left = x;
            right = at(turn.to + 1);
        }
        flush();
        index++;
    }
    for (let i = 0; i < events.count; i++)
        if (events.fault[i] >= 0)
            draw(group, "path", { d: `M${at(i)} 6l-3 -6h6z`, class: "fault" });
    data.edge_steps.slice(0, waits.length).forEach((step, i) => {
        for (const each of [step.holds, step.waits])
            if (each !== null)
                draw(group, "rect", { x: at(each) - 1, y: 4, width: 2.5, height: height - 4,
                                      class: `landmark ${colourOf(i)}` });
    });
    draw(group, "rect", { id: "window", y: 0.5, height: height - 1 });
    overview.replaceChildren(group);
}

function drawWindow() {
    const frame = byId("window"), width = view.clientWidth;
    if (frame === null)
        return;
    const share = (x) => (Math.min(x, runWidth()) / runWidth()) * width;
    const left = share(scale.left), right = share(scale.left + visibleWidth());
    overview.classList.toggle("needless", runWidth() + END <= visibleWidth() + 1);
    frame.setAttribute("x", Math.min(left, width - 6) + 0.5);
    frame.setAttribute("width", Math.max(right - left - 1, 5));
}

/* --- moving about --- */

function setSize() {
    const longest = Math.max(...lanes.map((lane) => textWidth(lane.name, 12.5)), 40);
    scale.label = Math.max(Math.min(longest + 12, view.clientWidth / 4), 30);
    canvas.style.width = `${Math.max(scale.label + runWidth() + END, view.clientWidth)}px`;
    canvas.style.height = `${AXIS + lanesHeight + 4}px`;
}

/* Keeps `step` where it is, or in the middle if it is out of sight. */
function zoom(to, step) {
    look();
    const before = xOf(step);
    const held = before < scale.label || before > view.clientWidth
        ? scale.label + visibleWidth() / 2 : before;
    scale.step = Math.min(Math.max(to, stepMin()), STEP_MAX);
    setSize();
    view.scrollLeft = scale.label + step * scale.step - held;
    requestDrawing();
}

const zoomBy = (factor) => zoom(scale.step * factor, clampStep(selection.step));

function scrollToStep(step, centre) {
    look();
    const x = xOf(step);
    if (centre && (events.count - step) * scale.step < visibleWidth() * 0.6)
        view.scrollLeft = runWidth() + END; /* to the end, if that shows it, too */
    else if (centre)
        view.scrollLeft = Math.max(0, step * scale.step - visibleWidth() * 0.7);
    else if (x < scale.label + 2)
        view.scrollLeft += x - scale.label - Math.min(3 * scale.step, 60);
    else if (x + scale.step > view.clientWidth - 4)
        view.scrollLeft += x + scale.step - view.clientWidth + Math.min(3 * scale.step, 60);
    const lane = laneOfThread.get(events.thread[step]);
    if (lane && yOf(lane) < AXIS)
        view.scrollTop = lane.top;
    else if (lane && yOf(lane) + lane.height > view.clientHeight)
        view.scrollTop = AXIS + lane.top + lane.height - view.clientHeight;
    requestDrawing();
}

/* The next landmark after the step, or before it. */
function landmark(step, forward) {
    const next = forward ? landmarks.find((each) => each > step)
                         : landmarks.findLast((each) => each < step);
    return next === undefined ? step : next;
}

const timelineKeys = {
    ArrowLeft: (event) => select(selection.step - (event.shiftKey ? 10 : 1)),
    ArrowRight: (event) => select(selection.step + (event.shiftKey ? 10 : 1)),
    ArrowUp: () => select(landmark(selection.step, false)),
    ArrowDown: () => select(landmark(selection.step, true)),
    Home: () => select(0),
    End: () => select(events.count - 1),
    "+": () => zoomBy(1.5),
    "=": () => zoomBy(1.5),
    "-": () => zoomBy(1 / 1.5),
    0: () => zoom(0, clampStep(selection.step)),
    Enter: () => byId("step").focus(),
};

/* --- under the pointer --- */

/* What is at that point of the drawing: { step, span, lane } */
function hit(x, y) {
    look();
    const lane = lanes.find((each) => y >= yOf(each) - 6 && y < yOf(each) + each.height - 6);
    const step = stepAt(x);
    if (!lane || x < scale.label || step < 0 || step >= events.count)
        return null;
    const row = Math.floor((y - yOf(lane) - STRIP - 2) / ROW);
    if (row >= 0 && lane.rows[row]) {
        const span = atStep(lane.rows[row], step);
        return span ? { lane, span, step: span.from } : null;
    }
    const own = lane.thread >= 0 ? events.thread[step] === lane.thread
                                 : events.task[step] === lane.task;
    const span = atStep(lane.waits, step) || atStep(lane.ready, step);
    return own || !span ? { lane, step: own ? step : -1 } : { lane, span, step: span.from };
}

function spanText(span, lane) {
    const since = span.site ? ` since ${span.site.function} (${placeText(span.site)})` : "";
    const steps = `steps ${span.from} to ${span.to === Infinity ? "the end" : span.to}`;
    const what = span.kind === "waits" ? `waits for ${span.object}`
        : span.kind === "ready" ? `is ready, in the ${span.text}`
        : span.kind === "state" ? `has ${span.object} in ${span.text}`
        : `holds ${span.object}${span.reads ? " to read" : ""}`;
    return `${lane.name} ${what}${since}; ${steps}`;
}

function showTip(event) {
    const box = drawing.getBoundingClientRect();
    const found = hit(event.clientX - box.left, event.clientY - box.top);
    if (found === null || (found.step < 0 && !found.span)) {
        tip.hidden = true;
        return;
    }
    tip.textContent = found.span ? spanText(found.span, found.lane)
        : `${found.step}: ${found.lane.name} ${stepText(found.step)}`;
    tip.hidden = false;
    const frame = byId("timeline").getBoundingClientRect();
    const x = Math.min(event.clientX - frame.left + 12, frame.width - tip.offsetWidth - 4);
    tip.style.transform = `translate(${Math.max(x, 0)}px, ${event.clientY - frame.top + 16}px)`;
}

function choose(event) {
    const box = drawing.getBoundingClientRect();
    const x = event.clientX - box.left, found = hit(x, event.clientY - box.top);
    if (found !== null && found.step >= 0)
        select(found.step, { edge: found.span ? found.span.edge : -1, stay: true });
    else if (x >= scale.label)
        select(clampStep(stepAt(x)), { stay: true });
}

function startTimeline() {
    view.setAttribute("aria-label", `Timeline of ${plural(events.count, "step")} in ` +
                                    plural(lanes.length, "lane"));
    view.addEventListener("scroll", requestDrawing, { passive: true });
    view.addEventListener("pointermove", showTip);
    view.addEventListener("pointerleave", () => { tip.hidden = true; });
    drawing.addEventListener("click", choose);
    view.addEventListener("keydown", (event) => {
        const action = timelineKeys[event.key];
        if (!action || event.ctrlKey || event.metaKey || event.altKey)
            return;
        event.preventDefault();
        action(event);
    });
    view.addEventListener("wheel", (event) => {
        if (!event.ctrlKey)
            return;
        event.preventDefault();
        const box = drawing.getBoundingClientRect();
        const step = clampStep(stepAt(event.clientX - box.left));
        zoom(scale.step * Math.exp(-event.deltaY / 300), step);
    }, { passive: false });
    const jump = (event) => {
        const box = overview.getBoundingClientRect();
        const share = (event.clientX - box.left) / box.width;
        view.scrollLeft = share * runWidth() - visibleWidth() / 2;
    };
    overview.addEventListener("pointerdown", jump);
    overview.addEventListener("pointermove", (event) => event.buttons === 1 && jump(event));
    byId("zoom-in").addEventListener("click", () => zoomBy(1.5));
    byId("zoom-out").addEventListener("click", () => zoomBy(1 / 1.5));
    byId("zoom-all").addEventListener("click", () => zoom(0, 0));
    byId("go-end").addEventListener("click", () => select(events.count - 1));
    selection.listeners.push((how) => {
        if (how.stay)
            requestDrawing();
        else
            scrollToStep(selection.step, how.centre);
    });
    new ResizeObserver(() => {
        setSize();
        drawOverview();
        requestDrawing();
    }).observe(view);
    setSize();
    const whole = (visibleWidth() - END) / runEnd; /* a short run fills the page */
    scale.step = Math.min(Math.max(whole, STEP_STANDARD), STEP_SHORT);
    setSize();
    drawOverview();
}
