/** Finds text for people that is written in a source file and not in a catalogue. */

import ts from "typescript";

/** Attributes that people read or hear. */
const SPOKEN =
  /^(aria-(label|description|roledescription|valuetext)|title|label|placeholder|alt|description|what|name|text|about|empty|unknown|none|still|refusal|verb)$/;
const LETTERS = /\p{L}{2,}/u;
const SENTENCE = /\p{L}{2,}[,;:.’']? \p{L}+/u;
/** Commands, selectors and the like: the same in every language. */
const NO_LANGUAGE = /^\s*(vestibule |input, |.*[[\]{}=#]|position: |<|[a-z-]+( [a-z-]+)?$)/;

/** “line: text” of each. */
export function bareText(name: string, source: string): string[] {
  const kind = name.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true, kind);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const text = textOf(node);
    if (text !== null) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${line + 1}: ${text.trim()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** What the node says to people; null: nothing. */
function textOf(node: ts.Node): string | null {
  if (ts.isJsxText(node)) return LETTERS.test(node.text) ? node.text : null;
  const text = literalOf(node);
  if (text === null || isForMachines(node)) return null;
  if (isSpoken(node)) return LETTERS.test(text) && !text.startsWith("vestibule ") ? text : null;
  return SENTENCE.test(text) && !NO_LANGUAGE.test(text) ? text : null;
}

function literalOf(node: ts.Node): string | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return [node.head.text, ...node.templateSpans.map((span) => span.literal.text)].join(" … ");
}

/** A plain string as such an attribute's value. */
function isSpoken(node: ts.Node): boolean {
  const { parent } = node;
  return ts.isJsxAttribute(parent) && SPOKEN.test(parent.name.getText()) && !isTagsOwn(parent);
}

/** `name` of a form's field or of a surface is no text. */
function isTagsOwn(attribute: ts.JsxAttribute): boolean {
  const tag = attribute.parent.parent.tagName.getText();
  const called = attribute.name.getText();
  return (called === "name" && /^(ServerTable|input)$/.test(tag)) || (called === "what" && tag === "Key");
}

/** Imports, names of classes, comparisons, and errors that nobody but a developer reads. */
function isForMachines({ parent }: ts.Node): boolean {
  if (ts.isImportDeclaration(parent) || ts.isLiteralTypeNode(parent) || ts.isCaseClause(parent)) return true;
  if (ts.isJsxAttribute(parent)) return /^(className|d|viewBox|size|rel|style)$/.test(parent.name.getText());
  if (ts.isPropertyAssignment(parent)) return parent.name.getText().startsWith("font");
  if (ts.isNewExpression(parent)) return parent.expression.getText() === "Error";
  return ts.isCallExpression(parent) && parent.expression.getText().startsWith("console.");
}
