/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * page_browser.mjs PLAYWRIGHT FOLDER: opens the pages of FOLDER in headless Chromium and prints a
 * line for each claim: "ok CLAIM", or "not ok CLAIM: why". page_test.bats asks for them by name.
 */
import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const READY_MS_MAX = 1000; /* from opening a page of 20,000 events to its being of use */
const DRAW_MS_MAX = 50;    /* the median of drawing it anew */
const NODES_MAX = 4000;    /* of which it is drawn */

const [playwright, folder] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(resolve(playwright));
const file = (name) => `file://${resolve(folder, name)}.html`;
const pages = readdirSync(folder).filter((name) => name.endsWith(".html"))
    .map((name) => name.slice(0, -".html".length)).sort();

const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"],
});

function expect(what, holds) {
    if (!holds)
        throw new Error(what);
}

/* Opens a page; whatever it complains about or asks the network for is an error. */
async function open(name, options = {}) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 },
                                         reducedMotion: "reduce", ...options });
    page.complaints = [];
    page.on("console", (message) => page.complaints.push(message.text()));
    page.on("pageerror", (error) => page.complaints.push(error.message));
    page.on("request", (request) => {
        if (request.url() !== file(name))
            page.complaints.push(`asks for ${request.url()}`);
    });
    await page.goto(file(name));
    await page.waitForSelector("html[data-ready]", { state: "attached" });
    return page;
}

async function close(page) {
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done())));
    expect(page.complaints.join("; "), page.complaints.length === 0);
    await page.close();
}

const step = async (page) => Number((await page.textContent("#step h3")).match(/^Step (\d+)/)[1]);
const focused = (page) => page.evaluate(() => document.activeElement.id);

/* What every page is asked; each is opened once for it. */
const visits = new Map();
async function visit(name) {
    const page = await open(name);
    const seen = await page.evaluate(() => ({
        step: selection.step, lead: byId("lead").textContent,
        last: Math.max(...data.edge_steps.map((each) => each.waits)
            .filter((each) => each !== null)),
        ends: xOf(runEnd) <= view.clientWidth,
    }));
    await page.setViewportSize({ width: 400, height: 800 });
    seen.narrow = await page.evaluate(() => document.documentElement.scrollWidth);
    visits.set(name, seen);
    await close(page);
}

