// Opens the HTML reports in headless Chromium and looks at them as a browser and a screen reader do: no dialog, no
// request, no console message; data that looks like markup is text; nothing is wider than the window; axe-core finds
// nothing serious, in light and dark. Two bad pages show that each check can fail.
//
//     node tests/peers/page.mjs target/debug/chatdb [FOLDER FOR PICTURES]
//
// Needs the packages of tests/peers/package.json and a Chromium (CHROMIUM names it, or it is on the path).

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(join(process.cwd(), "page.mjs")));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [, , program, pictures] = process.argv;
if (!program) {
  console.error("usage: node page.mjs CHATDB [FOLDER]");
  process.exit(2);
}
const chatdb = resolve(program);
const scratch = mkdtempSync(join(tmpdir(), "page-"));
if (pictures) mkdirSync(pictures, { recursive: true });

const PAYLOADS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(2)>",
  "\"><svg onload=alert(3)>",
  "'><iframe src=javascript:alert(4)>",
  "</title></style><script>alert(5)</script>",
  "<!-- <b>bold</b> -->",
  "javascript:alert(6)",
  "&lt;b&gt; &amp; &#60;",
  "<a href=//example.invalid>link</a>",
  "<link rel=stylesheet href=//example.invalid/x.css>",
  "{{constructor.constructor('alert(7)')()}}",
  "]]><![CDATA[<script>alert(8)</script>",
];

// The program's exit code says what it found; only its output matters here.
function run(args, options = {}) {
  try {
    return execFileSync(chatdb, args, { cwd: scratch, encoding: "utf8", maxBuffer: 1 << 28, ...options });
  } catch (error) {
    if (error.status === 1 || error.status === 3) return error.stdout;
    throw new Error(`chatdb ${args.join(" ")}: exit ${error.status}\n${error.stderr}`);
  }
}

function quoted(value) {
  return `"${String(value).replaceAll('"', '""')}"`;
}

/** The pages: a name, and the texts that must stand in them as they are. */
function pages() {
  const made = [];
  const add = (name, html, texts = []) => {
    const path = join(scratch, `${name}.html`);
    writeFileSync(path, html);
    made.push({ name, url: pathToFileURL(path).href, texts });
  };
  run(["report", "--all", "--format", "html", "--out", scratch]);
  add("scenarios", readFileSync(join(scratch, "report.html"), "utf8"));
  add("scenario", run(["replay", "application_restored", "--format", "html"]));

  const rows = (change) =>
    ["id,text", ...PAYLOADS.map((text, at) => `${at + 1},${quoted(change ? `${text} changed` : text)}`)].join("\n");
  writeFileSync(join(scratch, "before.csv"), rows(false));
  writeFileSync(join(scratch, "after.csv"), rows(true));
  const words = ["diff", "before.csv", "after.csv", "--key", "id", "--format", "html", "--include-pii"];
  add("comparison", run(words), PAYLOADS);

  const header = "activity_id,activity_type,activity_status,activity_sub_status,subject,when_created,when_modified";
  const chats = PAYLOADS.map(
    (text, at) => `${at + 1},2000,5000,5900,${quoted(text)},2026-11-20 08:00:00,2026-11-20 08:0${at % 10}:00`,
  );
  writeFileSync(join(scratch, "activity.csv"), [header, ...chats].join("\n"));
  add("query", run(["query", "SELECT activity_id, subject FROM egpl_casemgmt_activity", "activity.csv", "--format", "html", "--include-pii"]), PAYLOADS);
  add("analysis", run(["analyze", "activity.csv", "--format", "html"]));
  // A chart has six servers of their own.
  for (const [name, texts] of [["outage", PAYLOADS.slice(0, 6)], ["outage-2", PAYLOADS.slice(6)]]) {
    const exports = outage(texts);
    for (const [file, text] of Object.entries(exports)) writeFileSync(join(scratch, file), text);
    const words = ["analyze", ...Object.keys(exports), "--outage", "services=2026-11-16 12:00..13:00", "--header", "yes"];
    add(name, run([...words, "--format", "html", "--include-pii"]), texts);
    add(`${name}-pseudonyms`, run([...words, "--format", "html"]));
  }
  run(["analyze", "of-users.csv", "--header", "yes", "--format", "html", "--include-pii", "--out", "written"]);
  add("written", readFileSync(join(scratch, "written", "analysis.html"), "utf8"));
  writeFileSync(join(scratch, "empty.csv"), `${header}\n`);
  add("empty", run(["analyze", "empty.csv", "--header", "yes", "--format", "html"]));
  return made;
}

