/**
 * `data-chart="id"`: draws the JSON in the element with that id. Canvas only, tooltips drawn into it, colours from the page's
 * own tokens and again when the theme changes. A press on a point opens the records behind it; the table beside says the same.
 */
import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { attach, on } from "../attach.js";

echarts.use([BarChart, LineChart, HeatmapChart, GridComponent, TooltipComponent, LegendComponent, VisualMapComponent, CanvasRenderer]);

const ORDER = ["blue", "teal", "orange", "purple", "green", "pink", "cyan", "yellow", "indigo", "red", "lime", "gray"];
const still = matchMedia("(prefers-reduced-motion: reduce)");
const charts = new Set();
const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });

/** Any CSS colour as rgb, which is all that the drawing library reads. */
function rgb(colour) {
  pen.clearRect(0, 0, 1, 1);
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
  return `rgba(${r},${g},${b},${a / 255})`;
}

function tokens(host) {
  const probe = document.createElement("i");
  host.append(probe);
  const read = (value, name = "") => {
    probe.className = name;
    probe.style.color = value;
    return rgb(getComputedStyle(probe).color);
  };
  const found = {
    ink: read("var(--gx-ink)"), ink2: read("var(--gx-ink-2)"), line: read("var(--gx-line)"), paper: read("var(--gx-paper)"),
    well: read("var(--gx-well)"), accent: read("var(--gx-accent)"), tint: read("var(--gx-tint)"),
    named: Object.fromEntries(ORDER.map((name) => [name, read("var(--c-dot)", `gx-c gx-c-${name}`)])),
    font: getComputedStyle(host).fontFamily,
  };
  probe.remove();
  return found;
}

function option(data, css, narrow) {
  const compact = new Intl.NumberFormat(data.locale, { notation: "compact", maximumFractionDigits: 1 });
  const palette = ORDER.map((name) => css.named[name]);
  const colour = (name, i) => css.named[name] ?? palette[i % palette.length];
  const several = data.series.length > 1;
  const categories = data.kind === "bar" && !data.dated && !several;
  const names = { type: "category", data: data.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: css.line } },
    axisLabel: { color: css.ink2, hideOverlap: true, width: categories ? (narrow ? 80 : 110) : undefined, overflow: "truncate" } };
  const values = { type: "value", splitNumber: 4, axisLabel: { color: css.ink2, hideOverlap: true, formatter: (v) => compact.format(v) }, splitLine: { lineStyle: { color: css.line } } };
  const base = {
    animation: !still.matches,
    animationDuration: 240,
    textStyle: { fontFamily: css.font, color: css.ink },
    color: palette,
    tooltip: {
      renderMode: "richText", confine: true, trigger: data.kind === "funnel" || data.kind === "heat" ? "item" : "axis",
      axisPointer: { type: data.kind === "line" ? "line" : "shadow", shadowStyle: { color: css.ink, opacity: 0.05 }, lineStyle: { color: css.line } },
      backgroundColor: css.paper, borderColor: css.line, textStyle: { color: css.ink, fontSize: 12 },
      formatter: (found) => {
        const list = Array.isArray(found) ? found : [found];
        if (data.kind === "funnel") return `${list[0].name}\n${data.series[0].texts[list[0].dataIndex]}`;
        if (data.kind === "heat") {
          const [x, y] = list[0].value;
          return `${data.labels[x]} · ${data.series[y].name}\n${data.series[y].texts[x]}`;
        }
        const lines = list.filter((f) => f.value !== 0 || list.length < 3).map((f) => `${several ? `${f.seriesName}  ` : ""}${data.series[f.seriesIndex].texts[f.dataIndex]}`);
        return [list[0].axisValueLabel ?? list[0].name, ...lines].join("\n");
      },
    },
    legend: several && data.kind !== "heat" ? { type: "scroll", bottom: 0, icon: "roundRect", itemHeight: 8, itemWidth: 12, textStyle: { color: css.ink2 }, inactiveColor: css.line, pageTextStyle: { color: css.ink2 } } : undefined,
    grid: { left: 4, right: 12, top: 12, bottom: several ? 30 : 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
  };
  const ends = (value) => (value < 0 ? 0 : [3, 3, 0, 0]);
  if (data.kind === "funnel") {
    // Bars that stand in the middle: half of what is missing to the largest goes, unpainted, before each.
    const { values: sizes, texts } = data.series[0];
    const most = Math.max(...sizes, 1);
    return { ...base, grid: { ...base.grid, left: 4, right: 8, bottom: 4 }, xAxis: { type: "value", max: most, show: false },
      yAxis: { ...names, inverse: true, axisLine: { show: false }, axisLabel: { ...names.axisLabel, width: undefined, formatter: (name, i) => `${name}  ${texts[i]}` } },
      series: [{ type: "bar", stack: "funnel", silent: true, itemStyle: { color: "transparent" }, data: sizes.map((v) => (most - v) / 2) },
        { type: "bar", stack: "funnel", barCategoryGap: "12%", cursor: "pointer", data: sizes.map((value, i) => ({ value, itemStyle: { color: colour(data.colours[i], i), borderRadius: 3 } })) }] };
  }
  if (data.kind === "heat") {
    const cells = data.series.flatMap((s, y) => s.values.map((v, x) => [x, y, v]));
    return { ...base, grid: { ...base.grid, bottom: 2 }, xAxis: { ...names, splitArea: { show: false } },
      yAxis: { type: "category", data: data.series.map((s) => s.name), axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: css.ink2 } },
      visualMap: { show: false, min: 0, max: Math.max(1, ...cells.map((c) => c[2])), inRange: { color: [css.well, css.accent] } },
      series: [{ type: "heatmap", data: cells, itemStyle: { borderColor: css.paper, borderWidth: 2, borderRadius: 3 }, emphasis: { itemStyle: { borderColor: css.ink } } }] };
  }
  const series = data.series.map((s, i) => {
    const common = { name: s.name, itemStyle: { color: colour(s.colour, i) }, cursor: "pointer" };
    if (data.kind === "line") {
      return { ...common, type: "line", data: s.values, symbolSize: 7, showSymbol: data.labels.length < 40, smooth: 0.25, smoothMonotone: "x", lineStyle: { width: 2.5 }, areaStyle: several ? undefined : { opacity: 0.09 } };
    }
    const painted = several ? s.values : s.values.map((value, at) => ({ value, itemStyle: data.colours[at] ? { color: colour(data.colours[at], at) } : undefined }));
    return { ...common, type: "bar", data: painted, barMaxWidth: 34, stack: data.kind === "stacked" ? "all" : undefined,
      itemStyle: { ...common.itemStyle, borderRadius: data.kind === "stacked" ? 0 : categories ? [0, 3, 3, 0] : ends(1) } };
  });
  if (categories) {
    return { ...base, xAxis: values, yAxis: { ...names, inverse: true, axisLine: { show: false } }, series,
      grid: { ...base.grid, right: 64 }, ...labelled(series, data, css) };
  }
  return { ...base, xAxis: { ...names, boundaryGap: data.kind !== "line" }, yAxis: values, series };
}

