/**
 * Bundle what the browser loads into src/guanxi/web/static/dist/: app.css, app.js, the icon sprite and a manifest.
 * Names carry a content hash, so that they may be cached for ever. `node frontend/build.mjs [--watch]`.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import esbuild from "esbuild";
import { ICONS } from "./icons.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../src/guanxi/web/static/dist");
const modules = join(here, "../node_modules");
const fresh = `${out}.new`; // written beside and swapped in, so that a running site never sees half of it
const watch = process.argv.includes("--watch");

function sprite() {
  const symbols = ICONS.map((name) => {
    const [file, style = "outline"] = name.split(":");
    const svg = readFileSync(join(modules, "@tabler/icons/icons", style, `${file}.svg`), "utf8");
    const inner = svg.replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
    const body = inner.replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, "").replace(/\s+/g, " ").trim();
    const paint = style === "filled" ? ' fill="currentColor" stroke="none"' : "";
    return `<symbol id="${name.replace(":", "-")}" viewBox="0 0 24 24"${paint}>${body}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

function write() {
  const manifest = {};
  const keep = (logical, name, content) => {
    writeFileSync(join(fresh, name), content);
    if (/\.(css|js|svg|json)$/.test(name)) writeFileSync(join(fresh, `${name}.gz`), gzipSync(content, { level: 9 }));
    manifest[logical] = name;
  };
  const svg = sprite();
  keep("icons.svg", `icons-${createHash("sha256").update(svg).digest("hex").slice(0, 8).toUpperCase()}.svg`, svg);
  return { manifest, keep };
}

const manifestPlugin = {
  name: "manifest",
  setup(build) {
    build.onEnd((result) => {
      if (result.errors.length) return;
      rmSync(fresh, { recursive: true, force: true });
      mkdirSync(fresh, { recursive: true });
      const { manifest, keep } = write();
      for (const file of result.outputFiles) {
        const name = basename(file.path);
        const logical = name.replace(/-[0-9A-Z]{8}(?=\.)/, "");
        keep(logical, name, Buffer.from(file.contents));
      }
      writeFileSync(join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
      rmSync(out, { recursive: true, force: true });
      renameSync(fresh, out);
      const sizes = readdirSync(out).filter((n) => n.endsWith(".gz"))
        .map((n) => `${n.slice(0, -3)} ${(readFileSync(join(out, n)).length / 1024).toFixed(1)} kB`);
      console.log(`${relative(process.cwd(), out)}: ${sizes.join(", ")} (gzipped)`);
    });
  },
};

const context = await esbuild.context({
  entryPoints: [join(here, "css/app.css"), join(here, "js/app.js"), join(here, "js/board.js"), join(here, "js/charts.js")],
  outdir: out,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  write: false,
  legalComments: "none",
  target: ["chrome123", "firefox128", "safari17.5"],
  format: "iife",
  loader: { ".woff2": "file" },
  logLevel: "warning",
  plugins: [manifestPlugin],
});
await context.rebuild();
if (watch) await context.watch();
else await context.dispose();
