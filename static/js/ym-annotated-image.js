// A photograph to look into. Zooming makes the picture wider inside a box that scrolls, so lines and letters of the
// overlay keep their thickness, and panning, touch and scroll bars are the browser's own.
const STEP = 1.25;
const MOST = 16;
const PIXELS_SHOW = 4;

class AnnotatedImage extends HTMLElement {
  connectedCallback() {
    this.stage = this.querySelector(".stage");
    this.shot = this.querySelector(".shot");
    this.image = this.querySelector("img");
    this.tools = this.querySelector(".viewer-tools");
    this.dataset.ready = "";
    this.tools.hidden = false;
    this.pointers = new Map();
    this.tools.addEventListener("click", (event) => this.act(event.target.closest("[data-action]")?.dataset.action));
    this.stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.stage.addEventListener("pointerdown", (event) => this.grab(event));
    this.stage.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      this.stage.addEventListener(end, (event) => this.release(event));
    }
    this.stage.addEventListener("dblclick", (event) => this.zoom(this.scale * 2, event));
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.resizing = new ResizeObserver(() => this.fitted !== false && this.fit());
    this.resizing.observe(this.stage);
    this.measureNames();
    this.fit();
  }

  disconnectedCallback() {
    this.resizing?.disconnect();
  }

  get width() {
    return Number(this.image.getAttribute("width"));
  }

  get height() {
    return Number(this.image.getAttribute("height"));
  }

  get scale() {
    return this.shot.clientWidth / this.width;
  }

  act(action) {
    const actions = {
      in: () => this.zoom(this.scale * STEP),
      out: () => this.zoom(this.scale / STEP),
      fit: () => this.fit(),
      one: () => this.zoom(1),
      full: () => (document.fullscreenElement ? document.exitFullscreen() : this.requestFullscreen()),
    };
    actions[action]?.();
  }

  fit() {
    const tall = (this.stage.clientWidth * this.height) / this.width;
    this.stage.style.maxHeight = document.fullscreenElement === this ? "none" : `${Math.ceil(tall)}px`;
    const room = Math.min(this.stage.clientWidth / this.width, this.stage.clientHeight / this.height);
    this.set(room);
    this.fitted = true;
  }

  // Zoom to `scale`, keeping the image point under `at` (a pointer event, or the middle) where it is.
  zoom(scale, at) {
    const frame = this.stage.getBoundingClientRect();
    const x = at ? at.clientX : frame.left + frame.width / 2;
    const y = at ? at.clientY : frame.top + frame.height / 2;
    const before = this.shot.getBoundingClientRect();
    const [across, down] = [(x - before.left) / before.width, (y - before.top) / before.height];
    this.set(scale);
    this.fitted = false;
    const after = this.shot.getBoundingClientRect();
    this.stage.scrollLeft += after.left + across * after.width - x;
    this.stage.scrollTop += after.top + down * after.height - y;
  }

  set(scale) {
    const smallest = Math.min(1, this.stage.clientWidth / this.width, this.stage.clientHeight / this.height) / 2;
    const bounded = Math.min(MOST, Math.max(smallest, scale));
    this.shot.style.width = `${Math.round(bounded * this.width)}px`;
    this.toggleAttribute("data-close", bounded >= PIXELS_SHOW);
    this.tools.querySelector("output").value = `${Math.round(bounded * 100)} %`;
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey && !document.fullscreenElement && this.fitted !== false) return;
    event.preventDefault();
    this.zoom(this.scale * Math.exp(-event.deltaY / 400), event);
  }

  grab(event) {
    if (event.button !== 0) return;
    this.pointers.set(event.pointerId, event);
    this.spread = null;
    if (event.pointerType === "mouse") this.toggleAttribute("data-panning", true);
  }

  drag(event) {
    const last = this.pointers.get(event.pointerId);
    if (!last) return;
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) this.pinch();
    else if (event.pointerType === "mouse") {
      this.stage.scrollBy(last.clientX - event.clientX, last.clientY - event.clientY);
    }
  }

  pinch() {
    const [first, second] = [...this.pointers.values()];
    const spread = Math.hypot(first.clientX - second.clientX, first.clientY - second.clientY);
    const middle = { clientX: (first.clientX + second.clientX) / 2, clientY: (first.clientY + second.clientY) / 2 };
    if (this.spread) this.zoom((this.scale * spread) / this.spread, middle);
    this.spread = spread;
  }

  release(event) {
    this.pointers.delete(event.pointerId);
    this.spread = null;
    this.toggleAttribute("data-panning", false);
  }

  key(event) {
    const actions = { "+": "in", "=": "in", "-": "out", 0: "fit", 1: "one" };
    if (actions[event.key] === undefined || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.act(actions[event.key]);
  }

  // The server estimates how wide a name is; here it is measured.
  measureNames() {
    for (const text of this.querySelectorAll(".names text")) {
      const width = text.getComputedTextLength() + 8;
      text.previousElementSibling.setAttribute("width", width);
      if (text.getAttribute("text-anchor") === "end") text.previousElementSibling.setAttribute("x", -width);
    }
  }
}
customElements.define("ym-annotated-image", AnnotatedImage);
