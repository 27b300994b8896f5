/**
 * Every icon the interface uses, by its Tabler name; `name:filled` takes the filled drawing.
 * `{% icon "name" %}` of a name that is not here fails a test, and one that is here but unused costs bytes: keep it honest.
 */
export const ICONS = [
  "activity", "cash", "affiliate", "at", "hierarchy-2", "address-book", "adjustments-horizontal", "alert-circle", "alert-triangle", "archive", "arrow-back-up", "arrow-down",
  "arrow-left", "arrow-narrow-down", "arrow-narrow-up", "arrow-right", "arrow-up", "arrows-join", "arrows-sort", "award", "bell",
  "bolt", "brand-wechat", "briefcase", "building", "building-store", "calendar", "calendar-event", "calendar-time", "category",
  "chart-bar", "chart-line", "check", "checkbox", "checks", "chevron-down", "chevron-left", "chevron-right", "chevron-up", "circle-check",
  "circle-dashed", "circle-x", "click", "clipboard-list", "clock", "coin", "columns-3", "command", "copy", "coin-yuan", "coins", "sum", "credit-card",
  "database", "database-import", "device-mobile", "dots", "dots-vertical", "download", "edit", "external-link", "eye", "eye-off",
  "file", "file-import", "file-text", "filter", "flag", "folder", "gauge", "git-merge", "git-fork", "hash", "heart-handshake", "help",
  "history", "home", "hourglass", "id", "id-badge-2", "inbox", "info-circle", "key", "keyboard", "language", "layout-dashboard",
  "layout-kanban", "layout-list", "link", "list", "list-check", "list-details", "list-tree", "lock", "login", "logout", "mail", "map-pin",
  "menu-2", "message", "message-2", "microphone", "moon", "network", "note", "package", "paperclip", "password", "pencil", "percentage",
  "phone", "phone-call", "photo", "pin", "pinned", "player-pause", "player-play", "plus", "printer", "question-mark", "receipt",
  "refresh", "replace", "robot", "rotate-clockwise", "ruler-2", "search", "select", "send", "settings", "shield-check", "shield-lock",
  "shopping-cart", "sitemap", "sort-ascending", "sort-descending", "sparkles", "speakerphone", "square-check", "square", "star",
  "star:filled", "sun", "sun-moon", "table", "table-import", "tag", "tags", "target-arrow", "ticket", "toggle-left", "tool", "trash",
  "trending-down", "trending-up", "truck", "typography", "upload", "user", "user-check", "user-circle", "user-plus", "user-shield",
  "grip-vertical", "palette", "users", "users-group", "wallet", "wand", "webhook", "world", "x", "zoom-question", "zoom-scan", "fingerprint", "device-desktop",
  "cloud-off", "server-2", "plug-connected", "math-function", "align-left", "text-size", "currency-yuan", "cake", "gender-bigender",
];
