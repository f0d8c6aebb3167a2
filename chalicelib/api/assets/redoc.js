// A file of its own, so that the page needs no inline script. Relative, so that any stage will do.
Redoc.init("openapi.json", { hideDownloadButton: false }, document.getElementById("redoc"));