/** Two days of chats on servers called as `texts`, as everything else is; the first server fails on the second day. */
function outage(texts) {
  const minutes = (at) => {
    const moment = new Date(Date.UTC(2026, 10, 16, 8, at));
    return moment.toISOString().replace("T", " ").replace("Z", "");
  };
  const chats = ["activity_id,activity_type,activity_status,activity_sub_status,assigned_to,queue_id,when_created,when_modified,subject"];
  for (let n = 0; n < 1500; n++) {
    const created = (n % 2) * 1440 + Math.floor(n / 2) * 0.8;
    const server = n % 3 === 0 ? 0 : 1 + (n % (texts.length - 1));
    const stops = 1440 + 300;
    const isDown = server === 0 && created + 8 > stops && created < stops + 60;
    if (isDown && created > stops) continue;
    const status = isDown ? "5000,5900" : "9000,9100";
    const modified = isDown ? stops : created + 8;
    const agent = 3000 + server + texts.length * (n % 4);
    chats.push(`${n + 1},2000,${status},${agent},12,${minutes(created)},${minutes(modified)},${quoted(texts[server])}`);
  }
  const users = ["user_id,user_name,screen_name,login_ip,delete_flag"];
  for (let agent = 0; agent < texts.length * 4; agent++) {
    const text = quoted(texts[agent % texts.length]);
    users.push(`${3000 + agent},${text},${text},${text},N`);
  }
  texts.forEach((text) => users.push(`${quoted(text)},x,x,x,N`));
  const queues = ["queue_id,queue_name,queue_state", `12,${quoted(texts[0])},1`];
  return { "of-chats.csv": chats.join("\n"), "of-users.csv": users.join("\n"), "of-queues.csv": queues.join("\n") };
}

const faults = [];

/** What is wrong with a page, in words. */
async function look(browser, { name, url, texts }, widths) {
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    page.on("dialog", async (dialog) => {
      found.push(`dialog: ${dialog.message()}`);
      await dialog.dismiss();
    });
    page.on("request", (request) => {
      if (request.url() !== url) found.push(`request: ${request.url()}`);
    });
    page.on("console", (message) => found.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => found.push(`error: ${error.message}`));
    await page.goto(url);
    const shown = await page.evaluate(() => document.body.textContent);
    for (const text of texts) {
      if (!shown.includes(text)) found.push(`not shown as text: ${text}`);
    }
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
      if (wide > width) found.push(`${wide} wide in a window of ${width}`);
      if (pictures) await page.screenshot({ path: join(pictures, `${name}-${width}-${colorScheme}.png`) });
    }
    if (pictures && colorScheme === "light") await page.pdf({ path: join(pictures, `${name}.pdf`), format: "A4" });
    await context.close();

    const open = await browser.newContext({ colorScheme, bypassCSP: true });
    const tested = await open.newPage();
    await tested.goto(url);
    await tested.evaluate(axe);
    const { violations } = await tested.evaluate(() => axe.run());
    for (const { impact, id, nodes } of violations) {
      if (impact === "serious" || impact === "critical") {
        found.push(`axe, ${colorScheme}: ${id} (${impact}), ${nodes.length} times, first ${nodes[0].html.slice(0, 120)}`);
      }
    }
    await open.close();
  }
  return found;
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  for (const page of pages()) {
    const found = await look(browser, page, [1280, 800, 400]);
    faults.push(...found.map((what) => `${page.name}: ${what}`));
    console.log(`${page.name}: ${found.length === 0 ? "good" : `${found.length} faults`}`);
  }
  // Pages that each check must find fault with.
  const bad = {
    script: ["<title>x</title><script>alert(1)</script>", "dialog"],
    request: ["<title>x</title><img src=missing.png alt=x>", "request"],
    swallowed: ["<title>x</title><p><b>markup</b></p>", "not shown"],
    wide: ["<title>x</title><p style='width:3000px'>wide</p>", "wide"],
    language: ["<title>x</title><p>no language</p>", "axe"],
  };
  for (const [name, [html, sign]] of Object.entries(bad)) {
    const path = join(scratch, `bad-${name}.html`);
    writeFileSync(path, `<!doctype html>${html}`);
    const found = await look(browser, { name: `bad-${name}`, url: pathToFileURL(path).href, texts: ["<b>markup</b>"] }, [1280]);
    if (!found.some((what) => what.includes(sign))) faults.push(`the check does not see the fault of bad-${name}`);
  }
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true, force: true });
}
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? "every page is good" : `${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
