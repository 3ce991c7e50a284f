/**
 * `node lighthouse.mjs URL [RUNS] [COOKIE]`: Lighthouse's scores of a page as JSON, the median of some runs (3).
 *
 * Desktop preset with simulated throttling (10 Mbit/s, 40 ms, processor as it is): what is measured is the page
 * and hardly the machine.  CHROME_PATH names the browser.  Root has no sandbox in one.
 */

import { launch } from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";

const [url, runs = "3", cookie] = process.argv.slice(2);
const CATEGORIES = ["performance", "accessibility", "best-practices"];

async function scores() {
  const chrome = await launch({
    chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    logLevel: "error",
  });
  try {
    const { lhr } = await lighthouse(
      url,
      {
        port: chrome.port,
        onlyCategories: CATEGORIES,
        logLevel: "error",
        ...(cookie === undefined ? {} : { extraHeaders: { Cookie: cookie } }),
      },
      desktopConfig,
    );
    return lhr;
  } finally {
    await chrome.kill();
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const reports = [];
for (let run = 0; run < Number(runs); run += 1) reports.push(await scores());

/** What took points, of the last run: names that Lighthouse's documentation explains. */
const lost = (category) =>
  reports
    .at(-1)
    .categories[category].auditRefs.filter(({ id, weight }) => {
      const { score } = reports.at(-1).audits[id];
      return weight > 0 && score !== null && score < 0.9;
    })
    .map(({ id }) => `${id} ${reports.at(-1).audits[id].displayValue ?? ""}`.trim());

const result = Object.fromEntries(
  CATEGORIES.map((name) => [
    name,
    {
      score: Math.round(100 * median(reports.map(({ categories }) => categories[name].score ?? 0))),
      lost: lost(name),
    },
  ]),
);
console.log(JSON.stringify({ url: reports.at(-1).finalDisplayedUrl, ...result }, null, 2));
