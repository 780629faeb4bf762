// Browsers start no worker from the disk. This one runs in a frame: after iframe-worker, which Material's search expects there, but without
// a script written into the frame, which the pages' Content-Security-Policy forbids.
window.IFrameWorker = window.Worker = class extends EventTarget {
  constructor(url) {
    super();
    this.frame = document.createElement("iframe");
    this.frame.hidden = true;
    document.body.append(this.frame);
    const inside = this.frame.contentWindow;
    const load = (address) =>
      new Promise((resolve) => {
        const script = inside.document.createElement("script");
        script.src = address;
        script.onload = resolve;
        inside.document.body.append(script);
      });
    inside.importScripts = async (...addresses) => {
      for (const address of addresses) await load(address);
    };
    inside.postMessage = (data) => {
      const event = new MessageEvent("message", { data: structuredClone(data) });
      this.dispatchEvent(event);
      this.onmessage?.(event);
    };
    this.loaded = load(new URL(url, location));
  }
  async postMessage(data) {
    await this.loaded;
    const event = new MessageEvent("message", { data: structuredClone(data) });
    this.frame.contentWindow.dispatchEvent(event);
  }
  terminate() {
    this.frame.remove();
  }
};
