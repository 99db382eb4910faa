/** A document to draw figures in where there is no browser. linkedom: small, and all that Observable Plot asks for. */
import { parseHTML } from 'linkedom';

export function newDocument(): Document {
  return parseHTML('<!doctype html><html><body></body></html>').document as unknown as Document;
}