/** Bars that lie say their value at the end: no axis is needed then. */
function labelled(series, data, css) {
  const compact = new Intl.NumberFormat(data.locale, { notation: "compact", maximumFractionDigits: 1 });
  return {
    xAxis: { type: "value", show: false },
    series: series.map((s) => ({ ...s, label: { show: true, position: "right", color: css.ink2, formatter: (f) => compact.format(f.value) } })),
  };
}

function draw(chart) {
  if (chart.host.hidden || !chart.host.clientWidth) return;
  chart.drawn ??= echarts.init(chart.host, null, { renderer: "canvas" });
  chart.drawn.resize();
  chart.drawn.setOption(option(chart.data, tokens(chart.host), chart.host.clientWidth < 420), { notMerge: true });
  if (chart.heard) return;
  chart.heard = true;
  chart.drawn.on("click", (point) => {
    const [row, at] = chart.data.kind === "heat" ? [point.value[1], point.value[0]]
      : chart.data.kind === "funnel" ? [0, point.dataIndex] : [point.seriesIndex, point.dataIndex];
    const href = chart.data.series[row]?.hrefs[at];
    if (href) location.assign(href);
  });
}

const again = () => {
  for (const chart of charts) {
    if (!chart.host.isConnected) {
      chart.drawn?.dispose();
      chart.watch.disconnect();
      charts.delete(chart);
    } else draw(chart);
  }
};
new MutationObserver(again).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);

attach("[data-chart]", (host) => {
  const source = document.getElementById(host.dataset.chart);
  if (!source) return;
  const chart = { host, data: JSON.parse(source.textContent) };
  let waiting = 0;
  chart.watch = new ResizeObserver(() => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => draw(chart));
  });
  chart.watch.observe(host);
  charts.add(chart);
});

/** The chart or the table of the same figures. */
on("click", "[data-dash-flip]", (_, button) => {
  const tile = button.closest(".gx-dash-tile");
  const [drawing, table] = [tile.querySelector("[data-chart]"), tile.querySelector(".gx-dash-table")];
  const asTable = table.hidden;
  table.hidden = !asTable;
  drawing.hidden = asTable;
  button.setAttribute("aria-pressed", String(asTable));
  if (!asTable) again();
});

on("click", "[data-dash-png]", (_, button) => {
  const host = button.closest(".gx-dash-tile").querySelector("[data-chart]");
  const chart = [...charts].find((c) => c.host === host);
  button.closest("[popover]")?.hidePopover();
  if (!chart?.drawn) return;
  const link = document.createElement("a");
  link.href = chart.drawn.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: tokens(host).paper });
  link.download = `${button.dataset.dashPng}.png`;
  link.click();
});
