/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lock order of the run: a row for each layer, arrows from what is held to what is taken under
 * it. Places within a row follow the mean of their neighbours above, so that few arrows cross; by
 * name at first, so that the picture is the same each time.
 */
"use strict";

const ORDER_ROW = 84, ORDER_GAP = 22;

function orderNodes() {
    const used = new Set(data.order.links.flatMap((link) => [link.from, link.to]));
    const nodes = data.order.classes.filter((each) => used.has(each.name))
        .map((each) => ({ ...each, width: textWidth(each.name, 13) + 22 }));
    const layers = [...new Set(nodes.map((node) => node.layer))].sort((a, b) => a - b);
    return layers.map((layer) => nodes.filter((node) => node.layer === layer));
}

function placeRows(rows) {
    const byName = new Map(rows.flat().map((node) => [node.name, node]));
    for (let pass = 0; pass < 4; pass++) {
        rows.forEach((row, i) => {
            for (const node of row) {
                const near = data.order.links
                    .filter((link) => (link.to === node.name || link.from === node.name) &&
                                      (!link.implied || link.on_cycle))
                    .map((link) => byName.get(link.to === node.name ? link.from : link.to))
                    .filter((other) => other.x !== undefined && other.layer !== node.layer);
                node.wish = near.length === 0 ? node.x || 0
                    : near.reduce((sum, other) => sum + other.x, 0) / near.length;
            }
            if (pass > 0)
                row.sort((a, b) => a.wish - b.wish || (a.name < b.name ? -1 : 1));
            placeRow(row, i);
        });
    }
    return byName;
}

/* Side by side, as near to where they wish to be as goes, from the left. */
function placeRow(row, index) {
    const total = row.reduce((sum, node) => sum + node.width + ORDER_GAP, -ORDER_GAP);
    const middle = row.reduce((sum, node) => sum + (node.wish || 0), 0) / row.length;
    let x = middle - total / 2;
    for (const node of row) {
        node.x = x + node.width / 2;
        node.y = index * ORDER_ROW;
        x += node.width + ORDER_GAP;
    }
}

function linkPath(from, to) {
    if (from === to)
        return `M${from.x + from.width / 2} ${from.y - 6}c34 -16 34 28 6 12`;
    if (from.layer === to.layer) {
        const over = from.x < to.x ? -1 : 1, y = from.y + over * 15;
        return `M${from.x} ${y}C${from.x} ${y + over * 30} ${to.x} ${y + over * 34} ` +
               `${to.x} ${y + over * 5}`;
    }
    const down = from.y < to.y ? 1 : -1;
    const y1 = from.y + down * 15, y2 = to.y - down * 20, bend = (y2 - y1) * 0.45;
    const side = Math.abs(to.y - from.y) > ORDER_ROW * 1.5 ? (from.x <= to.x ? 1 : -1) * 18 : 0;
    return `M${from.x} ${y1}C${from.x + side} ${y1 + bend} ` +
           `${to.x + side} ${y2 - bend} ${to.x} ${y2}`;
}

function linkText(link) {
    const { wanted_at: wanted, held_since: held } = link;
    return `${link.to} is taken in ${wanted.function} (${placeText(wanted)}) while ` +
           `${link.from} is held since ${held.function} (${placeText(held)})`;
}

function drawLinks(svg, byName) {
    const rank = (link) => (link.on_cycle ? 2 : link.implied ? 0 : 1);
    for (const link of [...data.order.links].sort((a, b) => rank(a) - rank(b))) {
        const kind = link.on_cycle ? "link bad" : link.implied ? "link faint" : "link";
        const path = draw(svg, "path", {
            d: linkPath(byName.get(link.from), byName.get(link.to)),
            class: link.reads ? `${kind} reads` : kind,
            "marker-end": `url(#${link.on_cycle ? "bad" : "plain"})`,
        });
        draw(path, "title", {}, linkText(link));
    }
}

function drawMarker(defs, id) {
    const marker = draw(defs, "marker", { id, viewBox: "-6 -5 12 10", markerWidth: 7,
                                          markerHeight: 7, orient: "auto" });
    draw(marker, "path", { d: "M5 0L-5 -4.5L-5 4.5Z", class: `tip ${id}` });
}

function drawOrder(figure) {
    const rows = orderNodes(), byName = placeRows(rows), nodes = rows.flat();
    const left = Math.min(...nodes.map((node) => node.x - node.width / 2)) - 40;
    const right = Math.max(...nodes.map((node) => node.x + node.width / 2)) + 40;
    const height = (rows.length - 1) * ORDER_ROW + 100;
    const svg = draw(figure, "svg", {
        viewBox: `${left} -55 ${right - left} ${height}`, role: "img",
        "aria-label": "The lock order, also told by the table below",
    });
    svg.style.width = `${Math.round(right - left)}px`;
    const defs = draw(svg, "defs", {});
    drawMarker(defs, "plain");
    drawMarker(defs, "bad");
    drawLinks(svg, byName);
    const bad = new Set(data.order.links.filter((link) => link.on_cycle)
        .flatMap((link) => [link.from, link.to]));
    for (const node of nodes) {
        const group = draw(svg, "g", { class: `${node.state ? "class state" : "class"}` +
                                              `${bad.has(node.name) ? " bad" : ""}` });
        draw(group, "rect", { x: node.x - node.width / 2, y: node.y - 15, width: node.width,
                              height: 30, rx: node.state ? 15 : 4 });
        draw(group, "text", { x: node.x, y: node.y + 4.5 }, node.name);
    }
}

function showOrderTable(box) {
    const details = add(box, "details", {}, make("summary", {},
        plural(data.order.links.length, "pair") + ", and where"));
    const table = add(add(details, "div", { class: "wide" }), "table", { class: "pairs" });
    const head = add(add(table, "thead", {}), "tr", {});
    for (const title of ["held", "since", "taken under it", "in"])
        add(head, "th", { scope: "col" }, title);
    const body = add(table, "tbody", {});
    for (const link of data.order.links) {
        const row = add(body, "tr", { class: link.on_cycle ? "bad" : undefined });
        add(row, "td", {}, link.from);
        add(row, "td", {}, make("code", {}, link.held_since.function), " ",
            make("span", { class: "place" }, placeText(link.held_since)));
        add(row, "td", {}, link.to);
        add(row, "td", {}, make("code", {}, link.wanted_at.function), " ",
            make("span", { class: "place" }, placeText(link.wanted_at)));
    }
}

function showOrder() {
    const about = byId("order-about"), count = data.order.links.length;
    if (count === 0) {
        about.textContent = "No lock or state was taken while another one was held.";
        return;
    }
    const bad = data.order.links.some((link) => link.on_cycle);
    about.textContent = "An arrow leads from what is held to what is taken under it. " + (bad
        ? "Those in red close a cycle: threads that follow them at a time may wait for each other."
        : cycle.length > 0
            ? "There is no cycle in it: of locks and states alone, this bug is not to be seen."
            : "There is no cycle in it.");
    const figure = byId("order-figure");
    figure.hidden = false;
    drawOrder(figure);
    showOrderTable(byId("order-table"));
}
