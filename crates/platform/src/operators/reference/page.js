// Renders the document of the operators' interface. Nothing is loaded from elsewhere.
"use strict";

const WORDS = {
  zh: { search: "搜索路径或说明…", other: "English", parameters: "参数", body: "请求体", answers: "应答", name: "名称",
        kind: "类型", said: "说明", path: "路径", query: "查询", list: "列表", or: " 或 ", nullable: "可为空", copy: "复制",
        copied: "已复制", call: "示例", none: "没有匹配的接口", key: "密钥", failed: "文档无法读取：" },
  en: { search: "Search path or words…", other: "中文", parameters: "Parameters", body: "Request body", answers: "Answers",
        name: "Name", kind: "Type", said: "What it is", path: "path", query: "query", list: "list of ", or: " or ",
        nullable: "may be null", copy: "Copy", copied: "Copied", call: "Example", none: "Nothing matches", key: "KEY",
        failed: "The document cannot be read: " },
};
const METHODS = ["get", "post", "put", "delete"];
let lang = (new URLSearchParams(location.search).get("lang") || recalled()) === "en" ? "en" : "zh";
let shown = null;

/** An element with attributes and children; texts stay texts. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A text in which what stands between backticks is code. */
const marked = (text) => text.split("`").map((part, place) => (place % 2 ? make("code", {}, part) : part));

const resolved = (schema) => (schema.$ref ? { ...shown.components.schemas[schema.$ref.split("/").pop()], ...schema } : schema);

/** The one schema that is meant when the other says null. */
function solid(schema) {
  const choices = (schema.anyOf || []).filter((choice) => choice.type !== "null");
  return choices.length === 1 ? { ...schema, ...choices[0] } : schema;
}

/** What a schema is, in a few words. */
function kind(schema) {
  const words = WORDS[lang];
  const real = resolved(solid(schema));
  const types = [].concat(real.type || []);
  const mayBeNull = types.includes("null") || (schema.anyOf || []).some((choice) => choice.type === "null");
  let told = types.filter((type) => type !== "null").join(words.or) || "any";
  if (real.enum) told = real.enum.filter((value) => value !== null && value !== "").map((value) => JSON.stringify(value)).join(" | ");
  if (real.oneOf && real.oneOf.every((choice) => "const" in choice)) told = real.oneOf.map((choice) => JSON.stringify(choice.const)).join(" | ");
  if (types.includes("array")) told = words.list + (lang === "zh" ? "：" : "") + kind(real.items || {});
  if (real.format && !real.format.startsWith("int") && !real.format.startsWith("uint")) told += ` (${real.format})`;
  const bounds = [real.minimum, real.maximum].every((bound) => bound !== undefined) ? ` ${real.minimum}…${real.maximum}` : "";
  const length = real.maxLength ? ` ≤ ${real.maxLength}` : "";
  return told + bounds + length + (mayBeNull ? `, ${words.nullable}` : "");
}

/** The fields of a schema, those of fields below them. */
function rows(schema, before = "", depth = 0) {
  const real = resolved(solid(schema));
  const required = new Set(real.required || []);
  return Object.entries(real.properties || {}).flatMap(([name, property]) => {
    const told = resolved(solid(property));
    const inner = told.type && [].concat(told.type).includes("array") ? told.items || {} : told;
    const mark = required.has(name) ? make("span", { class: "required" }, " *") : "";
    const row = make("tr", {}, make("td", {}, make("code", {}, before + name), mark),
      make("td", { class: "kind" }, kind(property)), make("td", {}, property.description || told.description || ""));
    const next = told === inner ? `${before}${name}.` : `${before}${name}[].`;
    return [row, ...(depth < 3 ? rows(inner, next, depth + 1) : [])];
  });
}

function table(heads, body) {
  return make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", {}, head)))), make("tbody", {}, ...body));
}

function fields(schema) {
  const words = WORDS[lang];
  const real = resolved(schema);
  if (real.type === "array" || !real.properties) return make("p", {}, [kind(schema), real.description].filter(Boolean).join("："));
  return table([words.name, words.kind, words.said], rows(schema));
}

function parameters(operation) {
  const words = WORDS[lang];
  const body = operation.parameters.map((parameter) => make("tr", {},
    make("td", {}, make("code", {}, parameter.name), parameter.required ? make("span", { class: "required" }, " *") : ""),
    make("td", { class: "kind" }, `${words[parameter.in]} · ${kind(parameter.schema)}`), make("td", {}, parameter.description)));
  return table([words.name, words.kind, words.said], body);
}

/** What to type into a terminal. */
function call(method, path, operation) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const example = (parameter) => encodeURIComponent(parameter.example);
  let address = path;
  const query = [];
  for (const parameter of operation.parameters) {
    if (parameter.in === "path") address = address.replace(`{${parameter.name}}`, example(parameter));
    else if (parameter.required) query.push(`${parameter.name}=${example(parameter)}`);
  }
  const url = location.origin + address + (query.length ? `?${query.join("&")}` : "");
  const parts = [`curl${method === "get" ? "" : ` -X ${method.toUpperCase()}`} ${quoted(url)}`];
  if (!operation.security) parts.push(`-H "Authorization: Bearer $${WORDS.en.key}"`);
  const content = operation.requestBody && operation.requestBody.content;
  if (content && content["text/csv"]) parts.push("--data-binary @table.csv");
  if (content && content["application/json"]) parts.push(`-d ${quoted(JSON.stringify(sample(content["application/json"].schema)))}`);
  return parts.join(" \\\n  ");
}

