/** The page that the tests put the widgets on: the strict policy, a theme's variables, light and dark. */

const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
].join("; ");

/** @param {string} text */
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

/** @param {object} config */
export function harnessPage(config) {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Widgets</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="assets/widgets-dev/styles/widgets.css">
<link rel="stylesheet" href="assets/harness/harness.css">
<script type="module" src="assets/widgets-dev/widgets/index.mjs"></script>
</head>
<body>
<main>
<h1>A page with a widget</h1>
<p>Words before it.</p>
<onnx-demo id="demo" config="${escaped(JSON.stringify(config))}"><p>Fallback</p></onnx-demo>
<p>Words after it.</p>
</main>
</body>
</html>
`;
}
