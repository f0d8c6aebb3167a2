// A file of its own, so that the page needs no inline script. Relative, so that any stage will do.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null, // no badge of another host
});