const claims = {
    async "every page opens without an error or a request"() {
        expect("pages", pages.length >= 3);
        for (const name of pages)
            await visit(name);
    },

    "every page says in words who waits, or who reads and writes"() {
        for (const [name, seen] of visits)
            expect(`${name}: ${seen.lead}`, !/undefined|null/.test(seen.lead));
        const race = visits.get("go-35462-race").lead;
        expect(race, /^\w+ writes \S+; \w+ reads \S+\.$/.test(race));
    },

    async "20,000 events are ready within a second"() {
        const page = await open("long");
        const count = await page.evaluate(() => events.count);
        const ready = await page.evaluate(() => Number(document.documentElement.dataset.ready));
        expect(`${count} events`, count >= 20000);
        expect(`${ready} ms`, ready <= READY_MS_MAX);
        console.log(`# ${count} events, ${statSync(resolve(folder, "long.html")).size} bytes: ` +
                    `ready in ${ready} ms`);
        await close(page);
    },

    async "only what is visible is drawn, and fast, at any scale"() {
        const page = await open("long");
        const [times, most] = await page.evaluate(() => {
            const taken = [];
            let nodes = 0;
            for (let i = 0; i < 60; i++) {
                zoom(0.05 * 1.13 ** i, 0);
                view.scrollLeft = (i / 60) * runWidth();
                const before = performance.now();
                drawTimeline();
                taken.push(performance.now() - before);
                nodes = Math.max(nodes, drawing.querySelectorAll("*").length);
            }
            return [taken.sort((a, b) => a - b), nodes];
        });
        console.log(`# drawn in ${times[30].toFixed(1)} ms in the median, ` +
                    `${times[59].toFixed(1)} at most; ${most} elements at most`);
        expect(`median ${times[30]} ms`, times[30] <= DRAW_MS_MAX);
        expect(`${most} elements`, most <= NODES_MAX);
        await close(page);
    },

    "it opens where the cycle is closed"() {
        for (const [name, seen] of visits)
            expect(`${name}: step ${seen.step}`,
                   seen.last === -Infinity || seen.step === seen.last);
        for (const [name, seen] of visits)
            expect(`${name}: the end is out of sight`, seen.ends);
    },

    async "a click on a wait of the cycle goes to its step, in words and in the picture"() {
        const page = await open("short");
        const steps = await page.evaluate(() => data.edge_steps.map((each) => each.waits));
        for (const i of [0, 1]) {
            await page.locator("#edges button").nth(i).click();
            expect("words", (await step(page)) === steps[i]);
            await page.locator("#edges button").nth(1 - i).click();
            await page.locator("#cycle .object-node").nth(i).click();
            expect("picture", (await step(page)) === steps[i]);
            const pressed = await page.locator("#edges button").nth(i).getAttribute("aria-pressed");
            expect("pressed", pressed === "true");
            expect("in sight", await page.evaluate(() =>
                view.getBoundingClientRect().bottom <= window.innerHeight));
            await page.locator("#waits button").nth(1 - i).click();
            expect("beside the timeline", (await step(page)) === steps[1 - i]);
            expect("its source", /lock/i.test(await page.textContent("#step mark")));
        }
        await close(page);
    },

    async "a click in the timeline chooses the step, the pointer tells what it is over"() {
        const page = await open("short");
        await page.locator("#view").scrollIntoViewIfNeeded();
        const box = await page.locator("#drawing").boundingBox();
        const place = await page.evaluate(() => {
            const lane = laneOfThread.get(events.thread[4]);
            return [xOf(4) + scale.step / 2, yOf(lane) + STRIP / 2];
        });
        await page.mouse.move(box.x + place[0], box.y + place[1]);
        expect("tip", (await page.textContent("#tip")).startsWith("4: "));
        await page.mouse.down();
        await page.mouse.up();
        expect("step", (await step(page)) === 4);
        await close(page);
    },

    async "all of it goes by keyboard"() {
        const page = await open("short");
        await page.keyboard.press("Tab");
        expect("skip link first", await page.evaluate(() =>
            document.activeElement.className === "skip"));
        for (let i = 0; i < 30 && (await focused(page)) !== "view"; i++)
            await page.keyboard.press("Tab");
        expect("timeline by Tab", (await focused(page)) === "view");
        const last = await page.evaluate(() => events.count - 1);
        await page.keyboard.press("Home");
        expect("Home", (await step(page)) === 0);
        await page.keyboard.press("ArrowRight");
        expect("right", (await step(page)) === 1);
        await page.keyboard.press("ArrowLeft");
        expect("left", (await step(page)) === 0);
        await page.keyboard.press("ArrowDown");
        const next = await page.evaluate(() => landmarks[1]);
        expect("down: a landmark", (await step(page)) === next);
        await page.keyboard.press("ArrowUp");
        expect("up", (await step(page)) === 0);
        await page.keyboard.press("End");
        expect("End", (await step(page)) === last);
        await page.keyboard.press("Enter");
        expect("Enter: details", (await focused(page)) === "step");
        await page.keyboard.press("Escape");
        expect("Escape: back", (await focused(page)) === "view");
        const before = await page.evaluate(() => scale.step);
        await page.keyboard.press("+");
        expect("zoom", (await page.evaluate(() => scale.step)) > before);
        await page.keyboard.press("?");
        expect("help opens", await page.evaluate(() => document.getElementById("help").open));
        await page.keyboard.press("Escape");
        expect("help closes", await page.evaluate(() => !document.getElementById("help").open));
        await page.keyboard.press("?");
        await page.getByRole("button", { name: "Close" }).click();
        expect("help closes by its button",
               await page.evaluate(() => !document.getElementById("help").open));
        await page.keyboard.press("2");
        expect("2: that wait", await page.evaluate(() => selection.edge === 1));
        await page.locator("#cycle .wait").first().focus();
        await page.keyboard.press("Enter");
        expect("Enter on the picture", await page.evaluate(() => selection.edge === 0));
        await close(page);
    },

    async "what can be used has a name, and every heading its place"() {
        for (const name of ["short", "hostile"]) {
            const page = await open(name);
            const wrong = await page.evaluate(() => {
                const named = (each) => each.getAttribute("aria-label") || each.textContent.trim();
                const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
                const levels = [...document.querySelectorAll("h1, h2, h3, h4")]
                    .map((each) => Number(each.tagName[1]));
                return [
                    ...[...document.querySelectorAll("button, [role=button], [tabindex='0']")]
                        .filter((each) => !named(each)).map((each) => each.outerHTML),
                    ...ids.filter((id, i) => ids.indexOf(id) !== i),
                    ...[...document.querySelectorAll("[aria-labelledby]")]
                        .filter((each) => !ids.includes(each.getAttribute("aria-labelledby")))
                        .map((each) => each.id),
                    ...levels.filter((level, i) => i > 0 && level > levels[i - 1] + 1),
                    ...(document.querySelectorAll("h1").length === 1 ? [] : ["h1"]),
                ];
            });
            expect(wrong.join("; "), wrong.length === 0);
            await close(page);
        }
    },

    async "words can be read on light and on dark"() {
        const grounds = [];
        for (const colorScheme of ["light", "dark"]) {
            const page = await open("go-38070-1.14.1", { colorScheme });
            const [ground, low] = await page.evaluate(() => {
                const channel = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                const light = (colour) => {
                    const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3)
                        .map((v) => channel(Number(v) / 255));
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                };
                const behind = (element) => {
                    for (let at = element; at; at = at.parentElement) {
                        const colour = getComputedStyle(at).backgroundColor;
                        if (/^rgb\(/.test(colour)) /* not rgba(): whatever shines through */
                            return colour;
                    }
                    return "rgb(255, 255, 255)";
                };
                const bad = [];
                const judge = (element, front, back) => {
                    const a = light(front), b = light(back);
                    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                    if (ratio < 4.5)
                        bad.push(`${element.tagName}.${element.getAttribute("class")} ` +
                                 ratio.toFixed(2));
                };
                const hasWords = (each) =>
                    [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
                for (const each of document.querySelectorAll("body *:not(svg, svg *, dialog *)")) {
                    const shown = each.getClientRects().length > 0;
                    if (shown && hasWords(each) && !each.closest("script, noscript"))
                        judge(each, getComputedStyle(each).color, behind(each));
                }
                for (const each of document.querySelectorAll("svg text"))
                    judge(each, getComputedStyle(each).fill, behind(each));
                return [getComputedStyle(document.body).backgroundColor, bad];
            });
            grounds.push(ground);
            expect(`${colorScheme}: ${[...new Set(low)].join("; ")}`, low.length === 0);
            await close(page);
        }
        expect("light and dark differ", grounds[0] !== grounds[1]);
    },

    "nothing is wider than a small screen"() {
        for (const [name, seen] of visits)
            expect(`${name}: ${seen.narrow} px`, seen.narrow <= 400);
    },

    async "it prints, without what only works on a screen"() {
        const page = await open("short", { colorScheme: "dark" });
        const pdf = await page.pdf({ format: "A4" });
        expect("PDF", pdf.subarray(0, 5).toString() === "%PDF-" && pdf.length > 20000);
        await page.emulateMedia({ media: "print", colorScheme: "dark" });
        const shown = await page.evaluate(() => [
            document.querySelector(".buttons").getClientRects().length,
            getComputedStyle(document.body).backgroundColor,
        ]);
        expect("buttons", shown[0] === 0);
        expect(`paper is white: ${shown[1]}`, shown[1] === "rgb(255, 255, 255)");
        await close(page);
    },

    async "a hostile name, lock or source line is text and nothing else"() {
        const page = await open("hostile");
        const seen = await page.evaluate(() => ({
            hacked: window.hacked, images: document.images.length,
            bold: document.querySelector("b"), scripts: document.scripts.length,
            title: document.title,
            source: document.getElementById("places").textContent,
        }));
        expect("ran", seen.hacked === undefined);
        expect("elements", seen.images === 0 && seen.bold === null && seen.scripts === 2);
        expect("title", seen.title.includes("</script><img src=x"));
        const hostile = "</script><img src=x onerror=\"hacked=1\"><!-- <script>";
        expect("source", seen.source.includes(hostile));
        await close(page);
    },

    async "what is added to the page by force does not run, and nothing can be fetched"() {
        const page = await browser.newPage();
        await page.goto(file("hostile"));
        const ran = await page.evaluate(async () => {
            document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.hacked=1'>");
            const script = document.createElement("script");
            script.textContent = "window.hacked = 2";
            document.body.append(script);
            let fetched = true;
            await fetch("data:text/plain,1").catch(() => { fetched = false; });
            await new Promise((done) => setTimeout(done, 50));
            return [window.hacked, fetched];
        });
        expect("ran", ran[0] === undefined);
        expect("fetched", ran[1] === false);
        await page.close();
    },
};

for (const [name, check] of Object.entries(claims)) {
    try {
        await check();
        console.log(`ok ${name}`);
    } catch (error) {
        console.log(`not ok ${name}: ${error.message.split("\n")[0]}`);
    }
}
await browser.close();
