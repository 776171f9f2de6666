// Reads a drawn chart: a line follows the pointer or the arrow keys and the values are named. The chart itself is
// the server's drawing; each <svg> carries its numbers in data-readout.
class LineChart extends HTMLElement {
  connectedCallback() {
    for (const drawing of this.querySelectorAll("svg[data-readout]")) this.prepare(drawing);
  }

  prepare(drawing) {
    const rows = JSON.parse(drawing.dataset.readout);
    if (!rows.length) return;
    const [top, bottom] = [Number(drawing.dataset.top), Number(drawing.dataset.bottom)];
    const line = document.createElementNS(drawing.namespaceURI, "path");
    line.setAttribute("class", "cursor");
    drawing.append(line);
    let chosen = rows.length - 1;
    const show = (index) => {
      chosen = Math.max(0, Math.min(rows.length - 1, index));
      const [x, words] = rows[chosen];
      line.setAttribute("d", `M${x} ${top}V${bottom}`);
      this.readout.textContent = words;
      this.toggleAttribute("data-reading", true);
    };
    const stop = () => {
      line.removeAttribute("d");
      this.toggleAttribute("data-reading", false);
    };
    drawing.setAttribute("tabindex", "0");
    drawing.addEventListener("pointermove", (event) => show(nearest(rows, toDrawing(drawing, event))));
    drawing.addEventListener("pointerleave", stop);
    drawing.addEventListener("focus", () => show(chosen));
    drawing.addEventListener("blur", stop);
    drawing.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      show(chosen + step);
    });
  }

  get readout() {
    return this.querySelector("output");
  }
}

function toDrawing(drawing, event) {
  return new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse()).x;
}

function nearest(rows, x) {
  let best = 0;
  rows.forEach(([at], index) => {
    if (Math.abs(at - x) < Math.abs(rows[best][0] - x)) best = index;
  });
  return best;
}
customElements.define("ym-line-chart", LineChart);
