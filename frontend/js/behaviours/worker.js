/** The service worker: pages stay with the server; it only shows a page of its own when there is no connection. */
const { worker } = document.documentElement.dataset;
if (worker && "serviceWorker" in navigator && window.isSecureContext) {
  addEventListener("load", () => navigator.serviceWorker.register(worker, { scope: "/" }).catch(() => {}));
}
