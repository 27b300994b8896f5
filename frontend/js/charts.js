/** What only dashboards load: drawing, and arranging tiles; with the parts of ECharts that are used and no others. */
import { begin } from "./attach.js";
import "./behaviours/chart.js";
import "./behaviours/dashboard.js";

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
