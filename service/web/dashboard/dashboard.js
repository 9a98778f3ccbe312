// Draws the pictures of a dashboard with Chart.js; what a picture shows stands in its data-picture, and again in the table below it.
"use strict";
const charts = [];

function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return { tones: [of("--tone-1"), of("--tone-2"), of("--tone-3")], ink: of("--soft"), line: of("--faint") };
}

function draw(canvas) {
  const picture = JSON.parse(canvas.dataset.picture);
  const { tones, ink, line } = colours();
  const measured = {
    beginAtZero: true, stacked: picture.stacked, max: picture.most ?? undefined,
    ticks: { color: ink, precision: picture.kind === "bar" && !picture.unit ? 0 : undefined, callback: (value) => `${value.toLocaleString("en")}${picture.unit && ` ${picture.unit}`}` },
    grid: { color: line }, border: { display: false },
  };
  const named = { stacked: picture.stacked, ticks: { color: ink, maxRotation: 0, autoSkipPadding: 14 }, grid: { display: false } };
  charts.push(new Chart(canvas, {
    type: picture.kind,
    data: {
      labels: picture.labels,
      datasets: picture.series.map((one) => ({
        label: one.label, data: one.values, backgroundColor: tones[one.tone - 1], borderColor: tones[one.tone - 1],
        borderWidth: picture.kind === "line" ? 2 : 0, borderDash: picture.kind === "line" && one.tone === 2 ? [6, 4] : [],
        pointRadius: 2.5, maxBarThickness: 34, spanGaps: false,
      })),
    },
    options: {
      animation: false, maintainAspectRatio: false, indexAxis: picture.lying ? "y" : "x",
      interaction: { mode: "index", intersect: false, axis: picture.lying ? "y" : "x" },
      scales: picture.lying ? { x: measured, y: named } : { x: named, y: measured },
      plugins: {
        legend: { position: "bottom", labels: { color: ink, boxWidth: 14, boxHeight: 14, usePointStyle: picture.kind === "line", pointStyle: "line", pointStyleWidth: 30 } },
        tooltip: { callbacks: { label: (at) => `${at.dataset.label}: ${at.formattedValue}${picture.unit && ` ${picture.unit}`}` } },
      },
    },
  }));
}

function drawAll() {
  charts.splice(0).forEach((chart) => chart.destroy());
  document.querySelectorAll("canvas[data-picture]").forEach(draw);
}

document.documentElement.classList.add("drawing");
drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);

// On paper everything is read: what is folded opens, and a picture takes the width of the page.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("main details:not([open])")];
  folded.forEach((one) => { one.open = true; });
  drawAll();
  charts.forEach((chart) => chart.resize());
});
addEventListener("afterprint", () => {
  folded.forEach((one) => { one.open = false; });
  charts.forEach((chart) => chart.resize());
});

for (const name of ["first", "last"]) {
  document.getElementById(name)?.addEventListener("change", () => { document.getElementById("period").value = "own"; });
}