function sample(schema) {
  const known = schema.properties || {};
  const required = new Set(schema.required || []);
  const told = Object.entries(known).filter(([name]) => required.has(name) || name === "by" || name === "plate");
  return Object.fromEntries(told.map(([name, property]) => [name, property.examples ? property.examples[0] : property.enum ? property.enum[0] : property.oneOf ? property.oneOf[0].const : "…"]));
}

function copyable(text) {
  const button = make("button", { type: "button" }, WORDS[lang].copy);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = WORDS[lang].copied;
  });
  return make("div", { class: "copy" }, make("pre", {}, text), navigator.clipboard ? button : "");
}

function answers(operation) {
  return Object.entries(operation.responses).map(([status, answer]) => {
    const [type, media] = Object.entries(answer.content || {})[0] || ["", {}];
    const line = make("p", {}, make("span", { class: `status ${status < 300 ? "get" : "delete"}` }, status), ` ${answer.description} `, make("code", {}, type));
    const isPlain = status >= 300 || !media.schema || type !== "application/json";
    return make("div", {}, line, isPlain ? null : fields(media.schema));
  });
}

/** A route; what is inside is made when it is opened. */
function route(method, path, operation) {
  const words = WORDS[lang];
  const head = make("summary", { class: "head" }, make("span", { class: `method ${method}` }, method.toUpperCase()),
    make("code", {}, path), make("span", { class: "said" }, operation.summary));
  const details = make("details", { class: "route", id: operation.operationId }, head);
  details.addEventListener("toggle", () => {
    if (!details.open || details.children.length > 1) return;
    const inside = make("div", { class: "inside" });
    if (operation.description) inside.append(make("p", { class: "needs" }, ...marked(operation.description)));
    if (operation.parameters.length) inside.append(make("h3", {}, words.parameters), parameters(operation));
    const content = operation.requestBody && Object.entries(operation.requestBody.content)[0];
    if (content) inside.append(make("h3", {}, `${words.body} `, make("code", {}, content[0])), fields(content[1].schema));
    inside.append(make("h3", {}, words.call), copyable(call(method, path, operation)), make("h3", {}, words.answers), ...answers(operation));
    details.append(inside);
  });
  return details;
}

/** Every route with its method, grouped as the document does. */
function grouped() {
  const routes = Object.entries(shown.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method]).map((method) => ({ method, path, operation: methods[method] })));
  return shown.tags.map(({ name }) => [name, routes.filter((one) => one.operation.tags.includes(name))]);
}

function render() {
  const words = WORDS[lang];
  const search = document.getElementById("search");
  const wanted = search.value.trim().toLowerCase();
  const fits = ({ path, operation }) => `${path} ${operation.summary} ${operation.operationId}`.toLowerCase().includes(wanted);
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.title = shown.info.title;
  document.getElementById("title").textContent = shown.info.title;
  document.getElementById("version").textContent = shown.info.version;
  document.getElementById("lang").textContent = words.other;
  document.getElementById("download").href = `/api/v1/openapi.json${lang === "en" ? "?lang=en" : ""}`;
  search.placeholder = words.search;
  const index = [], reference = [make("p", { class: "introduction" }, ...marked(shown.info.description))];
  for (const [name, routes] of grouped()) {
    const found = routes.filter(fits);
    if (!found.length) continue;
    index.push(make("h2", {}, name));
    reference.push(make("h2", {}, name));
    for (const { method, path, operation } of found) {
      index.push(make("a", { href: `#${operation.operationId}` }, make("span", { class: `method ${method}` }, method.toUpperCase()), operation.summary));
      reference.push(route(method, path, operation));
    }
  }
  if (!index.length) reference.push(make("p", {}, words.none));
  document.getElementById("index").replaceChildren(...index);
  document.getElementById("reference").replaceChildren(...reference);
  openWanted();
}

function openWanted() {
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!wanted || wanted.tagName !== "DETAILS") return;
  wanted.open = true;
  wanted.scrollIntoView();
}

async function load() {
  try {
    const answer = await fetch(`/api/v1/openapi.json?lang=${lang}`);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    shown = await answer.json();
    render();
  } catch (error) {
    document.getElementById("reference").replaceChildren(make("p", { id: "failed" }, WORDS[lang].failed + error.message));
  }
}

/** What was chosen before; a browser may keep nothing. */
function recalled() {
  try { return localStorage.getItem("boshi.lang"); } catch { return null; }
}

document.getElementById("lang").addEventListener("click", () => {
  lang = lang === "zh" ? "en" : "zh";
  history.replaceState(null, "", location.pathname + location.hash);
  try { localStorage.setItem("boshi.lang", lang); } catch { /* it is chosen again next time */ }
  load();
});
document.getElementById("search").addEventListener("input", () => shown && render());
addEventListener("hashchange", openWanted);
load();
